"""Models name an image and data, or a package of the registry that has been approved."""

from __future__ import annotations

import pytest

from harness.model import AwsError


def test_a_model_is_described_as_it_was_made(bench):
    arn = bench.create_model(Tags=[{"Key": "a", "Value": "b"}])["ModelArn"]
    model = bench.call("DescribeModel", ModelName="severity")
    assert arn == model["ModelArn"] == f"arn:aws:sagemaker:us-east-1:{bench.dev}:model/severity"
    assert model["PrimaryContainer"]["Mode"] == "SingleModel"
    assert model["EnableNetworkIsolation"] is False
    assert "Tags" not in model


def test_a_model_is_made_once_and_gone_when_deleted(bench):
    bench.create_model()
    with pytest.raises(AwsError, match=r'Cannot create already existing model "arn:.*:model/severity"'):
        bench.create_model()
    bench.call("DeleteModel", ModelName="severity")
    assert bench.refusal("DescribeModel", ModelName="severity") == (
        "ValidationException",
        f'Could not find model "arn:aws:sagemaker:us-east-1:{bench.dev}:model/severity".',
    )
    assert bench.refusal("DeleteModel", ModelName="severity")[0] == "ValidationException"
    assert len(bench.told("SageMaker Model State Change")) == 2


def test_data_that_the_role_cannot_read_is_refused(bench):
    container = {"Image": bench.image, "ModelDataUrl": "s3://sagemaker-registry/secret.tar.gz"}
    with pytest.raises(AwsError) as caught:
        bench.create_model(PrimaryContainer=container)
    assert caught.value.message.startswith(
        "Could not access model data at s3://sagemaker-registry/secret.tar.gz. Please ensure that the role "
        f'"{bench.role}" exists'
    )


def test_a_model_has_one_container_or_several_and_not_both(bench):
    container = {"Image": bench.image}
    both = {"ModelName": "m", "PrimaryContainer": container, "Containers": [container]}
    assert bench.refusal("CreateModel", **both)[0] == "ValidationException"
    assert bench.refusal("CreateModel", ModelName="m")[0] == "ValidationException"
    assert bench.call("CreateModel", ModelName="m", Containers=[container, container])


def test_a_model_of_another_accounts_package_needs_its_approval(bench):
    bench.call("CreateModelPackageGroup", bench.registry, ModelPackageGroupName="severity")
    package = bench.create_version("severity", bench.registry)
    container = {"ModelPackageName": package, "Environment": {"B": "2"}}
    with pytest.raises(AwsError, match="is not approved: its approval status is PendingManualApproval"):
        bench.create_model(PrimaryContainer=container)
    bench.call("UpdateModelPackage", bench.registry, ModelPackageArn=package, ModelApprovalStatus="Approved")
    bench.create_model(PrimaryContainer=container)
    bench.create_transform_job("one")
    bench.settle()
    assert (
        bench.call("DescribeModel", ModelName="severity")["PrimaryContainer"]["ModelPackageName"] == package
    )
    assert bench.specs[0].model["PrimaryContainer"] == {
        "Mode": "SingleModel",
        "ModelPackageName": package,
        "Image": bench.image,
        "ModelDataUrl": "s3://sagemaker-b/model.tar.gz",
        "Environment": {"A": "1", "B": "2"},
    }


def test_the_newest_model_is_listed_first(bench):
    for name in ("a", "b"):
        bench.create_model(name)
    assert [model["ModelName"] for model in bench.call("ListModels")["Models"]] == ["b", "a"]
