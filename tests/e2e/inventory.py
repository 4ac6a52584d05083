"""Everything that an account has, by boto3, kind by kind."""

from __future__ import annotations

from typing import Any

from pipelines.listing import names
from tests.e2e.callers import Caller

# Kinds are Terraform's, where it has made them: service, operation, and where the answer has the names.
_KINDS = {
    "aws_s3_bucket": ("s3", "list_buckets", "Buckets[].Name"),
    "aws_iam_role": ("iam", "list_roles", "Roles[].RoleName"),
    "aws_iam_instance_profile": (
        "iam",
        "list_instance_profiles",
        "InstanceProfiles[].InstanceProfileName",
    ),
    "aws_sns_topic": ("sns", "list_topics", "Topics[].TopicArn"),
    "aws_sns_topic_subscription": ("sns", "list_subscriptions", "Subscriptions[].Endpoint"),
    "aws_cloudwatch_event_rule": ("events", "list_rules", "Rules[].Name"),
    "aws_kms_alias": ("kms", "list_aliases", "Aliases[?!starts_with(AliasName, 'alias/aws/')].AliasName"),
    "aws_cloudwatch_log_group": ("logs", "describe_log_groups", "logGroups[].logGroupName"),
    "aws_sagemaker_model_package_group": (
        "sagemaker",
        "list_model_package_groups",
        "ModelPackageGroupSummaryList[].ModelPackageGroupName",
    ),
    "function": ("lambda", "list_functions", "Functions[].FunctionName"),
    "pipeline": ("sagemaker", "list_pipelines", "PipelineSummaries[].PipelineName"),
    "user": ("iam", "list_users", "Users[].UserName"),
    "queue": ("sqs", "list_queues", "QueueUrls"),
}


def inventory(aws: Caller) -> dict[str, set[str]]:
    """The names of everything, by kind; kinds that there are none of are left out."""
    found = {kind: set(names(aws.client(how[0]), *how[1:])) for kind, how in _KINDS.items()}
    found["aws_kms_key"] = {
        key for key in names(aws.client("kms"), "list_keys", "Keys[].KeyId") if _used(aws, key)
    }
    found["object"] = {f"{b}/{key}" for b in found["aws_s3_bucket"] for key in _objects(aws, b)}
    return {kind: those for kind, those in found.items() if those}


def _used(aws: Caller, key: str) -> bool:
    """A customer's key, and not one that waits to be deleted."""
    told: Any = aws.client("kms").describe_key(KeyId=key)["KeyMetadata"]
    return bool(told["KeyManager"] == "CUSTOMER" and told["KeyState"] != "PendingDeletion")


def _objects(aws: Caller, bucket: str) -> set[str]:
    """Those that are there now, without their former versions."""
    return set(names(aws.client("s3"), "list_objects_v2", "Contents[].Key", Bucket=bucket))
