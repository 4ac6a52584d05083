"""The simulator answers as IAM does: the case tables in tests/cases/simulator, whose README has the format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.model import ApiCall, AwsError, Json, Principal
from harness.services.simulator import Simulator
from tests.unit.access.needs.world import World

CASES = Path(__file__).parents[3] / "cases" / "simulator"
FILES = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(CASES.glob("*.json"))}
ANN = Principal("111122223333", "arn:aws:iam::111122223333:user/ann", "user")


def cases(expecting: str) -> list[Any]:
    return [
        pytest.param({"request": file.get("request", {}), **case}, id=f"{stem}: {case['name']}")
        for stem, file in FILES.items()
        for case in file["cases"]
        if expecting in case
    ]


def document(statements: Json | list[Json]) -> str:
    usual = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    listed = statements if isinstance(statements, list) else [statements]
    return json.dumps({"Version": "2012-10-17", "Statement": [{**usual, **s} for s in listed]})


def request(case: Json) -> Json:
    """SimulateCustomPolicy's parameters."""
    params: Json = {
        "PolicyInputList": [document(policy) for policy in case.get("policies", [{}])],
        "ActionNames": ["s3:GetObject"],
        "ContextEntries": [
            {
                "ContextKeyName": key,
                "ContextKeyValues": [value] if isinstance(value, str) else value,
                "ContextKeyType": "string" if isinstance(value, str) else "stringList",
            }
            for key, value in case.get("context", {}).items()
        ],
    }
    if "boundary" in case:
        params["PermissionsBoundaryPolicyInputList"] = [document(case["boundary"])]
    if "resource_policy" in case:
        params["ResourcePolicy"] = document(case["resource_policy"])
    if "scps" in case:
        params["OrderedOrganizationPolicyInputList"] = [
            {"ServiceControlPolicyInputList": [document(policy) for policy in level]}
            for level in case["scps"]
        ]
    return {**params, **case["request"]}


def simulated(case: Json) -> Json:
    call = ApiCall("iam", "SimulateCustomPolicy", request(case), ANN, ANN.account, "us-east-1", "id")
    (result,) = Simulator(World()).handle(call)["EvaluationResults"]
    return {
        **result,
        "MatchedStatements": [told["SourcePolicyId"] for told in result["MatchedStatements"]],
        **(
            {
                "ResourceSpecificResults": [
                    r["EvalResourceDecision"] for r in result["ResourceSpecificResults"]
                ]
            }
            if "ResourceSpecificResults" in result
            else {}
        ),
    }


@pytest.mark.parametrize("case", cases("answer"))
def test_an_answer_is_iams(case: Json) -> None:
    answer = simulated(case)
    assert {name: answer.get(name) for name in case["answer"]} == case["answer"]
    assert not {*case.get("absent", [])} & {*answer}


@pytest.mark.parametrize("case", cases("error"))
def test_an_error_is_iams(case: Json) -> None:
    with pytest.raises(AwsError) as refused:
        simulated(case)
    assert [refused.value.code, refused.value.status, refused.value.message] == case["error"]
