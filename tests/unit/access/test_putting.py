"""A malformed policy is refused by the operation that puts it, with the service's own error."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from harness.access.facts import Bucket, Identity
from harness.access.putting import check_put
from harness.model import ApiCall, AwsError, Principal

from .needs.world import ANA, AWAY, HOME, REGION, World

CASES = json.loads((Path(__file__).parents[2] / "cases" / "policies" / "putting.json").read_text())
WORKER, REMOTE = f"arn:aws:iam::{HOME}:role/worker", f"arn:aws:iam::{AWAY}:role/remote"


@dataclass(frozen=True)
class People(World):
    """A world with somebody in it."""

    people: dict[str, Identity] = field(default_factory=dict)

    def identity(self, arn: str) -> Identity | None:
        return self.people.get(arn)

    def identities(self) -> list[str]:
        return list(self.people)


def people(*arns: str, **inline: str) -> People:
    made = {arn: Identity(arn, "AROA", inline=tuple(inline.items())) for arn in arns}
    return People(buckets={"models": Bucket("models", HOME)}, people=made)


WORLD = people(WORKER, REMOTE)


def put(
    service: str, operation: str, params: dict[str, Any], by: Principal = ANA, world: World = WORLD
) -> str:
    """The error that comes of it, or nothing. Policies may be given as objects."""
    call = ApiCall(service, operation, _texts(params), by, by.account, REGION, "r-1")
    try:
        check_put(call, world)
    except AwsError as error:
        return f"{error.code} {error.status} {error.message}"
    return ""


def _texts(params: dict[str, Any]) -> dict[str, Any]:
    def text(value: Any) -> Any:
        if isinstance(value, dict):
            return json.dumps(value) if "Statement" in value else _texts(value)
        return value

    return {name: text(value) for name, value in params.items()}


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def of(size: int) -> str:
    """An identity-based policy with so many characters that are not white space."""
    made = policy({"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "*", "Sid": ""})
    missing = size - len("".join(json.dumps(made).split()))
    made["Statement"][0]["Sid"] = "x" * missing
    return json.dumps(made, indent=2)


def trusting(principal: Any) -> dict[str, Any]:
    return policy({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"})


def for_bucket(**changes: Any) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": HOME},
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::models/*",
    }
    return {"Bucket": "models", "Policy": policy({**statement, **changes})}


def for_key(principal: Any, action: str = "kms:*", **params: Any) -> dict[str, Any]:
    allow = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*"}
    return {"Policy": policy(allow), **params}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['service']}: {case['name']}")
def test_a_service_refuses_a_malformed_policy_in_its_own_words(case: dict[str, Any]) -> None:
    assert put(case["service"], case["operation"], case["params"]) == case["error"]


# Who is named


def test_a_role_that_is_there_may_be_trusted() -> None:
    for principal in (WORKER, REMOTE, HOME, f"arn:aws:iam::{HOME}:root"):
        document = trusting({"AWS": principal})
        assert not put("iam", "CreateRole", {"AssumeRolePolicyDocument": document}), principal


def test_accounts_that_the_harness_does_not_have_are_taken_to_be_there() -> None:
    document = trusting({"AWS": ["arn:aws:iam::999999999999:role/x", "999999999999"]})
    assert not put("iam", "CreateRole", {"AssumeRolePolicyDocument": document})


def test_somebody_missing_from_another_account_of_the_harness_is_not_there() -> None:
    document = trusting({"AWS": [WORKER, f"arn:aws:iam::{AWAY}:user/nobody"]})
    assert put("iam", "UpdateAssumeRolePolicy", {"RoleName": "worker", "PolicyDocument": document}) == (
        f'MalformedPolicyDocument 400 Invalid principal in policy: "AWS":"arn:aws:iam::{AWAY}:user/nobody"'
        f" (at Statement[0].Principal.AWS[1]: there is no user arn:aws:iam::{AWAY}:user/nobody)"
    )


# How large it may be. "IAM does not count white space"


def test_a_role_s_inline_policies_are_large_enough_together() -> None:
    world = people(WORKER, old=of(6_000), first=of(300))
    params = {"RoleName": "worker", "PolicyName": "new"}
    assert not put("iam", "PutRolePolicy", {**params, "PolicyDocument": of(3_940)}, world=world)
    assert put("iam", "PutRolePolicy", {**params, "PolicyDocument": of(3_941)}, world=world) == (
        "LimitExceeded 409 Maximum policy size of 10240 bytes exceeded for role worker"
    )


def test_the_policy_that_is_replaced_does_not_count() -> None:
    world = people(WORKER, old=of(10_000))
    params = {"RoleName": "worker", "PolicyName": "old", "PolicyDocument": of(10_240)}
    assert not put("iam", "PutRolePolicy", params, world=world)


@pytest.mark.parametrize(
    ("operation", "name", "limit", "message"),
    [
        ("PutUserPolicy", "UserName", 2_048, "Maximum policy size of 2048 bytes exceeded for user x"),
        ("PutGroupPolicy", "GroupName", 5_120, "Maximum policy size of 5120 bytes exceeded for group x"),
        ("CreatePolicy", "PolicyName", 6_144, "Cannot exceed quota for PolicySize: 6144"),
        ("CreatePolicyVersion", "PolicyArn", 6_144, "Cannot exceed quota for PolicySize: 6144"),
    ],
)
def test_a_policy_has_its_size(operation: str, name: str, limit: int, message: str) -> None:
    assert not put("iam", operation, {name: "x", "PolicyDocument": of(limit)})
    assert (
        put("iam", operation, {name: "x", "PolicyDocument": of(limit + 1)}) == f"LimitExceeded 409 {message}"
    )


def test_a_trust_policy_has_its_size() -> None:
    document = trusting({"AWS": ["999999999999"] * 200})
    said = put("iam", "CreateRole", {"RoleName": "x", "AssumeRolePolicyDocument": document})
    assert said == "LimitExceeded 409 Cannot exceed quota for ACLSizePerRole: 2048"


def test_a_bucket_policy_has_its_size() -> None:
    said = put("s3", "PutBucketPolicy", for_bucket(Sid="x" * 20_480))
    assert (
        said
        == "MalformedPolicy 400 Normalized policy document exceeds the maximum allowed size of 20480 bytes"
    )


# S3


def test_a_bucket_that_is_not_there_is_for_s3_to_tell() -> None:
    assert not put("s3", "PutBucketPolicy", {"Bucket": "nowhere", "Policy": "{"})


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"Action": "s3:*", "Resource": ["arn:aws:s3:::models", "arn:aws:s3:::models/*"]},
        {
            "Action": ["s3:ListBucket", "s3:GetObject"],
            "Resource": ["arn:aws:s3:::models", "arn:aws:s3:::models/*"],
        },
        {
            "Action": "s3:List*",
            "Resource": "arn:aws:s3:::mod*",
            "Condition": {"StringLike": {"s3:prefix": "a/*"}},
        },
        {"Effect": "Deny", "Action": "s3:*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {
            "Effect": "Deny",
            "Action": "s3:PutObject",
            "Condition": {"Null": {"s3:x-amz-server-side-encryption": "true"}},
        },
        {"Condition": {"StringEquals": {"s3:ExistingObjectTag/stage": "clean"}}},
    ],
)
def test_what_fits_together_is_taken(changes: dict[str, Any]) -> None:
    assert not put("s3", "PutBucketPolicy", for_bucket(**changes))


# KMS


@pytest.mark.parametrize(
    "principal", ["*", {"AWS": HOME}, {"AWS": f"arn:aws:iam::{HOME}:root"}, {"AWS": [WORKER, HOME]}]
)
def test_a_key_policy_has_to_leave_the_caller_a_way_back(principal: Any) -> None:
    assert not put("kms", "CreateKey", for_key(principal, "kms:Put*"))


def test_a_role_s_session_may_leave_itself_a_way_back() -> None:
    session = f"arn:aws:sts::{HOME}:assumed-role/worker/session"
    worker = Principal(HOME, session, "assumed-role", role_arn=WORKER)
    assert not put("kms", "CreateKey", for_key({"AWS": WORKER}), by=worker)
    assert "in the future" in put("kms", "CreateKey", for_key({"AWS": WORKER}))


def test_the_lockout_check_can_be_left_out() -> None:
    locked = for_key({"AWS": AWAY})
    assert "in the future" in put("kms", "PutKeyPolicy", locked)
    assert not put("kms", "PutKeyPolicy", {**locked, "BypassPolicyLockoutSafetyCheck": True})


# Calls that put no policy


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("kms", "CreateKey", {}),
        ("sns", "CreateTopic", {"Name": "x"}),
        ("sns", "SetTopicAttributes", {"AttributeName": "DisplayName", "AttributeValue": "{"}),
        ("sqs", "SetQueueAttributes", {"Attributes": {"VisibilityTimeout": "1"}}),
        ("sqs", "SetQueueAttributes", {"Attributes": {"Policy": ""}}),
        ("sts", "AssumeRole", {"RoleArn": WORKER}),
        ("events", "PutPermission", {"Principal": HOME}),
        ("lambda", "AddPermission", {"Principal": "events.amazonaws.com"}),
        ("iam", "ListRoles", {"PolicyDocument": "{"}),
    ],
)
def test_a_call_without_a_policy_goes_on(service: str, operation: str, params: dict[str, Any]) -> None:
    assert not put(service, operation, params)
