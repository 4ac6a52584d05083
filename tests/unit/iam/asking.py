"""Who asks, for what, under which policies: short names for the tests of what denials teach."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from harness.iam.documents import parse
from harness.iam.model import Policies, Policy, Request
from harness.model import Principal

DEV, PROD, REGISTRY = "111122223333", "444455556666", "777788889999"
Json = dict[str, Any]


def session(role: str, account: str = PROD) -> Principal:
    return Principal(
        account,
        f"arn:aws:sts::{account}:assumed-role/{role}/s",
        "assumed-role",
        role_arn=f"arn:aws:iam::{account}:role/{role}",
    )


def service(name: str, account: str = PROD, source: str = "") -> Principal:
    return Principal(account, name, "service", source_arn=source)


def policy(name: str, *statements: Json) -> Policy:
    return Policy(name, parse(json.dumps({"Version": "2012-10-17", "Statement": statements})))


def allow(actions: str | list[str], resources: str | list[str] = "", **more: Any) -> Json:
    resource = {"Resource": resources} if resources else {}
    return {"Effect": "Allow", "Action": actions, **resource, **more}


def ask(
    principal: Principal, action: str, resource: str, owner: str = PROD, gate: str = "", **context: Any
) -> Request:
    """Keys of the context as keyword arguments cannot have colons: `kms_viaservice` is `kms:viaservice`."""
    keys = {key.replace("_", ":", 1): value for key, value in context.items()}
    return Request(principal, action, resource, owner, keys, gate)


def given(case: Json) -> tuple[Request, Policies]:
    """What a JSON case asks, see tests/cases/refusals."""
    name, account = case.get("principal", "role"), case.get("account", PROD)
    principals = {"anonymous": Principal("", "anonymous", "anonymous"), "role": session("x", account)}
    request = Request(
        principals.get(name) or service(name, account),
        case["action"],
        case["resource"],
        case.get("owner", PROD),
        case.get("context", {}),
        case.get("gate", ""),
    )
    said = case.get("policies", {})

    def of(kind: str) -> tuple[Policy, ...]:
        return (policy(f"{kind} policy", *said[kind]),) if kind in said else ()

    return request, Policies(
        identity=of("identity"),
        resource=of("resource"),
        boundary=of("boundary") or None,
        session=of("session") or None,
        scps=tuple((policy(f"scp {n}", *level),) for n, level in enumerate(said.get("scps", []))),
    )


def replaced(policies: Iterable[Policy], name: str, label: str, statement: Json) -> tuple[Policy, ...]:
    """The policies with the statement in its policy: in another's place, or added; in a policy of its own where there
    is none of that name."""
    made, found = [], False
    for one in policies:
        if one.name != name:
            made.append(one)
            continue
        found = True
        kept = [statement if s.label == label else s.source for s in one.document.statements]
        made.append(policy(name, *(kept if label else [*kept, statement])))
    return (*made, *(() if found else (policy(name, statement),)))
