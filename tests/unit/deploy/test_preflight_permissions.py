"""What IAM's policy simulator says of a profile, told as what is missing and how to mend it."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.stub import ANY

from harness.deploy.model import Finding
from harness.deploy.preflight import Caller, permissions
from harness.model import Json
from tests.unit.deploy.sessions import StubbedSession

ACCOUNT = "444455556666"
USER = f"arn:aws:iam::{ACCOUNT}:user/ops/ada"
BUCKET = "arn:aws:s3:::data-sagemaker"
READ: Json = {
    "Sid": "Read",
    "Effect": "Allow",
    "Action": ["s3:GetBucketAcl", "s3:GetBucketCORS"],
    "Resource": BUCKET,
}
PASS: Json = {
    "Effect": "Allow",
    "Action": "iam:PassRole",
    "Resource": f"arn:aws:iam::{ACCOUNT}:role/worker",
    "Condition": {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
}
REGION = {
    "ContextKeyName": "aws:RequestedRegion",
    "ContextKeyValues": ["us-east-1"],
    "ContextKeyType": "string",
}


def result(action: str, decision: str = "allowed", resource: str = BUCKET, **more: Any) -> Json:
    specific = {"EvalResourceName": resource, "EvalResourceDecision": decision}
    return {
        "EvalActionName": action,
        "EvalResourceName": "arn:${Partition}:s3:::${BucketName}",  # a template, says the reference
        "EvalDecision": decision,
        "ResourceSpecificResults": [{**specific, **more.pop("specific", {})}],
        **more,
    }


class Asked:
    """A simulator with queued answers, each to the question that it is meant for."""

    def __init__(self, arn: str = USER) -> None:
        self.session = StubbedSession("iam")
        self.caller = Caller("prod", "prod", ACCOUNT, arn)

    def role_is(self, name: str, arn: str) -> None:
        role = {
            "Path": "/",
            "RoleName": name,
            "RoleId": "AROAEXAMPLE000000000",
            "Arn": arn,
            "CreateDate": 0,
        }
        self.session.stub.add_response("get_role", {"Role": role}, {"RoleName": name})

    def refuses(self, operation: str, code: str, message: str = "no") -> None:
        self.session.stub.add_client_error(operation, code, message)

    def answers(self, *results: Json, more: bool = False, **question: Any) -> None:
        answer = {
            "EvaluationResults": list(results),
            "IsTruncated": more,
            **({"Marker": "m"} if more else {}),
        }
        expected = {"PolicySourceArn": ANY, "ActionNames": ANY, "ResourceArns": ANY, "ContextEntries": ANY}
        self.session.stub.add_response("simulate_principal_policy", answer, {**expected, **question})

    def about(self, *needed: Json) -> list[Finding]:
        found = permissions(self.caller, self.session, needed)
        self.session.stub.assert_no_pending_responses()
        return found


def test_who_may_do_everything_gets_no_finding() -> None:
    asked = Asked()
    asked.answers(
        result("s3:GetBucketAcl"),
        result("s3:GetBucketCORS"),
        PolicySourceArn=USER,
        ActionNames=READ["Action"],
        ResourceArns=[BUCKET],
        ContextEntries=[REGION],
    )
    assert asked.about(READ) == []


def test_what_is_denied_is_told_with_the_statement_to_add() -> None:
    asked = Asked()
    asked.answers(result("s3:GetBucketAcl"), result("s3:GetBucketCORS", "implicitDeny"))
    (error,) = asked.about(READ)
    assert (error.level, error.account) == ("error", "prod")
    assert error.problem == f"{USER} may not do s3:GetBucketCORS on {BUCKET}: no policy of its allows it"
    assert error.fix.endswith(
        f'{{"Sid": "Read", "Effect": "Allow", "Action": ["s3:GetBucketCORS"], "Resource": "{BUCKET}"}}'
    )


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({}, "a statement denies it"),
        (
            {"OrganizationsDecisionDetail": {"AllowedByOrganizations": False}},
            "the organization's service control policies do not let it",
        ),
        (
            {"specific": {"PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": False}}},
            "its permissions boundary does not let it",
        ),
    ],
)
def test_it_says_who_denies(more: Json, why: str) -> None:
    asked = Asked()
    asked.answers(result("s3:GetBucketAcl", "explicitDeny", **more), result("s3:GetBucketCORS"))
    (error,) = asked.about(READ)
    assert error.problem.endswith(f": {why}")


def test_a_denial_for_a_condition_that_a_simulation_cannot_know_says_so() -> None:
    asked = Asked()
    asked.answers(
        result("s3:GetBucketAcl", "implicitDeny", specific={"MissingContextValues": ["aws:SourceIp"]})
    )
    (error,) = asked.about({**READ, "Action": "s3:GetBucketAcl"})
    assert "also ask for aws:SourceIp, which a simulation does not know" in error.problem


def test_actions_on_everything_have_no_results_for_single_resources() -> None:
    asked = Asked()
    asked.answers(
        {"EvalActionName": "kms:CreateKey", "EvalResourceName": "*", "EvalDecision": "implicitDeny"},
        ResourceArns=["*"],
    )
    (error,) = asked.about({"Effect": "Allow", "Action": "kms:CreateKey", "Resource": "*"})
    assert "may not do kms:CreateKey on *:" in error.problem


def test_every_page_of_an_answer_is_read() -> None:
    asked = Asked()
    asked.answers(result("s3:GetBucketAcl"), more=True)
    asked.answers(result("s3:GetBucketCORS", "implicitDeny"), Marker="m")
    (error,) = asked.about(READ)
    assert "s3:GetBucketCORS" in error.problem


def test_a_statements_condition_is_what_the_simulated_calls_say() -> None:
    asked = Asked()
    passed = {
        "ContextKeyName": "iam:PassedToService",
        "ContextKeyValues": ["sagemaker.amazonaws.com"],
        "ContextKeyType": "string",
    }
    asked.answers(result("iam:PassRole", "implicitDeny", PASS["Resource"]), ContextEntries=[REGION, passed])
    (error,) = asked.about(PASS)
    assert '"iam:PassedToService": "sagemaker.amazonaws.com"' in error.fix


def test_actions_that_iam_refuses_side_by_side_are_asked_apart() -> None:
    asked = Asked()
    asked.refuses(
        "simulate_principal_policy",
        "InvalidInput",
        "Invalid Input Actions: [s3:GetBucketAcl] and [s3:GetBucketCORS] require different authorization information.",
    )
    asked.answers(result("s3:GetBucketAcl"), ActionNames=["s3:GetBucketAcl"])
    asked.answers(result("s3:GetBucketCORS", "implicitDeny"), ActionNames=["s3:GetBucketCORS"])
    (error,) = asked.about(READ)
    assert error.problem.startswith(f"{USER} may not do s3:GetBucketCORS on")


def test_a_roles_session_is_simulated_as_the_role_with_its_path() -> None:
    name = "AWSReservedSSO_Admin_0123456789abcdef"
    role = f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/eu-west-1/{name}"
    asked = Asked(f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/ada@example.com")
    asked.role_is(name, role)
    asked.answers(result("s3:GetBucketAcl"), PolicySourceArn=role)
    assert asked.about(READ) == []


def test_a_role_that_may_not_look_at_itself_is_taken_to_have_no_path() -> None:
    asked = Asked(f"arn:aws:sts::{ACCOUNT}:assumed-role/deployer/ci")
    asked.refuses("get_role", "AccessDenied")
    asked.answers(result("s3:GetBucketAcl"), PolicySourceArn=f"arn:aws:iam::{ACCOUNT}:role/deployer")
    assert asked.about(READ) == []


def test_an_sso_role_that_may_not_look_at_itself_is_not_checked() -> None:
    asked = Asked(f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_Dev_0123456789abcdef/ada")
    asked.refuses("get_role", "AccessDenied")
    (warning,) = asked.about(READ)
    assert warning.level == "warning"
    assert "were not checked: the path of its role cannot be read" in warning.problem


@pytest.mark.parametrize("code", ["AccessDenied", "NoSuchEntity", "Throttling", "UnsupportedOperation"])
def test_who_may_not_simulate_is_warned_that_nothing_was_checked(code: str) -> None:
    asked = Asked()
    asked.refuses(
        "simulate_principal_policy", code, "is not authorized to perform: iam:SimulatePrincipalPolicy"
    )
    (warning,) = asked.about({**READ, "Action": "s3:GetBucketAcl"})
    assert warning.level == "warning"
    assert f"the permissions of {USER} were not checked: An error occurred ({code})" in warning.problem
    assert "iam:SimulatePrincipalPolicy" in warning.fix


def test_a_federated_user_cannot_be_simulated() -> None:
    (warning,) = Asked(f"arn:aws:sts::{ACCOUNT}:federated-user/ada").about(READ)
    assert "not the sessions of GetFederationToken" in warning.problem


def test_the_root_user_may_do_everything_and_is_not_simulated() -> None:
    assert Asked(f"arn:aws:iam::{ACCOUNT}:root").about(READ) == []
