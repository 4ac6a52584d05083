"""What sessions of roles may do: who may start one, how far a session policy narrows it, and until when it lasts.

On a harness of their own: they move its clock, and every session of an hour has then ended.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from harness.model import Json
from harness.stack import started
from tests.e2e.callers import (
    DEV,
    PROD,
    Caller,
    Callers,
    allow,
    not_authorized,
    policy,
    refused,
    trust,
    unallowed,
)

EVERYTHING = allow("*")


@pytest.fixture(scope="module")
def callers() -> Iterator[Callers]:
    with started() as stack:
        yield Callers(stack)


@pytest.fixture(scope="module")
def bucket(callers: Callers) -> str:
    return callers.bucket(x="x")


def assuming(caller: Caller, role: str, **more: str) -> tuple[str, int, str]:
    """The refusal of AssumeRole."""
    return refused(caller.client("sts").assume_role, RoleArn=role, RoleSessionName="me", **more)


def refused_to(caller: Caller, role: str, why: str = "") -> tuple[str, int, str]:
    return "AccessDenied", 403, not_authorized(caller, "sts:AssumeRole", role, why)


# Who may start one


def test_a_role_that_trusts_the_account_leaves_it_to_the_accounts_policies(callers: Callers) -> None:
    role = callers.role(trusts=trust(DEV))
    ann = callers.user()
    assert assuming(ann, role) == refused_to(ann, role, unallowed("sts:AssumeRole"))
    bob = callers.user(allow("sts:AssumeRole", role))
    assert callers.assumed(role, bob).arn.endswith(f"{role.rsplit('/', 1)[-1]}/me")


def test_a_role_that_names_a_user_of_its_account_needs_no_policy_of_the_users(callers: Callers) -> None:
    ann = callers.user()
    callers.assumed(callers.role(trusts=trust(ann.arn)), ann)


def test_a_role_that_does_not_trust_its_caller_cannot_be_assumed_with_any_policy(callers: Callers) -> None:
    """AWS's answer ends with the resource; the lesson says which side is missing."""
    ann, role = callers.user(EVERYTHING), callers.role(trusts=trust("lambda.amazonaws.com"))
    assert assuming(ann, role) == refused_to(ann, role)
    lesson = callers.lesson(ann.arn)
    (told,) = (read for read in lesson["policies"] if read["kind"] == "resource")
    assert told["policy"] == f"{DEV} {role.split(':')[5]} trust"
    assert told["why"].startswith("statement 1 allows it to ")
    (change,) = lesson["changes"]
    assert change["where"] == told["policy"]


def test_across_accounts_both_have_to_allow(callers: Callers) -> None:
    ann, bob = callers.user(), callers.user(allow("sts:AssumeRole"))
    role = callers.role(account=PROD, trusts=trust(DEV))
    assert assuming(ann, role) == refused_to(ann, role, unallowed("sts:AssumeRole"))
    assert callers.assumed(role, bob).arn.startswith(f"arn:aws:sts::{PROD}:assumed-role/")
    closed = callers.role(account=PROD, trusts=trust(PROD))
    assert assuming(bob, closed) == refused_to(bob, closed)


def test_a_role_that_is_not_there_is_told_like_one_that_does_not_trust(callers: Callers) -> None:
    ann, role = callers.user(EVERYTHING), f"arn:aws:iam::{PROD}:role/no-such-role"
    assert assuming(ann, role) == refused_to(ann, role)


def test_without_the_external_id_that_a_role_asks_for_nobody_assumes_it(callers: Callers) -> None:
    """IAM User Guide, "Access to AWS accounts owned by third parties"."""
    asked = {"StringEquals": {"sts:ExternalId": "example-corp-12345"}}
    ann = callers.user(allow("sts:AssumeRole"))
    role = callers.role(account=PROD, trusts=trust(DEV, Condition=asked))
    assert assuming(ann, role) == refused_to(ann, role)
    assert "sts:ExternalId" in callers.lesson(ann.arn)["policies"][0]["why"]
    assert assuming(ann, role, ExternalId="another") == refused_to(ann, role)
    callers.assumed(role, ann, ExternalId="example-corp-12345")


# What it may do


def test_a_session_has_its_roles_permissions_and_not_its_callers(callers: Callers, bucket: str) -> None:
    role = callers.role(allow("s3:ListBucket"), trusts=trust(DEV))
    session = callers.assumed(role)
    assert session.client("s3").list_objects_v2(Bucket=bucket)["KeyCount"] == 1
    assert refused(session.client("s3").get_object, Bucket=bucket, Key="x") == (
        "AccessDenied",
        403,
        not_authorized(session, "s3:GetObject", f'"arn:aws:s3:::{bucket}/x"', unallowed("s3:GetObject")),
    )


def test_a_session_policy_narrows_and_never_widens(callers: Callers, bucket: str) -> None:
    role = callers.role(allow(["s3:GetObject", "s3:PutObject"]), trusts=trust(DEV))
    session = callers.assumed(role, Policy=policy(allow(["s3:GetObject", "s3:ListBucket"])))
    s3, place = session.client("s3"), f'"arn:aws:s3:::{bucket}/x"'
    assert s3.get_object(Bucket=bucket, Key="x")["Body"].read() == b"x"
    assert refused(s3.put_object, Bucket=bucket, Key="x", Body=b"x") == (
        "AccessDenied",
        403,
        not_authorized(session, "s3:PutObject", place, unallowed("s3:PutObject", "session policy")),
    )
    assert callers.lesson(session.arn)["changes"] == [
        {
            "where": f"{DEV} session me policy 1",
            "what": "start the session with a policy that allows s3:PutObject",
            "statement": {
                "Effect": "Allow",
                "Action": "s3:PutObject",
                "Resource": f"arn:aws:s3:::{bucket}/x",
            },
        }
    ]
    assert refused(s3.list_objects_v2, Bucket=bucket)[2].endswith(unallowed("s3:ListBucket"))


def test_a_managed_policy_narrows_a_session_too(callers: Callers, bucket: str) -> None:
    read_only = [{"arn": "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"}]
    session = callers.assumed(callers.role(EVERYTHING, trusts=trust(DEV)), PolicyArns=read_only)
    assert session.client("s3").list_objects_v2(Bucket=bucket)["KeyCount"] == 1
    refusal = refused(session.client("s3").delete_object, Bucket=bucket, Key="x")
    assert refusal[2].endswith(unallowed("s3:DeleteObject", "session policy"))


def test_a_bucket_that_lets_the_role_in_is_narrowed_by_the_session_policy(
    callers: Callers, bucket: str
) -> None:
    """IAM User Guide, "Session policies": a resource-based policy that names the role's ARN is limited by the session
    policy; one that names the session's is not."""
    role = callers.role(trusts=trust(DEV))
    session = callers.assumed(role, Policy=policy(allow("s3:ListBucket")))
    reading = allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*")
    try:
        put_bucket_policy(callers, bucket, {**reading, "Principal": {"AWS": role}})
        refusal = refused(session.client("s3").get_object, Bucket=bucket, Key="x")
        assert refusal[2].endswith(unallowed("s3:GetObject", "session policy"))
        put_bucket_policy(callers, bucket, {**reading, "Principal": {"AWS": session.arn}})
        assert session.client("s3").get_object(Bucket=bucket, Key="x")["Body"].read() == b"x"
    finally:
        callers.admin("s3").delete_bucket_policy(Bucket=bucket)


def put_bucket_policy(callers: Callers, bucket: str, *statements: Json) -> None:
    callers.admin("s3").put_bucket_policy(Bucket=bucket, Policy=policy(*statements))


def test_a_chain_of_roles_ends_with_the_last_ones_permissions(callers: Callers, bucket: str) -> None:
    first = callers.role(allow(["sts:AssumeRole", "s3:ListAllMyBuckets"]), trusts=trust(DEV))
    second = callers.role(allow("s3:ListBucket"), trusts=trust(first))
    start = callers.assumed(first)
    end = callers.assumed(second, start)
    assert end.client("s3").list_objects_v2(Bucket=bucket)["KeyCount"] == 1
    assert start.client("s3").list_buckets()["Buckets"]
    assert refused(end.client("s3").list_buckets) == (
        "AccessDenied",
        403,
        not_authorized(end, "s3:ListAllMyBuckets", "", unallowed("s3:ListAllMyBuckets")),
    )


def test_a_chained_session_lasts_an_hour_at_most(callers: Callers) -> None:
    first = callers.role(allow("sts:AssumeRole"), trusts=trust(DEV))
    second = callers.role(trusts=trust(first), MaxSessionDuration=7200)
    start = callers.assumed(first)
    limit = "exceeds the 1 hour session limit for roles assumed by role chaining"
    assert refused(
        start.client("sts").assume_role, RoleArn=second, RoleSessionName="me", DurationSeconds=7200
    ) == ("ValidationError", 400, f"The requested DurationSeconds {limit}")


def test_a_policy_on_session_tags_sees_them(callers: Callers, bucket: str) -> None:
    tagged = {"StringEquals": {"aws:PrincipalTag/team": "ml"}}
    both = trust(DEV).replace('"sts:AssumeRole"', '["sts:AssumeRole", "sts:TagSession"]')
    role = callers.role(allow("s3:ListBucket", Condition=tagged), trusts=both)
    session = callers.assumed(role, Tags=[{"Key": "team", "Value": "ml"}])
    assert session.client("s3").list_objects_v2(Bucket=bucket)["KeyCount"] == 1
    other = callers.assumed(role, RoleSessionName="other", Tags=[{"Key": "team", "Value": "web"}])
    assert refused(other.client("s3").list_objects_v2, Bucket=bucket)[0] == "AccessDenied"
    (read,) = callers.lesson(other.arn)["policies"]
    assert "aws:PrincipalTag/team" in read["why"]
    assert "web" in read["why"]


# Until when


EXPIRED: dict[str, tuple[str, str, int, str]] = {
    # service: (operation, code, HTTP status, message)
    "iam": ("list_roles", "ExpiredToken", 403, "The security token included in the request is expired"),
    "lambda": (
        "list_functions",
        "ExpiredTokenException",
        403,
        "The security token included in the request is expired",
    ),
    "s3": ("list_buckets", "ExpiredToken", 400, "The provided token has expired."),
    "sagemaker": (
        "list_models",
        "ExpiredTokenException",
        400,
        "The security token included in the request is expired",
    ),
    "sts": (
        "get_caller_identity",
        "ExpiredToken",
        403,
        "The security token included in the request is expired",
    ),
}


@pytest.fixture(scope="module")
def expired(callers: Callers) -> Caller:
    """A session of an hour, an hour later by the virtual clock."""
    session = callers.assumed(callers.role(EVERYTHING, trusts=trust(DEV)))
    for service, (operation, *_) in EXPIRED.items():
        getattr(session.client(service), operation)()
    client = callers.stack.client
    assert client.advance_to(client.now() + timedelta(hours=1, seconds=1)) == []
    return session


@pytest.mark.parametrize("service", EXPIRED)
def test_a_session_of_an_hour_is_refused_after_an_hour_of_virtual_time(expired: Caller, service: str) -> None:
    operation, *told = EXPIRED[service]
    assert refused(getattr(expired.client(service), operation)) == tuple(told)


def test_a_longer_session_lasts_as_long_as_it_was_asked_for(callers: Callers) -> None:
    role = callers.role(EVERYTHING, trusts=trust(DEV), MaxSessionDuration=7200)
    session, client = callers.assumed(role, DurationSeconds=7200), callers.stack.client
    client.advance_to(client.now() + timedelta(minutes=90))
    assert session.client("sts").get_caller_identity()["Arn"] == session.arn
    client.advance_to(client.now() + timedelta(minutes=31))
    assert refused(session.client("sts").get_caller_identity)[0] == "ExpiredToken"


def test_long_lived_keys_do_not_expire(callers: Callers, expired: Caller) -> None:
    ann = callers.user()
    client = callers.stack.client
    client.advance_to(client.now() + timedelta(days=1))
    assert ann.client("sts").get_caller_identity()["Arn"] == ann.arn
