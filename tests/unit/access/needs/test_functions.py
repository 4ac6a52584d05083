"""Lambda's calls need what its guide says; code in S3 has to be the caller's to read."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.access.needs.calls import check, table
from tests.unit.access.needs.world import AWAY, HOME, HOME_KEY, asked, key_arn, told

FUNCTION = f"arn:aws:lambda:us-east-1:{HOME}:function:f"


@pytest.mark.parametrize("case", table("lambda"))
def test_a_call_needs_what_is_documented(case: dict[str, Any]) -> None:
    check("lambda", case)


def test_code_from_a_bucket_needs_reading_it() -> None:
    found = asked(
        "lambda", "UpdateFunctionCode", {"FunctionName": "f", "S3Bucket": "plain", "S3Key": "a.csv"}
    )
    assert [told(one) for one in found] == [
        f"lambda:UpdateFunctionCode on {FUNCTION}",
        "s3:GetObject on arn:aws:s3:::plain/a.csv",
    ]
    assert found[1].why == "to read the function's code"


def test_a_version_of_the_code_needs_reading_that() -> None:
    code = {"S3Bucket": "plain", "S3Key": "a.csv", "S3ObjectVersion": "v1"}
    found = asked("lambda", "CreateFunction", {"FunctionName": "f", "Code": code})
    assert told(found[-1]) == "s3:GetObjectVersion on arn:aws:s3:::plain/a.csv"


def test_encrypted_code_needs_its_key() -> None:
    code = {"S3Bucket": "locked", "S3Key": "a.csv"}
    found = asked("lambda", "CreateFunction", {"FunctionName": "f", "Code": code})
    assert told(found[-1]) == f"kms:Decrypt on {key_arn(HOME_KEY)}"


def test_another_accounts_function_is_that_accounts_to_share() -> None:
    (own,) = asked("lambda", "Invoke", {"FunctionName": f"{AWAY}:function:f"})
    assert own.owner == AWAY


def test_keys_for_the_environment_are_asked_for_by_their_own_policies() -> None:
    params = {"FunctionName": "f", "KMSKeyArn": key_arn(HOME_KEY)}
    _, grant, use = asked("lambda", "UpdateFunctionConfiguration", params)
    assert (grant.gate, use.gate, use.via) == ("key", "key", "lambda")
