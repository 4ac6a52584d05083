"""Becoming a role's session: in STS's answers and words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from harness.model import Principal

ACCOUNT = "111111111111"
ROOT = Principal(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root", "root")


def test_a_session_is_named_after_role_and_session(bench: Any) -> None:
    answer = bench.assume()
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/jenkins/deploy"
    assert answer["AssumedRoleUser"] == {"AssumedRoleId": "AROAJENKINS:deploy", "Arn": arn}
    assert answer.keys() == {"Credentials", "AssumedRoleUser"}
    issued = bench.issued(answer)
    principal = issued.principal
    assert (principal.account, principal.arn, principal.kind) == (ACCOUNT, arn, "assumed-role")
    assert (principal.user_id, principal.role_arn) == ("AROAJENKINS:deploy", bench.role)
    assert issued.credentials.secret_key == answer["Credentials"]["SecretAccessKey"]
    assert issued.credentials.session_token == answer["Credentials"]["SessionToken"]


def test_a_session_tells_when_it_began_and_has_no_policies_or_tags_unless_given(bench: Any) -> None:
    session = bench.session()
    assert abs(session.issued - bench.clock.now()) < timedelta(seconds=5)
    assert (session.policies, session.tags, session.transitive) == (None, (), ())


def test_the_role_is_looked_for_in_its_own_account(bench: Any) -> None:
    bench.assume()
    assert bench.asked == [ACCOUNT]


def test_a_role_with_a_path_is_named_without_it_in_its_session(bench: Any) -> None:
    role = bench.add_role("runner", "/service-role/")
    principal = bench.becomes(RoleArn=role)
    assert principal.arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/runner/deploy"
    assert principal.role_arn == f"arn:aws:iam::{ACCOUNT}:role/service-role/runner"


@pytest.mark.parametrize(
    "arn", [f"arn:aws:iam::{ACCOUNT}:role/nobody", f"arn:aws:iam::{ACCOUNT}:role/other/jenkins"]
)
def test_a_role_that_is_not_there_is_told_like_one_that_trusts_others(bench: Any, arn: str) -> None:
    message = f"User: {bench.ann.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}"
    assert bench.refusal(RoleArn=arn) == ("AccessDenied", message, 403)


@pytest.mark.parametrize(
    ("arn", "message"),
    [
        ("jenkins-the-deployer-role", "jenkins-the-deployer-role is invalid"),
        (f"arn:aws:iam::{ACCOUNT}:user/ann", "Request ARN is invalid"),
        ("arn:aws:iam::12:role/x", "Request ARN is invalid"),
    ],
)
def test_what_is_no_role_s_arn_is_invalid(bench: Any, arn: str, message: str) -> None:
    assert bench.refusal(RoleArn=arn) == ("ValidationError", message, 400)


@pytest.mark.parametrize(
    ("parameter", "value", "rule"),
    [
        ("roleSessionName", "a", "have length greater than or equal to 2"),
        ("roleSessionName", "a" * 65, "have length less than or equal to 64"),
        ("roleSessionName", "my session", "satisfy regular expression pattern: [\\w+=,.@-]*"),
        ("roleArn", "jenkins", "have length greater than or equal to 20"),
        ("externalId", "#1", "satisfy regular expression pattern: [\\w+=,.@:\\/-]*"),
        ("sourceIdentity", "aws:ann", "satisfy regular expression pattern: [\\w+=,.@-]*"),
        ("durationSeconds", 899, "have value greater than or equal to 900"),
        ("durationSeconds", 43201, "have value less than or equal to 43200"),
    ],
)
def test_parameters_keep_sts_s_rules(bench: Any, parameter: str, value: Any, rule: str) -> None:
    code, message, status = bench.refusal(**{parameter[0].upper() + parameter[1:]: value})
    assert (code, status) == ("ValidationError", 400)
    assert message == (
        f"1 validation error detected: Value '{value}' at '{parameter}' failed to satisfy constraint: "
        f"Member must {rule}"
    )


def test_all_that_is_wrong_is_told_at_once(bench: Any) -> None:
    assert bench.refusal(RoleSessionName="!", DurationSeconds=1)[1].startswith(
        "3 validation errors detected: "
    )


def test_a_session_lasts_an_hour_unless_asked_otherwise(bench: Any) -> None:
    bench.iam.roles["jenkins"]["MaxSessionDuration"] = 7200
    assert bench.lasts(bench.assume()) == timedelta(hours=1)
    assert bench.lasts(bench.assume(DurationSeconds=7200)) == timedelta(hours=2)


def test_a_session_lasts_no_longer_than_its_role_allows(bench: Any) -> None:
    message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    assert bench.refusal(DurationSeconds=3601) == ("ValidationError", message, 400)


def test_a_chained_session_lasts_no_longer_than_an_hour(bench: Any) -> None:
    bench.iam.roles["jenkins"]["MaxSessionDuration"] = 7200
    first = bench.becomes()
    message = (
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
    )
    assert bench.refusal(principal=first, DurationSeconds=3601) == ("ValidationError", message, 400)
    assert bench.lasts(bench.assume(first, DurationSeconds=3600)) == timedelta(hours=1)


def test_root_assumes_no_roles(bench: Any) -> None:
    refused = bench.refusal(principal=ROOT)
    assert refused == ("AccessDenied", "Roles may not be assumed by root accounts.", 403)


def test_a_source_identity_stays_through_a_chain_of_roles(bench: Any) -> None:
    answer = bench.assume(SourceIdentity="ann")
    assert answer["SourceIdentity"] == "ann"
    first = bench.issued(answer).principal
    assert first.session.source_identity == "ann"
    assert bench.assume(first)["SourceIdentity"] == "ann"
    assert bench.session(first, SourceIdentity="ann").source_identity == "ann"


def test_a_source_identity_cannot_be_changed(bench: Any) -> None:
    first = bench.becomes(SourceIdentity="ann")
    code, message, status = bench.refusal(principal=first, SourceIdentity="bob")
    assert (code, status) == ("AccessDenied", 403)
    assert "is not authorized to perform: sts:SetSourceIdentity" in message


@pytest.mark.parametrize(
    "params", [{"SerialNumber": "arn:aws:iam::1:mfa/ann", "TokenCode": "123456"}, {"ProvidedContexts": [{}]}]
)
def test_what_is_not_supported_is_refused_rather_than_left_out(bench: Any, params: Any) -> None:
    code, message, status = bench.refusal(**params)
    assert (code, status) == ("UnsupportedOperation", 501)
    assert f"does not support {next(iter(params))} of AssumeRole" in message
