"""S3: buckets and objects."""

from __future__ import annotations

import json
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

from tests.e2e.callers import DEV, PROD, Callers, allow, deny, own_name, policy, refused
from tests.e2e.test_permissions_of_s3 import key, of

MEGABYTE = 1024 * 1024


@pytest.fixture
def s3(callers: Callers) -> Any:
    return callers.admin("s3")


@pytest.fixture
def bucket(callers: Callers) -> str:
    return callers.bucket()


def keys(s3: Any, bucket: str, **more: Any) -> list[str]:
    return [item["Key"] for item in s3.list_objects_v2(Bucket=bucket, **more).get("Contents", [])]


def test_an_object_is_what_was_put(s3: Any, bucket: str) -> None:
    """An object is read as it was put, whole and in part, with its type and metadata"""
    s3.put_object(
        Bucket=bucket, Key="a/b c.csv", Body=b"1,2\n", ContentType="text/csv", Metadata={"by": "us"}
    )
    told = s3.head_object(Bucket=bucket, Key="a/b c.csv")
    assert (told["ContentLength"], told["ContentType"], told["Metadata"]) == (4, "text/csv", {"by": "us"})
    assert s3.get_object(Bucket=bucket, Key="a/b c.csv")["Body"].read() == b"1,2\n"
    assert s3.get_object(Bucket=bucket, Key="a/b c.csv", Range="bytes=2-2")["Body"].read() == b"2"


def test_what_is_deleted_is_gone(s3: Any, bucket: str) -> None:
    """A deleted object is not there: 404 NoSuchKey"""
    s3.put_object(Bucket=bucket, Key="x", Body=b"x")
    s3.delete_object(Bucket=bucket, Key="x")
    assert refused(s3.get_object, Bucket=bucket, Key="x")[:2] == ("NoSuchKey", 404)
    assert keys(s3, bucket) == []


def test_a_listing_is_by_prefix_and_folder(s3: Any, bucket: str) -> None:
    """A listing is of a prefix, of a folder's own level, and in order"""
    for name in ("data/2", "data/1", "data/more/3", "other"):
        s3.put_object(Bucket=bucket, Key=name, Body=b"x")
    assert keys(s3, bucket, Prefix="data/") == ["data/1", "data/2", "data/more/3"]
    level = s3.list_objects_v2(Bucket=bucket, Prefix="data/", Delimiter="/")
    assert [item["Key"] for item in level["Contents"]] == ["data/1", "data/2"]
    assert level["CommonPrefixes"] == [{"Prefix": "data/more/"}]


def test_a_listing_of_several_pages_is_complete(s3: Any, bucket: str) -> None:
    """A listing of several pages has every object once"""
    for number in range(5):
        s3.put_object(Bucket=bucket, Key=str(number), Body=b"x")
    pages = list(
        s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, PaginationConfig={"PageSize": 2})
    )
    assert [[item["Key"] for item in page["Contents"]] for page in pages] == [["0", "1"], ["2", "3"], ["4"]]


def test_a_copy(s3: Any, bucket: str) -> None:
    """A copy is the object, with metadata of its own where told so"""
    s3.put_object(Bucket=bucket, Key="x", Body=b"x", Metadata={"by": "us"})
    s3.copy_object(Bucket=bucket, Key="same", CopySource={"Bucket": bucket, "Key": "x"})
    own = {"MetadataDirective": "REPLACE", "Metadata": {"by": "them"}}
    s3.copy_object(Bucket=bucket, Key="own", CopySource={"Bucket": bucket, "Key": "x"}, **own)
    assert [s3.head_object(Bucket=bucket, Key=k)["Metadata"]["by"] for k in ("same", "own")] == ["us", "them"]
    assert s3.get_object(Bucket=bucket, Key="own")["Body"].read() == b"x"


def test_an_upload_in_parts(s3: Any, bucket: str, tmp_path: Any) -> None:
    """A large file is uploaded in parts and downloaded as it was"""
    file, back = tmp_path / "model.tar.gz", tmp_path / "back"
    file.write_bytes(bytes(range(256)) * 4096 * 11)  # 11 MB
    s3.upload_file(str(file), bucket, "model", Config=TransferConfig(multipart_threshold=5 * MEGABYTE))
    assert s3.head_object(Bucket=bucket, Key="model")["ETag"].endswith('-2"')
    s3.download_file(bucket, "model", str(back))
    assert back.read_bytes() == file.read_bytes()


def test_an_upload_in_parts_is_given_up(s3: Any, bucket: str) -> None:
    """An upload in parts that is given up leaves nothing"""
    upload = s3.create_multipart_upload(Bucket=bucket, Key="x")["UploadId"]
    s3.upload_part(Bucket=bucket, Key="x", UploadId=upload, PartNumber=1, Body=b"x")
    s3.abort_multipart_upload(Bucket=bucket, Key="x", UploadId=upload)
    assert keys(s3, bucket) == []
    assert s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []) == []


def test_objects_have_tags(s3: Any, bucket: str) -> None:
    """An object has the tags that it is put with, and those it is given later"""
    s3.put_object(Bucket=bucket, Key="x", Body=b"x", Tagging="stage=dev")
    assert s3.get_object_tagging(Bucket=bucket, Key="x")["TagSet"] == [{"Key": "stage", "Value": "dev"}]
    s3.put_object_tagging(Bucket=bucket, Key="x", Tagging={"TagSet": [{"Key": "stage", "Value": "prod"}]})
    assert s3.get_object_tagging(Bucket=bucket, Key="x")["TagSet"] == [{"Key": "stage", "Value": "prod"}]


def test_buckets_have_tags(s3: Any, bucket: str) -> None:
    """A bucket has the tags that it is given"""
    tags = [{"Key": "Project", "Value": "mammo"}]
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == tags


def test_a_versioned_bucket_keeps_what_is_overwritten(s3: Any, bucket: str) -> None:
    """A versioned bucket keeps what is overwritten or deleted, until each version is deleted"""
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    first = s3.put_object(Bucket=bucket, Key="state", Body=b"1")["VersionId"]
    s3.put_object(Bucket=bucket, Key="state", Body=b"2")
    s3.delete_object(Bucket=bucket, Key="state")
    assert refused(s3.get_object, Bucket=bucket, Key="state")[0] == "NoSuchKey"
    assert s3.get_object(Bucket=bucket, Key="state", VersionId=first)["Body"].read() == b"1"
    listed = s3.list_object_versions(Bucket=bucket)
    assert (len(listed["Versions"]), len(listed["DeleteMarkers"])) == (2, 1)
    all_of_them = [
        {"Key": v["Key"], "VersionId": v["VersionId"]} for v in listed["Versions"] + listed["DeleteMarkers"]
    ]
    assert "Errors" not in s3.delete_objects(Bucket=bucket, Delete={"Objects": all_of_them})
    s3.delete_bucket(Bucket=bucket)
    assert refused(s3.list_objects_v2, Bucket=bucket)[:2] == ("NoSuchBucket", 404)


def test_a_bucket_with_objects_is_not_deleted(s3: Any, bucket: str) -> None:
    """A bucket is deleted only when it is empty"""
    s3.put_object(Bucket=bucket, Key="x", Body=b"x")
    assert refused(s3.delete_bucket, Bucket=bucket)[:2] == ("BucketNotEmpty", 409)
    s3.delete_object(Bucket=bucket, Key="x")
    s3.delete_bucket(Bucket=bucket)


def test_a_buckets_name_is_one_in_all_accounts(callers: Callers, bucket: str) -> None:
    """A bucket's name is taken in every account, and listed by its own only"""
    theirs = callers.admin("s3", PROD)
    assert refused(theirs.create_bucket, Bucket=bucket)[:2] == ("BucketAlreadyExists", 409)
    assert bucket in [b["Name"] for b in callers.admin("s3").list_buckets()["Buckets"]]
    assert bucket not in [b["Name"] for b in theirs.list_buckets()["Buckets"]]


def test_a_buckets_default_encryption(callers: Callers, s3: Any, bucket: str) -> None:
    """What is put in a bucket with a default key is encrypted with that key, until there is none"""
    arn = key(callers, DEV)
    default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": arn}}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [default]})
    told = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert told["ApplyServerSideEncryptionByDefault"] == default["ApplyServerSideEncryptionByDefault"]
    s3.put_object(Bucket=bucket, Key="x", Body=b"x")
    assert s3.head_object(Bucket=bucket, Key="x")["SSEKMSKeyId"] == arn
    s3.delete_bucket_encryption(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="y", Body=b"y")
    assert "SSEKMSKeyId" not in s3.head_object(Bucket=bucket, Key="y")


def test_a_buckets_policy(callers: Callers, s3: Any, bucket: str) -> None:
    """A bucket's policy is told as it was put, in force at once, and so is its end"""
    ann = callers.user(allow("s3:*"))
    text = policy(deny("s3:PutObject", of(bucket)[1], Principal="*"))
    s3.put_bucket_policy(Bucket=bucket, Policy=text)
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]) == json.loads(text)
    put = ann.client("s3").put_object
    assert refused(put, Bucket=bucket, Key="x", Body=b"x")[:2] == ("AccessDenied", 403)
    s3.delete_bucket_policy(Bucket=bucket)
    put(Bucket=bucket, Key="x", Body=b"x")
    assert refused(s3.get_bucket_policy, Bucket=bucket)[:2] == ("NoSuchBucketPolicy", 404)


def test_a_buckets_public_access_block(s3: Any, bucket: str) -> None:
    """A bucket's public access block is told as it was put, and gone once deleted"""
    names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    block = dict.fromkeys(names, True)
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)
    assert s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"] == block
    s3.delete_public_access_block(Bucket=bucket)
    code = refused(s3.get_public_access_block, Bucket=bucket)[0]
    assert code == "NoSuchPublicAccessBlockConfiguration"


def test_head_bucket(s3: Any, bucket: str) -> None:
    """HeadBucket tells which buckets are there"""
    assert s3.head_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert refused(s3.head_bucket, Bucket=own_name("none-sagemaker"))[1] == 404


def test_a_presigned_url(callers: Callers, bucket: str) -> None:
    """A presigned URL (Signature Version 4) writes or reads its object without credentials, and no other"""
    administrator = callers.administrator(DEV)
    signing = administrator.session.client(
        "s3", "us-east-1", endpoint_url=administrator.endpoint, config=Config(signature_version="s3v4")
    )
    place = {"Bucket": bucket, "Key": "x"}
    putting, getting = (signing.generate_presigned_url(name, place) for name in ("put_object", "get_object"))
    urlopen(Request(putting, b"signed", {"Content-Type": "text/plain"}, method="PUT")).close()
    with urlopen(getting) as answer:
        assert answer.read() == b"signed"
    with pytest.raises(HTTPError, match="403"):
        urlopen(getting.replace("/x?", "/y?"))
