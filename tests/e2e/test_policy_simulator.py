"""IAM's policy simulator over HTTP: who may do what, asked beforehand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from harness.finding import found
from harness.model import Json
from tests.e2e.callers import (
    DEV,
    PROD,
    Caller,
    Callers,
    allow,
    deny,
    not_authorized,
    policy,
    refused,
    trust,
    unallowed,
)
from tests.e2e.desk import Desk

SIMULATE = "iam:SimulatePrincipalPolicy"


def simulated(caller: Any, source: str, *actions: str, **more: Any) -> dict[str, str]:
    """What a caller's IAM client is told of each action."""
    answer = caller.simulate_principal_policy(PolicySourceArn=source, ActionNames=[*actions], **more)
    return {result["EvalActionName"]: result["EvalDecision"] for result in answer["EvaluationResults"]}


# The platform's own


@pytest.fixture(scope="module")
def platform(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callers]:
    """The accounts with `infra/` applied."""
    desk = Desk.under(tmp_path_factory.mktemp("platform"))
    with desk.up(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("HARNESS_HOME", str(desk.home))
        stack = found()
        assert stack
        yield Callers(stack)


def test_jenkins_may_write_objects_in_prod_and_make_no_roles(platform: Callers) -> None:
    iam = platform.admin("iam", PROD)
    assert simulated(
        iam, f"arn:aws:iam::{PROD}:role/cross-account-jenkins-role", "s3:PutObject", "iam:CreateRole"
    ) == {
        "s3:PutObject": "allowed",
        "iam:CreateRole": "implicitDeny",
    }


def test_the_administrator_may_both_by_the_arn_that_sts_tells(platform: Callers) -> None:
    administrator = platform.administrator(PROD)
    arn = administrator.client("sts").get_caller_identity()["Arn"]
    told = simulated(administrator.client("iam"), arn, "s3:PutObject", "iam:CreateRole")
    assert told == {"s3:PutObject": "allowed", "iam:CreateRole": "allowed"}


# Who may ask


def test_a_role_that_may_not_simulate_is_refused(callers: Callers) -> None:
    role = callers.role(allow("s3:*"), trusts=trust(DEV))
    session = callers.assumed(role)
    name = role.rsplit("/", 1)[-1]
    assert refused(
        session.client("iam").simulate_principal_policy, PolicySourceArn=role, ActionNames=["s3:PutObject"]
    ) == ("AccessDenied", 403, not_authorized(session, SIMULATE, f"role {name}", unallowed(SIMULATE)))


def test_a_role_that_may_simulate_itself_may_not_ask_about_others(callers: Callers) -> None:
    role = callers.role(trusts=trust(DEV))
    callers.admin("iam").put_role_policy(
        RoleName=role.rsplit("/", 1)[-1], PolicyName="asking", PolicyDocument=policy(allow(SIMULATE, role))
    )
    iam = callers.assumed(role).client("iam")
    assert simulated(iam, role, SIMULATE, ResourceArns=[role]) == {SIMULATE: "allowed"}
    other = callers.role(trusts=trust(DEV))
    assert (
        refused(iam.simulate_principal_policy, PolicySourceArn=other, ActionNames=[SIMULATE])[0]
        == "AccessDenied"
    )


def test_a_session_is_asked_about_by_its_role(callers: Callers) -> None:
    session = callers.assumed(callers.role(allow("*"), trusts=trust(DEV)))
    assert refused(
        session.client("iam").simulate_principal_policy,
        PolicySourceArn=session.arn,
        ActionNames=["s3:PutObject"],
    ) == ("InvalidInput", 400, f"Invalid ARN provided in the request: {session.arn}")


def test_nobody_is_asked_about_who_is_not_there(callers: Callers) -> None:
    missing = f"arn:aws:iam::{DEV}:role/missing"
    call = callers.admin("iam").simulate_principal_policy
    assert refused(call, PolicySourceArn=missing, ActionNames=["s3:PutObject"]) == (
        "NoSuchEntity",
        404,
        "Unable to retrieve specified IAM entity.",
    )


# What is answered


def test_a_policy_that_is_taken_away_changes_the_answer(callers: Callers) -> None:
    iam, ann = callers.admin("iam"), callers.user(allow("s3:PutObject"))
    assert simulated(iam, ann.arn, "s3:PutObject") == {"s3:PutObject": "allowed"}
    iam.delete_user_policy(UserName=ann.name, PolicyName="own")
    assert simulated(iam, ann.arn, "s3:PutObject") == {"s3:PutObject": "implicitDeny"}


def test_an_answer_tells_the_statements_and_where_they_are(callers: Callers) -> None:
    ann = callers.user(allow("s3:PutObject", "arn:aws:s3:::b/*"))
    resources = ["arn:aws:s3:::b/x", "arn:aws:s3:::c/x"]
    answer = callers.admin("iam").simulate_principal_policy(
        PolicySourceArn=ann.arn, ActionNames=["s3:PutObject"], ResourceArns=resources
    )
    text = policy(allow("s3:PutObject", "arn:aws:s3:::b/*"))
    statement = {
        "SourcePolicyId": f"user_{ann.name}_own",
        "SourcePolicyType": "IAM Policy",
        "StartPosition": {"Line": 1, "Column": text.index("[") + 2},
        "EndPosition": {"Line": 1, "Column": text.index("]") + 1},
    }
    assert answer["EvaluationResults"] == [
        {
            "EvalActionName": "s3:PutObject",
            "EvalResourceName": "arn:aws:s3:::${BucketName}/${KeyName}",
            "EvalDecision": "implicitDeny",
            "MatchedStatements": [statement],
            "MissingContextValues": [],
            "EvalDecisionDetails": {},
            "ResourceSpecificResults": [
                {
                    "EvalResourceName": resources[0],
                    "EvalResourceDecision": "allowed",
                    "MatchedStatements": [statement],
                },
                {"EvalResourceName": resources[1], "EvalResourceDecision": "implicitDeny"},
            ],
        }
    ]
    assert answer["IsTruncated"] is False


def test_a_groups_policies_are_its_members_and_its_own(callers: Callers) -> None:
    iam, ann = callers.admin("iam"), callers.user()
    group = f"group-of-{ann.name}"
    arn = iam.create_group(GroupName=group)["Group"]["Arn"]
    iam.put_group_policy(GroupName=group, PolicyName="own", PolicyDocument=policy(allow("s3:PutObject")))
    iam.add_user_to_group(GroupName=group, UserName=ann.name)
    assert [simulated(iam, who, "s3:PutObject") for who in (arn, ann.arn)] == [
        {"s3:PutObject": "allowed"}
    ] * 2


def test_botocores_paginator_gets_all_pages(callers: Callers) -> None:
    actions = ["s3:PutObject", "s3:GetObject", "iam:CreateRole"]
    pages = (
        callers.admin("iam")
        .get_paginator("simulate_custom_policy")
        .paginate(
            PolicyInputList=[policy(allow("s3:*"))], ActionNames=actions, PaginationConfig={"PageSize": 2}
        )
    )
    results = [result for page in pages for result in page["EvaluationResults"]]
    assert [(r["EvalActionName"], r["EvalDecision"]) for r in results] == [
        ("s3:PutObject", "allowed"),
        ("s3:GetObject", "allowed"),
        ("iam:CreateRole", "implicitDeny"),
    ]


def test_the_keys_of_policies_are_told(callers: Callers) -> None:
    named = allow("s3:GetObject", "arn:aws:s3:::b/${aws:username}")
    ann, iam = callers.user(named), callers.admin("iam")
    assert iam.get_context_keys_for_principal_policy(PolicySourceArn=ann.arn)["ContextKeyNames"] == [
        "aws:username"
    ]
    answer = iam.get_context_keys_for_custom_policy(PolicyInputList=[policy(named)])
    assert answer["ContextKeyNames"] == ["aws:username"]


# A real call's decision is the simulator's, as long as only the caller's own policies have a say.

OWN: dict[str, list[Json]] = {
    "nothing": [],
    "everything": [allow("*")],
    "reading": [allow("s3:Get*")],
    "one object": [allow("s3:*", "arn:aws:s3:::BUCKET/x")],
    "the bucket, not its objects": [allow("s3:*", "arn:aws:s3:::BUCKET")],
    "all but writing": [allow("s3:*"), deny("s3:PutObject")],
    "all but one bucket": [allow("s3:*"), deny("s3:*", ["arn:aws:s3:::BUCKET", "arn:aws:s3:::BUCKET/*"])],
    "under one's own name": [allow("s3:*", "arn:aws:s3:::BUCKET/${aws:username}")],
    "another user": [allow("s3:*", Condition={"StringEquals": {"aws:username": "another"}})],
}
# operation: (its parameters beyond the bucket, action, resource)
CALLS: dict[str, tuple[Json, str, str]] = {
    "get_object": ({"Key": "x"}, "s3:GetObject", "arn:aws:s3:::BUCKET/x"),
    "put_object": ({"Key": "y", "Body": b""}, "s3:PutObject", "arn:aws:s3:::BUCKET/y"),
    "delete_object": ({"Key": "z"}, "s3:DeleteObject", "arn:aws:s3:::BUCKET/z"),
    "list_objects_v2": ({}, "s3:ListBucket", "arn:aws:s3:::BUCKET"),
    "get_bucket_policy_status": ({}, "s3:GetBucketPolicyStatus", "arn:aws:s3:::BUCKET"),
}


@pytest.fixture(scope="module")
def bucket(callers: Callers) -> str:
    return callers.bucket(x="x")


@pytest.mark.parametrize("own", OWN)
def test_the_simulator_and_a_real_call_agree(callers: Callers, bucket: str, own: str) -> None:
    ann = callers.user(*json.loads(json.dumps(OWN[own]).replace("BUCKET", bucket)))
    for operation, (parameters, action, resource) in CALLS.items():
        (told,) = simulated(
            callers.admin("iam"), ann.arn, action, ResourceArns=[resource.replace("BUCKET", bucket)]
        ).values()
        assert (told == "allowed") == goes_through(ann, operation, Bucket=bucket, **parameters), (
            own,
            operation,
        )


def goes_through(caller: Caller, operation: str, **parameters: Any) -> bool:
    try:
        getattr(caller.client("s3"), operation)(**parameters)
    except ClientError as error:
        # Another error comes from behind the decision.
        return error.response["Error"]["Code"] != "AccessDenied"
    return True
