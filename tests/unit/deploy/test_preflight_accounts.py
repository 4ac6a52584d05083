"""The preflight against the harness itself: identities, names that are taken, permissions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import boto3
import pytest

from fake_accounts.accounts import INFRA, load_accounts
from harness.deploy.preflight import (
    Caller,
    Creation,
    identity,
    in_order,
    needed,
    permissions,
    quotas,
    session,
    taken,
)
from harness.running import environment
from harness.stack import started

REGION = "us-east-1"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}


@pytest.fixture(scope="module", autouse=True)
def harness() -> Iterator[None]:
    with started() as stack, environment(stack):
        yield


@pytest.fixture(scope="module")
def dev(harness: None) -> Caller:
    account = load_accounts()["dev"]
    caller = identity("dev", account.id, "dev", partial(session, region=REGION))
    assert isinstance(caller, Caller)
    return caller


def client(service: str, profile: str = "dev") -> Any:
    return session(profile, REGION).client(service)


# Identities


def test_every_administrator_is_of_its_account() -> None:
    accounts = load_accounts().values()
    factory = partial(session, region=REGION)
    callers = in_order(lambda a: identity(a.name, a.id, a.name, factory), accounts)
    assert [c.arn for c in callers if isinstance(c, Caller)] == [
        f"arn:aws:iam::{account.id}:user/administrator" for account in accounts
    ]


def test_a_role_that_is_not_there_cannot_be_assumed() -> None:
    found = identity("prod", load_accounts()["prod"].id, "jenkins", partial(session, region=REGION))
    assert not isinstance(found, Caller)
    assert "profile jenkins may not assume its role" in found.problem
    assert "sts:AssumeRole" in found.problem


# Names

MADE = {
    "aws_s3_bucket": ("bucket", "taken-sagemaker", "taken-sagemaker"),
    "aws_iam_role": ("name", "taken", "taken"),
    "aws_iam_instance_profile": ("name", "taken", "taken"),
    "aws_kms_alias": ("name", "alias/taken", "alias/taken"),
    "aws_cloudwatch_log_group": ("name", "taken", "taken"),
    "aws_sns_topic": ("name", "taken", "arn:aws:sns:us-east-1:111122223333:taken"),
    "aws_cloudwatch_event_rule": ("name", "taken", "taken"),
    "aws_sagemaker_model_package_group": ("model_package_group_name", "taken", "taken"),
}


@pytest.fixture(scope="module")
def made(harness: None) -> None:
    """One of each kind, in dev."""
    client("s3").create_bucket(Bucket="taken-sagemaker")
    client("iam").create_role(RoleName="taken", AssumeRolePolicyDocument=json.dumps(TRUST))
    client("iam").create_instance_profile(InstanceProfileName="taken")
    key = client("kms").create_key()["KeyMetadata"]["KeyId"]
    client("kms").create_alias(AliasName="alias/taken", TargetKeyId=key)
    client("logs").create_log_group(logGroupName="taken")
    client("sns").create_topic(Name="taken")
    client("events").put_rule(Name="taken", ScheduleExpression="rate(1 day)")
    client("sagemaker").create_model_package_group(ModelPackageGroupName="taken")


@pytest.mark.parametrize("kind", MADE)
def test_what_is_there_already_is_told_with_the_import_that_takes_it_in(
    made: None, dev: Caller, kind: str
) -> None:
    attribute, name, import_id = MADE[kind]
    creation = Creation("dev", f'module.x.{kind}.this["a"]', kind, {attribute: name})
    (error,) = taken(dev, session("dev", REGION), [creation])
    assert (error.level, error.check, error.account) == ("error", "names", "dev")
    assert f" {name} is there already, but Terraform's state of dev does not have it" in error.problem
    command = (
        f"harness terraform --target aws --root dev -- import 'module.x.{kind}.this[\"a\"]' {import_id}`"
    )
    assert command in error.fix


@pytest.mark.parametrize("kind", MADE)
def test_a_name_that_is_free_is_no_finding(made: None, dev: Caller, kind: str) -> None:
    attribute, name, _ = MADE[kind]
    shorter = Creation("dev", "x.y", kind, {attribute: name[:-1]})
    assert taken(dev, session("dev", REGION), [shorter]) == []


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("aws_iam_role", {}),
        ("aws_iam_role", {"name": None}),
        ("aws_s3_bucket_policy", {"bucket": "taken-sagemaker"}),
    ],
)
def test_what_nobody_can_have_taken_is_not_looked_at(made: None, dev: Caller, kind: str, values: Any) -> None:
    assert taken(dev, session("dev", REGION), [Creation("dev", "x.y", kind, values)]) == []


def test_another_accounts_bucket_wants_another_name_though_it_lets_us_in(dev: Caller) -> None:
    name = "theirs-sagemaker"
    s3 = client("s3", "prod")
    s3.create_bucket(Bucket=name)
    everything = {"Effect": "Allow", "Principal": {"AWS": dev.account_id}, "Action": "s3:*"}
    statement = {**everything, "Resource": f"arn:aws:s3:::{name}"}
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    (error,) = taken(dev, session("dev", REGION), [Creation("dev", "x.y", "aws_s3_bucket", {"bucket": name})])
    assert f"bucket {name} is another account's" in error.problem
    assert "choose another name in infra/environments/dev.tfvars.json" in error.fix


# Permissions


def user(name: str, *statements: Any) -> tuple[Caller, boto3.Session]:
    """A user of dev with these permissions, in a managed policy: a user's own may have 2,048 characters in all."""
    iam = client("iam")
    arn = iam.create_user(UserName=name)["User"]["Arn"]
    document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    policy = iam.create_policy(PolicyName=name, PolicyDocument=document)["Policy"]["Arn"]
    iam.attach_user_policy(UserName=name, PolicyArn=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    made = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name=REGION)
    return Caller("dev", name, load_accounts()["dev"].id, arn), made


SIMULATE = {"Effect": "Allow", "Action": ["iam:SimulatePrincipalPolicy", "iam:GetRole"], "Resource": "*"}


def test_who_has_what_the_document_says_lacks_nothing() -> None:
    caller, own = user("whole", SIMULATE, *needed(INFRA, "dev", "dev"))
    assert permissions(caller, own, needed(INFRA, "dev", "dev")) == []


def test_who_lacks_a_statement_is_told_which() -> None:
    statements = needed(INFRA, "dev", "dev")
    caller, own = user("partial", SIMULATE, *[s for s in statements if s["Sid"] != "PassRoleToLambda"])
    (error,) = permissions(caller, own, statements)
    assert (
        f"{caller.arn} may not do iam:PassRole on arn:aws:iam::111122223333:role/lambda-sagemaker-role"
        in error.problem
    )
    assert '"Sid": "PassRoleToLambda"' in error.fix


def test_who_may_not_simulate_is_looked_at_by_the_administrator() -> None:
    statements = needed(INFRA, "dev", "dev")
    caller, own = user("silent", *statements)
    (warning,) = permissions(caller, own, statements)
    assert warning.level == "warning"
    assert permissions(caller, session("dev", REGION), statements) == []


def test_administrators_lack_nothing(dev: Caller) -> None:
    assert permissions(dev, session("dev", REGION), needed(INFRA, "dev", "dev")) == []


# Quotas


def test_the_harness_has_no_quotas_and_says_that_they_were_not_checked() -> None:
    (warning,) = quotas("dev", session("dev", REGION), {"ml.m5.large for training job usage": 1})
    assert warning.level == "warning"
    assert "quotas were not checked" in warning.problem
