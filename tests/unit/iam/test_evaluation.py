"""Decisions that people ask about, told one by one. The rules in full are the tables of tests/cases/iam."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from harness.iam.documents import parse
from harness.iam.evaluation import evaluate
from harness.iam.model import Policies, Policy, Request, Side, Verdict
from harness.model import Principal
from tests.unit.iam.worlds import AWAY, FEDERATED, HOME, ROLE, ROOT, SERVICE, SESSION, USER, policy

OBJECT = "arn:aws:s3:::models/model.tar.gz"
KEY = f"arn:aws:kms:us-east-1:{HOME}:key/1"
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
NOTHING: tuple[Policy, ...] = ()


def allow(principal: Any = None, **elements: Any) -> Policy:
    """A policy called `it` that allows everything, to the principal where it is a resource's."""
    return policy("it", {**EVERYTHING, **({"Principal": principal} if principal else {}), **elements})


def read(principal: Principal, policies: Policies, owner: str = HOME) -> Verdict:
    return evaluate(Request(principal, "s3:GetObject", OBJECT, owner), policies)


def decrypt(principal: Principal, policies: Policies, owner: str = HOME) -> Verdict:
    return evaluate(Request(principal, "kms:Decrypt", KEY, owner, gate="key"), policies)


def test_what_nothing_allows_is_missing_either_policy() -> None:
    assert read(SESSION, Policies()) == Verdict(False, missing=("identity or resource",))


def test_a_resources_policy_that_names_the_session_is_not_limited_by_boundary_and_session_policies() -> None:
    policies = Policies(resource=(allow({"AWS": SESSION.arn}),), boundary=NOTHING, session=NOTHING)
    assert read(SESSION, policies).allowed


def test_one_that_names_the_role_is_limited_by_both() -> None:
    policies = Policies(resource=(allow({"AWS": ROLE}),), boundary=NOTHING, session=NOTHING)
    assert read(SESSION, policies).missing == ("boundary", "session")


def test_one_that_names_a_user_is_not_limited_by_the_boundary() -> None:
    assert read(USER, Policies(resource=(allow({"AWS": USER.arn}),), boundary=NOTHING)).allowed


def test_one_that_names_the_account_leaves_the_decision_to_its_identity_policies() -> None:
    policies = Policies(resource=(allow({"AWS": ROOT.arn}),))
    assert read(SESSION, policies).missing == ("identity or resource",)
    assert read(SESSION, replace(policies, identity=(allow(),))).allowed


def test_a_federated_user_without_a_session_policy_has_only_what_it_is_given_by_name() -> None:
    assert read(FEDERATED, Policies(identity=(allow(),))).missing == ("session",)
    assert read(FEDERATED, Policies(resource=(allow({"AWS": FEDERATED.arn}),))).allowed


def test_across_accounts_both_sides_have_to_allow() -> None:
    resource = (allow({"AWS": SESSION.arn}),)
    assert read(SESSION, Policies(resource=resource), owner=AWAY).missing == ("identity",)
    assert read(SESSION, Policies(identity=(allow(),)), owner=AWAY).missing == ("resource",)
    assert read(SESSION, Policies(identity=(allow(),), resource=resource), owner=AWAY).allowed


def test_across_accounts_a_boundary_limits_even_a_session_that_is_named() -> None:
    policies = Policies(identity=(allow(),), resource=(allow({"AWS": SESSION.arn}),), boundary=NOTHING)
    assert read(SESSION, policies, owner=AWAY).missing == ("boundary",)


def test_the_root_user_may_do_everything_that_is_not_denied_and_that_its_organization_allows() -> None:
    assert read(ROOT, Policies()) == Verdict(True)
    assert read(ROOT, Policies(scps=((policy("none"),),))).missing == ("scp",)
    assert read(ROOT, Policies(resource=(allow("*", Effect="Deny"),))).denied_by == ("it#1",)


def test_every_level_of_the_organization_has_to_allow() -> None:
    full, only_iam = (allow(),), (allow(Action="iam:*"),)
    assert read(SESSION, Policies(identity=(allow(),), scps=(full, full))).allowed
    assert read(SESSION, Policies(identity=(allow(),), scps=(full, only_iam))).missing == ("scp",)


def test_a_service_linked_role_is_not_subject_to_scps() -> None:
    linked = replace(
        SESSION, role_arn=f"arn:aws:iam::{HOME}:role/aws-service-role/sagemaker.amazonaws.com/Linked"
    )
    assert read(linked, Policies(identity=(allow(),), scps=((policy("none"),),))).allowed


def test_a_service_has_only_what_the_resources_policy_gives_it() -> None:
    assert read(SERVICE, Policies(identity=(allow(),), resource=(allow({"AWS": HOME}),))).missing == (
        "resource",
    )
    assert read(SERVICE, Policies(resource=(allow({"Service": SERVICE.arn}),))).allowed


def test_a_key_is_not_to_be_had_by_identity_policies_alone() -> None:
    assert decrypt(SESSION, Policies(identity=(allow(),))).missing == ("resource",)
    assert decrypt(ROOT, Policies()).missing == ("resource",)


def test_a_key_policy_that_enables_the_account_needs_an_identity_policy_too() -> None:
    enabling = Policies(resource=(allow({"AWS": HOME}),))
    assert decrypt(SESSION, enabling).missing == ("identity",)
    verdict = decrypt(SESSION, replace(enabling, identity=(policy("mine", EVERYTHING),)))
    assert verdict == Verdict(True, (Side("resource", ("it#1",)), Side("identity", ("mine#1",))))


def test_a_key_policy_that_names_the_role_is_enough_in_its_own_account() -> None:
    policies = Policies(resource=(allow({"AWS": ROLE}),))
    assert decrypt(SESSION, policies).allowed
    assert decrypt(SESSION, policies, owner=AWAY).missing == ("identity",)


def test_not_principal_spares_only_whom_it_names_at_every_level() -> None:
    def denied(*named: str, **policies: Any) -> bool:
        unless = {"Effect": "Deny", "NotPrincipal": {"AWS": list(named)}, "Action": "*", "Resource": "*"}
        return bool(read(SESSION, Policies(resource=(policy("it", unless),), **policies)).denied_by)

    assert not denied(HOME, ROLE, SESSION.arn)
    assert denied(HOME, ROLE)
    assert denied(ROLE, SESSION.arn)
    assert denied(HOME, ROLE, SESSION.arn, boundary=(allow(),)), "who has a boundary is always denied"


def test_statements_are_named_by_their_sid_or_their_place() -> None:
    several = policy("mine", EVERYTHING, {**EVERYTHING, "Sid": "Reading"}, {**EVERYTHING, "Action": "iam:*"})
    verdict = read(SESSION, Policies(identity=(several,)))
    assert verdict.sides == (Side("identity or resource", ("mine#1", "mine#Reading")),)


@pytest.mark.parametrize(
    ("pattern", "resource", "matched"),
    [
        ("arn:aws:s3:::models/*/x", "arn:aws:s3:::models/a:b/c/x", True),
        ("arn:aws:sqs:us-*:1:jobs", "arn:aws:sqs:us-east-1:1:jobs", True),
        ("arn:aws:sqs:us-*:2:jobs", "arn:aws:sqs:us-east-1:1:2:jobs", True),
        ("arn:aws:sqs:*-1:2:jobs", "arn:aws:sqs:us-east-1:1:2:jobs", False),
        ("arn:aws:sqs:us-*-1:1:jobs", "arn:aws:sqs:us-east:x-1:1:jobs", False),
        ("arn:aws:sqs:us?east-1:1:jobs", "arn:aws:sqs:us:east-1:1:jobs", False),
        ("arn:aws:sqs", "arn:aws:sqs:us-east-1:1:jobs", True),
        ("arn:aws:sqs", "arn:aws:sns:us-east-1:1:jobs", False),
    ],
)
def test_a_wildcard_passes_a_colon_only_at_the_end_of_a_segment_or_after_the_fifth(
    pattern: str, resource: str, matched: bool
) -> None:
    policies = Policies(identity=(allow(Resource=pattern),))
    assert evaluate(Request(USER, "sqs:SendMessage", resource, HOME), policies).allowed is matched


def test_in_the_old_version_of_the_language_variables_are_plain_text() -> None:
    home = allow(Resource="arn:aws:s3:::models/${aws:username}")
    ana = Request(USER, "s3:GetObject", "arn:aws:s3:::models/ana", HOME, {"aws:username": "ana"})
    assert evaluate(ana, Policies(identity=(home,))).allowed
    text = json.dumps({"Version": "2008-10-17", "Statement": home.document.statements[0].source})
    assert not evaluate(ana, Policies(identity=(Policy("old", parse(text)),))).allowed


def test_a_wildcard_in_a_variables_value_is_none() -> None:
    home = (allow(Resource="arn:aws:s3:::models/${aws:username}/*"),)
    everybody = Request(USER, "s3:GetObject", "arn:aws:s3:::models/bob/x", HOME, {"aws:username": "*"})
    assert not evaluate(everybody, Policies(identity=home)).allowed


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "Expecting value"),
        ("[]", "a policy document is a JSON object"),
        ('{"Statement": ["Allow"]}', "statement 1 is not a JSON object"),
        ('{"Statement": {"Effect": "allow"}}', "the Effect of statement 1 is allow, not Allow or Deny"),
        ('{"Statement": {"Effect": "Deny", "Condition": []}}', "a Condition is an object of operators"),
        (
            '{"Statement": {"Effect": "Deny", "Condition": {"NullIfExists": {"aws:TagKeys": "true"}}}}',
            "there is no condition operator NullIfExists",
        ),
    ],
)
def test_what_is_no_policy_document_is_told(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse(text)
