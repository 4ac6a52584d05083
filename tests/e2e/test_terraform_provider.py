"""Every resource of the stand-in provider, through real Terraform: its life, and what is done behind its back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.e2e.account import Account
from tests.e2e.callers import PROD
from tests.e2e.terraform_workspace import Workspace

EVERYTHING, SAID = (
    (Path(__file__).parent / f"{name}.tf").read_text() for name in ("everything", "everything_said")
)
TAGS = 'default_tags {\n  tags = { project = "severity", team = "ml" }\n}'
NAME = "provider-everything"
BUCKET = "provider-sagemaker-everything"


def test_everything_is_made_found_unchanged_imported_and_unmade(workspace: Workspace, dev: Account) -> None:
    workspace.write(EVERYTHING, TAGS)
    assert "The configuration is valid" in workspace.validate()
    count = EVERYTHING.count('\nresource "')
    assert f"Plan: {count} to add, 0 to change, 0 to destroy" in workspace.plan()
    assert 'where = "111122223333 us-east-1 amazonaws.com"' in workspace.apply()
    assert workspace.plan() == ""
    assert "0 added, 0 changed, 0 destroyed" in workspace.apply()

    made = {address: told for address, told in workspace.resources().items() if address.startswith("aws_")}
    workspace.forget(*made)
    for address, told in made.items():
        workspace.adopt(address, f"{NAME}/topic" if "event_target" in address else told["id"])
    assert workspace.plan() == ""
    # Of the policies only the writing may differ, and AWS writes the identity provider's URL without its scheme.
    written = {"policy", "assume_role_policy", "resource_policy", "url", "target_key_id"}
    for address, told in workspace.resources().items():
        for name in told.keys() - written if address in made else ():
            assert (told[name] or None) == (made[address][name] or None), (address, name)

    assert f"{count} destroyed" in workspace.destroy()
    assert NAME not in str(dev.client("iam").list_roles())
    assert dev.client("iam").list_open_id_connect_providers()["OpenIDConnectProviderList"] == []
    assert BUCKET not in str(dev.client("s3").list_buckets())


def test_all_that_may_be_said_is_done_and_undone_in_place(workspace: Workspace) -> None:
    for body in (SAID, EVERYTHING, SAID):
        told = workspace.write(body, TAGS).apply()
        assert workspace.plan() == ""
    assert "1 added, 19 changed, 0 destroyed" in told  # an attachment has nothing more to say


def test_what_somebody_changes_shows_and_is_put_right(workspace: Workspace, dev: Account) -> None:
    workspace.write(EVERYTHING, TAGS).apply()
    made = {
        address.split(".")[0].removeprefix("aws_"): told for address, told in workspace.resources().items()
    }
    another_key = dev.client("kms").create_key()["KeyMetadata"]["KeyId"]
    for service, operation, parameters, _, _ in changes(made, another_key):
        getattr(dev.client(service), operation)(**parameters)

    plan = workspace.plan()
    told = [(kind, what) for *_, kind, what in changes(made, another_key)]
    for kind, what in told:
        assert what in section(plan, kind, "will be updated in-place")
    assert f"0 to add, {len({kind for kind, _ in told})} to change, 0 to destroy" in plan
    workspace.apply()
    assert workspace.plan() == ""


PARENTS = (
    "s3_bucket",
    "iam_role",
    "kms_key",
    "sns_topic",
    "cloudwatch_event_rule",
    "sagemaker_model_package_group",
)
STAYING = {
    # S3 only suspends versions, a topic always has a policy, and nobody but its addressee ends a pending subscription.
    "s3_bucket_versioning": 'status = "Suspended" -> "Enabled"',
    "sns_topic_policy": '"__default_policy_ID"',
}


def test_what_somebody_deletes_is_made_again(workspace: Workspace, tmp_path: Path) -> None:
    workspace.write(EVERYTHING, TAGS).apply()
    kinds = {address.split(".")[0].removeprefix("aws_") for address in workspace.resources()} - {"data"}
    somebody = workspace.beside(tmp_path / "somebody")

    head, *blocks = EVERYTHING.split('\nresource "aws_')
    parents = [block for block in blocks if block.startswith(tuple(f'{kind}"' for kind in PARENTS))]
    somebody.write('\nresource "aws_'.join([head, *parents]), TAGS).apply()
    plan = workspace.plan()
    for kind in kinds - set(PARENTS) - {*STAYING, "sns_topic_subscription"}:
        section(plan, kind, "will be created")
    for kind, told in STAYING.items():
        assert told in section(plan, kind, "will be updated in-place")

    somebody.destroy()
    assert f"Plan: {len(blocks)} to add, 0 to change, 0 to destroy" in workspace.plan()
    workspace.apply()
    assert workspace.plan() == ""


def section(plan: str, kind: str, what: str) -> str:
    """What a plan tells of one resource."""
    heading = f"# aws_{kind}.this {what}"
    assert heading in plan, f"{heading}: {plan}"
    return plan.partition(heading)[2].partition(" # aws_")[0]


def denial(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", **statement}]})


def changes(made: dict[str, Any], another_key: str) -> list[tuple[str, str, dict[str, Any], str, str]]:
    """What somebody calls, of which resource, and what a plan tells of it then: all that an API call can change."""
    topic, key = made["sns_topic"]["arn"], {"KeyId": made["kms_key"]["key_id"]}
    role, group = {"RoleName": NAME}, made["sagemaker_model_package_group"]["arn"]
    profile, oidc = {"InstanceProfileName": NAME}, made["iam_openid_connect_provider"]["arn"]
    nobody = denial(Principal={"AWS": PROD}, Action="sts:AssumeRole")
    reading = denial(Action="s3:GetObject", Resource="*")
    bucket_denial = denial(Principal={"AWS": PROD}, Action="s3:ListBucket", Resource=f"arn:aws:s3:::{BUCKET}")
    topic_denial = denial(Principal={"AWS": PROD}, Action="sns:Publish", Resource=topic)
    group_denial = denial(
        Principal={"AWS": PROD}, Action="sagemaker:DescribeModelPackageGroup", Resource=group
    )
    aes = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
    subscription = {"SubscriptionArn": made["sns_topic_subscription"]["arn"]}
    target = {"Id": "topic", "Arn": topic, "Input": '{"a": 1}'}
    ignoring = {"IgnorePublicAcls": True}
    tag = [{"Key": "team", "Value": "x"}]
    return [
        ("s3", "put_bucket_tagging", {"Bucket": BUCKET, "Tagging": {"TagSet": tag}},
         "s3_bucket", '"team" = "x" -> "ml"'),
        ("s3", "put_bucket_versioning", {"Bucket": BUCKET, "VersioningConfiguration": {"Status": "Suspended"}},
         "s3_bucket_versioning", 'status = "Suspended" -> "Enabled"'),
        ("s3", "put_public_access_block", {"Bucket": BUCKET, "PublicAccessBlockConfiguration": ignoring},
         "s3_bucket_public_access_block", "block_public_acls = false -> true"),
        ("s3", "put_bucket_encryption", {"Bucket": BUCKET, "ServerSideEncryptionConfiguration": aes},
         "s3_bucket_server_side_encryption_configuration", '- sse_algorithm = "AES256"'),
        ("s3", "put_bucket_policy", {"Bucket": BUCKET, "Policy": bucket_denial},
         "s3_bucket_policy", '- Effect = "Deny"'),
        ("iam", "update_role", {**role, "MaxSessionDuration": 7200, "Description": "Mine."}, "iam_role",
         'max_session_duration = 7200 -> 3600'),
        ("iam", "update_role", {**role, "MaxSessionDuration": 7200, "Description": "Mine."}, "iam_role",
         '- description = "Mine." -> null'),
        ("iam", "update_assume_role_policy", {**role, "PolicyDocument": nobody}, "iam_role", '"Deny" -> "Allow"'),
        ("iam", "untag_role", {**role, "TagKeys": ["team"]}, "iam_role", '+ "team" = "ml"'),
        ("iam", "put_role_policy", {**role, "PolicyName": "read", "PolicyDocument": reading}, "iam_role_policy",
         '"Deny" -> "Allow"'),
        ("iam", "remove_role_from_instance_profile", {**role, **profile}, "iam_instance_profile", f'+ role = "{NAME}"'),
        ("iam", "tag_open_id_connect_provider", {"OpenIDConnectProviderArn": oidc, "Tags": tag},
         "iam_openid_connect_provider", '"team" = "x" -> "ml"'),
        ("kms", "enable_key_rotation", key, "kms_key", "enable_key_rotation = true -> false"),
        ("kms", "tag_resource", {**key, "Tags": [{"TagKey": "mine", "TagValue": "x"}]}, "kms_key", '- "mine" = "x"'),
        ("kms", "disable_key", key, "kms_key", "is_enabled = false -> true"),
        ("kms", "update_alias", {"AliasName": f"alias/{NAME}", "TargetKeyId": another_key}, "kms_alias",
         f'target_key_id = "{another_key}" -> "{made["kms_key"]["arn"]}"'),
        ("sns", "set_topic_attributes", {"TopicArn": topic, "AttributeName": "DisplayName", "AttributeValue": "Mine"},
         "sns_topic", '- display_name = "Mine" -> null'),
        ("sns", "set_topic_attributes", {"TopicArn": topic, "AttributeName": "Policy", "AttributeValue": topic_denial},
         "sns_topic_policy", '"Deny" -> "Allow"'),
        ("sns", "set_subscription_attributes",
         {**subscription, "AttributeName": "FilterPolicy", "AttributeValue": '{"a": ["b"]}'},
         "sns_topic_subscription", "- filter_policy = jsonencode("),
        ("events", "put_rule", {"Name": NAME, "ScheduleExpression": "rate(2 days)"}, "cloudwatch_event_rule",
         'schedule_expression = "rate(2 days)" -> "rate(1 day)"'),
        ("events", "put_targets", {"Rule": NAME, "Targets": [target]},
         "cloudwatch_event_target", "- input = jsonencode("),
        ("logs", "put_retention_policy", {"logGroupName": NAME, "retentionInDays": 3}, "cloudwatch_log_group",
         "retention_in_days = 3 -> 0"),
        ("sagemaker", "delete_tags", {"ResourceArn": group, "TagKeys": ["team"]}, "sagemaker_model_package_group",
         '+ "team" = "ml"'),
        ("sagemaker", "put_model_package_group_policy", {"ModelPackageGroupName": NAME, "ResourcePolicy": group_denial},
         "sagemaker_model_package_group_policy", '"Deny" -> "Allow"'),
    ]  # fmt: skip
