"""What is told of a scenario without one of its statements."""

from __future__ import annotations

from typing import Any

import pytest

from harness.ablation import Trial, _told, _unneeded, line, markdown
from harness.usage import Statement

READ = Statement("444455556666 role/x inline reading#Read", "Allow", 7, 7)
BUCKET = Statement("777788889999 bucket models policy#Share", "Allow", 2, 2)
LESSONS = [
    {"action": "s3:GetObject", "principal": "assumed-role/x/job"},
    {"action": "s3:PutObject", "principal": "assumed-role/x/job"},
]


def result(*, passed: bool, refused: list[Any] | None = None) -> dict[str, Any]:
    """As `harness scenario --json` ends."""
    failure = {"moment": "It trains", "expected": "a model", "instead": "it ended Failed", "why": []}
    return {"scenario": "small", "passed": passed, "refused": refused or [], **({} if passed else failure)}


@pytest.mark.parametrize(
    ("ended", "outcome", "where", "why"),
    [
        (
            result(passed=False, refused=LESSONS),
            "breaks",
            "It trains",
            "s3:GetObject refused to assumed-role/x/job",
        ),
        (result(passed=False), "fails otherwise", "It trains", "it ended Failed"),
        (result(passed=True, refused=LESSONS), "passes", "", "s3:GetObject refused to assumed-role/x/job"),
        (result(passed=True), "passes", "", "nothing is refused"),
    ],
)
def test_a_run_without_a_statement_is_told_by_its_end_and_its_first_refusal(
    ended: dict[str, Any], outcome: str, where: str, why: str
) -> None:
    assert _told(READ, ended) == Trial(READ, outcome, where, why)


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        (Statement(READ.ref, "Allow"), "never used"),
        (Statement(READ.ref, "Allow", 3, 0, ("a#All", "b")), "a#All, b allows the same"),
    ],
)
def test_a_statement_that_nothing_depended_on_is_told_with_what_allows_the_same(
    statement: Statement, why: str
) -> None:
    assert _unneeded(statement) == Trial(statement, "not needed", "", why)


def test_people_are_told_in_one_line() -> None:
    assert line(Trial(READ, "breaks", "It trains", "s3:GetObject refused to x")) == (
        f"{READ.ref}: breaks, at: It trains (s3:GetObject refused to x)"
    )
    assert line(Trial(READ, "not needed", "", "never used")) == f"{READ.ref}: not needed (never used)"


def test_programs_are_told_the_statement_with_what_came_of_it() -> None:
    assert Trial(READ, "breaks", "It trains", "x").row() == {
        "statement": READ.ref,
        "policy": READ.policy,
        "label": READ.label,
        "effect": "Allow",
        "used": 7,
        "needed": 7,
        "others": [],
        "outcome": "breaks",
        "where": "It trains",
        "why": "x",
    }


def rows(*trials: Trial) -> list[str]:
    """The headings and rows of the document's tables."""
    text = markdown("small", list(trials), {"444455556666": "prod"})
    return [told for told in text.splitlines() if told.startswith(("## ", "| ")) and "---" not in told]


HEAD = "| statement | used | without it | where | why |"


def test_the_document_has_a_table_for_each_role_and_resource() -> None:
    assert rows(
        Trial(BUCKET, "breaks", "It trains", "s3:GetObject refused to x"),
        Trial(READ, "not needed", "", "444455556666 role/x managed Full allows the same"),
    ) == [
        "## prod: role/x",
        HEAD,
        "| inline reading#Read | 7 | not needed |  | managed Full allows the same |",
        "## 777788889999: bucket models",
        HEAD,
        "| policy#Share | 2 | breaks | It trains | s3:GetObject refused to x |",
    ]


@pytest.mark.parametrize(
    ("ref", "heading"),
    [
        ("444455556666 user/ann inline reading#1", "prod: user/ann"),
        ("444455556666 role/x AWS managed AmazonS3FullAccess", "prod: role/x"),
        ("444455556666 key alias/data policy#Use", "prod: key alias/data"),
    ],
)
def test_a_table_is_headed_by_what_its_policies_are_on(ref: str, heading: str) -> None:
    assert rows(Trial(Statement(ref, "Allow"), "passes", "", ""))[0] == f"## {heading}"
