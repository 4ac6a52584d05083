"""Calls to our own services, IAM and STS: the tables of tests/cases/needs/own, whose README has the format."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from harness.access.facts import Identity
from harness.model import Permission, Principal, Session
from tests.unit.access.needs.world import ANA, HOME, KEYS, World, asked

CASES = Path(__file__).parents[3] / "cases" / "needs" / "own"


@dataclass(frozen=True)
class Peopled(World):
    """A world with roles and users, by their ARNs."""

    people: Mapping[str, Identity] = field(default_factory=dict)

    def identity(self, arn: str) -> Identity | None:
        return self.people.get(arn)

    def identities(self) -> list[str]:
        return list(self.people)


def peopled(
    identities: Mapping[str, Mapping[str, Any]] | None = None,
    tags: Mapping[str, Mapping[str, str]] | None = None,
) -> Peopled:
    """`identities`: {ARN: {tags, boundary}}; `tags`: of other resources, by ARN."""
    people = {
        arn: Identity(
            arn, "", boundary=tuple(of["boundary"]) if "boundary" in of else None, tags=of.get("tags", {})
        )
        for arn, of in (identities or {}).items()
    }
    tagged = {**(tags or {}), **{arn: identity.tags for arn, identity in people.items()}}
    return Peopled(tagged=tagged, keys=KEYS, people=people)


def session(role: str, source_identity: str = "") -> Principal:
    return Principal(
        HOME,
        f"arn:aws:sts::{HOME}:assumed-role/{role}/s",
        "assumed-role",
        role_arn=f"arn:aws:iam::{HOME}:role/{role}",
        session=Session(source_identity=source_identity),
    )


def table(service: str) -> list[Any]:
    """The cases of a service, for `parametrize`."""
    cases = json.loads((CASES / f"{service}.json").read_text(encoding="utf-8"))["cases"]
    return [pytest.param(case, id=case["name"]) for case in cases]


def check(service: str, case: Mapping[str, Any]) -> None:
    """The case holds."""
    operation, params = case["call"]
    by = session(case["as"]) if "as" in case else ANA
    world = peopled(case.get("identities"), case.get("tags"))
    found = asked(service, operation, params, by=by, facts=world)
    assert [_told(permission) for permission in found] == [_wanted(*entry) for entry in case["needs"]]


def _told(permission: Permission) -> tuple[str, str, Mapping[str, Any]]:
    return permission.action, permission.resource, permission.context


def _wanted(
    action: str, resource: str, context: Mapping[str, Any] | None = None
) -> tuple[str, str, Mapping[str, Any]]:
    keys = {
        key.lower(): tuple(value) if isinstance(value, list) else value
        for key, value in (context or {}).items()
    }
    return action, resource, keys
