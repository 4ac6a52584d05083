"""Which policies have a say in a request, and what they are called."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest

from harness.access.collect import collect
from harness.access.context import Organization
from harness.access.facts import Bucket, Identity
from harness.access.inventory import inventory
from harness.iam.model import Policies, Policy
from harness.model import Permission, Principal, Session

from .cloud import ROLE, Cloud, allow, deny, document, key, peopled, session
from .needs.world import AWAY, HOME, REGION

READ, WRITE = allow("s3:GetObject", "*", Sid="Read"), allow("s3:PutObject", "*", Sid="Write")
READING = document(READ)
OBJECT = "arn:aws:s3:::models/m.tar.gz"
GET = Permission("s3:GetObject", OBJECT, HOME)
SERVICE = Principal(HOME, "events.amazonaws.com", "service")
NOBODY = Principal("", "anonymous", "anonymous")
WORKER = Identity(
    ROLE,
    "AROA1",
    inline=(("own", document(READ, WRITE)),),
    attached=(
        (f"arn:aws:iam::{HOME}:policy/team/reading", READING),
        ("arn:aws:iam::aws:policy/service-role/AWSLambdaRole", READING),
    ),
    boundary=(f"arn:aws:iam::{HOME}:policy/limits", READING),
    trust=document(allow("sts:AssumeRole", Principal={"AWS": HOME})),
)
OWN = f"{HOME} role/worker inline own"
LIMITS = f"{HOME} role/worker boundary limits"
ORGANIZATION = Organization(
    "o-example",
    {HOME: ((("FullAWSAccess", READING),), (("FullAWSAccess", READING), ("no-s3.json", READING)))},
)


def collected(
    permission: Permission = GET,
    *without: str,
    by: Principal | None = None,
    cloud: Cloud | None = None,
    organization: Organization | None = None,
) -> Policies:
    principal, cloud = by or session(), cloud or peopled(WORKER)
    identity = cloud.identity(principal.identity_arn)
    return collect(principal, permission, identity, cloud, organization, frozenset(without))


def names(policies: Iterable[Policy] | None) -> list[str]:
    return [policy.name for policy in policies or ()]


def sids(policies: Iterable[Policy]) -> list[str]:
    return [statement.label for policy in policies for statement in policy.document.statements]


# Names


def test_a_roles_policies_are_told_by_how_it_has_them() -> None:
    assert names(collected().identity) == [
        OWN,
        f"{HOME} role/worker managed reading",
        f"{HOME} role/worker AWS managed AWSLambdaRole",
    ]


def test_a_boundary_is_told_as_one_also_where_it_is_a_policy_of_aws() -> None:
    assert names(collected().boundary) == [LIMITS]
    aws = Identity(ROLE, "AROA1", boundary=("arn:aws:iam::aws:policy/ReadOnlyAccess", READING))
    assert names(collected(cloud=peopled(aws)).boundary) == [
        f"{HOME} role/worker boundary AWS managed ReadOnlyAccess"
    ]


def test_a_groups_policies_are_told_as_the_groups() -> None:
    ann = Identity(
        f"arn:aws:iam::{HOME}:user/ann",
        "AIDA1",
        inline=(("own", READING), ("group/analysts inline reading", READING)),
        attached=(
            (f"group/analysts managed arn:aws:iam::{HOME}:policy/team", READING),
            ("group/analysts managed arn:aws:iam::aws:policy/ReadOnlyAccess", READING),
        ),
    )
    assert names(collected(by=Principal(HOME, ann.arn, "user"), cloud=peopled(ann)).identity) == [
        f"{HOME} user/ann inline own",
        f"{HOME} group/analysts inline reading",
        f"{HOME} group/analysts managed team",
        f"{HOME} group/analysts AWS managed ReadOnlyAccess",
    ]


def test_session_policies_are_numbered() -> None:
    by = session(session=Session(policies=(READING, READING)))
    assert names(collected(by=by).session) == [f"{HOME} session job policy 1", f"{HOME} session job policy 2"]


RESOURCES = [
    ("arn:aws:sns:us-east-1:444455556666:alarms", "topic alarms policy"),
    ("arn:aws:sqs:us-east-1:444455556666:jobs", "queue jobs policy"),
    ("arn:aws:ecr:us-east-1:444455556666:repository/team/app", "repository team/app policy"),
    ("arn:aws:lambda:us-east-1:444455556666:function:latest", "function latest policy"),
    ("arn:aws:events:us-east-1:444455556666:event-bus/mlops", "event-bus mlops policy"),
    ("arn:aws:sagemaker:us-east-1:444455556666:model-package/m/3", "model-package-group m policy"),
]


@pytest.mark.parametrize(("arn", "name"), RESOURCES)
def test_a_resources_policy_is_told_by_account_kind_and_name(arn: str, name: str) -> None:
    cloud = peopled(WORKER, policies={arn: READING})
    assert names(collected(Permission("x:Y", arn, AWAY), cloud=cloud).resource) == [f"{AWAY} {name}"]


def test_an_objects_policy_is_its_buckets() -> None:
    cloud = peopled(WORKER, buckets={"models": Bucket("models", AWAY, READING)})
    assert names(collected(GET, cloud=cloud).resource) == [f"{AWAY} bucket models policy"]


@pytest.mark.parametrize(
    "permission",
    [
        GET,
        Permission("s3:ListAllMyBuckets", "*", HOME),
        Permission("sns:Publish", f"arn:aws:sns:{REGION}:{HOME}:alarms", HOME),
    ],
)
def test_a_resource_without_a_policy_adds_none(permission: Permission) -> None:
    cloud = peopled(WORKER, buckets={"models": Bucket("models", HOME)})
    assert collected(permission, cloud=cloud).resource == ()


# Who has which


def test_nobody_and_services_have_no_policies_but_those_of_the_resource() -> None:
    cloud = peopled(WORKER, buckets={"models": Bucket("models", HOME, READING)})
    for by in (NOBODY, SERVICE):
        policies = collected(by=by, cloud=cloud, organization=ORGANIZATION)
        assert names(policies.resource) == [f"{HOME} bucket models policy"]
        assert (policies.identity, policies.boundary, policies.session, policies.scps) == ((), None, None, ())


def test_who_has_no_boundary_and_no_session_policy_is_not_bounded() -> None:
    policies = collected(cloud=peopled(Identity(ROLE, "AROA1")), by=session(session=Session()))
    assert (policies.boundary, policies.session) == (None, None)


def test_an_accounts_service_control_policies_come_level_by_level() -> None:
    levels = collected(organization=ORGANIZATION).scps
    assert [names(level) for level in levels] == [["FullAWSAccess"], ["FullAWSAccess", "no-s3.json"]]


def test_an_account_outside_the_organization_has_no_service_control_policies() -> None:
    away = session(f"arn:aws:iam::{AWAY}:role/remote")
    assert collected(by=away, organization=ORGANIZATION).scps == ()


# The gates


@pytest.mark.parametrize(("gate", "found"), [("trust", [f"{HOME} role/worker trust"]), ("", [])])
def test_a_trust_policy_speaks_only_to_who_would_assume_the_role(gate: str, found: list[str]) -> None:
    permission = Permission("sts:AssumeRole", ROLE, HOME, gate=gate)
    assert names(collected(permission).resource) == found


KEY = key("1234", READING, aliases=("alias/data", "alias/other"))
DECRYPT = Permission("kms:Decrypt", KEY.arn, HOME, gate="key")


def test_a_key_is_told_by_its_first_alias_and_without_one_by_its_id() -> None:
    plain = key("5678", READING)
    cloud = peopled(WORKER, keys=(KEY, plain))
    assert names(collected(DECRYPT, cloud=cloud).resource) == [f"{HOME} key alias/data policy"]
    permission = Permission("kms:Decrypt", plain.arn, HOME, gate="key")
    assert names(collected(permission, cloud=cloud).resource) == [f"{HOME} key 5678 policy"]


def test_who_may_change_an_alias_is_not_the_keys_policys_to_say() -> None:
    alias = Permission("kms:CreateAlias", f"arn:aws:kms:{REGION}:{HOME}:alias/data", HOME)
    assert collected(alias, cloud=peopled(WORKER, keys=(KEY,))).resource == ()


def granted(*grants: Any) -> list[Any]:
    """The statements that grants of a key are, of the policies after its own."""
    cloud = peopled(WORKER, keys=(key("1234", READING, aliases=("alias/data",), grants=grants),))
    own, *others = collected(DECRYPT, cloud=cloud).resource
    assert own.name == f"{HOME} key alias/data policy"
    assert names(others) == [f"{HOME} key alias/data grant {n}" for n in range(1, len(grants) + 1)]
    return [statement.source for policy in others for statement in policy.document.statements]


def test_a_grant_is_a_statement_of_its_own() -> None:
    by_role, by_service = granted(
        (ROLE, ("Decrypt", "Encrypt"), {}), ("rds.amazonaws.com", ("DescribeKey",), {})
    )
    assert by_role == allow(["kms:Decrypt", "kms:Encrypt"], "*", Principal={"AWS": ROLE})
    assert by_service == allow(["kms:DescribeKey"], "*", Principal={"Service": "rds.amazonaws.com"})


@pytest.mark.parametrize("constraint", ["EncryptionContextSubset", "EncryptionContextEquals"])
def test_a_grants_encryption_context_is_a_condition(constraint: str) -> None:
    (statement,) = granted((ROLE, ("Decrypt",), {constraint: {"team": "ml", "stage": "raw"}}))
    wanted = {"kms:EncryptionContext:team": "ml", "kms:EncryptionContext:stage": "raw"}
    assert statement["Condition"] == {"StringEquals": wanted}


def test_an_object_of_another_account_is_not_the_bucket_owners_to_share_only_to_deny() -> None:
    policy = document({**READ, "Principal": "*"}, deny("s3:*", OBJECT, Sid="OnlyTls", Principal={"AWS": "*"}))
    cloud = peopled(WORKER, buckets={"models": Bucket("models", HOME, policy)})
    theirs = Permission("s3:GetObject", OBJECT, AWAY)
    assert sids(collected(theirs, cloud=cloud).resource) == ["OnlyTls"]
    assert sids(collected(GET, cloud=cloud).resource) == ["Read", "OnlyTls"]


# What is left out


def test_a_statement_that_is_left_out_is_as_if_it_were_not_there() -> None:
    assert sids(collected(GET, f"{OWN}#Read").identity) == ["Write", "Read", "Read"]


def test_a_statement_without_a_sid_is_left_out_by_its_number() -> None:
    cloud = peopled(Identity(ROLE, "AROA1", inline=(("own", document(allow("a:B", "*"), WRITE)),)))
    assert sids(collected(GET, f"{OWN}#1", cloud=cloud).identity) == ["Write"]


def test_a_policy_that_is_left_out_is_as_if_it_were_not_there() -> None:
    assert OWN not in names(collected(GET, OWN).identity)
    cloud = peopled(WORKER, buckets={"models": Bucket("models", HOME, READING)})
    assert collected(GET, f"{HOME} bucket models policy", cloud=cloud).resource == ()


def test_without_its_boundary_a_role_is_not_bounded_any_more() -> None:
    assert collected(GET, LIMITS).boundary is None


def test_without_its_policy_a_session_is_not_bounded_any_more() -> None:
    by = session(session=Session(policies=(READING,)))
    assert collected(GET, f"{HOME} session job policy 1", by=by).session is None


def test_what_is_left_out_of_one_policy_stays_in_those_with_the_same_statement() -> None:
    assert sids(collected(GET, f"{HOME} role/worker managed reading#Read").identity) == [
        "Read",
        "Write",
        "Read",
    ]


# The inventory


def test_the_inventory_has_every_policy_of_roles_under_its_name() -> None:
    found = inventory(peopled(WORKER))
    assert {name: json.loads(text or "{}") for name, text in found.values()} == {
        OWN: json.loads(document(READ, WRITE)),
        f"{HOME} role/worker managed reading": json.loads(READING),
        f"{HOME} role/worker AWS managed AWSLambdaRole": {},
        LIMITS: json.loads(READING),
        f"{HOME} role/worker trust": json.loads(WORKER.trust),
    }


AWS_READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


@pytest.mark.parametrize(
    "identity",
    [
        Identity(ROLE, "AROA1", attached=((AWS_READ_ONLY, READING),)),
        Identity(ROLE, "AROA1", attached=((f"group/a managed {AWS_READ_ONLY}", READING),)),
        Identity(ROLE, "AROA1", boundary=(AWS_READ_ONLY, READING)),
    ],
)
def test_policies_of_aws_have_no_text_in_the_inventory_however_one_has_them(identity: Identity) -> None:
    ((name, text),) = inventory(peopled(identity)).values()
    assert (name.endswith("AWS managed ReadOnlyAccess"), text) == (True, "")


def test_the_inventory_has_every_policy_of_resources() -> None:
    cloud = peopled(
        keys=(KEY,),
        buckets={"models": Bucket("models", AWAY, READING)},
        policies={arn: READING for arn, _ in RESOURCES},
        listed=("arn:aws:s3:::models", KEY.arn),
    )
    assert [name for name, _ in inventory(cloud).values()] == [
        f"{AWAY} bucket models policy",
        f"{HOME} key alias/data policy",
        *(f"{AWAY} {name}" for _, name in RESOURCES),
    ]


def test_a_keys_policy_keeps_its_place_when_its_name_changes() -> None:
    unnamed, named = (peopled(keys=(k,), listed=(KEY.arn,)) for k in (key("1234", READING), KEY))
    before, after = inventory(unnamed), inventory(named)
    assert before.keys() == after.keys()
    assert [name for name, _ in before.values()] == [f"{HOME} key 1234 policy"]
    assert [name for name, _ in after.values()] == [f"{HOME} key alias/data policy"]
