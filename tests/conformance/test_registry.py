"""Model registry."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.callers import (
    DEV,
    PROD,
    REGISTRY,
    Caller,
    Callers,
    allow,
    own_name,
    refused,
    trust,
)
from tests.e2e.test_permissions_of_the_registry import Group


@pytest.fixture
def sagemaker(callers: Callers) -> Any:
    """Of the registry's administrator."""
    return callers.admin("sagemaker", REGISTRY)


@pytest.fixture
def group(callers: Callers, sagemaker: Any) -> Group:
    group = Group(callers, own_name("group"))
    sagemaker.create_model_package_group(ModelPackageGroupName=group.name)
    return group


@pytest.fixture(scope="module")
def ann(callers: Callers) -> Caller:
    """Of prod; her own policies let her do everything with SageMaker."""
    return callers.user(allow("sagemaker:*"), account=PROD)


def summaries(caller: Any, group: Group) -> list[Any]:
    listed = caller.list_model_packages(
        ModelPackageGroupName=group.arn, SortBy="CreationTime", SortOrder="Ascending"
    )
    return list(listed["ModelPackageSummaryList"])


def test_a_groups_life(sagemaker: Any, group: Group) -> None:
    """A group is listed, and deleted only when it has no versions"""
    listed = sagemaker.get_paginator("list_model_package_groups").paginate()
    names = [g["ModelPackageGroupName"] for page in listed for g in page["ModelPackageGroupSummaryList"]]
    assert group.name in names
    version = sagemaker.create_model_package(**group.version())["ModelPackageArn"]
    deleting = {"ModelPackageGroupName": group.name}
    assert refused(sagemaker.delete_model_package_group, **deleting)[1] == 400
    sagemaker.delete_model_package(ModelPackageName=version)
    sagemaker.delete_model_package_group(**deleting)
    assert refused(sagemaker.describe_model_package_group, **deleting)[1] == 400


def test_a_groups_policy(sagemaker: Any, group: Group, ann: Caller) -> None:
    """A group's policy is told as it was put, and gone once it is deleted"""
    group.lets(ann, "sagemaker:CreateModelPackage")
    name = {"ModelPackageGroupName": group.name}
    assert ann.arn in sagemaker.get_model_package_group_policy(**name)["ResourcePolicy"]
    sagemaker.delete_model_package_group_policy(**name)
    assert refused(sagemaker.get_model_package_group_policy, **name)[1] == 400


def test_another_account_registers(group: Group, ann: Caller) -> None:
    """Prod registers a version in the registry's group when both sides allow it, and not before"""
    assert refused(lambda: group.register(ann))[0] == "AccessDeniedException"
    group.lets(ann, "sagemaker:CreateModelPackage")
    assert group.register(ann) == group.versions.replace("*", "1")


def test_another_account_needs_its_own_permission(callers: Callers, group: Group) -> None:
    """Prod registers nothing when its own policies do not allow it"""
    bob = callers.user(account=PROD)
    group.lets(bob, "sagemaker:CreateModelPackage")
    assert refused(lambda: group.register(bob))[0] == "AccessDeniedException"


def test_another_account_reads(sagemaker: Any, group: Group, ann: Caller) -> None:
    """Prod lists and describes the registry's versions when both sides allow it"""
    version = sagemaker.create_model_package(**group.version())["ModelPackageArn"]
    reading = ann.client("sagemaker")
    assert refused(summaries, caller=reading, group=group)[0] == "AccessDeniedException"
    group.lets(ann, "sagemaker:ListModelPackages", "sagemaker:DescribeModelPackage")
    assert [s["ModelPackageArn"] for s in summaries(reading, group)] == [version]
    told = reading.describe_model_package(ModelPackageName=version)
    (container,) = told["InferenceSpecification"]["Containers"]
    assert container["ModelDataUrl"] == "s3://models-sagemaker/model.tar.gz"


def test_a_version_waits_for_approval(sagemaker: Any, group: Group) -> None:
    """A version is what it was registered as until the registry approves it"""
    pending = group.version(ModelApprovalStatus="PendingManualApproval")
    version = sagemaker.create_model_package(**pending)["ModelPackageArn"]
    approved = {"ModelPackageGroupName": group.arn, "ModelApprovalStatus": "Approved"}
    assert sagemaker.list_model_packages(**approved)["ModelPackageSummaryList"] == []
    sagemaker.update_model_package(ModelPackageArn=version, ModelApprovalStatus="Approved")
    (listed,) = sagemaker.list_model_packages(**approved)["ModelPackageSummaryList"]
    assert (listed["ModelPackageArn"], listed["ModelApprovalStatus"]) == (version, "Approved")


def test_another_account_does_not_approve(sagemaker: Any, group: Group, ann: Caller) -> None:
    """Prod does not approve a version that it may register and read"""
    group.lets(
        ann, "sagemaker:CreateModelPackage", "sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages"
    )
    approving = {"ModelPackageArn": group.register(ann), "ModelApprovalStatus": "Approved"}
    assert refused(ann.client("sagemaker").update_model_package, **approving)[0] == "AccessDeniedException"


def test_numbers_are_given_once(sagemaker: Any, group: Group) -> None:
    """A version's number is never given again"""
    first = sagemaker.create_model_package(**group.version())["ModelPackageArn"]
    sagemaker.delete_model_package(ModelPackageName=first)
    sagemaker.create_model_package(**group.version())
    assert [s["ModelPackageVersion"] for s in summaries(sagemaker, group)] == [2]


def test_a_model_of_another_accounts_version(callers: Callers, sagemaker: Any, group: Group) -> None:
    """Dev makes a model of the registry's approved version when the group's policy lets it"""
    approved = group.version(ModelApprovalStatus="Approved")
    version = sagemaker.create_model_package(**approved)["ModelPackageArn"]
    role, own = callers.role(trusts=trust("sagemaker.amazonaws.com")), callers.admin("sagemaker")
    model = {"ModelName": own_name("model"), "ExecutionRoleArn": role}
    container = {"PrimaryContainer": {"ModelPackageName": version}}
    assert refused(own.create_model, **model, **container)[0] == "AccessDeniedException"
    reading = ["sagemaker:DescribeModelPackage", "sagemaker:CreateModel"]
    group.put(allow(reading, group.versions, Sid="deploy", Principal={"AWS": DEV}))
    own.create_model(**model, **container)
    told = own.describe_model(ModelName=model["ModelName"])
    assert told["PrimaryContainer"]["ModelPackageName"] == version
