"""IAM: users, roles, groups and policies by name, with the paths that their ARNs have.

Sources: Service Authorization Reference, IAM; IAM User Guide, "Available keys for IAM" and "IAM identifiers"; IAM API
reference, which says of several operations that without UserName they are about the caller. Not known before the call
are the paths of groups, instance profiles and server certificates that exist: their ARNs are made without.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from harness.access.facts import Facts
from harness.access.needs import engine
from harness.access.needs.common import Need
from harness.access.needs.engine import ResourceType
from harness.access.needs.passrole import pass_role
from harness.access.values import Values
from harness.model import ApiCall, Permission

# Which parameters name a resource of a type: by name, or by ARN.
_NAMED = {
    "user": ("UserName",),
    "role": ("RoleName",),
    "group": ("GroupName",),
    "policy": ("PolicyArn", "PolicyName"),
    "instance-profile": ("InstanceProfileName",),
    "oidc-provider": ("OpenIDConnectProviderArn", "Url"),
    "saml-provider": ("SAMLProviderArn", "Name"),
    "server-certificate": ("ServerCertificateName",),
    "mfa": ("SerialNumber", "VirtualMFADeviceName"),
}

# Whose policies IAM's policy simulator reads.
PRINCIPAL = re.compile(
    r"arn:aws:iam::(?P<account>\d{12}):(?P<kind>user|group|role)/(?:.*/)?(?P<name>[^/]+)", re.ASCII
)


def need(call: ApiCall, facts: Facts) -> list[Permission]:
    """Of an operation that has nothing special."""
    own, *more = engine.known(call, facts, _fill)
    return [replace(own, context={**own.context, **_keys(call, facts, own.resource)}), *more]


def _fill(call: ApiCall, facts: Facts, kind: ResourceType) -> str | None:
    made = engine.plan("iam", call.operation)
    members = [name for name in _NAMED.get(kind.name, ()) if made and name in made.members]
    if not members:
        return None
    given = next((str(call.params[name]) for name in members if call.params.get(name)), "")
    if given:
        return given if given.startswith("arn:") else _arn(call, facts, kind.name, given)
    return _self(call) if kind.name == "user" else ""


def _self(call: ApiCall) -> str:
    """Without UserName a user means itself; nobody else may leave it out."""
    return call.principal.arn if call.principal.kind == "user" else ""


def _arn(call: ApiCall, facts: Facts, kind: str, name: str) -> str:
    prefix = f"arn:aws:iam::{call.account}:{kind}"
    if call.params.get("Path") and call.operation.startswith(("Create", "Upload")):
        return f"{prefix}{call.params['Path']}{name}"
    if kind == "oidc-provider":
        return f"{prefix}/{name.removeprefix('https://')}"
    plain = f"{prefix}/{name}"
    if kind not in ("user", "role") or call.operation.startswith("Create") or facts.identity(plain):
        return plain
    return next(
        (a for a in facts.identities() if a.startswith(f"{prefix}/") and a.endswith(f"/{name}")), plain
    )


def _keys(call: ApiCall, facts: Facts, resource: str) -> Values:
    """Those of IAM's own that the operation has, of the request or of the user or role that it is about."""
    made = engine.plan("iam", call.operation)
    tellers = [(key, tell) for key, tell in _KEYS.items() if made and key in made.keys]
    told = {key: tell(call, facts, resource) for key, tell in tellers}
    return {key: str(value) for key, value in told.items() if value}


def _boundary(call: ApiCall, facts: Facts, resource: str) -> Any:
    """The one that is set, or else the one that the user or role has."""
    if call.params.get("PermissionsBoundary"):
        return call.params["PermissionsBoundary"]
    identity = facts.identity(resource)
    return identity.boundary[0] if identity and identity.boundary else ""


_KEYS: dict[str, Callable[[ApiCall, Facts, str], Any]] = {
    "iam:policyarn": lambda call, facts, resource: call.params.get("PolicyArn"),
    "iam:permissionsboundary": _boundary,
    "iam:servicespecificcredentialservicename": lambda call, facts, resource: call.params.get("ServiceName"),
}


def _add_role(call: ApiCall, facts: Facts) -> list[Permission]:
    """Instances act in the role then, so it is passed to EC2; for which of them is not known yet: "the ARN value must
    be arn:aws:ec2:*:CallerAccountId:instance/*". Source: IAM API reference, AddRoleToInstanceProfile.
    """
    own, *more = need(call, facts)
    name = str(call.params.get("RoleName") or "")
    role = _arn(call, facts, "role", name) if name else ""
    instances = f"arn:aws:ec2:*:{call.account}:instance/*"
    return [own, *pass_role(role, "ec2.amazonaws.com", instances), *more]


def _change_password(call: ApiCall, facts: Facts) -> list[Permission]:
    return [engine.permission(call, facts, "iam:ChangePassword", _self(call) or "*")]


def principal_named(call: ApiCall, facts: Facts, arn: str) -> str:
    """The account's user, group or role that the simulator finds by an ARN: users and roles by name, whatever path the
    ARN has. `*` where it finds none; it says itself what is wrong."""
    found = PRINCIPAL.fullmatch(arn)
    if found is None or found["account"] != call.account:
        return "*"
    return arn if found["kind"] == "group" else _arn(call, facts, found["kind"], found["name"])


def _simulating(call: ApiCall, facts: Facts) -> list[Permission]:
    named = principal_named(call, facts, str(call.params.get("PolicySourceArn", "")))
    return [engine.permission(call, facts, f"iam:{call.operation}", named)]


def _listing(kind: str) -> Need:
    """On the path that is listed, though the Reference gives these actions no resource. Source: AWS's refusals quoted
    in public (`iam:ListRoles on resource: arn:aws:iam::123456789012:role/`), of roles and users."""

    def listing(call: ApiCall, facts: Facts) -> list[Permission]:
        path = str(call.params.get("PathPrefix") or "/")
        arn = f"arn:aws:iam::{call.account}:{kind}{path}"
        return [engine.permission(call, facts, f"iam:{call.operation}", arn)]

    return listing


OPERATIONS: dict[str, Need] = {
    "ListRoles": _listing("role"),
    "ListUsers": _listing("user"),
    "AddRoleToInstanceProfile": _add_role,
    "ChangePassword": _change_password,
    "SimulatePrincipalPolicy": _simulating,
    "GetContextKeysForPrincipalPolicy": _simulating,
}
