"""What policies are called."""

from __future__ import annotations

import pytest

from harness.iam.names import identity_of, resource_policy


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        ("arn:aws:iam::444455556666:role/x", "444455556666 role/x"),
        ("arn:aws:iam::444455556666:role/team/x", "444455556666 role/team/x"),
        ("arn:aws:iam::444455556666:user/ann", "444455556666 user/ann"),
        ("events.amazonaws.com", "events.amazonaws.com"),
    ],
)
def test_an_identity_s_policies_begin_with_its_account_and_name(arn: str, name: str) -> None:
    assert identity_of(arn) == name


@pytest.mark.parametrize(
    ("rest", "name"),
    [
        ("lambda:us-east-1:444455556666:function:latest:7", "444455556666 function latest policy"),
        # No function's, but what a caller may ask for.
        ("lambda:us-east-1:444455556666:latest", "444455556666 function latest policy"),
        ("sagemaker:us-east-1:444455556666:model-package/g/7", "444455556666 model-package-group g policy"),
        ("s3:::models/a/b", "444455556666 bucket models policy"),
        ("ecr:us-east-1:444455556666:repository/team/x", "444455556666 repository team/x policy"),
        ("iam::444455556666:role/x", "444455556666 role/x trust"),
    ],
)
def test_a_resource_s_policy_has_its_account_kind_and_name(rest: str, name: str) -> None:
    assert resource_policy(f"arn:aws:{rest}", "444455556666") == name
