"""What a run made of its policies: used, never used, needed, and the least that a role gets by with."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from harness.iam.documents import parse
from harness.iam.evaluation import evaluate
from harness.iam.model import Policies, Policy, Request
from harness.model import Principal
from harness.usage import Use, generalised, least_privilege, usage

ROLE = "444455556666 role/x"
IDENTITY = "arn:aws:iam::444455556666:role/x"
READ = f"{ROLE} inline reading#Read"
MANAGED = f"{ROLE} managed AmazonSageMakerFullAccess"


def call(action: str, resource: str, *by: list[str], **conditions: str) -> dict[str, Any]:
    used = {"action": action, "resource": resource, "conditions": conditions, "by": list(by)}
    return {"kind": "call", "decision": "allowed", "identity": IDENTITY, "permissions": [used]}


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


def test_what_a_policy_was_called_before_it_has_its_last_name() -> None:
    key = {"kind": "policy", "place": "arn:aws:kms:::key/1 0", "document": policy("", "Use")["document"]}
    records = [
        {**key, "name": "444455556666 key 1 policy"},
        call("kms:Decrypt", "arn:aws:kms:::key/1", ["444455556666 key 1 policy#Use"]),
        {**key, "name": "444455556666 key alias/data policy"},
        call("kms:Decrypt", "arn:aws:kms:::key/1", ["444455556666 key alias/data policy#Use"]),
    ]
    (statement,) = usage(records).statements
    assert (statement.ref, statement.used) == ("444455556666 key alias/data policy#Use", 2)


def test_a_statement_that_was_changed_is_counted_as_one() -> None:
    reading = policy(f"{ROLE} inline reading", "Read")
    get = call("s3:GetObject", "arn:aws:s3:::b/k", [READ])
    (statement,) = usage([reading, get, reading, get]).statements
    assert statement.used == 2


def test_what_a_topic_has_until_somebody_gives_it_a_policy_is_not_told() -> None:
    assert usage([policy("444455556666 topic alarms policy", "__default_statement_ID")]).statements == ()


def test_statements_that_deny_are_told_as_such() -> None:
    record = policy(f"{ROLE} inline reading", "Never")
    record["document"]["Statement"][0]["Effect"] = "Deny"
    (statement,) = usage([record]).statements
    assert statement.row() == {
        "statement": f"{ROLE} inline reading#Never",
        "policy": f"{ROLE} inline reading",
        "label": "Never",
        "effect": "Deny",
        "used": 0,
        "needed": 0,
        "others": [],
    }


def test_statements_that_allowed_the_same_are_told_the_most_used_first() -> None:
    write = f"{ROLE} inline reading#Write"
    statements = found(
        call("s3:GetObject", "arn:aws:s3:::b/k", [READ, f"{MANAGED}#1"]),
        call("s3:GetObject", "arn:aws:s3:::b/l", [READ, write]),
        call("s3:PutObject", "arn:aws:s3:::b/l", [READ, write]),
    )
    assert statements[READ].others == (write, MANAGED)
    assert statements[READ].row()["others"] == [write, MANAGED]


def test_a_role_that_has_a_policy_but_did_nothing_is_a_role_too() -> None:
    assert usage([policy("777788889999 role/idle trust", "Trust")]).roles == ["777788889999 role/idle"]


def use(action: str, resource: str, **conditions: str) -> Use:
    return Use(ROLE, action, resource, tuple(conditions.items()), (), 1)


def test_least_privilege_names_what_was_used_and_nothing_else() -> None:
    key = "arn:aws:kms:us-east-1:444455556666:key/k"
    assert least_privilege([use("kms:Decrypt", key), use("kms:Encrypt", key)])["Statement"] == [
        {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:Encrypt"], "Resource": [key]}
    ]


def test_least_privilege_keeps_to_whom_a_role_is_passed() -> None:
    passed = use(
        "iam:PassRole", "arn:aws:iam::4:role/x", **{"iam:PassedToService": "sagemaker.amazonaws.com"}
    )
    (statement,) = least_privilege([passed])["Statement"]
    assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}


def test_least_privilege_asks_for_a_boolean_as_one() -> None:
    grant = use("kms:CreateGrant", "arn:aws:kms:::key/k", **{"kms:GrantIsForAWSResource": "true"})
    (statement,) = least_privilege([grant])["Statement"]
    assert statement["Condition"] == {"Bool": {"kms:GrantIsForAWSResource": "true"}}


def test_names_that_differ_from_run_to_run_are_left_open() -> None:
    sagemaker = "arn:aws:sagemaker:us-east-1:444455556666"
    assert generalised(f"{sagemaker}:processing-job/pipelines-a1b2-Prep-x") == f"{sagemaker}:processing-job/*"
    assert (
        generalised(f"{sagemaker}:pipeline/train/execution/abc") == f"{sagemaker}:pipeline/train/execution/*"
    )
    assert generalised(f"{sagemaker}:model-package/g/7") == f"{sagemaker}:model-package/g/*"
    assert generalised("arn:aws:s3:::b/model/runs/1/out.csv") == "arn:aws:s3:::b/model/*"
    assert generalised(f"{sagemaker}:pipeline/train") == f"{sagemaker}:pipeline/train"


def test_a_resource_that_another_covers_is_not_named_again() -> None:
    wide, narrow = "arn:aws:s3:::b/model/*", "arn:aws:s3:::b/model/x/y"
    (statement,) = least_privilege([use("s3:GetObject", wide), use("s3:GetObject", narrow)])["Statement"]
    assert statement["Resource"] == [wide]


def test_who_did_nothing_needs_nothing() -> None:
    assert least_privilege([])["Statement"] == []


# The law: what was done stays allowed, and no other action becomes so

USES = st.builds(
    use,
    st.sampled_from(["s3:GetObject", "s3:PutObject", "sagemaker:DescribeTrainingJob"]),
    st.sampled_from(
        [
            "*",
            "arn:aws:s3:::b",
            "arn:aws:s3:::b/k",
            "arn:aws:s3:::b/model/runs/1/out.csv",
            "arn:aws:s3:::b/model/x",
            "arn:aws:sagemaker:us-east-1:444455556666:training-job/train-a1b2",
            "arn:aws:sagemaker:us-east-1:444455556666:model-package/m/3",
        ]
    ),
)
PASSING = st.builds(
    lambda service: use("iam:PassRole", "arn:aws:iam::4:role/x", **{"iam:PassedToService": service}),
    st.sampled_from(["sagemaker.amazonaws.com", "events.amazonaws.com"]),
)
WORKER = Principal("444455556666", IDENTITY, "assumed-role", role_arn="arn:aws:iam::444455556666:role/x")


def allowed(document: dict[str, Any], one: Use, action: str) -> bool:
    policies = Policies(identity=(Policy("least", parse(json.dumps(document))),))
    request = Request(WORKER, action, one.resource, "444455556666", {k.lower(): v for k, v in one.conditions})
    return evaluate(request, policies).allowed


@given(st.lists(USES | PASSING))
def test_least_privilege_allows_what_was_done_and_no_other_action(uses: list[Use]) -> None:
    document = least_privilege(uses)
    for one in uses:
        assert allowed(document, one, one.action)
        assert not allowed(document, one, "s3:DeleteObject")


@given(st.lists(USES | PASSING))
def test_least_privilege_does_not_depend_on_the_order_of_what_was_done(uses: list[Use]) -> None:
    assert least_privilege(uses) == least_privilege(reversed(uses))


@given(st.lists(PASSING, min_size=1, max_size=1))
def test_a_role_is_passed_to_nobody_else(uses: list[Use]) -> None:
    other = Use(
        ROLE, uses[0].action, uses[0].resource, (("iam:PassedToService", "lambda.amazonaws.com"),), (), 1
    )
    assert not allowed(least_privilege(uses), other, "iam:PassRole")
