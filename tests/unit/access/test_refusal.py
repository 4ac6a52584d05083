from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.access.refusal import cause, refusal
from harness.iam.evaluation import evaluate
from harness.iam.model import Policies

from ..iam.asking import ask, given, policy, session

CASES = json.loads((Path(__file__).parents[2] / "cases" / "refusals" / "answers.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_service_refuses_in_its_own_words(case: dict[str, Any]) -> None:
    request, policies = given(case)
    verdict = evaluate(request, policies)
    assert not verdict.allowed
    error = refusal(case["call"], request, policies, verdict)
    assert [error.code, error.status, error.message] == case["answer"]


def test_a_statement_that_denies_may_have_any_sid() -> None:
    denying = {"Sid": "No#1", "Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}
    policies = Policies(resource=(policy("444455556666 bucket models policy", denying),))
    request = ask(session("x"), "s3:ListBucket", "arn:aws:s3:::models")
    said = cause(request, policies, evaluate(request, policies))
    assert said == "with an explicit deny in a resource-based policy"
