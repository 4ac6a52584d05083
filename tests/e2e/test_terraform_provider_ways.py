"""What Terraform's language can do to the stand-in provider's resources."""

from __future__ import annotations

import json
import re

from tests.e2e.account import Account
from tests.e2e.callers import DEV, PROD
from tests.e2e.terraform_workspace import Workspace

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": ["sagemaker.amazonaws.com", "events.amazonaws.com"]},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)


def log_group(name: str, *body: str) -> str:
    return "\n".join([f'resource "aws_cloudwatch_log_group" "{name}" {{', *body, "}\n"])


def test_each_counted_and_dynamic(workspace: Workspace) -> None:
    """Values that are known at apply only, among them blocks and a policy."""
    workspace.write(
        """
        resource "aws_cloudwatch_log_group" "each" {
          for_each          = { train = 30, inference = "90" } # a number is one in quotes, too
          name              = "ways-${each.key}"
          retention_in_days = each.value
          tags              = { retention = each.value }
        }
        resource "aws_sns_topic" "counted" {
          count        = 2
          name_prefix  = "ways-${count.index}-"
          display_name = aws_cloudwatch_log_group.each["train"].arn
        }
        resource "aws_cloudwatch_event_rule" "this" {
          name          = "ways"
          event_pattern = jsonencode({ source = [aws_sns_topic.counted[0].arn] })
        }
        resource "aws_cloudwatch_event_target" "this" {
          rule = aws_cloudwatch_event_rule.this.name
          arn  = aws_sns_topic.counted[1].arn
          dynamic "dead_letter_config" {
            for_each = aws_sns_topic.counted[*].arn == [] ? [] : ["arn:aws:sqs:us-east-1:111122223333:letters"]
            content {
              arn = dead_letter_config.value
            }
          }
        }
        """
    ).apply()
    assert workspace.plan() == ""
    made = workspace.resources()
    assert made['aws_cloudwatch_log_group.each["inference"]']["retention_in_days"] == 90
    assert made['aws_cloudwatch_log_group.each["train"]']["tags"] == {"retention": "30"}
    assert re.fullmatch("ways-1-[0-9a-f]{26}", made["aws_sns_topic.counted[1]"]["name"])
    assert re.fullmatch(r"ways-terraform-[0-9a-f]{26}", made["aws_cloudwatch_event_target.this"]["id"])


def test_default_tags_join_and_own_ones_win(workspace: Workspace, dev: Account) -> None:
    defaults = 'default_tags {\n  tags = { team = "ml", stage = "dev" }\n}'
    group = log_group("this", 'name = "ways"', 'tags = { stage = "own", alone = "yes", none = null }')
    plan = workspace.write(group, defaults).plan()
    assert '+ tags_all = { + "alone" = "yes" + "stage" = "own" + "team" = "ml" }' in plan
    workspace.apply()
    told = workspace.resources()["aws_cloudwatch_log_group.this"]
    assert told["tags_all"] == {"team": "ml", "stage": "own", "alone": "yes"}
    arn = {"resourceArn": told["arn"]}
    assert dev.client("logs").list_tags_for_resource(**arn)["tags"] == told["tags_all"]
    assert workspace.plan() == ""

    workspace.write(group.replace('alone = "yes", ', ""), defaults.replace('"ml"', '"other"')).apply()
    assert dev.client("logs").list_tags_for_resource(**arn)["tags"] == {"team": "other", "stage": "own"}
    workspace.write(log_group("this", 'name = "ways"')).apply()
    assert dev.client("logs").list_tags_for_resource(**arn)["tags"] == {}
    assert workspace.plan() == ""


def test_what_is_to_be_ignored_moved_or_replaced(workspace: Workspace, dev: Account) -> None:
    ignoring = "lifecycle {\n  ignore_changes = [retention_in_days, tags]\n}"
    workspace.write(log_group("old", 'name = "ways"', 'tags = { a = "b" }', ignoring)).apply()
    group = workspace.resources()["aws_cloudwatch_log_group.old"]
    logs = dev.client("logs")
    logs.put_retention_policy(logGroupName="ways", retentionInDays=7)
    logs.tag_resource(resourceArn=group["arn"], tags={"a": "c"})
    assert workspace.plan() == ""

    moved = "moved {\n  from = aws_cloudwatch_log_group.old\n  to = aws_cloudwatch_log_group.new\n}\n"
    workspace.write(moved + log_group("new", 'name = "ways"'))
    plan = workspace.plan()
    assert "(moved from aws_cloudwatch_log_group.old)" in plan
    assert "retention_in_days = 7 -> 0" in plan
    workspace.apply()
    assert workspace.plan() == ""

    plan = workspace.plan("-replace=aws_cloudwatch_log_group.new")
    assert "aws_cloudwatch_log_group.new will be replaced, as requested" in plan
    assert "1 added, 0 changed, 1 destroyed" in workspace.apply("-replace=aws_cloudwatch_log_group.new")
    workspace.write(log_group("new", 'name = "ways-2"'))
    assert '~ name = "ways" -> "ways-2" # forces replacement' in workspace.plan()
    assert "1 added, 0 changed, 1 destroyed" in workspace.apply()
    assert workspace.plan() == ""


def role(policy: str, *body: str) -> str:
    return "\n".join(['resource "aws_iam_role" "this" {', f"assume_role_policy = {policy}", *body, "}"])


def test_what_means_the_same_is_no_change(workspace: Workspace) -> None:
    """Written otherwise, empty, null, left out: what is the default stays, and what was not goes back to it."""
    policy = json.dumps(TRUST)
    workspace.write(role(policy, 'name = "ways"')).apply()
    other = json.loads(TRUST)
    other["Statement"][0]["Principal"]["Service"].reverse()
    other["Statement"] = other["Statement"][0]
    same = [
        role(json.dumps(json.dumps(other, indent=2)), 'name = "ways"'),
        role(policy, 'name = "ways"', "description = null", "tags = null", "permissions_boundary = null"),
        role(policy, 'name = "ways"', 'path = "/"', 'max_session_duration = "3600"'),
        role(f"jsonencode(jsondecode({policy}))", 'name = "ways"', "force_detach_policies = false"),
    ]
    for written in same:
        assert workspace.write(written).plan() == "", written

    empty = role(policy, 'name = "ways"', 'description = ""', "tags = {}", "max_session_duration = 7200")
    workspace.write(empty).apply()
    assert workspace.plan() == ""
    assert "max_session_duration = 7200 -> 3600" in workspace.write(role(policy, 'name = "ways"')).plan()
    workspace.apply()
    assert workspace.plan() == ""


def test_an_empty_text_is_nothing(workspace: Workspace) -> None:
    workspace.write(
        """
        resource "aws_cloudwatch_event_rule" "this" {
          name                = "ways"
          schedule_expression = "rate(1 day)"
          event_pattern       = ""
          description         = ""
          role_arn            = ""
        }
        resource "aws_cloudwatch_event_target" "this" {
          rule       = aws_cloudwatch_event_rule.this.name
          arn        = aws_sns_topic.this.arn
          input      = ""
          input_path = ""
          role_arn   = ""
        }
        resource "aws_sns_topic" "this" {
          display_name      = ""
          kms_master_key_id = ""
          delivery_policy   = ""
        }
        resource "aws_cloudwatch_log_group" "this" {
          kms_key_id = ""
        }
        resource "aws_iam_instance_profile" "this" {
          role = ""
        }
        """
    ).apply()
    assert workspace.plan() == ""


def test_what_is_on_another_bus_has_it_in_its_ids(workspace: Workspace, dev: Account) -> None:
    dev.client("events").create_event_bus(Name="ways")
    workspace.write(
        """
        resource "aws_cloudwatch_event_rule" "this" {
          name           = "rule"
          event_bus_name = "ways"
          event_pattern  = jsonencode({ source = ["mine"] })
        }
        resource "aws_cloudwatch_event_target" "this" {
          rule           = aws_cloudwatch_event_rule.this.name
          event_bus_name = "ways"
          target_id      = "target"
          arn            = "arn:aws:sns:us-east-1:111122223333:topic"
        }
        """
    ).apply()
    rule, target = "aws_cloudwatch_event_rule.this", "aws_cloudwatch_event_target.this"
    ids = {address: told["id"] for address, told in workspace.resources().items()}
    assert ids == {rule: "ways/rule", target: "ways-rule-target"}
    workspace.forget(rule, target)
    workspace.adopt(rule, "ways/rule")
    workspace.adopt(target, "ways/rule/target")
    assert workspace.plan() == ""
    workspace.forget(target)
    assert "expected RULE/TARGET_ID" in workspace.refused("import", target, "rule")
    assert "Cannot import non-existent remote object" in workspace.refused("import", target, "rule/none")
    workspace.adopt(target, "ways/rule/target")


def test_versions_once_kept_cannot_be_disabled(workspace: Workspace) -> None:
    bucket = """
        resource "aws_s3_bucket" "this" {
          bucket_prefix = "ways-sagemaker-"
        }
        resource "aws_s3_bucket_versioning" "this" {
          bucket = aws_s3_bucket.this.id
          versioning_configuration {
            status = "%s"
          }
        }
    """
    for status in ("Disabled", "Enabled"):
        workspace.write(bucket % status).apply()
        assert workspace.plan() == ""
    told = "versioning_configuration.status cannot be updated from 'Enabled' to 'Disabled'"
    assert told in workspace.write(bucket % "Disabled").refused()
    workspace.write(bucket % "Enabled")


def test_what_fails_half_way_is_repaired_by_the_next_apply(workspace: Workspace, dev: Account) -> None:
    profile = 'resource "aws_iam_instance_profile" "this" {\nname = "ways"\nrole = "ways-none"\n}'
    told = workspace.write(profile).refused("apply")
    assert "creating aws_iam_instance_profile" in told
    assert "NoSuchEntity" in told
    assert "aws_iam_instance_profile.this is tainted, so must be replaced" in workspace.plan()
    workspace.write(profile.replace('role = "ways-none"', "")).apply()
    assert workspace.plan() == ""
    iam = dev.client("iam")
    assert iam.get_instance_profile(InstanceProfileName="ways")["InstanceProfile"]["Roles"] == []


def test_each_provider_block_has_its_own_account(workspace: Workspace) -> None:
    alias = """
        provider "aws" {
          alias   = "prod"
          profile = "prod"
          default_tags {
            tags = { of = "prod" }
          }
        }
    """
    groups = [
        log_group("dev", "count = 5", 'name = "ways-${count.index}"'),
        log_group("prod", "count = 5", "provider = aws.prod", 'name = "ways-${count.index}"'),
    ]
    workspace.write(alias + "".join(groups), 'default_tags {\n  tags = { of = "dev" }\n}').apply()
    assert workspace.plan() == ""
    for address, told in workspace.resources().items():
        of = "dev" if ".dev" in address else "prod"
        assert told["tags_all"] == {"of": of}
        assert {"dev": DEV, "prod": PROD}[of] in told["arn"]


def test_a_role_may_be_assumed(workspace: Workspace, dev: Account) -> None:
    trust = {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = dev.client("iam").create_role(RoleName="ways-assumed", AssumeRolePolicyDocument=document)["Role"]
    assuming = f'assume_role {{\n  role_arn = "{role["Arn"]}"\n  session_name = "here"\n}}'
    asking = (
        'data "aws_caller_identity" "here" {}\noutput "who" {\n  value = data.aws_caller_identity.here.arn\n}'
    )
    assert "assumed-role/ways-assumed/here" in workspace.write(asking, assuming).apply()
