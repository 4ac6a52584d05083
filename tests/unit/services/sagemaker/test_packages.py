"""Versions are registered from any account, wait for approval, and the newest approved one is found."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def group(bench):
    """The ARN of a group `severity` in the registry's account."""
    made = bench.call("CreateModelPackageGroup", bench.registry, ModelPackageGroupName="severity")
    return made["ModelPackageGroupArn"]


def versions(bench, group, **params):
    found = bench.call("ListModelPackages", ModelPackageGroupName=group, **params)
    return [package["ModelPackageVersion"] for package in found["ModelPackageSummaryList"]]


def test_a_version_registered_from_another_account_belongs_to_the_groups(bench, group):
    arn = bench.create_version(group)
    assert arn == f"arn:aws:sagemaker:us-east-1:{bench.registry}:model-package/severity/1"
    assert versions(bench, group) == [1]
    assert bench.call("ListModelPackages", ModelPackageType="Both")["ModelPackageSummaryList"] == []


def test_a_version_waits_for_approval_unless_said_otherwise(bench, group):
    bench.create_version(group)
    bench.create_version(group, ModelApprovalStatus="Approved")
    assert versions(bench, group, ModelApprovalStatus="PendingManualApproval") == [1]
    assert versions(bench, group, ModelApprovalStatus="Approved") == [2]


def test_a_version_is_described_from_any_account_by_its_arn(bench, group):
    metrics = {
        "ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": "s3://sagemaker-b/e"}}
    }
    arn = bench.create_version(group, ModelMetrics=metrics, CustomerMetadataProperties={"auc": "0.9"})
    package = bench.call("DescribeModelPackage", ModelPackageName=arn)
    assert package["ModelMetrics"] == metrics
    assert package["ModelPackageVersion"] == 1
    assert package["ModelPackageStatusDetails"] == {"ValidationStatuses": [], "ImageScanStatuses": []}
    assert package["CreatedBy"]["IamIdentity"]["Arn"] == f"arn:aws:iam::{bench.dev}:user/ann"
    assert "ModelPackageName" not in package
    assert bench.call("DescribeModelPackage", bench.registry, ModelPackageName="severity/1") == package


def test_approving_says_who_and_when(bench, group):
    arn = bench.create_version(group)
    bench.call(
        "UpdateModelPackage",
        bench.registry,
        ModelPackageArn=arn,
        ModelApprovalStatus="Approved",
        ApprovalDescription="good",
    )
    package = bench.call("DescribeModelPackage", ModelPackageName=arn)
    assert (package["ModelApprovalStatus"], package["ApprovalDescription"]) == ("Approved", "good")
    assert package["LastModifiedBy"]["IamIdentity"]["Arn"] == f"arn:aws:iam::{bench.registry}:user/ann"
    assert package["LastModifiedTime"] >= package["CreationTime"]
    told = [(r["status"], r["account"]) for r in bench.journal.read(0, "package")]
    assert told == [("PendingManualApproval", bench.registry), ("Approved", bench.registry)]


def test_events_are_sent_in_the_groups_account_with_iso_times(bench, group):
    arn = bench.create_version(group)
    bench.call("UpdateModelPackage", bench.registry, ModelPackageArn=arn, ModelApprovalStatus="Rejected")
    event = bench.events[-1]
    assert (event.detail_type, event.account) == ("SageMaker Model Package State Change", bench.registry)
    assert (event.resources, event.detail["ModelApprovalStatus"]) == ((arn,), "Rejected")
    assert event.detail["CreationTime"].endswith("Z")
    json.dumps(event.envelope())


def test_customer_metadata_is_merged_and_removed(bench, group):
    arn = bench.create_version(group, CustomerMetadataProperties={"a": "1", "b": "2"})
    bench.call(
        "UpdateModelPackage",
        bench.registry,
        ModelPackageArn=arn,
        CustomerMetadataProperties={"c": "3"},
        CustomerMetadataPropertiesToRemove=["a"],
    )
    package = bench.call("DescribeModelPackage", ModelPackageName=arn)
    assert package["CustomerMetadataProperties"] == {"b": "2", "c": "3"}


def test_the_same_client_token_makes_one_version(bench, group):
    first = bench.create_version(group, ClientToken="t-1")
    assert bench.create_version(group, ClientToken="t-1") == first
    assert bench.create_version(group, ClientToken="t-2") != first


def test_a_deleted_versions_number_is_not_given_again(bench, group):
    bench.call("DeleteModelPackage", bench.registry, ModelPackageName=bench.create_version(group))
    assert bench.create_version(group).endswith("/2")


def test_the_newest_is_first_even_within_one_millisecond_and_over_pages(bench, group):
    for _ in range(25):
        bench.create_version(group)
    newest = {"SortBy": "CreationTime", "SortOrder": "Descending", "MaxResults": 10}
    seen, token = [], {}
    while True:
        found = bench.call("ListModelPackages", ModelPackageGroupName=group, **newest, **token)
        seen += [package["ModelPackageVersion"] for package in found["ModelPackageSummaryList"]]
        for package in found["ModelPackageSummaryList"]:
            bench.call("DeleteModelPackage", bench.registry, ModelPackageName=package["ModelPackageArn"])
        if "NextToken" not in found:
            break
        token = {"NextToken": found["NextToken"]}
    assert seen == list(range(25, 0, -1))


def test_a_token_that_is_not_ours_is_refused(bench, group):
    for token in ("nonsense", "bnVsbA==", "WzEsMiwzXQ=="):
        assert bench.refusal("ListModelPackages", ModelPackageGroupName=group, NextToken=token) == (
            "ValidationException",
            "Invalid NextToken",
        )


def test_a_package_of_its_own_has_no_version(bench):
    request = {
        "ModelPackageName": "alone",
        "InferenceSpecification": {"Containers": [{"Image": bench.image}]},
    }
    arn = bench.call("CreateModelPackage", **request)["ModelPackageArn"]
    assert arn == f"arn:aws:sagemaker:us-east-1:{bench.dev}:model-package/alone"
    assert bench.refusal("CreateModelPackage", **request) == (
        "ValidationException",
        f"ModelPackage already exists: {arn}",
    )
    listed = bench.call("ListModelPackages")["ModelPackageSummaryList"]
    assert [package["ModelPackageName"] for package in listed] == ["alone"]
    assert "Name" not in listed[0]


def test_what_is_not_there_is_told_in_awss_words(bench, group):
    arn = f"arn:aws:sagemaker:us-east-1:{bench.registry}:model-package/severity/9"
    for operation, name in (
        ("DescribeModelPackage", "ModelPackageName"),
        ("UpdateModelPackage", "ModelPackageArn"),
    ):
        assert bench.refusal(operation, **{name: arn}) == (
            "ValidationException",
            f"ModelPackage {arn} does not exist.",
        )
    assert bench.refusal("CreateModelPackage", ModelPackageGroupName="none") == (
        "ValidationException",
        "Model Package Group does not exist.",
    )
    assert bench.refusal("CreateModelPackage") == ("ValidationException", "Missing ARN")
    both = {"ModelPackageName": "a", "ModelPackageGroupName": "severity"}
    assert "Cannot determine which one to use" in bench.refusal("CreateModelPackage", **both)[1]


def test_a_batch_tells_what_it_found_and_what_not(bench, group):
    arn = bench.create_version(group)
    missing = arn[:-1] + "9"
    found = bench.call("BatchDescribeModelPackage", ModelPackageArnList=[arn, missing])
    assert found["ModelPackageSummaries"][arn]["ModelPackageVersion"] == 1
    assert found["BatchDescribeModelPackageErrorMap"][missing]["ErrorCode"] == "ValidationException"
