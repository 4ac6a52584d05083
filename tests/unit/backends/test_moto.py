"""The backend answers as the account that a call is sent for, at the virtual time, and refuses what it lacks."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from harness.backends.moto import SERVICES
from harness.model import ApiCall, HttpRequest, Principal

from .bench import DEV, PROD, Bench


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """One for all: emptying moto's accounts takes longer than a test."""
    loaded = Bench()
    yield loaded
    loaded.backend.reset()


@pytest.fixture
def bucket(bench: Bench, request: pytest.FixtureRequest) -> str:
    """A new bucket of the test's own."""
    name = f"bucket-{abs(hash(request.node.name))}"
    bench.client("s3").create_bucket(Bucket=name)
    return name


def code(call: Any, **params: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**params)
    return str(refused.value.response["Error"]["Code"])


@pytest.mark.parametrize(
    ("service", "method"),
    [
        ("s3", "list_buckets"),
        ("iam", "list_roles"),
        ("kms", "list_keys"),
        ("sns", "list_topics"),
        ("sqs", "list_queues"),
        ("logs", "describe_log_groups"),
        ("cloudwatch", "list_metrics"),
        ("ecr", "describe_repositories"),
    ],
)
def test_every_service_answers(bench: Bench, service: str, method: str) -> None:
    assert service in SERVICES
    assert getattr(bench.client(service), method)()["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.parametrize(
    "key", ["plain", "x y/ü+%.csv", "a//b", "/leading", "trailing/", "q?a=b&c", "100%25"]
)
def test_an_object_is_found_under_the_key_it_was_put_under(bench: Bench, key: str, bucket: str) -> None:
    s3 = bench.client("s3")
    s3.put_object(Bucket=bucket, Key=key, Body=b"1,2", Metadata={"note": "ü".encode().hex()})
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"1,2"
    assert [o["Key"] for o in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]
    assert s3.head_object(Bucket=bucket, Key=key)["ContentLength"] == 3


def test_an_object_s_bytes_are_kept(bench: Bench, bucket: str) -> None:
    s3, body = bench.client("s3"), bytes(range(256)) * 5000
    s3.put_object(Bucket=bucket, Key="k", Body=io.BytesIO(body))
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == body
    assert s3.get_object(Bucket=bucket, Key="k", Range="bytes=1-3")["Body"].read() == b"\x01\x02\x03"


def test_a_streamed_body_is_unwrapped(bench: Bench, bucket: str) -> None:
    headers = {
        "content-encoding": "aws-chunked",
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "x-amz-trailer": "x-amz-checksum-crc32",
        "x-amz-decoded-content-length": "5",
    }
    body = b"5\r\n1,2,3\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"
    principal = Principal(DEV, "test", "service")
    call = ApiCall("s3", "PutObject", {"Bucket": bucket, "Key": "k"}, principal, DEV, "us-east-1", "id")
    answer = bench.backend.send(call, HttpRequest("PUT", f"/{bucket}/k", "", headers, body))
    assert answer.status == 200
    assert bench.client("s3").get_object(Bucket=bucket, Key="k")["Body"].read() == b"1,2,3"


def test_accounts_do_not_see_each_other_s_things(bench: Bench) -> None:
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    made = bench.client("iam", DEV).create_role(RoleName="r", AssumeRolePolicyDocument=trust)["Role"]
    assert made["Arn"] == f"arn:aws:iam::{DEV}:role/r"
    assert code(bench.client("iam", PROD).get_role, RoleName="r") == "NoSuchEntity"


def test_regions_do_not_see_each_other_s_things(bench: Bench) -> None:
    bench.client("logs").create_log_group(logGroupName="g")
    assert bench.client("logs", region="eu-west-1").describe_log_groups()["logGroups"] == []


def test_a_bucket_is_every_account_s_to_ask_for(bench: Bench, bucket: str) -> None:
    bench.client("s3", DEV).put_object(Bucket=bucket, Key="k", Body=b"x")
    assert bench.client("s3", PROD).get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"


def test_times_are_the_virtual_clock_s(bench: Bench, bucket: str) -> None:
    bench.clock.advance(timedelta(days=10))
    s3, now = bench.client("s3"), bench.clock.now()
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    role = bench.client("iam").create_role(RoleName="timed", AssumeRolePolicyDocument=trust)["Role"]
    for moment in (s3.head_object(Bucket=bucket, Key="k")["LastModified"], role["CreateDate"]):
        assert abs(moment - now) < timedelta(seconds=5)


@pytest.mark.parametrize(
    ("service", "method", "params", "expected"),
    [
        ("s3", "get_object", {"Bucket": "no-such-bucket", "Key": "k"}, "NoSuchBucket"),
        ("iam", "get_role", {"RoleName": "nobody"}, "NoSuchEntity"),
        ("kms", "describe_key", {"KeyId": "alias/none"}, "NotFoundException"),
        ("sns", "get_topic_attributes", {"TopicArn": f"arn:aws:sns:us-east-1:{DEV}:t"}, "NotFound"),
        ("logs", "get_log_events", {"logGroupName": "g", "logStreamName": "s"}, "ResourceNotFoundException"),
    ],
)
def test_a_fault_has_aws_s_code(
    bench: Bench, service: str, method: str, params: dict[str, Any], expected: str
) -> None:
    assert code(getattr(bench.client(service), method), **params).endswith(expected)


def test_an_operation_that_moto_lacks_is_refused_and_not_made_up(bench: Bench) -> None:
    assert code(bench.client("iam").generate_service_last_accessed_details, Arn="arn:aws:iam::1:role/r") in (
        "UnsupportedOperation",
        "NotImplemented",
    )


def test_managed_policies_are_there(bench: Bench) -> None:
    arn = "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"
    assert (
        bench.client("iam").get_policy(PolicyArn=arn)["Policy"]["PolicyName"] == "AmazonSageMakerFullAccess"
    )


def test_a_reset_empties_every_account(bench: Bench) -> None:
    for account, bucket in ((DEV, "dev-bucket"), (PROD, "prod-bucket")):
        bench.client("s3", account).create_bucket(Bucket=bucket)
    bench.backend.reset()
    assert [bench.client("s3", account).list_buckets()["Buckets"] for account in (DEV, PROD)] == [[], []]


def test_a_second_backend_brings_its_own_clock() -> None:
    later = Bench()
    later.clock.advance(timedelta(days=400))
    s3 = later.client("s3")
    s3.create_bucket(Bucket="a-later-bucket")
    s3.put_object(Bucket="a-later-bucket", Key="k", Body=b"x")
    made = s3.head_object(Bucket="a-later-bucket", Key="k")["LastModified"]
    assert abs(made - later.clock.now()) < timedelta(seconds=5)
    later.backend.reset()
