"""What a deployment adds to the bill, in words: by kind, without sums, which depend on use, region and date."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from harness.deploy.model import Change

# By Terraform's resource types and by what tenants' commands call theirs. Only the price of KMS keys is told, which is
# one for all commercial regions (aws.amazon.com/kms/pricing; the limit to two rotations is of May 2024).
BILLED = {
    "aws_kms_key": (
        "KMS key",
        "1 USD a month each, and 1 more for each of its first two rotations; free while its deletion is scheduled",
    ),
    "aws_s3_bucket": ("S3 bucket", "storage of every object version by the GB and month, and requests"),
    "aws_cloudwatch_log_group": ("log group", "logs by the GB taken in, and by the GB and month kept"),
    "aws_sns_topic": (
        "SNS topic",
        "messages published and delivered, by the million; the first of a month are free",
    ),
    "function": ("Lambda function", "requests and run time; the first of a month are free"),
    "pipeline": (
        "SageMaker pipeline",
        "nothing by itself; each run pays for its jobs' instances, by the second",
    ),
    "file": ("file", "S3 storage by the GB and month, and the request"),
    "script": ("script", "S3 storage by the GB and month, and the request"),
}

FREE = {
    "aws_cloudwatch_event_rule",  # events of AWS's own services and schedules on the default bus are not billed
    "aws_cloudwatch_event_target",
    "aws_iam_instance_profile",
    "aws_iam_openid_connect_provider",
    "aws_iam_role",
    "aws_iam_role_policy",
    "aws_iam_role_policy_attachment",
    "aws_kms_alias",
    "aws_s3_bucket_policy",
    "aws_s3_bucket_public_access_block",
    "aws_s3_bucket_server_side_encryption_configuration",
    "aws_s3_bucket_versioning",
    "aws_sagemaker_model_package_group",
    "aws_sagemaker_model_package_group_policy",
    "aws_sns_topic_policy",
    "aws_sns_topic_subscription",
    "model",  # an entry of SageMaker's; its artifact is in S3 already
}

_INSTANCE = re.compile(r"\bml\.[a-z0-9-]+\.[a-z0-9]+\b")


def costs(changes: Iterable[Change]) -> list[str]:
    """What is created that costs money: a line for each kind, with how many; kinds that are free are left out.

    A kind that is not known here is told as such.
    """
    created = [change for change in changes if change.action == "created" and change.kind not in FREE]
    counts = Counter(change.kind for change in created)
    instances = sorted({name for change in created for name in _INSTANCE.findall(change.diff)})
    known = [_line(kind, counts[kind], instances) for kind in BILLED if counts[kind]]
    unknown = sorted(counts.keys() - BILLED.keys())
    return known + [f"{counts[kind]} x {kind}: unknown; see its service's pricing page" for kind in unknown]


def _line(kind: str, count: int, instances: list[str]) -> str:
    noun, billed = BILLED[kind]
    on = f" ({', '.join(instances)})" if kind == "pipeline" and instances else ""
    return f"{count} x {noun}: {billed}{on}"
