"""Topics, queues, repositories, log groups and alarms as moto holds them, by their ARNs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from harness.backends.moto_objects import backend, everywhere, tagged


@dataclass(frozen=True)
class _Kind:
    """Where moto has a service's resources: names of its attributes, empty where it has none.

    `index` makes, of an ARN and its last part, the name under which `collection` has the resource. Where a resource
    does not have its tags itself, the backend's tagging service does.
    """

    collection: str
    arn: str
    index: Callable[[str, str], str]
    tags: str = ""
    policy: str = ""
    key: str = ""


def _log_group(_: str, name: str) -> str:
    """`log-group:NAME`, to which `:*` or `:log-stream:STREAM` may be added; names have no colon."""
    return name.removeprefix("log-group:").split(":")[0]


_KINDS = {
    "sns": _Kind("topics", "arn", lambda arn, _: arn, "_tags", "policy", "kms_master_key_id"),
    "sqs": _Kind("queues", "queue_arn", lambda _, name: name, "tags", "policy", "kms_master_key_id"),
    "ecr": _Kind("repositories", "arn", lambda _, name: name.removeprefix("repository/"), policy="policy"),
    "logs": _Kind("groups", "arn", _log_group, key="kms_key_id"),
    "cloudwatch": _Kind("alarms", "alarm_arn", lambda _, name: name.removeprefix("alarm:")),
}
SERVICES = tuple(_KINDS)


def policy(arn: str) -> str:
    """The policy's JSON text. moto holds topics' and queues' parsed, and writes them anew, always the same. Log groups
    have none of their own: all policies of their account and region speak for them, here as one."""
    parts = arn.split(":", 5)
    if len(parts) == 6 and parts[2] == "logs":
        return _together(_log_policies(backend("logs", parts[4], parts[3])))
    kind, _, found = _find(arn)
    return getattr(found, kind.policy) or "" if kind and kind.policy and found else ""


def _log_policies(holder: Any) -> tuple[str, ...]:
    policies = tuple(holder.resource_policies.values()) if holder is not None else ()
    return tuple(policy.policy_document for policy in policies)


@lru_cache(maxsize=64)
def _together(texts: tuple[str, ...]) -> str:
    """One policy with the statements of them all."""
    if not texts:
        return ""
    given = [json.loads(text)["Statement"] for text in texts]
    statements = [s for one in given for s in (one if isinstance(one, list) else [one])]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def key(arn: str) -> str:
    """The KMS key as the configuration names it."""
    kind, _, found = _find(arn)
    return getattr(found, kind.key) or "" if kind and kind.key and found else ""


def tags(arn: str) -> dict[str, str]:
    kind, holder, found = _find(arn)
    if not kind or not found:
        return {}
    return dict(getattr(found, kind.tags)) if kind.tags else tagged(holder, getattr(found, kind.arn))


def policied() -> list[str]:
    """The ARNs of all topics, queues and repositories that have a policy; `log-group:*` of a region that has some for
    its logs."""
    logs = [
        f"arn:aws:logs:{holder.region_name}:{holder.account_id}:log-group:*"
        for holder in everywhere("logs")
        if holder.resource_policies
    ]
    return logs + [
        getattr(found, kind.arn)
        for service, kind in _KINDS.items()
        if kind.policy
        for holder in everywhere(service)
        for found in tuple(getattr(holder, kind.collection).values())
        if getattr(found, kind.policy)
    ]


def _find(arn: str) -> tuple[_Kind | None, Any, Any]:
    """What the ARN is of, its backend and the resource in it; None for what is not there."""
    parts = arn.split(":", 5)
    kind = _KINDS.get(parts[2]) if len(parts) == 6 else None
    holder = backend(parts[2], parts[4], parts[3]) if kind else None
    if not kind or holder is None:
        return None, None, None
    return kind, holder, getattr(holder, kind.collection).get(kind.index(arn, parts[5]))
