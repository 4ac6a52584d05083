"""SageMaker's calls need what its guide's tables and policies say."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.access.needs.calls import check, table
from tests.unit.access.needs.world import AWAY, HOME, REGION, asked

GROUP = f"arn:aws:sagemaker:{REGION}:{AWAY}:model-package-group/g"


@pytest.mark.parametrize("case", table("sagemaker"))
def test_a_call_needs_what_is_documented(case: dict[str, Any]) -> None:
    check("sagemaker", case)


@pytest.mark.parametrize(
    "operation", ["CreateModelPackage", "ListModelPackages", "DescribeModelPackageGroup"]
)
def test_another_accounts_group_is_that_accounts_to_share(operation: str) -> None:
    (own,) = asked("sagemaker", operation, {"ModelPackageGroupName": GROUP})
    assert own.owner == AWAY


def test_a_new_version_in_another_accounts_group_is_tagged_there() -> None:
    tags = [{"Key": "Team", "Value": "ml"}]
    own, tagging = asked("sagemaker", "CreateModelPackage", {"ModelPackageGroupName": GROUP, "Tags": tags})
    assert (tagging.action, tagging.resource, tagging.owner) == ("sagemaker:AddTags", own.resource, AWAY)


def test_a_model_of_another_accounts_package_asks_both_accounts() -> None:
    package = f"arn:aws:sagemaker:{REGION}:{AWAY}:model-package/g/1"
    params = {"ModelName": "m", "PrimaryContainer": {"ModelPackageName": package}}
    assert [permission.owner for permission in asked("sagemaker", "CreateModel", params)] == [HOME, AWAY]


def test_a_refused_role_is_told_of_as_passed_to_sagemaker() -> None:
    role = f"arn:aws:iam::{AWAY}:role/theirs"
    _, passing = asked("sagemaker", "CreatePipeline", {"PipelineName": "p", "RoleArn": role})
    assert (passing.owner, passing.why) == (AWAY, "to pass the role to sagemaker.amazonaws.com")
