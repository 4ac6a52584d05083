"""IAM as moto holds it: roles, users with their groups, managed policies."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from harness.access.facts import Identity, Stored
from harness.backends.moto_objects import PARTITION, backend, everywhere, tagged

_NOTHING = json.dumps({"Version": "2012-10-17", "Statement": []})


def identity(arn: str) -> Identity | None:
    """A role, a user or a group, by its ARN with its path."""
    iam, kind = _place(arn)
    found = _FIND[kind](iam, arn) if iam and kind in _FIND else None
    return _TELL[kind](iam, found) if found else None


def identities() -> list[str]:
    """The ARNs of all accounts' roles and users."""
    return [
        held.arn
        for iam in everywhere("iam")
        for held in (*tuple(iam.roles.values()), *tuple(iam.users.values()))
    ]


def managed_policy(arn: str) -> str:
    """The default version's text; empty where there is no such policy."""
    if arn.startswith("arn:aws:iam::aws:policy/"):
        return _of_aws(arn)
    iam, _ = _place(arn)
    policy = iam.managed_policies.get(arn) if iam else None
    return _default_version(policy) if policy else ""


def tags(arn: str) -> dict[str, str]:
    """Of a role, a user or a managed policy."""
    iam, kind = _place(arn)
    if iam and kind == "policy":
        policy = iam.managed_policies.get(arn)
        return _pairs(policy.tags.values()) if policy else {}
    found = identity(arn)
    return dict(found.tags) if found else {}


def _place(arn: str) -> tuple[Any, str]:
    """The IAM of the ARN's account, None where there is none, and what the ARN is of: role, user, policy."""
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[2] != "iam":
        return None, ""
    return backend("iam", parts[4], PARTITION), parts[5].split("/", 1)[0]


def _find_role(iam: Any, arn: str) -> Any:
    """moto holds roles by their ids; the name is unique in an account and quicker to compare than the ARN is made."""
    name = arn.rsplit("/", 1)[-1]
    return next((r for r in tuple(iam.roles.values()) if r.name == name and r.arn == arn), None)


def _find_user(iam: Any, arn: str) -> Any:
    user = iam.users.get(arn.rsplit("/", 1)[-1])
    return user if user and user.arn == arn else None


def _find_group(iam: Any, arn: str) -> Any:
    group = iam.groups.get(arn.rsplit("/", 1)[-1])
    return group if group and group.arn == arn else None


def _role(_: Any, role: Any) -> Identity:
    return Identity(
        arn=role.arn,
        id=role.id,
        inline=tuple(role.policies.items()),
        attached=_attached(role),
        boundary=_boundary(role.permissions_boundary_arn),
        tags=_pairs(role.tags),
        trust=role.assume_role_policy_document,
    )


def _user(iam: Any, user: Any) -> Identity:
    """moto knows no boundaries of users: it has no PutUserPermissionsBoundary, and CreateUser's it does not keep."""
    groups = [group for group in tuple(iam.groups.values()) if user in group.users]
    inline = [*user.policies.items()]
    attached = [*_attached(user)]
    for group in groups:
        inline += [
            (f"group/{group.name} inline {name}", text) for name, text in tuple(group.policies.items())
        ]
        attached += [(f"group/{group.name} managed {arn}", text) for arn, text in _attached(group)]
    return Identity(user.arn, user.id, tuple(inline), tuple(attached), tags=tagged(iam, user.arn))


def _group(_: Any, group: Any) -> Identity:
    return Identity(group.arn, group.id, tuple(group.policies.items()), _attached(group))


_FIND: dict[str, Callable[[Any, str], Any]] = {"role": _find_role, "user": _find_user, "group": _find_group}
_TELL: dict[str, Callable[[Any, Any], Identity]] = {"role": _role, "user": _user, "group": _group}


def _attached(holder: Any) -> tuple[Stored, ...]:
    return tuple([(arn, _default_version(p)) for arn, p in tuple(holder.managed_policies.items())])


def _default_version(policy: Any) -> str:
    wanted = policy.default_version_id
    (text,) = [str(v.document) for v in tuple(policy.versions) if v.version_id == wanted]
    return text


def _boundary(arn: str | None) -> Stored | None:
    """A boundary whose policy is not there allows nothing. AWS refuses to set such a one; moto does not look."""
    return (arn, managed_policy(arn) or _NOTHING) if arn else None


def _pairs(listed: Iterable[dict[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tuple(listed)}


@lru_cache(maxsize=256)
def _of_aws(arn: str) -> str:
    """One of AWS's own, out of moto's text of all, which has a policy's name at a line's start.

    It is the same in every account, also in one whose IAM nobody has used, and reading all 1,582 takes 0.1 s.
    """
    from moto.iam.aws_managed_policies import aws_managed_policies_data as everything

    path, _, name = arn.removeprefix("arn:aws:iam::aws:policy").rpartition("/")
    before = f'\n "{name}":'
    at = everything.find(before)
    if at < 0:
        return ""
    policy, _ = json.JSONDecoder().raw_decode(everything, at + len(before))
    return json.dumps(policy["Document"]) if policy["Path"] == f"{path}/" else ""
