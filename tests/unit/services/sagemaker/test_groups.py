"""Model package groups, and the policies that share them with other accounts."""

from __future__ import annotations

import json

import pytest

from harness.services.sagemaker.groups import resource_policy

POLICY = json.dumps({"Version": "2012-10-17", "Statement": []})


@pytest.fixture
def group(bench):
    """The ARN of a group `severity` in the registry's account."""
    made = bench.call("CreateModelPackageGroup", bench.registry, ModelPackageGroupName="severity")
    return made["ModelPackageGroupArn"]


def test_a_group_says_who_made_it(bench, group):
    found = bench.call("DescribeModelPackageGroup", bench.registry, ModelPackageGroupName="severity")
    assert found["ModelPackageGroupStatus"] == "Completed"
    assert found["CreatedBy"]["IamIdentity"]["Arn"] == f"arn:aws:iam::{bench.registry}:user/ann"


def test_a_group_is_described_from_another_account_by_its_arn(bench, group):
    assert (
        bench.call("DescribeModelPackageGroup", ModelPackageGroupName=group)["ModelPackageGroupArn"] == group
    )


def test_a_group_is_made_once(bench, group):
    assert bench.refusal("CreateModelPackageGroup", bench.registry, ModelPackageGroupName="severity") == (
        "ValidationException",
        f"Model Package Group already exists: {group}",
    )


def test_a_group_that_is_not_there_is_told_in_awss_words(bench):
    arn = f"arn:aws:sagemaker:us-east-1:{bench.dev}:model-package-group/none"
    for operation in ("DescribeModelPackageGroup", "DeleteModelPackageGroup"):
        assert bench.refusal(operation, ModelPackageGroupName="none") == (
            "ValidationException",
            f"ModelPackageGroup {arn} does not exist.",
        )
    assert bench.refusal("GetModelPackageGroupPolicy", ModelPackageGroupName="none") == (
        "ValidationException",
        f"Cannot find Model Package Group: {arn}",
    )


def test_an_arn_of_another_kind_or_region_is_refused(bench, group):
    wrong = group.replace("model-package-group", "model-package")
    assert "Invalid ARN" in bench.refusal("DescribeModelPackageGroup", ModelPackageGroupName=wrong)[1]
    far = group.replace("us-east-1", "eu-west-1")
    assert bench.refusal("DescribeModelPackageGroup", ModelPackageGroupName=far) == (
        "ValidationException",
        "ARN should be scoped to correct region: us-east-1",
    )


def test_a_group_with_versions_is_not_deleted(bench, group):
    package = bench.create_version("severity", bench.registry)
    assert bench.refusal("DeleteModelPackageGroup", bench.registry, ModelPackageGroupName="severity") == (
        "ConflictException",
        f"Model Package Group {group} cannot be deleted because it still contains Model Packages",
    )
    bench.call("DeleteModelPackage", bench.registry, ModelPackageName=package)
    bench.call("DeleteModelPackageGroup", bench.registry, ModelPackageGroupName="severity")
    assert bench.call("ListModelPackageGroups", bench.registry)["ModelPackageGroupSummaryList"] == []


def test_a_groups_policy_is_kept_as_it_was_given(bench, group):
    name = {"ModelPackageGroupName": "severity"}
    assert bench.call("PutModelPackageGroupPolicy", bench.registry, **name, ResourcePolicy=POLICY) == {
        "ModelPackageGroupArn": group
    }
    assert bench.call("GetModelPackageGroupPolicy", bench.registry, **name) == {"ResourcePolicy": POLICY}
    bench.call("DeleteModelPackageGroupPolicy", bench.registry, **name)
    for operation in ("GetModelPackageGroupPolicy", "DeleteModelPackageGroupPolicy"):
        assert bench.refusal(operation, bench.registry, **name) == (
            "ValidationException",
            f"Cannot find resource policy for: {group}",
        )


@pytest.mark.parametrize("policy", ["not json", "[]"])
def test_a_policy_has_to_be_a_json_document(bench, group, policy):
    name = {"ModelPackageGroupName": "severity", "ResourcePolicy": policy}
    assert bench.refusal("PutModelPackageGroupPolicy", bench.registry, **name)[0] == "ValidationException"


def test_a_groups_policy_covers_its_versions(bench, group):
    bench.call(
        "PutModelPackageGroupPolicy", bench.registry, ModelPackageGroupName="severity", ResourcePolicy=POLICY
    )
    stores = bench.context.stores
    assert resource_policy(stores, group) == POLICY
    assert resource_policy(stores, group.replace("-group/", "/") + "/7") == POLICY
    assert resource_policy(stores, f"arn:aws:sagemaker:us-east-1:{bench.registry}:model/severity") == ""
    assert (
        resource_policy(stores, f"arn:aws:sagemaker:us-east-1:{bench.dev}:model-package-group/severity") == ""
    )


def test_groups_shared_through_ram_are_none(bench, group):
    found = bench.call("ListModelPackageGroups", bench.registry, CrossAccountFilterOption="CrossAccount")
    assert found == {"ModelPackageGroupSummaryList": []}
