"""Whether something has a name already that Terraform would create."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.deploy.model import Finding
from harness.deploy.preflight.calling import BRIEF, REFUSED, words
from harness.deploy.preflight.identity import Caller


@dataclass(frozen=True)
class Creation:
    """A resource that a Terraform plan would create.

    Attributes:
        root: The root that it is in.
        address: Terraform's: `module.bucket.aws_s3_bucket.this`.
        type: `aws_s3_bucket`.
        values: Its attributes, as the plan has them (`change.after`); those not known yet are absent or None.
    """

    root: str
    address: str
    type: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class _Kind:
    """How a type's name is looked up: the call fails with `gone` in its code or message where there is no such thing.

    `asked` is what the call wants, `imported` the import id that the type's page of hashicorp/aws documents. `among` is
    where the answer of a call that lists has the names: its member, and theirs.
    """

    noun: str
    service: str
    operation: str
    parameter: str
    gone: str
    attribute: str = "name"
    asked: str = "{name}"
    imported: str = "{name}"
    more: Mapping[str, str] = field(default_factory=dict)
    among: tuple[str, str] = ("", "")


_TOPIC = "arn:aws:sns:{region}:{account}:{name}"

_KINDS = {
    # A bucket of somebody else's is told by 403, though their bucket policy lets us in.
    "aws_s3_bucket": _Kind(
        "bucket", "s3", "head_bucket", "Bucket", "404", "bucket", more={"ExpectedBucketOwner": "{account}"}
    ),
    "aws_iam_role": _Kind("role", "iam", "get_role", "RoleName", "NoSuchEntity"),
    "aws_iam_instance_profile": _Kind(
        "instance profile", "iam", "get_instance_profile", "InstanceProfileName", "NoSuchEntity"
    ),
    "aws_kms_alias": _Kind("key alias", "kms", "describe_key", "KeyId", "NotFoundException"),
    # There is no call that describes one log group. Of those that begin so, this one would be the first.
    "aws_cloudwatch_log_group": _Kind(
        "log group",
        "logs",
        "describe_log_groups",
        "logGroupNamePrefix",
        "ResourceNotFoundException",
        among=("logGroups", "logGroupName"),
    ),
    "aws_sns_topic": _Kind(
        "topic", "sns", "get_topic_attributes", "TopicArn", "NotFound", asked=_TOPIC, imported=_TOPIC
    ),
    "aws_cloudwatch_event_rule": _Kind(
        "rule", "events", "describe_rule", "Name", "ResourceNotFoundException"
    ),
    # SageMaker answers ValidationException, `ModelPackageGroup arn:... does not exist.`
    "aws_sagemaker_model_package_group": _Kind(
        "model package group",
        "sagemaker",
        "describe_model_package_group",
        "ModelPackageGroupName",
        "does not exist",
        "model_package_group_name",
    ),
}


def taken(caller: Caller, session: Any, creations: Iterable[Creation], target: str = "aws") -> list[Finding]:
    """What would be created and is there already: an error for each, with the command that imports it.

    Types whose names nobody else can have (a bucket's policy) and names that AWS chooses are not looked at.

    Args:
        caller: In whose account.
        session: Its session.
        creations: What the plan would create there.
        target: `aws` or `local`, for the command.
    """
    clients: dict[str, Any] = {}
    found = []
    for creation in creations:
        kind = _KINDS.get(creation.type)
        name = creation.values.get(kind.attribute) if kind else None
        if kind and name:
            if kind.service not in clients:  # making one costs more than a call
                clients[kind.service] = session.client(kind.service, config=BRIEF)
            named = {"name": name, "account": caller.account_id, "region": session.region_name}
            found.append(_looked_up(caller, clients[kind.service], creation, kind, named, target))
    return [finding for finding in found if finding]


def _looked_up(
    caller: Caller, client: Any, creation: Creation, kind: _Kind, named: dict[str, str], target: str
) -> Finding | None:
    asked = {kind.parameter: kind.asked, **kind.more}
    what = f"{kind.noun} {named['name']}"
    try:
        answer = getattr(client, kind.operation)(**{key: text.format(**named) for key, text in asked.items()})
    except REFUSED as error:
        if kind.gone in str(error):
            return None
        return _of_another(caller, what) if "(403)" in str(error) else _unknown(caller, what, error)
    items, member = kind.among
    if items and named["name"] not in [item[member] for item in answer[items]]:
        return None
    command = ["import", creation.address, kind.imported.format(**named)]
    return Finding(
        "error",
        "names",
        caller.account,
        f"{what} is there already, but Terraform's state of {creation.root} does not have it",
        f"take it in with `harness terraform --target {target} --root {creation.root} -- {shlex.join(command)}`, "
        "delete it, or choose another name",
    )


def _of_another(caller: Caller, what: str) -> Finding:
    return Finding(
        "error",
        "names",
        caller.account,
        f"{what} is another account's, or {caller.arn} may not see it: buckets' names are one for all of AWS",
        f"choose another name in infra/environments/{caller.account}.tfvars.json and wherever else it is named, "
        "with `sagemaker` in it",
    )


def _unknown(caller: Caller, what: str, error: Exception) -> Finding:
    return Finding(
        "warning",
        "names",
        caller.account,
        f"whether {what} is there already was not checked: {words(error)}",
        "let it be looked up, or go on: Terraform stops where the name is taken",
    )
