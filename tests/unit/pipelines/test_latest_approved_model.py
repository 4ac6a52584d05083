"""The Lambda function answers with the newest approved version, and says so when there is none."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from pipelines.inference import FUNCTION_OUTPUTS
from pipelines.lambdas import latest_approved_model

GROUP = "arn:aws:sagemaker:us-east-1:777788889999:model-package-group/mammo-severity-model-package"
PACKAGE = "arn:aws:sagemaker:us-east-1:777788889999:model-package/mammo-severity-model-package"
BASELINE = {
    "Statistics": {"ContentType": "application/json", "S3Uri": "s3://b/statistics.json"},
    "Constraints": {"ContentType": "application/json", "S3Uri": "s3://b/constraints.json"},
}


@pytest.fixture
def sagemaker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    client = boto3.client("sagemaker", "us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    monkeypatch.setattr("boto3.client", lambda _: client)
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def test_the_newest_approved_version_is_described_for_the_pipeline(sagemaker: Stubber) -> None:
    _list(sagemaker, versions=[3, 1])
    _describe(sagemaker, version=3, baselines={"ModelDataQuality": BASELINE})
    answer = _ask()
    assert answer == {
        "model_package_arn": f"{PACKAGE}/3",
        "model_data_url": "s3://artifacts/model.tar.gz",
        "image_uri": "xgboost",
        "baseline_statistics_uri": "s3://b/statistics.json",
        "baseline_constraints_uri": "s3://b/constraints.json",
    }
    assert tuple(answer) == FUNCTION_OUTPUTS


def test_an_empty_page_is_not_the_end(sagemaker: Stubber) -> None:
    _list(sagemaker, versions=[], next_token="more")
    _list(sagemaker, versions=[2], token="more")
    _describe(sagemaker, version=2, baselines={"ModelDataQuality": BASELINE})
    assert _ask()["model_package_arn"] == f"{PACKAGE}/2"


def test_with_nothing_approved_the_error_names_the_group(sagemaker: Stubber) -> None:
    _list(sagemaker, versions=[])
    with pytest.raises(LookupError, match=f"No approved model package in group {GROUP}"):
        _ask()


def test_an_approved_version_without_baseline_can_not_be_used(sagemaker: Stubber) -> None:
    _list(sagemaker, versions=[1])
    _describe(sagemaker, version=1, baselines={})
    with pytest.raises(LookupError, match=r"/1 is approved but has no data quality baseline"):
        _ask()


def _ask() -> dict[str, str]:
    return latest_approved_model.lambda_handler({"model_package_group": GROUP}, None)


def _list(
    stubber: Stubber, versions: list[int], token: str | None = None, next_token: str | None = None
) -> None:
    packages = [
        {
            "ModelPackageArn": f"{PACKAGE}/{version}",
            "CreationTime": 1700000000 + version,
            "ModelPackageStatus": "Completed",
        }
        for version in versions
    ]
    answer = {"ModelPackageSummaryList": packages} | ({"NextToken": next_token} if next_token else {})
    asked = {
        "ModelPackageGroupName": GROUP,
        "ModelApprovalStatus": "Approved",
        "SortBy": "CreationTime",
        "SortOrder": "Descending",
    } | ({"NextToken": token} if token else {})
    stubber.add_response("list_model_packages", answer, asked)


def _describe(stubber: Stubber, version: int, baselines: dict[str, Any]) -> None:
    answer = {
        "ModelPackageName": "mammo-severity-model-package",
        "ModelPackageArn": f"{PACKAGE}/{version}",
        "CreationTime": 1700000000,
        "ModelPackageStatus": "Completed",
        "ModelPackageStatusDetails": {"ValidationStatuses": []},
        "InferenceSpecification": {
            "Containers": [{"Image": "xgboost", "ModelDataUrl": "s3://artifacts/model.tar.gz"}]
        },
        "DriftCheckBaselines": baselines,
    }
    stubber.add_response("describe_model_package", answer, {"ModelPackageName": f"{PACKAGE}/{version}"})
