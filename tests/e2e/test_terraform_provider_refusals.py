"""What is not known, or wrong, in a configuration: refused by name before anything is made."""

from __future__ import annotations

import pytest

from tests.e2e.terraform_workspace import Workspace


def log_group(body: str) -> str:
    return f'resource "aws_cloudwatch_log_group" "this" {{\n{body}\n}}'


def role(policy: str, *body: str) -> str:
    return "\n".join(['resource "aws_iam_role" "this" {', f"assume_role_policy = {policy}", *body, "}"])


BUCKET = 'resource "aws_s3_bucket" "this" {\n%s\n}'


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (BUCKET % 'bukcet = "x"', 'An argument named "bukcet" is not expected here. Did you mean "bucket"?'),
        (
            BUCKET % 'acceleration_status = "x"',
            'An argument named "acceleration_status" is not expected here.',
        ),
        (BUCKET % "lifecycle_rule {}", 'Blocks of type "lifecycle_rule" are not expected here.'),
        (
            BUCKET % "" + '\noutput "o" {\n  value = aws_s3_bucket.this.website_domain\n}',
            'This object has no argument, nested block, or exported attribute named "website_domain".',
        ),
        (
            'resource "aws_ec2_fleet" "this" {}',
            'The provider hashicorp/aws does not support resource type "aws_ec2_fleet".',
        ),
        ('resource "aws_s3_buckett" "this" {}', 'Did you mean "aws_s3_bucket"?'),
        ('data "aws_vpc" "this" {}', 'The provider hashicorp/aws does not support data source "aws_vpc".'),
        ('resource "aws_iam_role" "this" {}', 'The argument "assume_role_policy" is required'),
        (
            BUCKET % "force_destroy = 3",
            'Inappropriate value for attribute "force_destroy": bool required, but have number',
        ),
        (log_group('retention_in_days = "many"'), '"retention_in_days": a number is required'),
        (log_group("retention_in_days = 1.5"), "Attribute must be a whole number, got 1.5"),
        (
            role("{}"),
            'Inappropriate value for attribute "assume_role_policy": string required, but have object',
        ),
        (role('"{nope"'), '"assume_role_policy" contains an invalid JSON: '),
        (role('"{}"', 'name = "a"', 'name_prefix = "b"'), '"name": conflicts with name_prefix'),
        (role('"{}"', 'id = "a"'), "Invalid or unknown key"),
    ],
)
def test_what_is_not_known_or_wrong_is_named(workspace: Workspace, body: str, told: str) -> None:
    assert told in workspace.write(body).refused("validate")


@pytest.mark.parametrize(
    ("provider", "told"),
    [
        (
            'allowed_account_ids = ["999999999999"]',
            "Error: AWS account ID not allowed: 111122223333 with provider",
        ),
        (
            'forbidden_account_ids = ["111122223333"]',
            "Error: AWS account ID not allowed: 111122223333 with provider",
        ),
        ('access_key = "AKIANOBODY"\nsecret_key = "x"', "InvalidClientTokenId"),
        ('assume_role {\n  role_arn = "arn:aws:iam::111122223333:role/none"\n}', "sts:AssumeRole"),
        ('regoin = "us-east-1"', 'An argument named "regoin" is not expected here.'),
    ],
)
def test_the_wrong_caller_is_refused(workspace: Workspace, provider: str, told: str) -> None:
    asking = 'data "aws_caller_identity" "here" {}'
    assert told in workspace.write(asking, provider).refused()
