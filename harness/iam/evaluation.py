"""Whether a request is allowed.

Sources, all of the IAM User Guide: "Policy evaluation logic", "Cross-account policy evaluation logic", "Permissions
boundaries for IAM entities", "Policies and permissions" (session policies); for keys "Key policies in AWS KMS".
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from harness.iam.documents import Statement
from harness.iam.model import Policies, Policy, Request, Side, Verdict
from harness.iam.principals import Naming, naming
from harness.iam.statements import about_action, applies
from harness.model import Principal

# Statements by their names, see iam.model.Side.
Refs = tuple[str, ...]

_WAYS = (Naming.CALLER, Naming.IDENTITY, Naming.ACCOUNT)


class _Said(NamedTuple):
    """The statements of some policies that speak to a request."""

    allow: Refs = ()
    deny: Refs = ()


class _ResourceSaid(NamedTuple):
    """The same of a resource's policy; those that allow by how they name the caller, see principals.Naming."""

    caller: Refs = ()
    identity: Refs = ()
    account: Refs = ()
    deny: Refs = ()


def evaluate(request: Request, policies: Policies) -> Verdict:
    """An explicit deny anywhere wins; else every side has to allow that AWS asks for this principal and resource.

    `sides` is a conjunction: an allowed request stays allowed as long as each side keeps one of its statements. Sides
    and what is missing are told of a denied request, too.
    """
    policies = _in_force(request.principal, policies)
    resource = _resource_says(request, policies)
    identity = _say(policies.identity, request)
    denied_by = identity.deny + resource.deny
    sides: list[Side] = []
    for level in policies.scps:
        said = _say(level, request)
        sides.append(Side("scp", said.allow))
        denied_by += said.deny
    sides += _granting(request, identity.allow, resource)
    unlimited = resource.caller if request.principal.account == request.owner else ()
    for name, limit in (("boundary", policies.boundary), ("session", policies.session)):
        if limit is not None:
            said = _say(limit, request)
            sides.append(Side(name, said.allow + unlimited))
            denied_by += said.deny
    missing = tuple(dict.fromkeys([side.name for side in sides if not side.by]))
    return Verdict(
        not denied_by and not missing, tuple([side for side in sides if side.by]), denied_by, missing
    )


def _in_force(principal: Principal, policies: Policies) -> Policies:
    """Without the policies that this kind of principal is not subject to."""
    if principal.kind in ("service", "anonymous"):
        return Policies(resource=policies.resource)
    if ":role/aws-service-role/" in principal.role_arn:
        return replace(policies, scps=())  # "SCPs do not affect any service-linked role"
    if principal.kind == "federated-user" and policies.session is None:
        return replace(policies, session=())  # no session policy, and no role's session: "implicitly denied"
    return policies


def _granting(request: Request, identity: Refs, resource: _ResourceSaid) -> list[Side]:
    """The sides that have to grant; boundaries, session policies and SCPs only limit.

    The account's own root user needs no grant, except for what is behind a gate.
    """
    principal = request.principal
    named = resource.caller + resource.identity
    of_resource = Side("resource", named + resource.account)
    if principal.kind in ("service", "anonymous"):
        return [of_resource]
    if principal.account != request.owner:
        return [of_resource] if principal.kind == "root" else [of_resource, Side("identity", identity)]
    behind_gate = [of_resource] if request.gate else []
    if principal.kind == "root":
        return behind_gate
    # Where a gate's policy lets only the account in, the account's identity policies decide.
    either = "identity or resource" if named or not request.gate else "identity"
    return [*behind_gate, Side(either, identity + named)]


def _say(policies: tuple[Policy, ...], request: Request) -> _Said:
    allow: list[str] = []
    deny: list[str] = []
    for ref, statement in _about(policies, request.action):
        if applies(statement, request):
            (allow if statement.allows else deny).append(ref)
    return _Said(tuple(allow), tuple(deny))


def _resource_says(request: Request, policies: Policies) -> _ResourceSaid:
    bounded = policies.boundary is not None
    allow: list[tuple[Naming, str]] = []
    deny: list[str] = []
    for ref, statement in _about(policies.resource, request.action):
        how = naming(statement, request.principal, bounded)
        if how and applies(statement, request):
            if statement.allows:
                allow.append((how, ref))
            else:
                deny.append(ref)
    caller, identity, account = (tuple([ref for how, ref in allow if how is way]) for way in _WAYS)
    return _ResourceSaid(caller, identity, account, tuple(deny))


@lru_cache(maxsize=16384)
def _about(policies: tuple[Policy, ...], action: str) -> tuple[tuple[str, Statement], ...]:
    """The statements that are about the action, with their names."""
    return tuple(
        (f"{policy.name}#{statement.label}", statement)
        for policy in policies
        for statement in policy.document.statements
        if about_action(statement, action)
    )
