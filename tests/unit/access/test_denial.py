"""The lesson of a denial, as it is journalled and as people read it."""

from __future__ import annotations

import json
from typing import Any

from harness.access.collect import of_identity
from harness.access.denial import denial, distinct, lines
from harness.access.facts import Identity
from harness.iam.documents import parse
from harness.iam.evaluation import evaluate
from harness.iam.model import Policies, Policy
from harness.model import ApiCall, Permission

from ..iam.asking import PROD, allow, ask, policy, session

KEY = f"arn:aws:kms:us-east-1:{PROD}:key/1234"
EXECUTION = session("execution")
INLINE = policy("444455556666 role/execution inline own-key", allow("kms:Decrypt", KEY, Sid="UseOwnKey"))
FULL_ACCESS = policy("444455556666 role/execution AWS managed AmazonS3FullAccess", allow("s3:*", "*"))
KEY_POLICY = policy(
    "444455556666 key alias/prod policy",
    allow("kms:*", "*", Sid="Delegate", Principal={"AWS": f"arn:aws:iam::{PROD}:root"}),
)


def lesson(why: str = "to encrypt the object under the bucket's key") -> dict[str, Any]:
    call = ApiCall("s3", "PutObject", {}, EXECUTION, PROD, "us-east-1", "r")
    permission = Permission("kms:GenerateDataKey", KEY, PROD, gate="key", why=why, via="s3")
    request = ask(EXECUTION, permission.action, permission.resource, PROD, "key")
    policies = Policies(identity=(INLINE, FULL_ACCESS), resource=(KEY_POLICY,))
    return denial(call, permission, request, policies, evaluate(request, policies))


def test_a_lesson_tells_who_wanted_what_of_whom_and_for_which_call() -> None:
    told = lesson()
    assert {name: value for name, value in told.items() if isinstance(value, str)} == {
        "principal": "assumed-role/execution/s",
        "role": f"arn:aws:iam::{PROD}:role/execution",
        "account": PROD,
        "call": "s3:PutObject",
        "action": "kms:GenerateDataKey",
        "resource": KEY,
        "owner": PROD,
        "why": "to encrypt the object under the bucket's key",
        "cause": "because no identity-based policy allows the kms:GenerateDataKey action",
    }
    assert json.loads(json.dumps(told)) == told


def test_a_lesson_has_every_policy_that_was_read_and_every_change() -> None:
    told = lesson()
    assert told["policies"][0] == {
        "policy": INLINE.name,
        "kind": "identity",
        "says": "does not allow",
        "why": "UseOwnKey allows kms:Decrypt, not kms:GenerateDataKey",
    }
    assert [read["policy"] for read in told["policies"]] == [INLINE.name, KEY_POLICY.name, FULL_ACCESS.name]
    assert told["changes"] == [
        {
            "where": INLINE.name,
            "what": "add kms:GenerateDataKey to the actions of UseOwnKey",
            "statement": allow(["kms:Decrypt", "kms:GenerateDataKey"], KEY, Sid="UseOwnKey"),
        }
    ]


def test_people_read_what_was_denied_why_what_was_read_and_what_would_allow_it() -> None:
    statement = json.dumps(lesson()["changes"][0]["statement"])
    assert lines(lesson()) == [
        f"denied: {PROD} role/execution (session s) kms:GenerateDataKey on {KEY}",
        "    because no identity-based policy allows the kms:GenerateDataKey action",
        "    for s3:PutObject to encrypt the object under the bucket's key",
        "    read: inline own-key: does not allow: UseOwnKey allows kms:Decrypt, not kms:GenerateDataKey",
        f"    read: {KEY_POLICY.name}: allows: Delegate leaves it to the policies of account {PROD}",
        "    read: AWS managed AmazonS3FullAccess: does not allow: it allows nothing of kms",
        "    change: inline own-key: add kms:GenerateDataKey to the actions of UseOwnKey",
        f"        {statement}",
    ]


def test_policies_that_said_the_same_are_one_line() -> None:
    told = lesson()
    unrelated = told["policies"][-1]
    read = [{**unrelated, "policy": name} for name in ("a", "b", "c")]
    (line,) = (one for one in lines({**told, "policies": read}) if "read:" in one)
    assert line == "    read: a and 2 more: does not allow: it allows nothing of kms"


def test_scps_are_told_as_such_and_apart_from_the_callers_own_policies() -> None:
    told = lesson()
    unrelated = told["policies"][-1]
    scp = {**unrelated, "policy": "SCP FullAWSAccess", "kind": "scp"}
    reads = [line for line in lines({**told, "policies": [unrelated, scp]}) if "read:" in line]
    assert [line.split(": ")[1] for line in reads] == ["AWS managed AmazonS3FullAccess", "SCP FullAWSAccess"]


def test_a_new_policy_is_told_with_whose_it_is() -> None:
    change = {"where": f"{PROD} role/execution inline policy", "what": "let it do x", "statement": {}}
    assert lines({**lesson(), "changes": [change]})[-1] == (
        "    change: a new inline policy of role/execution: let it do x"
    )


def test_a_service_is_told_without_an_account() -> None:
    told = {**lesson(), "principal": "events.amazonaws.com", "role": ""}
    assert lines(told)[0] == f"denied: events.amazonaws.com kms:GenerateDataKey on {KEY}"


def test_a_call_that_is_the_action_itself_is_not_told_twice() -> None:
    itself = {**lesson(why=""), "call": "kms:GenerateDataKey"}
    assert not any(line.startswith("    for ") for line in lines(itself))


def test_what_was_only_audited_would_be_denied() -> None:
    assert lines(lesson(), "would be denied")[0].startswith(
        f"would be denied: {PROD} role/execution (session s) "
    )


def test_the_same_lesson_is_taught_once_whatever_the_session() -> None:
    record = {"decision": "denied", "denial": lesson()}
    again = {"decision": "denied", "denial": {**lesson(), "principal": "assumed-role/execution/another"}}
    other = {"decision": "denied", "denial": {**lesson(), "resource": "*"}}
    allowed: dict[str, Any] = {"decision": "allowed", "denial": {}}
    assert distinct([record, allowed, again, other]) == [(record, 2), (other, 1)]


def test_advice_knows_aws_own_policies_by_the_names_that_they_are_collected_under() -> None:
    document = json.dumps({"Version": "2012-10-17", "Statement": allow("s3:Get*", "arn:aws:s3:::a/*")})
    role = Identity(
        f"arn:aws:iam::{PROD}:role/execution",
        "AROA",
        attached=(
            ("arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess", document),
            (f"arn:aws:iam::{PROD}:policy/ours", document),
        ),
    )
    call = ApiCall("s3", "GetObject", {}, EXECUTION, PROD, "us-east-1", "r")
    request = ask(EXECUTION, "s3:GetObject", "arn:aws:s3:::b/c")
    policies = Policies(identity=tuple(Policy(name, parse(text)) for name, text in of_identity(role)))
    told = denial(
        call, Permission(request.action, request.resource), request, policies, evaluate(request, policies)
    )
    assert [change["where"] for change in told["changes"]] == ["444455556666 role/execution inline policy"]
