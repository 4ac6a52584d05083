"""Who one is, and the sessions that users get without a role."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from harness.model import Credentials, Principal

ACCOUNT = "111111111111"
ROOT = Principal(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root", "root")
READ = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}


def signed_in(bench: Any) -> Principal:
    """Ann, by GetSessionToken."""
    return bench.issued(bench.call("GetSessionToken")).principal  # type: ignore[no-any-return]


def federated(bench: Any, **params: Any) -> Principal:
    """Bob, for whom Ann has called GetFederationToken."""
    answer = bench.call("GetFederationToken", Name="bob", **params)
    return bench.issued(answer).principal  # type: ignore[no-any-return]


def test_everybody_is_told_who_they_are(bench: Any) -> None:
    role = bench.becomes()
    bob = federated(bench)
    for principal, user_id in (
        (bench.ann, "AIDAANN"),
        (signed_in(bench), "AIDAANN"),
        (role, "AROAJENKINS:deploy"),
        (bob, "222222222222:bob"),
        (ROOT, ACCOUNT),
    ):
        told = bench.call("GetCallerIdentity", principal)
        assert told == {"UserId": user_id, "Account": principal.account, "Arn": principal.arn}


def test_a_session_token_stands_for_its_user(bench: Any) -> None:
    answer = bench.call("GetSessionToken")
    principal = bench.issued(answer).principal
    assert (principal.arn, principal.kind, principal.user_id) == (bench.ann.arn, "user", "AIDAANN")
    assert principal.session.policies is None
    assert bench.lasts(answer) == timedelta(hours=12)


def test_root_s_session_token_lasts_an_hour_at_the_most(bench: Any) -> None:
    assert bench.lasts(bench.call("GetSessionToken", ROOT)) == timedelta(hours=1)
    assert bench.lasts(bench.call("GetSessionToken", ROOT, DurationSeconds=7200)) == timedelta(hours=1)
    assert bench.lasts(bench.call("GetSessionToken", ROOT, DurationSeconds=900)) == timedelta(minutes=15)


@pytest.mark.parametrize("operation", ["GetSessionToken", "GetFederationToken"])
@pytest.mark.parametrize(
    ("seconds", "rule"), [(1, "greater than or equal to 900"), (129601, "less than or equal to 129600")]
)
def test_a_user_s_session_has_its_limits(bench: Any, operation: str, seconds: int, rule: str) -> None:
    name = {"Name": "bob"} if operation == "GetFederationToken" else {}
    assert bench.refusal(operation, DurationSeconds=seconds, **name)[1].endswith(rule)


def test_a_federated_user_has_a_name_and_the_user_whose_policies_bound_it(bench: Any) -> None:
    answer = bench.call(
        "GetFederationToken", Name="bob", Policy=json.dumps(READ), Tags=[{"Key": "k", "Value": "v"}]
    )
    arn = "arn:aws:sts::222222222222:federated-user/bob"
    assert answer["FederatedUser"] == {"FederatedUserId": "222222222222:bob", "Arn": arn}
    assert answer["PackedPolicySize"] > 0
    assert bench.lasts(answer) == timedelta(hours=12)
    bob = bench.issued(answer).principal
    assert (bob.arn, bob.kind, bob.user_id) == (arn, "federated-user", "222222222222:bob")
    assert (bob.session.policies, bob.session.tags) == ((json.dumps(READ),), (("k", "v"),))
    assert bob.identity_arn == bench.ann.arn


def test_a_federated_user_without_policies_has_no_permissions_of_its_own(bench: Any) -> None:
    assert federated(bench).session.policies == ()  # type: ignore[union-attr]


def test_federation_by_root_is_refused_rather_than_done_wrong(bench: Any) -> None:
    assert bench.refusal("GetFederationToken", ROOT, Name="bob")[::2] == ("UnsupportedOperation", 501)


@pytest.mark.parametrize("name", ["b", "b" * 33, "b b"])
def test_a_federated_user_s_name_keeps_sts_s_rules(bench: Any, name: str) -> None:
    assert bench.refusal("GetFederationToken", Name=name)[0] == "ValidationError"


@pytest.mark.parametrize("operation", ["GetSessionToken", "GetFederationToken"])
def test_temporary_credentials_get_no_further_ones_by_these_calls(bench: Any, operation: str) -> None:
    name = {"Name": "bob"} if operation == "GetFederationToken" else {}
    message = f"Cannot call {operation} with session credentials"
    for principal in (bench.becomes(), signed_in(bench), federated(bench)):
        assert bench.refusal(operation, principal, **name) == ("AccessDenied", message, 403)


def test_a_session_token_s_user_assumes_roles_and_a_federated_user_does_not(bench: Any) -> None:
    assert bench.becomes(signed_in(bench)).role_arn == bench.role
    assert bench.refusal("AssumeRole", federated(bench))[::2] == ("AccessDenied", 403)


def test_an_access_key_tells_its_account(bench: Any) -> None:
    bench.identities.add(Credentials("AKIAEXAMPLE000000000", "s"), bench.ann)
    role = bench.assume()["Credentials"]["AccessKeyId"]
    assert bench.call("GetAccessKeyInfo", AccessKeyId="AKIAEXAMPLE000000000") == {"Account": "222222222222"}
    assert bench.call("GetAccessKeyInfo", AccessKeyId=role) == {"Account": ACCOUNT}
    assert bench.refusal("GetAccessKeyInfo", AccessKeyId="AKIANOBODY0000000000")[0] == "ValidationError"


@pytest.mark.parametrize(
    "operation",
    ["AssumeRoleWithWebIdentity", "AssumeRoleWithSAML", "AssumeRoot", "DecodeAuthorizationMessage"],
)
def test_an_operation_that_is_not_there_says_so(bench: Any, operation: str) -> None:
    code, message, status = bench.refusal(operation)
    assert (code, status) == ("UnsupportedOperation", 501)
    assert message == f"The harness does not support sts:{operation} yet"
