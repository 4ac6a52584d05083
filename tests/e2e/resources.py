"""What AWS says of each resource that a Terraform state has: by boto3, type by type."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from fake_accounts.accounts import load_accounts
from harness.model import Json
from tests.e2e.callers import Caller


@dataclass(frozen=True)
class Resource:
    """One that a Terraform state has."""

    root: str
    address: str
    type: str
    attributes: Json

    @property
    def account(self) -> str:
        return load_accounts()[self.root.partition("-")[0]].id


def resources(root: str, state: Json) -> Iterator[Resource]:
    """Those of a state's text, data sources left out."""
    for told in state["resources"]:
        for instance in told["instances"] if told["mode"] == "managed" else ():
            key = f"[{instance['index_key']!r}]" if "index_key" in instance else ""
            place = ".".join(filter(None, (told.get("module"), told["type"], told["name"])))
            yield Resource(root, place + key, told["type"], instance["attributes"])


def plain(value: Any) -> Any:
    """A value with the JSON texts in it read, and what order says nothing in sorted."""
    if isinstance(value, str) and value.startswith(("{", "[")):
        return plain(json.loads(value))
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return sorted(map(plain, value), key=repr) if isinstance(value, list) else value


# Of each type: what AWS says of it, under the names of Terraform's attributes.


def _tags(listed: list[dict[str, str]]) -> dict[str, str]:
    """From `Key` and `Value`, or KMS's `TagKey` and `TagValue`."""
    return {tag.get("Key") or tag["TagKey"]: tag.get("Value") or tag["TagValue"] for tag in listed}


def _kms_key(aws: Caller, want: Json) -> Json:
    kms, key = aws.client("kms"), {"KeyId": want["key_id"]}
    told = kms.describe_key(**key)["KeyMetadata"]
    return {
        "arn": told["Arn"],
        "description": told["Description"],
        "is_enabled": told["Enabled"],
        "key_usage": told["KeyUsage"],
        "customer_master_key_spec": told["KeySpec"],
        "multi_region": told.get("MultiRegion", False),
        "enable_key_rotation": kms.get_key_rotation_status(**key)["KeyRotationEnabled"],
        "policy": kms.get_key_policy(**key, PolicyName="default")["Policy"],
        "tags_all": _tags(kms.list_resource_tags(**key)["Tags"]),
    }


def _kms_alias(aws: Caller, want: Json) -> Json:
    found = {alias["AliasName"]: alias for alias in aws.client("kms").list_aliases()["Aliases"]}[want["name"]]
    return {"arn": found["AliasArn"], "target_key_id": found["TargetKeyId"]}


def _bucket(aws: Caller, want: Json) -> Json:
    s3, bucket = aws.client("s3"), {"Bucket": want["bucket"]}
    # Of us-east-1 S3 answers no name.
    place = s3.get_bucket_location(**bucket).get("LocationConstraint") or "us-east-1"
    return {"bucket_region": place, "tags_all": _tags(s3.get_bucket_tagging(**bucket)["TagSet"])}


def _versioning(aws: Caller, want: Json) -> Json:
    status = aws.client("s3").get_bucket_versioning(Bucket=want["bucket"])["Status"]
    return {"versioning_configuration": [{**want["versioning_configuration"][0], "status": status}]}


def _public_access_block(aws: Caller, want: Json) -> Json:
    told = aws.client("s3").get_public_access_block(Bucket=want["bucket"])["PublicAccessBlockConfiguration"]
    return {
        "block_public_acls": told["BlockPublicAcls"],
        "block_public_policy": told["BlockPublicPolicy"],
        "ignore_public_acls": told["IgnorePublicAcls"],
        "restrict_public_buckets": told["RestrictPublicBuckets"],
    }


def _encryption(aws: Caller, want: Json) -> Json:
    told = aws.client("s3").get_bucket_encryption(Bucket=want["bucket"])["ServerSideEncryptionConfiguration"]
    (rule,) = told["Rules"]
    default = rule["ApplyServerSideEncryptionByDefault"]
    by_default = {"sse_algorithm": default["SSEAlgorithm"], "kms_master_key_id": default["KMSMasterKeyID"]}
    return {
        "rule": [
            {
                **want["rule"][0],
                "bucket_key_enabled": rule["BucketKeyEnabled"],
                "apply_server_side_encryption_by_default": [by_default],
            }
        ]
    }


def _bucket_policy(aws: Caller, want: Json) -> Json:
    return {"policy": aws.client("s3").get_bucket_policy(Bucket=want["bucket"])["Policy"]}


def _role(aws: Caller, want: Json) -> Json:
    iam = aws.client("iam")
    told = iam.get_role(RoleName=want["name"])["Role"]
    return {
        "arn": told["Arn"],
        "path": told["Path"],
        "unique_id": told["RoleId"],
        "description": told["Description"],
        "max_session_duration": told["MaxSessionDuration"],
        "assume_role_policy": told["AssumeRolePolicyDocument"],
        "tags_all": _tags(iam.list_role_tags(RoleName=want["name"])["Tags"]),
    }


def _role_policy(aws: Caller, want: Json) -> Json:
    told = aws.client("iam").get_role_policy(RoleName=want["role"], PolicyName=want["name"])
    return {"policy": told["PolicyDocument"]}


def _attachment(aws: Caller, want: Json) -> Json:
    told = aws.client("iam").list_attached_role_policies(RoleName=want["role"])["AttachedPolicies"]
    return {"policy_arn": next(p["PolicyArn"] for p in told if p["PolicyArn"] == want["policy_arn"])}


def _instance_profile(aws: Caller, want: Json) -> Json:
    told = aws.client("iam").get_instance_profile(InstanceProfileName=want["name"])["InstanceProfile"]
    (role,) = told["Roles"]
    return {"arn": told["Arn"], "role": role["RoleName"], "tags_all": _tags(told["Tags"])}


def _log_group(aws: Caller, want: Json) -> Json:
    logs = aws.client("logs")
    (told,) = logs.describe_log_groups(logGroupNamePrefix=want["name"])["logGroups"]
    tags = logs.list_tags_for_resource(resourceArn=want["arn"])["tags"]
    return {"name": told["logGroupName"], "retention_in_days": told["retentionInDays"], "tags_all": tags}


def _rule(aws: Caller, want: Json) -> Json:
    events = aws.client("events")
    told = events.describe_rule(Name=want["name"])
    return {
        "arn": told["Arn"],
        "description": told["Description"],
        "state": told["State"],
        "event_pattern": told.get("EventPattern") or None,
        "schedule_expression": told.get("ScheduleExpression") or None,
        "tags_all": _tags(events.list_tags_for_resource(ResourceARN=told["Arn"])["Tags"]),
    }


def _target(aws: Caller, want: Json) -> Json:
    told = aws.client("events").list_targets_by_rule(Rule=want["rule"])["Targets"]
    (found,) = [target for target in told if target["Id"] == want["target_id"]]
    return {"arn": found["Arn"], "role_arn": found.get("RoleArn")}


def _group(aws: Caller, want: Json) -> Json:
    sagemaker = aws.client("sagemaker")
    told = sagemaker.describe_model_package_group(ModelPackageGroupName=want["model_package_group_name"])
    return {
        "arn": told["ModelPackageGroupArn"],
        "model_package_group_description": told["ModelPackageGroupDescription"],
        "tags_all": _tags(sagemaker.list_tags(ResourceArn=want["arn"])["Tags"]),
    }


def _group_policy(aws: Caller, want: Json) -> Json:
    name = want["model_package_group_name"]
    told = aws.client("sagemaker").get_model_package_group_policy(ModelPackageGroupName=name)
    return {"resource_policy": told["ResourcePolicy"]}


def _topic(aws: Caller, want: Json) -> Json:
    sns = aws.client("sns")
    told = sns.get_topic_attributes(TopicArn=want["arn"])["Attributes"]
    tags = sns.list_tags_for_resource(ResourceArn=want["arn"])["Tags"]
    return {"kms_master_key_id": told["KmsMasterKeyId"], "owner": told["Owner"], "tags_all": _tags(tags)}


def _topic_policy(aws: Caller, want: Json) -> Json:
    return {"policy": aws.client("sns").get_topic_attributes(TopicArn=want["arn"])["Attributes"]["Policy"]}


def _subscription(aws: Caller, want: Json) -> Json:
    (told,) = aws.client("sns").list_subscriptions_by_topic(TopicArn=want["topic_arn"])["Subscriptions"]
    return {"protocol": told["Protocol"], "endpoint": told["Endpoint"]}


LOOK_UP: dict[str, Callable[[Caller, Json], Json]] = {
    "aws_cloudwatch_event_rule": _rule,
    "aws_cloudwatch_event_target": _target,
    "aws_cloudwatch_log_group": _log_group,
    "aws_iam_instance_profile": _instance_profile,
    "aws_iam_role": _role,
    "aws_iam_role_policy": _role_policy,
    "aws_iam_role_policy_attachment": _attachment,
    "aws_kms_alias": _kms_alias,
    "aws_kms_key": _kms_key,
    "aws_s3_bucket": _bucket,
    "aws_s3_bucket_policy": _bucket_policy,
    "aws_s3_bucket_public_access_block": _public_access_block,
    "aws_s3_bucket_server_side_encryption_configuration": _encryption,
    "aws_s3_bucket_versioning": _versioning,
    "aws_sagemaker_model_package_group": _group,
    "aws_sagemaker_model_package_group_policy": _group_policy,
    "aws_sns_topic": _topic,
    "aws_sns_topic_policy": _topic_policy,
    "aws_sns_topic_subscription": _subscription,
}
