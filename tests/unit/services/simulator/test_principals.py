"""Whose policies a simulation takes, and what they are called in its answer.

Source: IAM's answers recorded by radkawar/stackd, cases principal_*.
"""

from __future__ import annotations

from typing import Any

import pytest

from harness.access.context import Organization
from harness.access.facts import Identity
from harness.model import AwsError
from tests.unit.access.needs.world import AWAY, HOME
from tests.unit.services.simulator.bench import READ, WRITE, asked, people, policy

BOB = f"arn:aws:iam::{HOME}:user/team/bob"
RUN = f"arn:aws:iam::{HOME}:role/run"
SHARED = f"arn:aws:iam::{HOME}:policy/team/shared"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


def simulated(identity: Identity, organization: Organization | None = None, **params: Any) -> Any:
    given = {"PolicySourceArn": identity.arn, "ActionNames": ["s3:GetObject"], **params}
    return asked("SimulatePrincipalPolicy", people(identity), organization, **given)["EvaluationResults"]


def matched(identity: Identity, **params: Any) -> list[str]:
    (result,) = simulated(identity, **params)
    return [told["SourcePolicyId"] for told in result["MatchedStatements"]]


def decided(identity: Identity, **params: Any) -> str:
    (result,) = simulated(identity, **params)
    return str(result["EvalDecision"])


@pytest.mark.parametrize("arn", [BOB, RUN, f"arn:aws:iam::{HOME}:group/team/analysts"])
def test_an_inline_policy_is_told_with_its_holder(arn: str) -> None:
    kind, name = arn.split(":", 5)[5].split("/")[0], arn.rsplit("/", 1)[-1]
    assert matched(Identity(arn, "ID", inline=(("own", policy(READ)),))) == [f"{kind}_{name}_own"]


def test_a_managed_policy_is_told_by_its_name() -> None:
    assert matched(Identity(RUN, "ID", attached=((SHARED, policy(READ)),))) == ["shared"]


def test_a_users_groups_policies_are_the_users_and_told_with_the_group() -> None:
    inline = (("group/analysts inline reading", policy(READ)),)
    attached = ((SHARED, policy(READ)), (f"group/analysts managed {SHARED}", policy(READ)))
    assert matched(Identity(BOB, "ID", inline, attached)) == ["group_analysts_reading", "shared"]


def test_the_requests_policies_are_added() -> None:
    bob = Identity(BOB, "ID", inline=(("own", policy(READ)),))
    assert matched(bob, PolicyInputList=[policy(WRITE), policy(READ)]) == [
        "user_bob_own",
        "PolicyInputList.2",
    ]


def test_a_boundary_bounds_unless_the_request_has_another() -> None:
    run = Identity(RUN, "ID", (("own", policy(READ)),), boundary=(SHARED, policy(WRITE)))
    assert decided(run) == "implicitDeny"
    assert decided(run, PermissionsBoundaryPolicyInputList=[policy(READ)]) == "allowed"


def test_an_organizations_policies_bind_an_account_of_its_own() -> None:
    run = Identity(RUN, "ID", attached=((ADMINISTRATOR, policy({**READ, "Action": "*"})),))
    levels = ((("FullAWSAccess", policy({**READ, "Action": "*"})),), (("writing", policy(WRITE)),))
    (bound,) = simulated(run, Organization("o-1", {HOME: levels}))
    assert (bound["EvalDecision"], bound["OrganizationsDecisionDetail"]) == (
        "implicitDeny",
        {"AllowedByOrganizations": False},
    )
    (free,) = simulated(run, Organization("o-1", {AWAY: levels}))
    assert free["EvalDecision"] == "allowed"
    assert "OrganizationsDecisionDetail" not in free


def test_an_organizations_policies_do_not_bind_service_linked_roles() -> None:
    arn = f"arn:aws:iam::{HOME}:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX"
    linked = Identity(arn, "ID", attached=((SHARED, policy(READ)),))
    levels = ((("writing", policy(WRITE)),),)
    (result,) = simulated(linked, Organization("o-1", {HOME: levels}))
    assert result["EvalDecision"] == "allowed"


def test_a_user_is_found_by_name_whatever_path_is_told() -> None:
    bob = Identity(BOB, "ID", inline=(("own", policy(READ)),))
    assert decided(bob, PolicySourceArn=f"arn:aws:iam::{HOME}:user/another/bob") == "allowed"


def test_who_is_simulated_calls_unless_another_does() -> None:
    named = {**READ, "Condition": {"StringEquals": {"aws:username": "bob"}}}
    bob = Identity(BOB, "ID", inline=(("own", policy(named)),))
    assert decided(bob) == "allowed"
    assert decided(bob, CallerArn=f"arn:aws:iam::{HOME}:user/ann") == "implicitDeny"


@pytest.mark.parametrize(
    ("arn", "error"),
    [
        (f"{RUN}-missing", ("NoSuchEntity", 404, "Unable to retrieve specified IAM entity.")),
        (
            RUN.replace(HOME, AWAY),
            (
                "InvalidInput",
                400,
                f"Invalid Policy Source Arn: caller's account {HOME} does not have access to policies in account "
                f"{AWAY}.",
            ),
        ),
        *(
            (wrong, ("InvalidInput", 400, f"Invalid ARN provided in the request: {wrong}"))
            for wrong in (
                f"arn:aws:sts::{HOME}:assumed-role/run/me",
                f"arn:aws:iam::{HOME}:root",
                "not-an-arn-but-long-enough",
            )
        ),
    ],
)
def test_nobody_else_is_simulated(arn: str, error: tuple[str, int, str]) -> None:
    with pytest.raises(AwsError) as refused:
        simulated(Identity(RUN, "ID"), PolicySourceArn=arn)
    assert (refused.value.code, refused.value.status, refused.value.message) == error


def test_the_keys_of_a_principals_policies_are_told_once_as_they_are_written() -> None:
    condition = {"StringEquals": {"aws:RequestTag/Team": "${aws:PrincipalTag/Team}"}}
    own = {**READ, "Resource": "arn:aws:s3:::b/${aws:username}", "Condition": condition}
    bob = Identity(BOB, "ID", (("own", policy(own, own)),), boundary=(SHARED, policy(READ)))
    bool_ = {**WRITE, "Condition": {"Bool": {"AWS:securetransport": "true"}}}
    answer = asked(
        "GetContextKeysForPrincipalPolicy",
        people(bob),
        PolicySourceArn=BOB,
        PolicyInputList=[policy(bool_)],
    )
    assert answer == {
        "ContextKeyNames": [
            "aws:username",
            "aws:RequestTag/Team",
            "aws:PrincipalTag/Team",
            "AWS:securetransport",
        ]
    }
