"""Where statements are, as recorded of IAM by radkawar/stackd, cases custom_*_positions, and in AWS CLI's examples."""

from __future__ import annotations

import json

import pytest

from harness.services.simulator.positions import positions
from tests.unit.services.simulator.bench import READ, policy

FIRST, SECOND = {**READ, "Sid": "First"}, {**READ, "Sid": "Second"}
MINIFIED = policy(FIRST, SECOND).replace(", ", ",").replace(": ", ":")
INDENTED = json.dumps({"Version": "2012-10-17", "Statement": [FIRST, SECOND]}, indent=2)
# AWS CLI's example of simulate-custom-policy
ALONE = (
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*","Condition":'
    '{"DateGreaterThan":{"aws:CurrentTime":"2018-08-16T12:00:00Z"}}}}'
)


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        (MINIFIED, [((1, 38), (1, 109)), ((1, 109), (1, 182))]),
        (INDENTED, [((3, 17), (9, 6)), ((9, 6), (15, 6))]),
        (" \r\n" + INDENTED.replace("\n", "\r\n"), [((4, 17), (10, 6)), ((10, 6), (16, 6))]),
        (ALONE, [((1, 38), (1, 167))]),
        ('{"Statement": [ ]}', []),
    ],
    ids=["on one line", "indented", "after CRLFs", "without a list", "none"],
)
def test_a_statement_begins_where_the_one_before_it_ends(
    text: str, spans: list[tuple[tuple[int, int], tuple[int, int]]]
) -> None:
    assert [
        tuple((found[at]["Line"], found[at]["Column"]) for at in ("StartPosition", "EndPosition"))
        for found in positions(text)
    ] == spans
