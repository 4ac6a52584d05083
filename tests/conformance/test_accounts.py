"""Accounts and identities."""

from __future__ import annotations

import json

from fake_accounts.accounts import load_accounts
from tests.e2e.callers import (
    DEV,
    PROD,
    Caller,
    Callers,
    allow,
    own_name,
    policy,
    refused,
    trust,
)

TOOLING = load_accounts()["tooling"].id
FULL = "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"


def name_of(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]


def denied(caller: Caller, role: str) -> bool:
    code, status, _ = refused(caller.client("sts").assume_role, RoleArn=role, RoleSessionName="me")
    return (code, status) == ("AccessDenied", 403)


def test_an_account_is_told_by_whose_keys_sign(callers: Callers) -> None:
    """Each account's administrator is told their account and ARN"""
    for account in load_accounts().values():
        told = callers.admin("sts", account.id).get_caller_identity()
        assert (told["Account"], told["Arn"]) == (
            account.id,
            f"arn:aws:iam::{account.id}:user/administrator",
        )


def test_a_role_of_its_own_account(callers: Callers) -> None:
    """Who assumes a role of the own account acts as its session"""
    role = callers.role(trusts=trust(DEV))
    session = callers.assumed(role)
    told = session.client("sts").get_caller_identity()
    assert (told["Account"], told["Arn"]) == (DEV, f"arn:aws:sts::{DEV}:assumed-role/{name_of(role)}/me")


def test_across_accounts_both_sides_allow(callers: Callers) -> None:
    """Tooling's role assumes prod's when both sides allow it, and acts in prod"""
    jenkins = callers.role(allow("sts:AssumeRole"), trusts=trust(TOOLING), account=TOOLING)
    role = callers.role(allow("s3:ListAllMyBuckets"), trusts=trust(jenkins), account=PROD)
    promoting = callers.assumed(role, by=callers.assumed(jenkins))
    assert promoting.client("sts").get_caller_identity()["Account"] == PROD
    promoting.client("s3").list_buckets()


def test_across_accounts_the_trust_policy_has_to_allow(callers: Callers) -> None:
    """Tooling's role does not assume prod's when that does not trust it"""
    jenkins = callers.role(allow("sts:AssumeRole"), trusts=trust(TOOLING), account=TOOLING)
    assert denied(callers.assumed(jenkins), callers.role(trusts=trust(PROD), account=PROD))


def test_across_accounts_the_callers_own_policies_have_to_allow(callers: Callers) -> None:
    """Tooling's role does not assume prod's when its own policies do not allow it"""
    jenkins = callers.role(trusts=trust(TOOLING), account=TOOLING)
    assert denied(callers.assumed(jenkins), callers.role(trusts=trust(jenkins), account=PROD))


def test_a_chain_of_roles(callers: Callers) -> None:
    """A role's session assumes a second role, and has that one's permissions only"""
    first = callers.role(allow(["sts:AssumeRole", "s3:ListAllMyBuckets"]), trusts=trust(DEV))
    second = callers.role(trusts=trust(first))
    before = callers.assumed(first)
    after = callers.assumed(second, by=before)
    before.client("s3").list_buckets()
    assert refused(after.client("s3").list_buckets)[0] == "AccessDenied"


def test_a_role_has_the_policies_that_are_put_on_it(callers: Callers) -> None:
    """A role's inline and managed policies are put on it, told, and taken off again"""
    iam, name = callers.admin("iam"), name_of(callers.role(trusts=trust(DEV)))
    iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy(allow("s3:GetObject")))
    iam.attach_role_policy(RoleName=name, PolicyArn=FULL)
    told = iam.get_role_policy(RoleName=name, PolicyName="own")["PolicyDocument"]
    assert told["Statement"][0]["Action"] == "s3:GetObject"
    (attached,) = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    assert attached["PolicyArn"] == FULL
    iam.delete_role_policy(RoleName=name, PolicyName="own")
    iam.detach_role_policy(RoleName=name, PolicyArn=FULL)
    assert refused(iam.get_role_policy, RoleName=name, PolicyName="own")[0] == "NoSuchEntity"
    assert iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"] == []


def test_a_changed_trust_policy_counts_at_once(callers: Callers) -> None:
    """A changed trust policy is told, and decides who assumes the role from then on"""
    iam, role = callers.admin("iam"), callers.role(trusts=trust(PROD))
    ann = callers.user(allow("sts:AssumeRole"))
    assert denied(ann, role)
    iam.update_assume_role_policy(RoleName=name_of(role), PolicyDocument=trust(ann.arn))
    told = iam.get_role(RoleName=name_of(role))["Role"]
    assert told["AssumeRolePolicyDocument"] == json.loads(trust(ann.arn))
    assert callers.assumed(role, by=ann).client("sts").get_caller_identity()["Account"] == DEV


def test_a_deleted_role_is_gone(callers: Callers) -> None:
    """A role is listed, and gone once it is deleted"""
    iam, name = callers.admin("iam"), name_of(callers.role(trusts=trust(DEV)))
    roles = iam.get_paginator("list_roles")
    assert name in [role["RoleName"] for page in roles.paginate() for role in page["Roles"]]
    iam.delete_role(RoleName=name)
    assert refused(iam.get_role, RoleName=name)[0] == "NoSuchEntity"


def test_an_instance_profile(callers: Callers) -> None:
    """An instance profile is given a role, and both are taken apart again"""
    iam, name = callers.admin("iam"), name_of(callers.role(trusts=trust("ec2.amazonaws.com")))
    profile = own_name("profile")
    iam.create_instance_profile(InstanceProfileName=profile)
    iam.add_role_to_instance_profile(InstanceProfileName=profile, RoleName=name)
    told = iam.get_instance_profile(InstanceProfileName=profile)["InstanceProfile"]
    assert [role["RoleName"] for role in told["Roles"]] == [name]
    iam.remove_role_from_instance_profile(InstanceProfileName=profile, RoleName=name)
    iam.delete_instance_profile(InstanceProfileName=profile)
    assert refused(iam.get_instance_profile, InstanceProfileName=profile)[0] == "NoSuchEntity"


def test_a_policy_that_is_taken_away_no_longer_allows(callers: Callers) -> None:
    """A policy that is taken away allows nothing from the next call on"""
    ann = callers.user(allow("s3:ListAllMyBuckets"))
    ann.client("s3").list_buckets()
    callers.admin("iam").delete_user_policy(UserName=ann.name, PolicyName="own")
    assert refused(ann.client("s3").list_buckets)[0] == "AccessDenied"


def test_aws_managed_policies_are_in_force(callers: Callers) -> None:
    """AmazonSageMakerFullAccess reads buckets with sagemaker in their name, and no others"""
    role = callers.role(trusts=trust(DEV))
    callers.admin("iam").attach_role_policy(RoleName=name_of(role), PolicyArn=FULL)
    session, s3 = callers.assumed(role), callers.admin("s3")
    other = own_name("other")
    s3.create_bucket(Bucket=other)
    s3.put_object(Bucket=other, Key="x", Body=b"x")
    get = session.client("s3").get_object
    assert get(Bucket=callers.bucket(x="x"), Key="x")["Body"].read() == b"x"
    assert refused(get, Bucket=other, Key="x")[0] == "AccessDenied"


def test_the_simulator_tells_what_a_role_may(callers: Callers) -> None:
    """IAM's policy simulator tells what a role may, as the calls themselves do"""
    role = callers.role(allow("s3:GetObject", "arn:aws:s3:::ours/*"), trusts=trust(DEV))
    told = callers.admin("iam").simulate_principal_policy(
        PolicySourceArn=role,
        ActionNames=["s3:GetObject", "s3:PutObject"],
        ResourceArns=["arn:aws:s3:::ours/x"],
    )["EvaluationResults"]
    assert {t["EvalActionName"]: t["EvalDecision"] for t in told} == {
        "s3:GetObject": "allowed",
        "s3:PutObject": "implicitDeny",
    }
