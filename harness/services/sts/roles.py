"""AssumeRole. Source: API reference, AssumeRole."""

from __future__ import annotations

import re

from harness.model import ApiCall, AwsError, Json, Principal, Session
from harness.services.sts.context import Context, refuse_unsupported
from harness.services.sts.packing import packed_size
from harness.services.sts.policies import session_policies
from harness.services.sts.tags import chained_tags

_ROLE_ARN = re.compile(r"arn:aws:iam::(\d{12}):role/(?:[\w+=,.@/-]*/)?([\w+=,.@-]{1,64})")
# In seconds: a session's length unless asked otherwise, and the longest of a chained role.
_DEFAULT, _CHAINED = 3600, 3600


def assume_role(ctx: Context, call: ApiCall) -> Json:
    refuse_unsupported(call, "SerialNumber", "TokenCode", "ProvidedContexts")
    account, role_name = _named(call)
    role = _role(ctx, call, account, role_name)
    session = _session(ctx, call, account)
    packed = packed_size(call, session.tags)
    user_id = f"{role['RoleId']}:{call.params['RoleSessionName']}"
    session_arn = f"arn:aws:sts::{account}:assumed-role/{role_name}/{call.params['RoleSessionName']}"
    principal = Principal(account, session_arn, "assumed-role", user_id, role["Arn"], session=session)
    source = {"SourceIdentity": session.source_identity} if session.source_identity else {}
    return {
        "Credentials": ctx.credentials(principal, _seconds(call, role)),
        "AssumedRoleUser": {"AssumedRoleId": user_id, "Arn": session_arn},
        **packed,
        **source,
    }


def _named(call: ApiCall) -> tuple[str, str]:
    """The account and the name of the role that is asked for."""
    role_arn = call.params["RoleArn"]
    match = _ROLE_ARN.fullmatch(role_arn)
    if not match:
        wrong = "Request ARN is invalid" if role_arn.startswith("arn:") else f"{role_arn} is invalid"
        raise AwsError("ValidationError", wrong)
    if call.principal.kind == "root":
        raise AwsError("AccessDenied", "Roles may not be assumed by root accounts.", 403)
    return match[1], match[2]


def _role(ctx: Context, call: ApiCall, account: str, name: str) -> Json:
    """The role, found by its ARN, which has its path. AWS tells a missing role and one that does not trust the caller
    alike."""
    iam = ctx.wire.as_harness(account, call.region).client("iam")
    try:
        role: Json = iam.get_role(RoleName=name)["Role"]
    except iam.exceptions.NoSuchEntityException:
        role = {}
    if role.get("Arn") != call.params["RoleArn"]:
        raise _not_authorized(call, "sts:AssumeRole")
    return role


def _session(ctx: Context, call: ApiCall, account: str) -> Session:
    tags, transitive = chained_tags(call)
    return Session(
        policies=session_policies(ctx, call, account),
        tags=tags,
        transitive=transitive,
        issued=ctx.clock.now(),
        source_identity=_source_identity(call),
    )


def _source_identity(call: ApiCall) -> str:
    """It stays the same through a chain of roles. That AWS refuses another one is documented (IAM User Guide, "Monitor
    and control actions taken with assumed roles"), in which words is not."""
    given = str(call.params.get("SourceIdentity", ""))
    inherited = call.principal.session.source_identity if call.principal.session else ""
    if given and inherited and given != inherited:
        raise _not_authorized(call, "sts:SetSourceIdentity")
    return given or inherited


def _seconds(call: ApiCall, role: Json) -> int:
    seconds = int(call.params.get("DurationSeconds", _DEFAULT))
    if seconds > int(role.get("MaxSessionDuration", _DEFAULT)):
        raise AwsError(
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        )
    if call.principal.kind == "assumed-role" and seconds > _CHAINED:
        raise AwsError(
            "ValidationError",
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
        )
    return seconds


def _not_authorized(call: ApiCall, action: str) -> AwsError:
    who, role = call.principal.arn, call.params["RoleArn"]
    return AwsError(
        "AccessDenied", f"User: {who} is not authorized to perform: {action} on resource: {role}", 403
    )
