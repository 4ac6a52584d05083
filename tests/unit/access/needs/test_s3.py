"""S3: whose objects are, what a copy's source may be, and keys behind objects."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from harness.model import AwsError, Permission
from tests.unit.access.needs.world import AWAY, AWAY_KEY, HOME, HOME_KEY, WORLD, asked, key_arn


def use_of_key(operation: str, **params: object) -> Permission:
    (use,) = (p for p in asked("s3", operation, params) if p.action.startswith("kms:"))
    return use


def test_an_object_that_another_account_wrote_and_owns_is_that_accounts_to_share() -> None:
    for operation in ("GetObject", "GetObjectTagging", "PutObjectAcl"):
        permission = asked("s3", operation, {"Bucket": "dropbox", "Key": "from-away.csv"})[0]
        assert permission.owner == AWAY
        assert permission.context["s3:resourceaccount"] == HOME


def test_a_buckets_owner_may_delete_and_overwrite_it_all_the_same() -> None:
    for operation in ("DeleteObject", "PutObject"):
        assert asked("s3", operation, {"Bucket": "dropbox", "Key": "from-away.csv"})[0].owner == HOME


def test_with_bucket_owner_enforced_everything_is_the_bucket_owners() -> None:
    bucket = replace(WORLD.buckets["dropbox"], ownership="BucketOwnerEnforced")
    world = replace(WORLD, buckets={"dropbox": bucket})
    permission = asked("s3", "GetObject", {"Bucket": "dropbox", "Key": "from-away.csv"}, facts=world)[0]
    assert permission.owner == HOME


def test_a_bucket_is_its_owners() -> None:
    assert asked("s3", "ListObjectsV2", {"Bucket": "theirs"})[0].owner == AWAY
    assert asked("s3", "ListObjectsV2", {"Bucket": "nowhere"})[0].owner == HOME


def test_a_new_bucket_is_the_callers_also_where_another_account_has_its_name() -> None:
    assert asked("s3", "CreateBucket", {"Bucket": "theirs"})[0].owner == HOME


def test_to_be_told_that_an_object_is_not_there_is_no_listing_of_a_prefix() -> None:
    listing = asked("s3", "GetObject", {"Bucket": "plain", "Key": "none"})[1]
    assert listing.why == "to be told that the object does not exist"
    assert listing.context == {"s3:resourceaccount": HOME}


def test_a_key_is_used_through_s3_for_the_object() -> None:
    use = use_of_key("GetObject", Bucket="locked", Key="a.csv")
    assert (use.gate, use.owner, use.via) == ("key", HOME, "s3")
    assert use.why == "to decrypt the object with its key"
    assert use.context["kms:viaservice"] == "s3.us-east-1.amazonaws.com"
    assert use.context["kms:encryptioncontext:aws:s3:arn"] == "arn:aws:s3:::locked/a.csv"
    assert use.context["kms:encryptioncontextkeys"] == ("aws:s3:arn",)


@pytest.mark.parametrize("operation", ["GetObject", "PutObject"])
def test_a_bucket_key_is_used_for_the_bucket(operation: str) -> None:
    use = use_of_key(operation, Bucket="thrifty", Key="a.csv")
    assert use.context["kms:encryptioncontext:aws:s3:arn"] == "arn:aws:s3:::thrifty"


@pytest.mark.parametrize(
    "params",
    [{"BucketKeyEnabled": False}, {"ServerSideEncryption": "aws:kms:dsse", "SSEKMSKeyId": "alias/data"}],
)
def test_a_request_may_do_without_the_bucket_key(params: dict[str, object]) -> None:
    use = use_of_key("PutObject", Bucket="thrifty", Key="n", **params)
    assert use.context["kms:encryptioncontext:aws:s3:arn"] == "arn:aws:s3:::thrifty/n"


def test_it_is_told_whose_key_encrypts() -> None:
    default = use_of_key("PutObject", Bucket="locked", Key="n")
    assert default.why == "to encrypt the object with the key of its bucket"
    asked_for = use_of_key(
        "PutObject",
        Bucket="plain",
        Key="n",
        ServerSideEncryption="aws:kms",
        SSEKMSKeyId=key_arn(AWAY_KEY, AWAY),
    )
    assert asked_for.why == "to encrypt the object with the key that the request names"
    assert (asked_for.owner, asked_for.context["kms:calleraccount"]) == (AWAY, HOME)


def test_a_requests_encryption_context_is_beside_s3s_own() -> None:
    header = base64.b64encode(b'{"Stage": "raw"}').decode()
    use = use_of_key("PutObject", Bucket="locked", Key="n", SSEKMSEncryptionContext=header)
    assert use.context["kms:encryptioncontext:stage"] == "raw"
    assert use.context["kms:encryptioncontextkeys"] == ("aws:s3:arn", "Stage")


@pytest.mark.parametrize("header", ["not base64", "bm90IGpzb24=", "WzFd", "eyJhIjogMX0="])
def test_an_encryption_context_that_is_none_is_an_invalid_argument(header: str) -> None:
    with pytest.raises(AwsError, match="string-string map") as refused:
        asked("s3", "PutObject", {"Bucket": "locked", "Key": "n", "SSEKMSEncryptionContext": header})
    assert (refused.value.code, refused.value.status) == ("InvalidArgument", 400)


@pytest.mark.parametrize("bucket", ["plain", "locked"])
def test_no_object_is_encrypted_with_a_key_that_is_not_there(bucket: str) -> None:
    with pytest.raises(AwsError, match="alias/none is not found") as refused:
        asked("s3", "PutObject", {"Bucket": bucket, "Key": "n", "SSEKMSKeyId": "alias/none"})
    assert (refused.value.code, refused.value.status) == ("KMS.NotFoundException", 400)


def test_an_upload_goes_on_with_the_key_that_it_began_with() -> None:
    """Also in a bucket without one."""
    world = replace(WORLD, uploads={"u": key_arn(HOME_KEY)})
    _, use = asked("s3", "UploadPart", {"Bucket": "plain", "Key": "n", "UploadId": "u"}, facts=world)
    assert (use.action, use.resource) == ("kms:Decrypt", key_arn(HOME_KEY))


def test_a_retention_has_a_date() -> None:
    until = datetime(2026, 12, 1, tzinfo=UTC)
    params = {"Bucket": "plain", "Key": "a.csv", "Retention": {"RetainUntilDate": until}}
    (permission,) = asked("s3", "PutObjectRetention", params)
    assert permission.context["s3:object-lock-retain-until-date"] == "2026-12-01T00:00:00Z"


@pytest.mark.parametrize(
    "source",
    [
        "plain",
        "plain/",
        "/",
        "//plain/a.csv",
        "%2Fplain/a.csv",
        "http://plain/a.csv",
        "plain/a.csv;theirs",
        "plain/a.csv#theirs",
        "plain/a.csv?x=1",
        "plain/a.csv?x=1&versionId=v1",
    ],
)
def test_a_copys_source_is_a_bucket_and_a_key(source: str) -> None:
    """What the backend would make another source of is refused, too."""
    with pytest.raises(AwsError, match="must mention the source bucket and key") as refused:
        asked("s3", "CopyObject", {"Bucket": "plain", "Key": "n", "CopySource": source})
    assert (refused.value.code, refused.value.status) == ("InvalidArgument", 400)


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("GetObject", {"Bucket": f"arn:aws:s3:us-east-1:{HOME}:accesspoint/a", "Key": "k"}),
        (
            "CopyObject",
            {"Bucket": "plain", "Key": "n", "CopySource": "arn:aws:s3:us-east-1:1:accesspoint/a/object/k"},
        ),
    ],
)
def test_access_points_are_not_covered(operation: str, params: dict[str, str]) -> None:
    with pytest.raises(AwsError, match="does not know which permissions") as refused:
        asked("s3", operation, params)
    assert refused.value.status == 501
