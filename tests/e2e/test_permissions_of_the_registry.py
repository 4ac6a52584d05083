"""A model package group that another account registers in, reads and deploys from, as its policy lets it.

Source: SageMaker Developer Guide, "Register a Model Version from a Different Account" and "Deploy a Model Version from
a Different Account".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from harness.model import Json
from tests.e2e.account import SCIKIT_LEARN
from tests.e2e.callers import (
    DEV,
    REGISTRY,
    Caller,
    Callers,
    allow,
    not_authorized,
    own_name,
    policy,
    refused,
    trust,
    unallowed,
)

REGION = f"arn:aws:sagemaker:us-east-1:{REGISTRY}"
RESOURCE = "resource-based policy"


@dataclass(frozen=True)
class Group:
    """A model package group of the registry's."""

    callers: Callers
    name: str

    @property
    def arn(self) -> str:
        return f"{REGION}:model-package-group/{self.name}"

    @property
    def versions(self) -> str:
        return f"{REGION}:model-package/{self.name}/*"

    def lets(self, caller: Caller, *actions: str, **more: Any) -> None:
        """Puts the group's policy."""
        statement = allow(list(actions), [self.arn, self.versions], Sid="share", **more)
        self.put({**statement, "Principal": {"AWS": caller.arn}})

    def put(self, *statements: Json) -> None:
        self.callers.admin("sagemaker", REGISTRY).put_model_package_group_policy(
            ModelPackageGroupName=self.name, ResourcePolicy=policy(*statements)
        )

    def register(self, caller: Caller, **more: Any) -> str:
        """Answers the version's ARN."""
        arn: str = caller.client("sagemaker").create_model_package(**self.version(**more))["ModelPackageArn"]
        return arn

    def version(self, **more: Any) -> Json:
        specification = {
            "Containers": [{"Image": SCIKIT_LEARN, "ModelDataUrl": "s3://models-sagemaker/model.tar.gz"}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        }
        return {"ModelPackageGroupName": self.arn, "InferenceSpecification": specification, **more}


@pytest.fixture
def group(callers: Callers) -> Group:
    group = Group(callers, own_name("group"))
    callers.admin("sagemaker", REGISTRY).create_model_package_group(ModelPackageGroupName=group.name)
    return group


@pytest.fixture(scope="module")
def ann(callers: Callers) -> Caller:
    """Of dev; its own policies let it do everything with SageMaker."""
    return callers.user(allow("sagemaker:*"))


def test_without_a_group_policy_another_account_registers_nothing(
    callers: Callers, group: Group, ann: Caller
) -> None:
    assert refused(lambda: group.register(ann)) == (
        "AccessDeniedException",
        400,
        not_authorized(
            ann,
            "sagemaker:CreateModelPackage",
            group.versions,
            unallowed("sagemaker:CreateModelPackage", RESOURCE),
        ),
    )
    lesson = callers.lesson(ann.arn)
    assert lesson["owner"] == REGISTRY
    (change,) = lesson["changes"]
    assert change["where"] == f"{REGISTRY} model-package-group {group.name} policy"
    group.put({"Sid": "advised", **change["statement"]})
    assert group.register(ann).endswith(f":model-package/{group.name}/1")


def test_without_a_policy_of_its_own_a_caller_from_another_account_registers_nothing(
    callers: Callers, group: Group
) -> None:
    bob = callers.user(allow("sagemaker:List*"))
    group.lets(bob, "sagemaker:CreateModelPackage")
    assert refused(lambda: group.register(bob))[2].endswith(unallowed("sagemaker:CreateModelPackage"))
    (change,) = callers.lesson(bob.arn)["changes"]
    assert change["where"].startswith(f"{DEV} user/{bob.name}")


def test_listing_and_describing_are_permissions_of_their_own(group: Group, ann: Caller) -> None:
    group.lets(ann, "sagemaker:CreateModelPackage")
    arn, sagemaker = group.register(ann), ann.client("sagemaker")
    listing = {"ModelPackageGroupName": group.arn}
    assert refused(sagemaker.list_model_packages, **listing)[2] == not_authorized(
        ann,
        "sagemaker:ListModelPackages",
        group.versions,
        unallowed("sagemaker:ListModelPackages", RESOURCE),
    )
    assert refused(sagemaker.describe_model_package, ModelPackageName=arn)[2] == not_authorized(
        ann, "sagemaker:DescribeModelPackage", arn, unallowed("sagemaker:DescribeModelPackage", RESOURCE)
    )
    group.lets(ann, "sagemaker:ListModelPackages", "sagemaker:DescribeModelPackage")
    (listed,) = sagemaker.list_model_packages(**listing)["ModelPackageSummaryList"]
    assert listed["ModelPackageArn"] == arn
    assert sagemaker.describe_model_package(ModelPackageName=arn)["ModelPackageVersion"] == 1


def test_nobody_registers_from_dev_what_is_approved_already(
    callers: Callers, group: Group, ann: Caller
) -> None:
    pending = {"StringEqualsIfExists": {"sagemaker:ModelApprovalStatus": "PendingManualApproval"}}
    group.lets(ann, "sagemaker:CreateModelPackage", Condition=pending)
    assert refused(lambda: group.register(ann, ModelApprovalStatus="Approved")) == (
        "AccessDeniedException",
        400,
        not_authorized(
            ann,
            "sagemaker:CreateModelPackage",
            group.versions,
            unallowed("sagemaker:CreateModelPackage", RESOURCE),
        ),
    )
    (read,) = (r for r in callers.lesson(ann.arn)["policies"] if r["kind"] == "resource")
    assert "sagemaker:ModelApprovalStatus is PendingManualApproval" in read["why"]
    assert read["why"].endswith("Approved")
    group.register(ann, ModelApprovalStatus="PendingManualApproval")
    group.register(ann)


def test_approving_is_the_registrys(callers: Callers, group: Group, ann: Caller) -> None:
    group.lets(ann, "sagemaker:CreateModelPackage", "sagemaker:DescribeModelPackage")
    approval = {"ModelPackageArn": group.register(ann), "ModelApprovalStatus": "Approved"}
    assert refused(ann.client("sagemaker").update_model_package, **approval)[2] == not_authorized(
        ann,
        "sagemaker:UpdateModelPackage",
        approval["ModelPackageArn"],
        unallowed("sagemaker:UpdateModelPackage", RESOURCE),
    )
    approver = callers.user(allow("sagemaker:UpdateModelPackage", group.versions), account=REGISTRY)
    approver.client("sagemaker").update_model_package(**approval)


def test_a_model_of_another_accounts_version_needs_the_groups_permission_too(
    callers: Callers, group: Group, ann: Caller
) -> None:
    group.lets(ann, "sagemaker:CreateModelPackage", "sagemaker:DescribeModelPackage")
    version = group.register(ann)
    admin = callers.administrator(DEV)
    role = callers.role(trusts=trust("sagemaker.amazonaws.com"))
    model = {"ModelName": own_name("model"), "ExecutionRoleArn": role}
    container = {"PrimaryContainer": {"ModelPackageName": version}}
    code, _, message = refused(admin.client("sagemaker").create_model, **model, **container)
    assert code == "AccessDeniedException"
    assert message.endswith(unallowed("sagemaker:CreateModel", RESOURCE))
    assert callers.lesson(admin.arn)["why"] == "to use the model package"
