"""What would allow it: each change is checked by making it, and asking again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness.iam.advice import Change, advise
from harness.iam.evaluation import evaluate
from harness.iam.model import Policies, Policy, Request
from harness.model import Principal

from .asking import DEV, PROD, REGISTRY, allow, ask, policy, replaced, service, session

KEY = f"arn:aws:kms:us-east-1:{PROD}:key/1234"
OTHER_KEY = f"arn:aws:kms:us-east-1:{PROD}:key/5678"
BUCKET = "arn:aws:s3:::mammo-artifacts"
TOPIC = f"arn:aws:sns:us-east-1:{PROD}:alarms"
ROLE = f"arn:aws:iam::{PROD}:role/execution"
EXECUTION = session("execution")
INLINE = "444455556666 role/execution inline kms-key-access-policy"
NEW_INLINE = "444455556666 role/execution inline policy"
DELEGATING = policy("key policy", allow("kms:*", "*", Principal={"AWS": f"arn:aws:iam::{PROD}:root"}))


def advised(request: Request, policies: Policies) -> tuple[Change, ...]:
    """The advice, which is checked: with it the request is allowed, and without it was not."""
    verdict = evaluate(request, policies)
    assert not verdict.allowed
    changes = advise(request, policies, verdict)
    assert evaluate(request, made(policies, changes)).allowed
    return changes


def made(policies: Policies, changes: tuple[Change, ...]) -> Policies:
    for change in changes:
        assert change.statement, change
        done = (change.where, change.replaces, change.statement)
        if change.kind == "scp":
            levels = policies.scps
            policies = replace(
                policies,
                scps=tuple(
                    replaced(level, *done) if change.where in {one.name for one in level} else level
                    for level in levels
                ),
            )
        else:
            policies = replace(
                policies, **{change.kind: replaced(getattr(policies, change.kind) or (), *done)}
            )
    return policies


def one(request: Request, policies: Policies) -> Change:
    (change,) = advised(request, policies)
    return change


def test_a_resource_is_added_where_the_action_is_allowed_on_others() -> None:
    use = policy(INLINE, allow("kms:Decrypt", KEY, Sid="UseOwnKey"))
    request = ask(EXECUTION, "kms:Decrypt", OTHER_KEY, gate="key")
    change = one(request, Policies(identity=(use,), resource=(DELEGATING,)))
    assert (change.where, change.what) == (INLINE, f"add {OTHER_KEY} to the resources of UseOwnKey")
    assert change.statement["Resource"] == [KEY, OTHER_KEY]
    assert change.statement["Sid"] == "UseOwnKey"


def test_an_action_is_added_where_others_of_the_service_are_allowed_on_the_resource() -> None:
    read = policy(INLINE, allow("s3:GetObject", f"{BUCKET}/model"))
    change = one(ask(EXECUTION, "s3:PutObject", f"{BUCKET}/model"), Policies(identity=(read,)))
    assert (change.where, change.what) == (INLINE, "add s3:PutObject to the actions of statement 1")
    assert change.statement["Action"] == ["s3:GetObject", "s3:PutObject"]


@pytest.mark.parametrize(
    "statement",
    [
        allow("logs:*", f"{BUCKET}/model"),
        allow("s3:GetObject", f"{BUCKET}/*"),
        allow(["s3:PutObject", "s3:DeleteObject"], f"{BUCKET}/other"),
    ],
)
def test_a_statement_is_not_extended_to_another_service_nor_by_more_than_is_missing(
    statement: dict[str, Any],
) -> None:
    inline = policy(INLINE, statement)
    change = one(ask(EXECUTION, "s3:PutObject", f"{BUCKET}/model"), Policies(identity=(inline,)))
    assert change == Change(
        "identity", NEW_INLINE, "let it do s3:PutObject", allow("s3:PutObject", f"{BUCKET}/model")
    )


def test_a_policy_of_aws_is_never_edited() -> None:
    managed = policy(
        "444455556666 role/execution AWS managed AmazonS3ReadOnlyAccess", allow("s3:Get*", BUCKET)
    )
    assert one(ask(EXECUTION, "s3:GetObject", f"{BUCKET}/m"), Policies((managed,))).where == NEW_INLINE


def test_a_grant_is_never_edited() -> None:
    grant = policy(
        "444455556666 key alias/prod grant 1",
        allow("kms:Decrypt", "*", Principal={"AWS": f"arn:aws:iam::{PROD}:role/other"}),
    )
    change = one(ask(EXECUTION, "kms:Decrypt", KEY, gate="key"), Policies(resource=(policy("key"), grant)))
    assert change.where == "key"


def test_the_key_policy_alone_is_enough_where_it_names_the_role_itself() -> None:
    change = one(ask(EXECUTION, "kms:Decrypt", KEY, gate="key"), Policies(resource=(policy("key policy"),)))
    assert (change.kind, change.where, change.what) == (
        "resource",
        "key policy",
        f"let {ROLE} do kms:Decrypt",
    )
    assert change.statement == allow("kms:Decrypt", "*", Principal={"AWS": ROLE})


def test_both_accounts_have_to_allow() -> None:
    changes = advised(ask(EXECUTION, "s3:GetObject", f"{BUCKET}/model", REGISTRY), Policies())
    assert {change.where: change.statement for change in changes} == {
        "777788889999 bucket mammo-artifacts policy": allow(
            "s3:GetObject", f"{BUCKET}/model", Principal={"AWS": ROLE}
        ),
        NEW_INLINE: allow("s3:GetObject", f"{BUCKET}/model"),
    }


def test_only_the_account_that_does_not_allow_is_told_to() -> None:
    identity = policy(INLINE, allow("s3:*", "*"))
    request = ask(EXECUTION, "s3:GetObject", f"{BUCKET}/model", REGISTRY)
    assert one(request, Policies(identity=(identity,))).where == "777788889999 bucket mammo-artifacts policy"


def test_a_policy_that_others_have_too_is_not_extended() -> None:
    shared = policy("444455556666 role/execution managed ours", allow("s3:GetObject", f"{BUCKET}/a"))
    assert one(ask(EXECUTION, "s3:GetObject", f"{BUCKET}/b"), Policies((shared,))).where == NEW_INLINE


def test_another_accounts_role_cannot_be_passed_whatever_is_changed() -> None:
    role = f"arn:aws:iam::{REGISTRY}:role/approver"
    request, policies = ask(EXECUTION, "iam:PassRole", role, REGISTRY), Policies()
    (change,) = advise(request, policies, evaluate(request, policies))
    assert change == Change(
        "identity",
        f"{PROD} role/execution",
        f"pass a role of account {PROD}: roles are passed only within their account",
    )


def test_a_trust_policy_names_no_resource() -> None:
    role = f"arn:aws:iam::{REGISTRY}:role/approver"
    trust = policy("trust", allow("sts:AssumeRole", Principal={"AWS": DEV}))
    identity = policy(INLINE, allow("sts:AssumeRole", role))
    change = one(ask(EXECUTION, "sts:AssumeRole", role, REGISTRY, "trust"), Policies((identity,), (trust,)))
    assert change.what == f"add {ROLE} to the principals of statement 1"
    assert change.statement["Principal"] == {"AWS": [DEV, ROLE]}
    assert one(
        ask(EXECUTION, "sts:AssumeRole", role, REGISTRY, "trust"), Policies((identity,), (policy("trust"),))
    ).statement == allow("sts:AssumeRole", Principal={"AWS": ROLE})


def test_a_statement_that_gives_a_whole_service_is_never_extended() -> None:
    use_all = policy(INLINE, allow("kms:*", KEY))
    request = ask(EXECUTION, "kms:Decrypt", f"arn:aws:kms:us-east-1:{DEV}:key/9", DEV, "key")
    dev_only = policy("key policy", allow("kms:*", "*", Principal={"AWS": f"arn:aws:iam::{DEV}:root"}))
    changes = advised(request, Policies((use_all,), (dev_only,)))
    assert {change.where for change in changes} == {NEW_INLINE, "key policy"}
    assert {change.statement["Action"] for change in changes} == {"kms:Decrypt"}


def test_a_service_is_let_in_for_whom_it_acts_now() -> None:
    rule = f"arn:aws:events:us-east-1:{PROD}:rule/failed"
    events = service("events.amazonaws.com", source=rule)
    request = ask(events, "sns:Publish", TOPIC, aws_sourceaccount=PROD, aws_sourcearn=rule)
    change = one(request, Policies())
    assert change.what == "let events.amazonaws.com do sns:Publish"
    assert change.statement == allow(
        "sns:Publish",
        TOPIC,
        Principal={"Service": "events.amazonaws.com"},
        Condition={"StringEquals": {"aws:SourceAccount": PROD}, "ArnEquals": {"aws:SourceArn": rule}},
    )


def test_who_uses_aws_key_for_sns_is_told_to_have_a_key_of_its_own() -> None:
    aws = policy("444455556666 key alias/aws/sns policy", allow("kms:*", "*", Principal={"AWS": PROD}))
    request = ask(service("events.amazonaws.com"), "kms:GenerateDataKey", KEY, gate="key")
    assert one(request, Policies(resource=(aws,))).what.startswith("use a key of your own")


def test_a_role_is_added_to_the_roles_that_a_condition_names() -> None:
    owners = f"arn:aws:iam::{DEV}:role/execution"
    bucket = policy(
        "bucket policy",
        allow(
            "s3:GetObject",
            f"{BUCKET}/model",
            Sid="Read",
            Principal={"AWS": [DEV, PROD]},
            Condition={"ArnEquals": {"aws:PrincipalArn": [owners]}},
        ),
    )
    request = ask(EXECUTION, "s3:GetObject", f"{BUCKET}/model", REGISTRY, aws_principalarn=ROLE)
    change = one(request, Policies((policy(INLINE, allow("s3:*", "*")),), (bucket,)))
    assert change.statement["Condition"] == {"ArnEquals": {"aws:PrincipalArn": [owners, ROLE]}}
    assert change.what == f"Read allows it only where aws:PrincipalArn is {owners}; meet that, or add {ROLE}"


def test_a_condition_that_cannot_be_extended_stays_and_a_statement_is_added() -> None:
    services_only = allow("kms:CreateGrant", KEY, Condition={"Bool": {"kms:GrantIsForAWSResource": "true"}})
    request = ask(EXECUTION, "kms:CreateGrant", KEY, gate="key")
    change = one(request, Policies((policy(INLINE, services_only),), (DELEGATING,)))
    assert (change.where, change.statement) == (NEW_INLINE, allow("kms:CreateGrant", KEY))


def test_a_boundary_a_session_and_each_level_of_scps_have_to_allow_too() -> None:
    everything = policy("inline i", allow("*", "*"))
    policies = Policies(
        identity=(everything,),
        boundary=(policy("444455556666 role/execution boundary mine", allow("logs:*", "*")),),
        session=(policy("444455556666 session s policy 1", allow("logs:*", "*")),),
        scps=((everything,), (policy("unit", allow("logs:*", "*")),), (policy("account"),)),
    )
    changes = advised(ask(EXECUTION, "s3:GetObject", f"{BUCKET}/m"), policies)
    assert sorted((change.where, change.what) for change in changes) == [
        ("444455556666 role/execution boundary mine", "allow s3:GetObject"),
        ("444455556666 session s policy 1", "start the session with a policy that allows s3:GetObject"),
        ("account", "allow s3:GetObject"),
        ("unit", "allow s3:GetObject"),
    ]


def test_a_boundary_of_aws_is_to_be_replaced() -> None:
    boundary = policy("444455556666 role/x boundary AWS managed ReadOnlyAccess", allow("s3:List*", "*"))
    policies = Policies((policy("inline i", allow("*", "*")),), boundary=(boundary,))
    what = one(ask(EXECUTION, "s3:GetObject", f"{BUCKET}/m"), policies).what
    assert what == "use a policy of your own in its place, which also allows s3:GetObject"


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("inline i", "narrow or remove NoReading, which denies s3:GetObject"),
        ("x AWS managed AWSDenyAll", "detach the policy, for it has NoReading, which denies s3:GetObject"),
    ],
)
def test_a_statement_that_denies_is_to_be_narrowed_removed_or_detached(name: str, what: str) -> None:
    denying = policy(
        name,
        allow("*", "*"),
        {"Sid": "NoReading", "Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"},
    )
    request, policies = ask(EXECUTION, "s3:GetObject", f"{BUCKET}/m"), Policies((denying,))
    (change,) = advise(request, policies, evaluate(request, policies))
    assert change == Change("identity", name, what, replaces="NoReading")


# The law: what is advised, allows

ACTIONS = st.sampled_from(["s3:GetObject", "s3:PutObject", "s3:Get*", "s3:*", "logs:*", "*"])
RESOURCES = st.sampled_from([f"{BUCKET}/a", f"{BUCKET}/b", f"{BUCKET}/*", "arn:aws:s3:::other/*", "*"])
WHO = st.sampled_from([{"AWS": PROD}, {"AWS": DEV}, {"AWS": ROLE}, {"Service": "events.amazonaws.com"}, "*"])
CONDITIONS = st.sampled_from(
    [
        {},
        {"StringEquals": {"aws:SourceAccount": PROD}},
        {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/other"}},
        {"Bool": {"aws:SecureTransport": "true"}},
        {"StringNotEquals": {"aws:PrincipalArn": ROLE}},
    ]
)


@st.composite
def statements(draw: st.DrawFn, *, named: bool = False) -> dict[str, Any]:
    actions, resources = draw(st.lists(ACTIONS, min_size=1)), draw(st.lists(RESOURCES, min_size=1))
    action = draw(st.sampled_from(["Action", "NotAction"]))
    resource = draw(st.sampled_from(["Resource", "NotResource"]))
    made = {"Effect": "Allow", action: actions, resource: resources, "Condition": draw(CONDITIONS)}
    return {**made, "Principal": draw(WHO)} if named else made


def policies_of(name: str, *, named: bool = False) -> st.SearchStrategy[tuple[Policy, ...]]:
    some = st.lists(statements(named=named), max_size=3)
    return some.map(lambda given: (policy(name, *given),))


ASKED = st.builds(
    lambda who, owner, path: ask(
        who, "s3:GetObject", f"{BUCKET}/{path}", owner, aws_principalarn=ROLE, aws_sourceaccount=DEV
    ),
    st.sampled_from([EXECUTION, service("events.amazonaws.com")]),
    st.sampled_from([PROD, REGISTRY]),
    st.sampled_from("ab"),
)
UNDER = st.builds(
    Policies,
    identity=policies_of(INLINE),
    resource=policies_of("bucket policy", named=True),
    boundary=st.none() | policies_of("boundary"),
    session=st.none() | policies_of("session"),
    scps=st.lists(policies_of("scp"), max_size=1).map(tuple),
)


@given(ASKED, UNDER)
def test_what_is_advised_allows(request: Request, policies: Policies) -> None:
    verdict = evaluate(request, policies)
    changes = advise(request, policies, verdict)
    assert bool(changes) != verdict.allowed
    assert evaluate(request, made(policies, changes)).allowed


ALL = (policy("all", allow("*", "*")),)
OPEN = (policy("open", allow("*", "*", Principal="*")),)
ANYBODY = st.sampled_from([EXECUTION, session("other"), session("execution", DEV)])
ANYTHING = st.tuples(
    st.sampled_from(["s3:GetObject", "s3:PutObject", "logs:GetLogEvents"]),
    st.sampled_from([f"{BUCKET}/a", f"{BUCKET}/b", f"{BUCKET}/c", "arn:aws:s3:::other/a"]),
)
READ_A = ("s3:GetObject", f"{BUCKET}/a")


def asked_by(who: Principal, what: tuple[str, str], request: Request) -> Request:
    """Another call, in the same place."""
    context = {**request.context, "aws:principalarn": who.role_arn}
    return replace(request, principal=who, action=what[0], resource=what[1], context=context)


@given(ASKED, UNDER, ANYBODY, ANYTHING)
def test_what_is_advised_allows_nothing_else(
    request: Request, policies: Policies, who: Principal, what: tuple[str, str]
) -> None:
    """But for SCPs: see the next."""
    changed = made(policies, advise(request, policies, evaluate(request, policies)))
    other = asked_by(who, what, request)
    # Others' own policies allow everything.
    own = {} if who == EXECUTION else {"identity": ALL, "boundary": None, "session": None}
    before, after = (replace(p, scps=(), **own) for p in (policies, changed))
    if other != request and evaluate(other, after).allowed:
        assert evaluate(other, before).allowed


@given(ASKED, UNDER, ANYBODY, ANYTHING)
@example(ask(EXECUTION, *READ_A), Policies(scps=((policy("scp"),),)), session("other"), READ_A)
def test_an_scp_lets_its_account_do_what_is_advised_and_nothing_else(
    request: Request, policies: Policies, who: Principal, what: tuple[str, str]
) -> None:
    """An SCP bounds every principal of its account, and gives nobody anything: these are given everything."""
    changed = made(policies, advise(request, policies, evaluate(request, policies)))
    before, after = (Policies(identity=ALL, resource=OPEN, scps=p.scps) for p in (policies, changed))
    other = asked_by(who, what, request)
    if evaluate(other, after).allowed and not evaluate(other, before).allowed:
        assert what == (request.action, request.resource)
