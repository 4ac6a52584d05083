"""STS: roles are assumed past their trust policies."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.access.needs.calls import check, session, table
from tests.unit.access.needs.world import AWAY, asked

ROLE = f"arn:aws:iam::{AWAY}:role/run"
ASKED = {"RoleArn": ROLE, "RoleSessionName": "s"}


@pytest.mark.parametrize("case", table("sts"))
def test_a_call_needs_what_is_documented(case: dict[str, Any]) -> None:
    check("sts", case)


@pytest.mark.parametrize("operation", ["AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"])
def test_every_way_into_a_role_is_past_its_trust_policy(operation: str) -> None:
    (own,) = asked("sts", operation, ASKED)
    assert (own.action, own.gate, own.owner) == (f"sts:{operation}", "trust", AWAY)


def test_tags_and_source_identity_are_past_the_trust_policy_too() -> None:
    tags = [{"Key": "Project", "Value": "m"}]
    found = asked("sts", "AssumeRole", {**ASKED, "Tags": tags, "SourceIdentity": "ana"})
    assert [(one.action, one.gate) for one in found] == [
        ("sts:AssumeRole", "trust"),
        ("sts:TagSession", "trust"),
        ("sts:SetSourceIdentity", "trust"),
    ]


def test_a_source_identity_is_handed_on_from_role_to_role() -> None:
    found = asked("sts", "AssumeRole", ASKED, by=session("first", source_identity="ana"))
    assert [one.action for one in found] == ["sts:AssumeRole", "sts:SetSourceIdentity"]
    assert found[0].context["sts:sourceidentity"] == "ana"
