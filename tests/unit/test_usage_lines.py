"""What came of the statements of policies, as `harness policies` tells people."""

from __future__ import annotations

import pytest

from harness.usage import Statement
from harness.usage_lines import lines

ROLE = "444455556666 role/x"
NAMES = {"444455556666": "prod", "777788889999": "dev"}
HEAD = "    used  needed  statement"


def told(*statements: Statement) -> list[str]:
    return list(lines(statements, NAMES))


def test_each_holder_has_a_heading_and_its_statements_the_most_used_first() -> None:
    assert told(
        Statement(f"{ROLE} trust#Sagemaker", "Allow", 2, 2),
        Statement(f"{ROLE} inline own#Read", "Allow", 1200, 3),
        Statement("777788889999 key alias/data policy#Use", "Allow", 5, 5),
    ) == [
        "dev: key alias/data",
        HEAD,
        "       5       5  policy#Use",
        "prod: role/x",
        HEAD,
        "    1200       3  inline own#Read",
        "       2       2  trust#Sagemaker",
    ]


def test_others_that_allowed_the_same_are_told_beside_it_the_holders_own_without_its_name() -> None:
    others = (
        f"{ROLE} AWS managed AmazonS3FullAccess",
        "777788889999 bucket b policy#Share",
        "1 user/y inline z",
    )
    assert told(Statement(f"{ROLE} inline own#Read", "Allow", 3, 0, others))[-1] == (
        "       3       0  inline own#Read"
        "   (also allowed by: AWS managed AmazonS3FullAccess, dev bucket b policy#Share, 1 user/y inline z)"
    )


def test_what_was_never_used_is_one_line_and_what_denies_another() -> None:
    assert told(
        Statement(f"{ROLE} trust#TrustEc2", "Allow"),
        Statement(f"{ROLE} AWS managed CloudWatchFullAccess", "Allow"),
        Statement(f"{ROLE} inline own#Never", "Deny"),
    ) == [
        "prod: role/x",
        "  never used: AWS managed CloudWatchFullAccess, trust#TrustEc2",
        "  denies: inline own#Never",
    ]


@pytest.mark.parametrize(
    ("ref", "heading", "name"),
    [
        ("444455556666 role/path/x inline own#1", "prod: role/path/x", "inline own#1"),
        ("444455556666 repository a/b policy#Pull", "prod: repository a/b", "policy#Pull"),
        ("444455556666 policies of logs in us-east-1#Put", "prod: policies of logs in us-east-1", "Put"),
        (
            "123456789012 user/ann boundary AWS managed Full",
            "123456789012: user/ann",
            "boundary AWS managed Full",
        ),
    ],
)
def test_a_heading_tells_the_account_and_what_its_policies_are_on(ref: str, heading: str, name: str) -> None:
    assert told(Statement(ref, "Allow")) == [heading, f"  never used: {name}"]


def test_no_line_ends_in_blanks_and_nothing_is_told_of_nothing() -> None:
    assert told() == []
    assert all(line == line.rstrip() for line in told(Statement(f"{ROLE} trust#A", "Allow", 1, 1)))
