"""Small worlds for the laws of policy evaluation: few names, so that statements often speak to requests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from hypothesis import strategies as some

from harness.iam.documents import parse
from harness.iam.model import Policies, Policy, Request
from harness.model import Principal, Session

HOME, AWAY = "111122223333", "444455556666"
USER = Principal(HOME, f"arn:aws:iam::{HOME}:user/ana", "user")
ROLE = f"arn:aws:iam::{HOME}:role/train"
SESSION = Principal(HOME, f"arn:aws:sts::{HOME}:assumed-role/train/job", "assumed-role", role_arn=ROLE)
FEDERATED = Principal(HOME, f"arn:aws:sts::{HOME}:federated-user/ana", "federated-user", session=Session())
ROOT = Principal(HOME, f"arn:aws:iam::{HOME}:root", "root")
SERVICE = Principal(HOME, "events.amazonaws.com", "service")
NOBODY = Principal("", "anonymous", "anonymous")
PRINCIPALS = (USER, SESSION, FEDERATED, ROOT, SERVICE, NOBODY)

PRINCIPAL_ELEMENTS: tuple[Any, ...] = (
    "*",
    {"AWS": HOME},
    {"AWS": [ROOT.arn, ROLE]},
    {"AWS": ROLE},
    {"AWS": SESSION.arn},
    {"AWS": [USER.arn, FEDERATED.arn]},
    {"AWS": AWAY, "Service": SERVICE.arn},
)
CONDITIONS = (
    {"StringEquals": {"aws:PrincipalTag/team": "ml"}},
    {"StringNotLike": {"aws:PrincipalTag/team": "m*"}},
    {"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}},
    {"Null": {"aws:TagKeys": "false"}},
)


def statements(*, of_resource: bool = False) -> some.SearchStrategy[dict[str, Any]]:
    base = {
        "Effect": some.sampled_from(["Allow"] * 7 + ["Deny"]),
        "Action": some.sampled_from(
            ["*", "s3:*", "S3:Get*", ["s3:GetObject", "s3:PutObject"], "s3:PutObject"]
        ),
        "Resource": some.sampled_from(
            ["*", "arn:aws:s3:::models/*", "arn:aws:s3:::models/${aws:username, 'k'}"]
        ),
    }
    if of_resource:
        base["Principal"] = some.sampled_from(PRINCIPAL_ELEMENTS)
    optional = {"Condition": some.sampled_from(CONDITIONS)}
    return some.fixed_dictionaries(base, optional=optional).map(_spare_principal)


def _spare_principal(statement: dict[str, Any]) -> dict[str, Any]:
    """Some of the denials of a resource's policy are by NotPrincipal."""
    if statement["Effect"] == "Deny" and "Condition" in statement and "Principal" in statement:
        return {**statement, "NotPrincipal": statement.pop("Principal")}
    return statement


def policy(name: str, *listed: dict[str, Any]) -> Policy:
    return Policy(name, parse(json.dumps({"Version": "2012-10-17", "Statement": list(listed)})))


def policies_of(kind: str, *, most: int = 2) -> some.SearchStrategy[tuple[Policy, ...]]:
    """Up to `most` policies, named after their kind and place."""
    some_statements = some.lists(statements(of_resource=kind == "resource"), min_size=1, max_size=3)
    return some.lists(some_statements, max_size=most).map(
        lambda drawn: tuple(policy(f"{kind}{place}", *listed) for place, listed in enumerate(drawn))
    )


def worlds() -> some.SearchStrategy[Policies]:
    return some.builds(
        Policies,
        identity=policies_of("identity"),
        resource=policies_of("resource"),
        boundary=some.none() | policies_of("boundary"),
        session=some.none() | policies_of("session"),
        scps=some.sampled_from([0, 0, 1, 2]).flatmap(
            lambda levels: some.tuples(*(policies_of(f"scp{level}") for level in range(levels)))
        ),
    )


def generous_worlds() -> some.SearchStrategy[Policies]:
    """Worlds in which most is allowed, and much of it by several statements."""
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}

    def with_allowance(policies: Policies, principal: Any) -> Policies:
        more = (policy("everything", everything),)
        return Policies(
            identity=policies.identity + more,
            resource=(*policies.resource, policy("everybody", {**everything, "Principal": principal})),
            boundary=policies.boundary and policies.boundary + more,
            session=policies.session and policies.session + more,
            scps=tuple(level + more for level in policies.scps),
        )

    given = some.builds(with_allowance, worlds(), some.sampled_from(PRINCIPAL_ELEMENTS))
    return given.map(lambda policies: without(policies, lambda _, allows: not allows))


requests = some.builds(
    Request,
    principal=some.sampled_from(PRINCIPALS),
    action=some.sampled_from(["s3:GetObject", "s3:PutObject"]),
    resource=some.sampled_from(["arn:aws:s3:::models/k", "arn:aws:s3:::models/ana"]),
    owner=some.sampled_from([HOME, HOME, AWAY]),
    context=some.fixed_dictionaries(
        {},
        optional={
            "aws:principaltag/team": some.sampled_from(["ml", "bi"]),
            "aws:tagkeys": some.sampled_from([("a",), ("a", "c"), ()]),
            "aws:username": some.just("ana"),
        },
    ),
    gate=some.sampled_from(["", "", "key", "trust"]),
)


def changed(policies: Policies, change: Callable[[Policy], Policy]) -> Policies:
    """The policies, each of them changed."""

    def all_of(listed: Iterable[Policy]) -> tuple[Policy, ...]:
        return tuple(change(each) for each in listed)

    return Policies(
        identity=all_of(policies.identity),
        resource=all_of(policies.resource),
        boundary=None if policies.boundary is None else all_of(policies.boundary),
        session=None if policies.session is None else all_of(policies.session),
        scps=tuple(all_of(level) for level in policies.scps),
    )


def without(policies: Policies, unwanted: Callable[[str, bool], bool]) -> Policies:
    """The policies without the statements that are unwanted, by name and by whether they allow."""

    def pruned(one: Policy) -> Policy:
        kept = (
            statement
            for statement in one.document.statements
            if not unwanted(f"{one.name}#{statement.label}", statement.allows)
        )
        return replace(one, document=replace(one.document, statements=tuple(kept)))

    return changed(policies, pruned)
