"""Reads and writes across accounts."""

from __future__ import annotations

import pytest

from tests.e2e.callers import DEV, PROD, REGISTRY, Caller, Callers, allow, deny, policy, refused, trust
from tests.e2e.test_permissions_of_s3 import NOTHING_TOLD, of


@pytest.fixture(scope="module")
def job(callers: Callers) -> Caller:
    """A session of a role of prod's whose own policies let it do everything with S3."""
    return callers.assumed(callers.role(allow("s3:*"), trusts=trust(PROD), account=PROD))


@pytest.fixture
def bucket(callers: Callers) -> str:
    """A bucket of dev's."""
    return callers.bucket(DEV, model="m")


def role_of(caller: Caller) -> str:
    return caller.arn.replace(":sts:", ":iam:").replace(":assumed-role/", ":role/").rsplit("/", 1)[0]


def share(callers: Callers, bucket: str, principal: str, *actions: str, account: str = DEV) -> None:
    """Puts the bucket's policy."""
    statement = allow(list(actions), of(bucket), Principal={"AWS": principal})
    callers.admin("s3", account).put_bucket_policy(Bucket=bucket, Policy=policy(statement))


def test_a_read_that_both_sides_allow(callers: Callers, job: Caller, bucket: str) -> None:
    """A role of prod reads dev's bucket when both sides allow it"""
    share(callers, bucket, role_of(job), "s3:GetObject", "s3:ListBucket")
    s3 = job.client("s3")
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["model"]
    assert s3.get_object(Bucket=bucket, Key="model")["Body"].read() == b"m"


def test_a_read_that_the_bucket_does_not_allow(job: Caller, bucket: str) -> None:
    """A role of prod does not read dev's bucket when the bucket's policy does not allow it"""
    assert refused(job.client("s3").get_object, Bucket=bucket, Key="model") == NOTHING_TOLD


def test_a_read_that_the_role_does_not_allow(callers: Callers, bucket: str) -> None:
    """A role of prod does not read dev's bucket when its own policies do not allow it"""
    bare = callers.assumed(callers.role(trusts=trust(PROD), account=PROD))
    share(callers, bucket, role_of(bare), "s3:GetObject")
    assert refused(bare.client("s3").get_object, Bucket=bucket, Key="model") == NOTHING_TOLD


def test_a_bucket_that_lets_an_account_in(callers: Callers, job: Caller, bucket: str) -> None:
    """A bucket that lets an account in leaves it to that account's policies who reads"""
    share(callers, bucket, PROD, "s3:GetObject")
    assert job.client("s3").get_object(Bucket=bucket, Key="model")["Body"].read() == b"m"
    bare = callers.assumed(callers.role(trusts=trust(PROD), account=PROD))
    assert refused(bare.client("s3").get_object, Bucket=bucket, Key="model") == NOTHING_TOLD


def test_an_explicit_deny_wins(callers: Callers, job: Caller, bucket: str) -> None:
    """An explicit deny of the bucket's policy wins over what both sides allow"""
    both = {"AWS": role_of(job)}
    statements = (
        allow("s3:*", of(bucket), Principal=both),
        deny("s3:GetObject", of(bucket)[1], Principal=both),
    )
    callers.admin("s3").put_bucket_policy(Bucket=bucket, Policy=policy(*statements))
    assert refused(job.client("s3").get_object, Bucket=bucket, Key="model") == NOTHING_TOLD
    job.client("s3").put_object(Bucket=bucket, Key="other", Body=b"o")


def test_a_write_that_both_sides_allow(callers: Callers, job: Caller) -> None:
    """A role of prod writes to the registry's bucket when both sides allow it, and the registry owns the object"""
    artifacts = callers.bucket(REGISTRY)
    share(callers, artifacts, role_of(job), "s3:PutObject", account=REGISTRY)
    job.client("s3").put_object(Bucket=artifacts, Key="model", Body=b"m")
    owner = callers.user(allow("s3:GetObject"), account=REGISTRY)
    assert owner.client("s3").get_object(Bucket=artifacts, Key="model")["Body"].read() == b"m"
    assert refused(job.client("s3").get_object, Bucket=artifacts, Key="model") == NOTHING_TOLD


def test_a_write_that_the_bucket_does_not_allow(callers: Callers, job: Caller) -> None:
    """A role of prod does not write to the registry's bucket when its policy lets it only read"""
    artifacts = callers.bucket(REGISTRY)
    share(callers, artifacts, role_of(job), "s3:GetObject", "s3:ListBucket", account=REGISTRY)
    assert refused(job.client("s3").put_object, Bucket=artifacts, Key="x", Body=b"x") == NOTHING_TOLD


def test_a_large_write(callers: Callers, job: Caller) -> None:
    """An upload in parts into another account's bucket needs the permission to put the object, and no more"""
    artifacts = callers.bucket(REGISTRY)
    share(callers, artifacts, role_of(job), "s3:PutObject", account=REGISTRY)
    s3 = job.client("s3")
    place = {"Bucket": artifacts, "Key": "model"}
    upload = s3.create_multipart_upload(**place)["UploadId"]
    part = s3.upload_part(**place, UploadId=upload, PartNumber=1, Body=b"m")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(**place, UploadId=upload, MultipartUpload=parts)
    assert callers.admin("s3", REGISTRY).get_object(**place)["Body"].read() == b"m"


def test_a_copy_between_accounts(callers: Callers, job: Caller, bucket: str) -> None:
    """A copy from dev's bucket to the registry's needs to read the one and to write the other"""
    artifacts = callers.bucket(REGISTRY)
    copy = {"Bucket": artifacts, "Key": "model", "CopySource": {"Bucket": bucket, "Key": "model"}}
    share(callers, artifacts, role_of(job), "s3:PutObject", account=REGISTRY)
    assert refused(job.client("s3").copy_object, **copy)[0] == "AccessDenied"
    share(callers, bucket, role_of(job), "s3:GetObject")
    job.client("s3").copy_object(**copy)
    assert callers.admin("s3", REGISTRY).get_object(Bucket=artifacts, Key="model")["Body"].read() == b"m"


def test_a_delete_across_accounts(callers: Callers, job: Caller, bucket: str) -> None:
    """A role of prod deletes in dev's bucket only when both sides allow that"""
    share(callers, bucket, role_of(job), "s3:PutObject")
    assert refused(job.client("s3").delete_object, Bucket=bucket, Key="model") == NOTHING_TOLD
    share(callers, bucket, role_of(job), "s3:DeleteObject")
    job.client("s3").delete_object(Bucket=bucket, Key="model")
