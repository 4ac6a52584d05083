"""A backend elsewhere does what the gateway decided on, for whom it decided; what it lacks the gateway supplies."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from harness.app import App
from harness.clock import Clock
from harness.model import Credentials, Engines, HarnessError
from tests.moto_server import empty, moto_server

from .bench import localstack

DEV, PROD, REGION = "111111111111", "222222222222", "us-east-1"


class House:
    """An app whose backend is elsewhere; `thing` is a name that no other test has."""

    def __init__(self, app: App, thing: str) -> None:
        self.app = app
        self.thing = thing

    def client(self, service: str, account: str = DEV, region: str = REGION) -> Any:
        return self.app.wire.as_harness(account, region).client(service)

    def queue(self, *, sender: str = "", source: str = "") -> str:
        """A queue's ARN; `sender` may send to it for `source`."""
        made = self.client("sqs").create_queue(QueueName=self.thing)["QueueUrl"]
        arn = f"arn:aws:sqs:{REGION}:{DEV}:{self.thing}"
        if sender:
            self.client("sqs").set_queue_attributes(
                QueueUrl=made, Attributes={"Policy": lets(sender, "sqs:SendMessage", arn, source)}
            )
        return arn

    def received(self, expected: int) -> int:
        """How many messages the queue has, once it has as many as are expected: LocalStack delivers in its own time."""
        deadline = time.monotonic() + 5
        while (found := self._waiting()) < expected and time.monotonic() < deadline:
            time.sleep(0.1)
        return found

    def _waiting(self) -> int:
        told = self.client("sqs").get_queue_attributes(
            QueueUrl=f"https://sqs/{DEV}/{self.thing}", AttributeNames=["ApproximateNumberOfMessages"]
        )
        return int(told["Attributes"]["ApproximateNumberOfMessages"])


def lets(sender: str, action: str, resource: str, source: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": sender},
        "Action": action,
        "Resource": resource,
        "Condition": {"ArnLike": {"aws:SourceArn": source}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def code(call: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as error:
        call(**parameters)
    return str(error.value.response["Error"]["Code"])


@pytest.fixture(scope="module", params=["moto-server", "localstack"])
def place(request: pytest.FixtureRequest) -> Iterator[str]:
    """The backend's name with its URL."""
    if request.param == "localstack":
        yield f"localstack={localstack()}"
        return
    with moto_server() as url:
        yield f"moto-server={url}"


@pytest.fixture
def house(
    place: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    app = App(
        tmp_path_factory.mktemp("harness"),
        Clock(),
        "http://127.0.0.1:1",
        pytest.fail,
        engines=Engines(backend=place),
    )
    yield House(app, f"thing-{abs(hash(request.node.nodeid))}")
    app.close()


# Accounts and regions


def test_each_account_has_its_own(house: House) -> None:
    house.client("s3").create_bucket(Bucket=house.thing)
    key = house.client("kms").create_key()["KeyMetadata"]
    assert key["Arn"].startswith(f"arn:aws:kms:{REGION}:{DEV}:key/")
    assert house.thing not in [b["Name"] for b in house.client("s3", PROD).list_buckets()["Buckets"]]
    assert code(house.client("kms", PROD).describe_key, KeyId=key["KeyId"]) == "NotFoundException"
    assert house.client("kms", PROD).describe_key(KeyId=key["Arn"])["KeyMetadata"]["Arn"] == key["Arn"]


def test_each_region_has_its_own(house: House) -> None:
    arn = house.client("sns", region="eu-west-1").create_topic(Name=house.thing)["TopicArn"]
    assert arn == f"arn:aws:sns:eu-west-1:{DEV}:{house.thing}"
    assert arn not in str(house.client("sns").list_topics()["Topics"])


def test_another_account_s_bucket_is_read_and_written_as_its_own(house: House) -> None:
    house.client("s3").create_bucket(Bucket=house.thing)
    house.client("s3", PROD).put_object(Bucket=house.thing, Key="a b/ü+c", Body=b"\x00\x01hello")
    assert house.client("s3").get_object(Bucket=house.thing, Key="a b/ü+c")["Body"].read() == b"\x00\x01hello"
    ranged = house.client("s3", PROD).get_object(Bucket=house.thing, Key="a b/ü+c", Range="bytes=2-3")
    assert ranged["Body"].read() == b"he"
    assert house.client("s3").head_object(Bucket=house.thing, Key="a b/ü+c")["ContentLength"] == 7


def test_queue_urls_are_as_on_aws(house: House) -> None:
    sqs = house.client("sqs")
    url = f"https://sqs.{REGION}.amazonaws.com/{DEV}/{house.thing}"
    assert sqs.create_queue(QueueName=house.thing)["QueueUrl"] == url
    assert sqs.get_queue_url(QueueName=house.thing)["QueueUrl"] == url
    assert url in sqs.list_queues()["QueueUrls"]
    sqs.send_message(QueueUrl=url, MessageBody="see https://host/123456789012/x")
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert message["Body"] == "see https://host/123456789012/x"


# What the gateway supplies


@pytest.mark.parametrize("named_by", ["the request", "the bucket"])
def test_a_key_s_alias_means_the_writer_s_key(house: House, named_by: str) -> None:
    alias = f"alias/{house.thing}"
    s3, keys = house.client("s3", PROD), {}
    for account in (DEV, PROD):
        keys[account] = house.client("kms", account).create_key()["KeyMetadata"]["Arn"]
        house.client("kms", account).create_alias(AliasName=alias, TargetKeyId=keys[account])
    house.client("s3").create_bucket(Bucket=house.thing)
    by_default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": alias}
    if named_by == "the bucket":
        house.client("s3").put_bucket_encryption(
            Bucket=house.thing,
            ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": by_default}]},
        )
        s3.put_object(Bucket=house.thing, Key="k")
    else:
        s3.put_object(Bucket=house.thing, Key="k", ServerSideEncryption="aws:kms", SSEKMSKeyId=alias)
    assert s3.head_object(Bucket=house.thing, Key="k")["SSEKMSKeyId"] == keys[PROD]


def test_an_upload_s_id_is_of_one_object(house: House) -> None:
    s3 = house.client("s3")
    s3.create_bucket(Bucket=house.thing)
    upload = s3.create_multipart_upload(Bucket=house.thing, Key="mine")["UploadId"]
    other = {"Bucket": house.thing, "Key": "theirs", "UploadId": upload}
    assert code(s3.upload_part, PartNumber=1, Body=b"x", **other) == "NoSuchUpload"
    part = s3.upload_part(Bucket=house.thing, Key="mine", UploadId=upload, PartNumber=1, Body=b"x")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    assert code(s3.complete_multipart_upload, MultipartUpload=parts, **other) == "NoSuchUpload"
    s3.complete_multipart_upload(Bucket=house.thing, Key="mine", UploadId=upload, MultipartUpload=parts)
    assert s3.get_object(Bucket=house.thing, Key="mine")["Body"].read() == b"x"


def test_logs_keep_the_virtual_clock_s_time(house: House) -> None:
    """A backend in real time refuses what is more than two hours ahead of it."""
    house.app.advance_to(house.app.clock.now().replace(year=house.app.clock.now().year + 1))
    logs, stamp = house.client("logs"), int(house.app.clock.now().timestamp() * 1000)
    logs.create_log_group(logGroupName=house.thing)
    logs.create_log_stream(logGroupName=house.thing, logStreamName="s")
    event = {"timestamp": stamp, "message": "trained"}
    logs.put_log_events(logGroupName=house.thing, logStreamName="s", logEvents=[event])
    (said,) = logs.filter_log_events(logGroupName=house.thing)["events"]
    assert said["message"] == "trained"
    logs.delete_log_group(logGroupName=house.thing)


def test_what_the_harness_refuses_it_refuses_with_every_backend(house: House) -> None:
    arn = house.client("sns").create_topic(Name=house.thing)["TopicArn"]
    post = {"TopicArn": arn, "Protocol": "https", "Endpoint": "https://example.com"}
    assert code(house.client("sns").subscribe, **post) == "UnsupportedOperation"


# Deliveries inside the backend


def test_a_topic_sends_to_a_queue_for_as_long_as_it_lets_it(house: House) -> None:
    sns, source = house.client("sns"), f"arn:aws:sns:{REGION}:{DEV}:{house.thing}"
    queue = house.queue(sender="sns.amazonaws.com", source=source)
    sns.create_topic(Name=house.thing)
    sns.subscribe(TopicArn=source, Protocol="sqs", Endpoint=queue)
    sns.publish(TopicArn=source, Message="let in")
    assert house.received(1) == 1
    house.queue(sender="sns.amazonaws.com", source=f"{source}-another")
    sns.publish(TopicArn=source, Message="kept out")
    time.sleep(0.5)
    assert house.received(1) == 1
    house.queue(sender="sns.amazonaws.com", source=source)
    sns.publish(TopicArn=source, Message="let in again")
    assert house.received(2) == 2


@pytest.mark.parametrize("may", [True, False])
def test_a_bucket_is_configured_to_notify_a_queue_that_lets_it(house: House, may: bool) -> None:
    s3, source = house.client("s3"), f"arn:aws:s3:::{house.thing}"
    s3.create_bucket(Bucket=house.thing)
    queue = house.queue(sender="s3.amazonaws.com", source=source if may else f"{source}-another")
    configured = {"QueueConfigurations": [{"QueueArn": queue, "Events": ["s3:ObjectCreated:*"]}]}
    asked = {"Bucket": house.thing, "NotificationConfiguration": configured}
    if may:
        s3.put_bucket_notification_configuration(**asked)
    else:
        assert code(s3.put_bucket_notification_configuration, **asked) == "InvalidArgument"


# What is left over


def test_accounts_that_have_something_are_refused_with_its_names(house: House, place: str) -> None:
    house.client("s3", PROD).create_bucket(Bucket=house.thing)
    house.client("sns", PROD).create_topic(Name=house.thing)
    key = house.client("kms", PROD).create_key()["KeyMetadata"]["KeyId"]
    house.client("kms", PROD).create_alias(AliasName=f"alias/{house.thing}", TargetKeyId=key)
    with pytest.raises(HarnessError) as error:
        house.app.add_administrators([(PROD, Credentials("AKIA", "secret"))])
    for name in (house.thing, f"alias/{house.thing}", f"arn:aws:sns:{REGION}:{PROD}:{house.thing}"):
        assert f"{name} of {PROD}" in str(error.value)
    how = "/moto-api/reset" if place.startswith("moto") else "start it again"
    assert how in str(error.value)
    house.app.add_administrators([("333333333333", Credentials("AKIA", "secret"))])


def test_a_moto_server_is_emptied_as_it_says(tmp_path_factory: pytest.TempPathFactory) -> None:
    with moto_server() as url:
        engines = Engines(backend=f"moto-server={url}")
        app = App(
            tmp_path_factory.mktemp("harness"), Clock(), "http://127.0.0.1:1", pytest.fail, engines=engines
        )
        app.wire.as_harness(DEV, REGION).client("s3").create_bucket(Bucket="left-over")
        empty(url)
        app.add_administrators([(DEV, Credentials("AKIA", "secret"))])
        app.close()


# A moto server's own ways


def test_a_moto_server_has_no_opinion_on_policies(house: House) -> None:
    """Left alone it would take for everybody's what one is denied."""
    s3 = house.client("s3")
    s3.create_bucket(Bucket=house.thing)
    deny = {
        "Effect": "Deny",
        "Principal": {"AWS": PROD},
        "Action": "s3:*",
        "Resource": f"arn:aws:s3:::{house.thing}/*",
    }
    text = json.dumps({"Version": "2012-10-17", "Statement": [deny]}, indent=2)
    s3.put_bucket_policy(Bucket=house.thing, Policy=text)
    s3.put_object(Bucket=house.thing, Key="k", Body=b"x")
    assert s3.get_object(Bucket=house.thing, Key="k")["Body"].read() == b"x"
    assert s3.get_bucket_policy(Bucket=house.thing)["Policy"] == text
    s3.delete_bucket_policy(Bucket=house.thing)
    assert code(s3.get_bucket_policy, Bucket=house.thing) == "NoSuchBucketPolicy"
