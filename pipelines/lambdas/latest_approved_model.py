"""The Lambda function that answers with the latest approved model of the registry's group."""

from typing import Any

import boto3


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, str]:
    """The latest approved version of `event["model_package_group"]`: its artifact, image and baseline.

    The group is named by ARN: it is another account's, which shares it by a resource policy.
    """
    group = event["model_package_group"]
    sagemaker = boto3.client("sagemaker")
    arn = _latest_approved(sagemaker, group)
    package = sagemaker.describe_model_package(ModelPackageName=arn)
    container = package["InferenceSpecification"]["Containers"][0]
    baseline = package.get("DriftCheckBaselines", {}).get("ModelDataQuality")
    if not baseline:
        raise LookupError(
            f"Model package {arn} is approved but has no data quality baseline to check against."
        )
    return {
        "model_package_arn": arn,
        "model_data_url": container["ModelDataUrl"],
        "image_uri": container["Image"],
        "baseline_statistics_uri": baseline["Statistics"]["S3Uri"],
        "baseline_constraints_uri": baseline["Constraints"]["S3Uri"],
    }


def _latest_approved(sagemaker: Any, group: str) -> str:
    """The ARN of the newest approved version. A page may be empty and still have a successor."""
    pages = sagemaker.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName=group,
        ModelApprovalStatus="Approved",
        SortBy="CreationTime",
        SortOrder="Descending",
    )
    for page in pages:
        for package in page["ModelPackageSummaryList"]:
            return str(package["ModelPackageArn"])
    raise LookupError(f"No approved model package in group {group}: approve a version, then run again.")
