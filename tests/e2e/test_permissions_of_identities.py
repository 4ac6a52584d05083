"""What users may do: nothing, until a policy of theirs, of their group's or of the resource's lets them."""

from __future__ import annotations

import pytest

from harness.model import Json
from tests.e2e.callers import (
    DEV,
    Caller,
    Callers,
    allow,
    deny,
    not_authorized,
    own_name,
    policy,
    refused,
    trust,
    unallowed,
)

LISTING: dict[str, tuple[str, str, int, str, str]] = {
    # service: (operation, code, HTTP status, action as the message spells it, resource as the message words it)
    "cloudwatch": ("list_metrics", "AccessDenied", 403, "cloudwatch:ListMetrics", ""),
    "ecr": ("get_authorization_token", "AccessDeniedException", 400, "ecr:GetAuthorizationToken", "*"),
    "iam": ("get_account_summary", "AccessDenied", 403, "iam:GetAccountSummary", "*"),
    "kms": ("list_keys", "AccessDeniedException", 400, "kms:ListKeys", "*"),
    "lambda": ("list_functions", "AccessDeniedException", 403, "lambda:ListFunctions", "*"),
    "s3": ("list_buckets", "AccessDenied", 403, "s3:ListAllMyBuckets", ""),
    "sagemaker": ("list_models", "AccessDeniedException", 400, "sagemaker:ListModels", ""),
}


@pytest.fixture(scope="module")
def nobody(callers: Callers) -> Caller:
    """A user without policies."""
    return callers.user()


@pytest.fixture(scope="module")
def bucket(callers: Callers) -> str:
    return callers.bucket(x="x", y="y")


def to_read(bucket: str) -> Json:
    return allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*")


def reads(caller: Caller, bucket: str) -> bool:
    body: bytes = caller.client("s3").get_object(Bucket=bucket, Key="x")["Body"].read()
    return body == b"x"


@pytest.mark.parametrize("service", LISTING)
def test_a_user_without_policies_is_refused_in_each_services_own_words(nobody: Caller, service: str) -> None:
    operation, code, status, action, resource = LISTING[service]
    assert refused(getattr(nobody.client(service), operation)) == (
        code,
        status,
        not_authorized(nobody, action, resource, unallowed(action)),
    )


def test_the_lesson_of_having_no_policies_is_the_one_to_write(callers: Callers, nobody: Caller) -> None:
    refused(nobody.client("sagemaker").list_models)
    lesson = callers.lesson(nobody.arn)
    assert lesson["principal"] == f"user/{nobody.name}"
    assert lesson["policies"] == [
        {
            "policy": f"policies of {nobody.arn}",
            "kind": "identity",
            "says": "does not allow",
            "why": "there are none",
        }
    ]
    (change,) = lesson["changes"]
    assert change["where"] == f"{DEV} user/{nobody.name} inline policy"
    assert change["statement"] == {"Effect": "Allow", "Action": "sagemaker:ListModels", "Resource": "*"}


def test_the_statement_that_a_lesson_writes_makes_the_call_go_through(callers: Callers, bucket: str) -> None:
    ann = callers.user()
    refused(ann.client("s3").get_object, Bucket=bucket, Key="x")
    (change,) = callers.lesson(ann.arn)["changes"]
    callers.admin("iam").put_user_policy(
        UserName=ann.name, PolicyName="advised", PolicyDocument=policy(change["statement"])
    )
    assert reads(ann, bucket)


def test_who_one_is_nobody_forbids(nobody: Caller) -> None:
    """STS API reference, GetCallerIdentity: no permissions are required, and no policy can deny it."""
    assert nobody.client("sts").get_caller_identity()["Arn"] == nobody.arn


def test_an_inline_policy_allows_just_what_it_says(callers: Callers, bucket: str) -> None:
    ann = callers.user(to_read(bucket))
    assert reads(ann, bucket)
    place = f'"arn:aws:s3:::{bucket}/x"'
    assert refused(ann.client("s3").put_object, Bucket=bucket, Key="x", Body=b"") == (
        "AccessDenied",
        403,
        not_authorized(ann, "s3:PutObject", place, unallowed("s3:PutObject")),
    )
    (read,) = callers.lesson(ann.arn)["policies"]
    assert read["policy"] == f"{DEV} user/{ann.name} inline own"
    assert read["why"] == "statement 1 allows s3:GetObject, not s3:PutObject"


def test_a_policy_counts_from_the_moment_it_is_put_until_it_is_deleted(callers: Callers, bucket: str) -> None:
    ann, iam = callers.user(), callers.admin("iam")
    iam.put_user_policy(UserName=ann.name, PolicyName="own", PolicyDocument=policy(to_read(bucket)))
    assert reads(ann, bucket)
    iam.delete_user_policy(UserName=ann.name, PolicyName="own")
    assert refused(ann.client("s3").get_object, Bucket=bucket, Key="x")[0] == "AccessDenied"


def test_an_explicit_deny_wins_over_administrator_access(callers: Callers, bucket: str) -> None:
    ann = callers.user(deny("s3:*", f"arn:aws:s3:::{bucket}/y", Sid="NotThisOne"))
    callers.admin("iam").attach_user_policy(
        UserName=ann.name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
    )
    assert reads(ann, bucket)
    assert refused(ann.client("s3").get_object, Bucket=bucket, Key="y") == (
        "AccessDenied",
        403,
        not_authorized(
            ann,
            "s3:GetObject",
            f'"arn:aws:s3:::{bucket}/y"',
            "with an explicit deny in an identity-based policy",
        ),
    )
    lesson = callers.lesson(ann.arn)
    assert lesson["policies"][0]["says"] == "denies"
    assert [change["what"] for change in lesson["changes"]] == [
        "narrow or remove NotThisOne, which denies s3:GetObject"
    ]


def test_a_group_gives_its_members_its_policies_as_long_as_they_are_in_it(
    callers: Callers, bucket: str
) -> None:
    iam, ann, group = callers.admin("iam"), callers.user(), own_name("readers")
    iam.create_group(GroupName=group)
    iam.put_group_policy(GroupName=group, PolicyName="reading", PolicyDocument=policy(to_read(bucket)))
    iam.add_user_to_group(GroupName=group, UserName=ann.name)
    assert reads(ann, bucket)
    refused(ann.client("s3").delete_object, Bucket=bucket, Key="x")
    assert callers.lesson(ann.arn)["policies"][0]["policy"] == f"{DEV} group/{group} inline reading"
    iam.remove_user_from_group(GroupName=group, UserName=ann.name)
    assert refused(ann.client("s3").get_object, Bucket=bucket, Key="x")[0] == "AccessDenied"


def test_of_a_managed_policy_the_default_version_counts(callers: Callers, bucket: str) -> None:
    iam, ann, name = callers.admin("iam"), callers.user(), own_name("managed")
    arn = iam.create_policy(PolicyName=name, PolicyDocument=policy(to_read(bucket)))["Policy"]["Arn"]
    iam.attach_user_policy(UserName=ann.name, PolicyArn=arn)
    assert reads(ann, bucket)
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy(allow("s3:ListBucket")), SetAsDefault=True)
    assert refused(ann.client("s3").get_object, Bucket=bucket, Key="x")[0] == "AccessDenied"
    (read,) = callers.lesson(ann.arn)["policies"]
    assert read["policy"] == f"{DEV} user/{ann.name} managed {name}"
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    assert reads(ann, bucket)


def test_a_permissions_boundary_limits_what_policies_grant(callers: Callers, bucket: str) -> None:
    made = callers.admin("iam").create_policy(
        PolicyName=own_name("boundary"), PolicyDocument=policy(allow("s3:GetObject"))
    )["Policy"]
    role = callers.role(allow("s3:*"), trusts=trust(DEV), PermissionsBoundary=made["Arn"])
    ann = callers.assumed(role)
    assert reads(ann, bucket)
    place, why = f'"arn:aws:s3:::{bucket}/x"', unallowed("s3:PutObject", "permissions boundary")
    assert refused(ann.client("s3").put_object, Bucket=bucket, Key="x", Body=b"x") == (
        "AccessDenied",
        403,
        not_authorized(ann, "s3:PutObject", place, why),
    )
    (change,) = callers.lesson(ann.arn)["changes"]
    assert change["where"] == f"{DEV} {role.split(':')[5]} boundary {made['PolicyName']}"


def test_a_boundary_by_itself_grants_nothing(callers: Callers, bucket: str) -> None:
    everything = "arn:aws:iam::aws:policy/AdministratorAccess"
    ann = callers.assumed(callers.role(trusts=trust(DEV), PermissionsBoundary=everything))
    assert refused(ann.client("s3").get_object, Bucket=bucket, Key="x")[2].endswith(unallowed("s3:GetObject"))


def test_a_bucket_policy_alone_lets_a_user_of_its_own_account(callers: Callers, bucket: str) -> None:
    ann = callers.user()
    callers.admin("s3").put_bucket_policy(
        Bucket=bucket, Policy=policy({**to_read(bucket), "Principal": {"AWS": ann.arn}})
    )
    try:
        assert reads(ann, bucket)
    finally:
        callers.admin("s3").delete_bucket_policy(Bucket=bucket)


def test_an_inactive_access_key_is_as_good_as_none(callers: Callers, nobody: Caller) -> None:
    ann, iam = callers.user(allow("s3:ListAllMyBuckets")), callers.admin("iam")
    (key,) = iam.list_access_keys(UserName=ann.name)["AccessKeyMetadata"]
    iam.update_access_key(UserName=ann.name, AccessKeyId=key["AccessKeyId"], Status="Inactive")
    invalid = "The security token included in the request is invalid."
    assert refused(ann.client("sts").get_caller_identity) == ("InvalidClientTokenId", 403, invalid)
    assert refused(ann.client("sagemaker").list_models) == ("UnrecognizedClientException", 400, invalid)
    assert refused(ann.client("s3").list_buckets) == (
        "InvalidAccessKeyId",
        403,
        "The AWS Access Key Id you provided does not exist in our records.",
    )
    iam.update_access_key(UserName=ann.name, AccessKeyId=key["AccessKeyId"], Status="Active")
    assert ann.client("s3").list_buckets()["Buckets"]
