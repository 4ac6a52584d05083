"""EventBridge's calls need what its guide says, on rules and buses of one's own and of others."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.access.needs.calls import check, table
from tests.unit.access.needs.world import AWAY, HOME, REGION, asked

SHARED = f"arn:aws:events:{REGION}:{AWAY}:event-bus/shared"


@pytest.mark.parametrize("case", table("events"))
def test_a_call_needs_what_is_documented(case: dict[str, Any]) -> None:
    check("events", case)


@pytest.mark.parametrize("operation", ["PutRule", "DescribeRule", "ListRules", "ListRuleNamesByTarget"])
def test_another_accounts_bus_is_that_accounts_to_share(operation: str) -> None:
    (own,) = asked("events", operation, {"Name": "r", "EventBusName": SHARED})
    assert own.owner == AWAY


def test_events_for_two_accounts_ask_both() -> None:
    entry = {"Source": "mine", "DetailType": "a", "Detail": "{}"}
    found = asked("events", "PutEvents", {"Entries": [entry, {**entry, "EventBusName": SHARED}]})
    assert [permission.owner for permission in found] == [HOME, AWAY]
