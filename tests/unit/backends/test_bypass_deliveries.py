"""What services send one another needs the receiver's permission; and S3 does what it is asked for, or says that it
cannot."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from harness.app import App
from harness.clock import Clock

DEV, PROD, REGION = "111111111111", "222222222222", "us-east-1"
TOPIC = f"arn:aws:sns:{REGION}:{DEV}:news"


class House:
    def __init__(self, app: App) -> None:
        self.app = app

    def client(self, service: str, account: str = DEV) -> Any:
        return self.app.wire.as_harness(account, REGION).client(service)

    def queue(self, account: str = DEV, *, sender: str = "", source: str = "") -> str:
        """A queue's ARN; `sender` may send to it for `source`."""
        url = self.client("sqs", account).create_queue(QueueName="letters")["QueueUrl"]
        arn = f"arn:aws:sqs:{REGION}:{account}:letters"
        if sender:
            statement = {
                "Effect": "Allow",
                "Principal": {"Service": sender},
                "Action": "sqs:SendMessage",
                "Resource": arn,
                "Condition": {"ArnLike": {"aws:SourceArn": source}},
            }
            policy = json.dumps({"Version": "2012-10-17", "Statement": statement})
            self.client("sqs", account).set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        return arn

    def received(self, account: str = DEV) -> int:
        sqs = self.client("sqs", account)
        url = f"https://sqs/{account}/letters"
        told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
        return int(told["Attributes"]["ApproximateNumberOfMessages"])

    def refused(self) -> list[str]:
        records = (json.loads(line) for line in (self.app.folder / "journal.jsonl").read_text().splitlines())
        return [r["principal"] for r in records if r["kind"] == "call" and r["decision"] == "denied"]


@pytest.fixture
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    app = App(tmp_path_factory.mktemp("harness"), Clock(), "http://127.0.0.1:1", lambda _: None)
    yield House(app)
    app._backend.reset()
    app.close()


def published(house: House, queue: str) -> None:
    sns = house.client("sns")
    sns.create_topic(Name="news")
    sns.subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=queue)
    sns.publish(TopicArn=TOPIC, Message="m")


@pytest.mark.parametrize("account", [DEV, PROD])
def test_a_topic_sends_to_a_queue_that_lets_it(house: House, account: str) -> None:
    published(house, house.queue(account, sender="sns.amazonaws.com", source=TOPIC))
    assert house.received(account) == 1


@pytest.mark.parametrize("source", ["", f"arn:aws:sns:{REGION}:{DEV}:other"])
def test_a_topic_sends_to_no_queue_that_does_not_let_it(house: House, source: str) -> None:
    published(house, house.queue(sender="sns.amazonaws.com" if source else "", source=source))
    assert house.received() == 0
    assert house.refused() == ["sns.amazonaws.com"]


@pytest.mark.parametrize(("bucket", "messages"), [("let-in", 2), ("kept-out", 0)])
def test_a_bucket_notifies_a_queue_that_lets_it(house: House, bucket: str, messages: int) -> None:
    """Once for the test event, once for the object."""
    queue = house.queue(sender="s3.amazonaws.com", source="arn:aws:s3:::let-in")
    s3 = house.client("s3")
    s3.create_bucket(Bucket=bucket)
    wanted = {"QueueConfigurations": [{"QueueArn": queue, "Events": ["s3:ObjectCreated:*"]}]}
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=wanted)
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    assert house.received() == messages


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("get_bucket_request_payment", {}),
        ("list_bucket_metrics_configurations", {}),
        ("delete_bucket_analytics_configuration", {"Id": "x"}),
        ("delete_bucket_metrics_configuration", {"Id": "x"}),
        ("get_object_torrent", {"Key": "k"}),
        ("get_object_retention", {"Key": "k"}),
        ("rename_object", {"Key": "new", "RenameSource": "k"}),
        ("put_bucket_request_payment", {"RequestPaymentConfiguration": {"Payer": "Requester"}}),
    ],
)
def test_s3_is_not_taken_for_another_operation(house: House, method: str, params: dict[str, Any]) -> None:
    s3 = house.client("s3")
    s3.create_bucket(Bucket="shelf")
    with pytest.raises(ClientError, match="does not support s3:"):
        getattr(s3, method)(Bucket="shelf", **params)
    assert s3.list_buckets()["Buckets"][0]["Name"] == "shelf"
