from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.access.refusal import refusal
from harness.iam.evaluation import evaluate

from ..iam.asking import given

CASES = json.loads((Path(__file__).parents[2] / "cases" / "refusals" / "answers.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_service_refuses_in_its_own_words(case: dict[str, Any]) -> None:
    request, policies = given(case)
    verdict = evaluate(request, policies)
    assert not verdict.allowed
    error = refusal(case["call"], request, policies, verdict)
    assert [error.code, error.status, error.message] == case["answer"]
