"""What a run made of its policies: used, never used, needed, and the least that a role gets by with."""

from __future__ import annotations

from typing import Any

from harness.usage import Use, generalised, least_privilege, usage, who

ROLE = "444455556666 role/x"
SESSION = "arn:aws:sts::444455556666:assumed-role/x/SageMaker"
READ = f"{ROLE} inline reading#Read"
MANAGED = f"{ROLE} managed AmazonSageMakerFullAccess"


def call(action: str, resource: str, *by: list[str], **conditions: str) -> dict[str, Any]:
    used = {"action": action, "resource": resource, "conditions": conditions, "by": list(by)}
    return {"kind": "call", "decision": "allowed", "principal": SESSION, "permissions": [used]}


def policy(name: str, *sids: str) -> dict[str, Any]:
    statements = [{"Sid": s, "Effect": "Allow", "Action": "s3:*", "Resource": "*"} for s in sids]
    return {
        "kind": "policy",
        "place": name,
        "name": name,
        "document": {"Statement": statements} if sids else {},
    }


def found(*records: dict[str, Any]) -> dict[str, Any]:
    policies = [policy(f"{ROLE} inline reading", "Read", "Write"), policy(MANAGED)]
    return {s.ref: s for s in usage([*policies, *records]).statements}


def test_a_statement_that_alone_allowed_a_call_is_needed() -> None:
    statement = found(call("s3:GetObject", "arn:aws:s3:::b/k", [READ]))[READ]
    assert (statement.used, statement.needed) == (1, 1)


def test_a_statement_beside_which_another_allowed_the_same_is_used_but_not_needed() -> None:
    statements = found(call("s3:GetObject", "arn:aws:s3:::b/k", [READ, f"{MANAGED}#S3Actions"]))
    assert (statements[READ].used, statements[READ].needed) == (1, 0)
    assert statements[READ].others == (MANAGED,)


def test_statements_of_a_policy_of_awss_count_as_the_policy() -> None:
    both = [f"{MANAGED}#S3Actions", f"{MANAGED}#Buckets"]
    assert found(call("s3:GetObject", "arn:aws:s3:::b/k", both))[MANAGED].needed == 1


def test_a_statement_that_allowed_nothing_was_never_used() -> None:
    assert found()[f"{ROLE} inline reading#Write"].used == 0


def test_every_side_needs_its_own_statement() -> None:
    bucket = "777788889999 bucket b policy"
    records = [
        policy(bucket, "Share"),
        call("s3:GetObject", "arn:aws:s3:::b/k", [READ], [f"{bucket}#Share"]),
    ]
    assert found(*records)[READ].needed == found(*records)[f"{bucket}#Share"].needed == 1


def test_calls_that_were_refused_use_nothing() -> None:
    refused = {**call("s3:GetObject", "arn:aws:s3:::b/k", [READ]), "decision": "denied"}
    assert found(refused)[READ].used == 0


def test_a_role_that_has_a_policy_but_did_nothing_is_a_role_too() -> None:
    assert usage([policy("777788889999 role/idle trust", "Trust")]).roles == ["777788889999 role/idle"]


def test_sessions_of_a_role_are_the_role() -> None:
    assert who(SESSION) == ROLE
    assert who("arn:aws:iam::444455556666:user/ann") == "444455556666 user/ann"
    assert who("events.amazonaws.com") == "events.amazonaws.com"


def use(action: str, resource: str, **conditions: str) -> Use:
    return Use(ROLE, action, resource, tuple(conditions.items()), (), 1)


def test_least_privilege_names_what_was_used_and_nothing_else() -> None:
    key = "arn:aws:kms:us-east-1:444455556666:key/k"
    assert least_privilege([use("kms:Decrypt", key), use("kms:Encrypt", key)])["Statement"] == [
        {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:Encrypt"], "Resource": [key]}
    ]


def test_least_privilege_keeps_to_whom_a_role_is_passed() -> None:
    passed = use(
        "iam:PassRole", "arn:aws:iam::4:role/x", **{"iam:passedtoservice": "sagemaker.amazonaws.com"}
    )
    (statement,) = least_privilege([passed])["Statement"]
    assert statement["Condition"] == {"StringEquals": {"iam:passedtoservice": "sagemaker.amazonaws.com"}}


def test_names_that_differ_from_run_to_run_are_left_open() -> None:
    sagemaker = "arn:aws:sagemaker:us-east-1:444455556666"
    assert (
        generalised("", f"{sagemaker}:processing-job/pipelines-a1b2-Prep-x")
        == f"{sagemaker}:processing-job/*"
    )
    assert (
        generalised("", f"{sagemaker}:pipeline/train/execution/abc")
        == f"{sagemaker}:pipeline/train/execution/*"
    )
    assert generalised("", "arn:aws:s3:::b/model/runs/1/out.csv") == "arn:aws:s3:::b/model/*"
    assert generalised("", f"{sagemaker}:pipeline/train") == f"{sagemaker}:pipeline/train"


def test_a_resource_that_another_covers_is_not_named_again() -> None:
    wide, narrow = "arn:aws:s3:::b/model/*", "arn:aws:s3:::b/model/x/y"
    (statement,) = least_privilege([use("s3:GetObject", wide), use("s3:GetObject", narrow)])["Statement"]
    assert statement["Resource"] == [wide]
