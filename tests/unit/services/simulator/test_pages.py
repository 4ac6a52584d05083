"""Results in pages: of actions, each with all its resources. Recorded by radkawar/stackd, cases pagination_*."""

from __future__ import annotations

from typing import Any

from harness.model import Json
from tests.unit.services.simulator.bench import READ, asked, policy

ACTIONS = ["s3:PutObject", "iam:GetUser", "s3:GetObject"]


def page(**params: Any) -> Json:
    given = {"ActionNames": ACTIONS, "PolicyInputList": [policy(READ)], **params}
    return asked("SimulateCustomPolicy", **given)


def actions(answer: Json) -> list[str]:
    return [result["EvalActionName"] for result in answer["EvaluationResults"]]


def test_all_fit_on_one_page() -> None:
    answer = page()
    assert actions(answer) == ACTIONS
    assert answer["IsTruncated"] is False
    assert "Marker" not in answer


def test_a_page_has_as_many_actions_as_it_may() -> None:
    resources = ["arn:aws:s3:::b/x", "arn:aws:s3:::b/y"]
    first = page(MaxItems=2, ResourceArns=resources)
    assert (actions(first), first["IsTruncated"]) == (ACTIONS[:2], True)
    assert [len(result["ResourceSpecificResults"]) for result in first["EvaluationResults"]] == [2, 2]
    last = page(MaxItems=2, ResourceArns=resources, Marker=first["Marker"])
    assert (actions(last), last["IsTruncated"]) == (ACTIONS[2:], False)


def test_a_hundred_are_a_page_unless_told() -> None:
    assert len(actions(page(ActionNames=["s3:GetObject"] * 101))) == 100


def test_a_marker_of_more_actions_than_there_are_leads_to_none() -> None:
    marker = page(MaxItems=2)["Marker"]
    answer = page(ActionNames=["s3:DeleteObject"], Marker=marker)
    assert answer == {"EvaluationResults": [], "IsTruncated": False}
