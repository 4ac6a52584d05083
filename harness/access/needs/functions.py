"""Lambda: functions by name, partial ARN or ARN, and what creating one needs besides.

Sources: Service Authorization Reference, Lambda; Lambda Developer Guide, "Resources and conditions for Lambda actions"
and "Securing environment variables". Left out, for the request does not tell them:
lambda:VpcIds, lambda:SourceFunctionArn, and of RemovePermission the keys of the statement it removes.
"""

from __future__ import annotations

import re
from dataclasses import replace

from harness.access.facts import Facts
from harness.access.needs import engine, kms, s3
from harness.access.needs.common import Need
from harness.access.needs.engine import ResourceType
from harness.access.needs.passrole import pass_role
from harness.access.values import Values
from harness.model import ApiCall, Json, Permission

_SERVICE = "lambda.amazonaws.com"
_QUALIFIED = ("AddPermission", "Invoke", "InvokeWithResponseStream", "RemovePermission")
_NAME = re.compile(
    r"(?:arn:aws:lambda:(?P<region>[a-z0-9-]+):)?(?:(?P<account>\d{12}):)?(?:function:)?"
    r"(?P<name>[\w-]+)(?::(?P<qualifier>\$LATEST|[\w-]+))?"
)


def need(call: ApiCall, facts: Facts) -> list[Permission]:
    """Of an operation that has nothing special."""
    return engine.known(call, facts, _fill)


def _fill(call: ApiCall, facts: Facts, kind: ResourceType) -> str | None:
    """Of a few operations a version's or alias's ARN is the resource, so a policy on `function:NAME` does not allow
    them on `function:NAME:1`; all others are on the function, whichever version they name."""
    if kind.name != "function" or "FunctionName" not in kind.name_members:
        return engine.by_parameters(call, facts, kind)
    found = _NAME.fullmatch(str(call.params.get("FunctionName") or ""))
    if not found:
        return ""
    region, account = found["region"] or call.region, found["account"] or call.account
    qualifier = (call.params.get("Qualifier") or found["qualifier"]) if call.operation in _QUALIFIED else ""
    return f"arn:aws:lambda:{region}:{account}:function:{found['name']}{f':{qualifier}' if qualifier else ''}"


def _create(call: ApiCall, facts: Facts) -> list[Permission]:
    return _configured(call, facts, call.params.get("Code") or {})


def _update_code(call: ApiCall, facts: Facts) -> list[Permission]:
    return _configured(call, facts, call.params)


def _update_configuration(call: ApiCall, facts: Facts) -> list[Permission]:
    return _configured(call, facts, {})


def _configured(call: ApiCall, facts: Facts, code: Json) -> list[Permission]:
    own, *more = need(call, facts)
    return [
        replace(own, context={**own.context, **_settings(call.params)}),
        *pass_role(str(call.params.get("Role") or ""), _SERVICE, own.resource),
        *more,
        *_code(call, facts, code),
        *_environment_key(call, facts, own.resource),
    ]


def _settings(params: Json) -> Values:
    vpc = params.get("VpcConfig") or {}
    many = {
        "lambda:layer": params.get("Layers"),
        "lambda:subnetids": vpc.get("SubnetIds"),
        "lambda:securitygroupids": vpc.get("SecurityGroupIds"),
    }
    values: Values = {key: tuple(map(str, found)) for key, found in many.items() if found}
    if params.get("CodeSigningConfigArn"):
        values["lambda:codesigningconfigarn"] = str(params["CodeSigningConfigArn"])
    return values


def _code(call: ApiCall, facts: Facts, code: Json) -> list[Permission]:
    """The caller has to be able to read the package in S3 itself, and the key that it is encrypted with."""
    if not code.get("S3Bucket"):
        return []
    params = {"Bucket": code["S3Bucket"], "Key": code.get("S3Key", "")}
    if code.get("S3ObjectVersion"):
        params["VersionId"] = code["S3ObjectVersion"]
    read = s3.OPERATIONS["GetObject"](
        replace(call, service="s3", operation="GetObject", params=params), facts
    )
    return [replace(one, why=one.why or "to read the function's code") for one in read]


def _environment_key(call: ApiCall, facts: Facts, function: str) -> list[Permission]:
    """The caller has to be able to grant and use the key; "Lambda uses your permissions to create a grant on the key".
    The encryption context is that of the calls to KMS that CloudTrail shows.
    """
    key = str(call.params.get("KMSKeyArn") or "")
    if not key:
        return []
    pairs, why = {"aws:lambda:FunctionArn": function}, "to encrypt the function's environment variables"
    grant = {"kms:grantisforawsresource": "true"}
    return [
        *kms.use(call, facts, key, call.account, ["kms:CreateGrant"], via="lambda", why=why, extra=grant),
        *kms.use(
            call, facts, key, call.account, ["kms:Encrypt"], via="lambda", encryption_context=pairs, why=why
        ),
    ]


def _add_permission(call: ApiCall, facts: Facts) -> list[Permission]:
    own = need(call, facts)[0]
    keys = {
        "lambda:principal": call.params.get("Principal"),
        "lambda:functionurlauthtype": call.params.get("FunctionUrlAuthType"),
    }
    values = {key: str(value) for key, value in keys.items() if value}
    if "InvokedViaFunctionUrl" in call.params:
        values["lambda:invokedviafunctionurl"] = str(call.params["InvokedViaFunctionUrl"]).lower()
    return [replace(own, context={**own.context, **values})]


OPERATIONS: dict[str, Need] = {
    "CreateFunction": _create,
    "UpdateFunctionCode": _update_code,
    "UpdateFunctionConfiguration": _update_configuration,
    "AddPermission": _add_permission,
}
