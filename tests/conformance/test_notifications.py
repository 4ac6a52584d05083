"""SNS, SQS and mail."""

from __future__ import annotations

import email.policy
import json
import re
from email.message import EmailMessage
from typing import Any
from urllib.request import urlopen

import pytest

from tests.e2e.callers import DEV, PROD, Callers, allow, own_name, policy, refused
from tests.e2e.test_permissions_of_s3 import key

SNS = "sns.amazonaws.com"


@pytest.fixture
def sns(callers: Callers) -> Any:
    return callers.admin("sns")


@pytest.fixture
def topic(sns: Any) -> str:
    arn: str = sns.create_topic(Name=own_name("topic"))["TopicArn"]
    return arn


@pytest.fixture
def address() -> str:
    return f"{own_name('team')}@example.com"


class Queue:
    """A queue of dev's, which lets nobody in until told to."""

    def __init__(self, callers: Callers) -> None:
        self.sqs, name = callers.admin("sqs"), own_name("queue")
        self.url = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        self.arn = f"arn:aws:sqs:us-east-1:{DEV}:{name}"

    def let_in(self, service: str, source: str) -> None:
        condition = {"ArnEquals": {"aws:SourceArn": source}}
        statement = allow("sqs:SendMessage", self.arn, Principal={"Service": service}, Condition=condition)
        self.sqs.set_queue_attributes(QueueUrl=self.url, Attributes={"Policy": policy(statement)})

    def received(self) -> list[str]:
        """The bodies of the messages that are there, which are deleted."""
        messages = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return [message["Body"] for message in messages]


@pytest.fixture
def queue(callers: Callers) -> Queue:
    return Queue(callers)


def mails(callers: Callers, address: str) -> list[EmailMessage]:
    """The address's, the first first."""
    texts = [mail["text"] for mail in callers.stack.client.inbox() if mail["to"] == address]
    return [email.message_from_string(text, policy=email.policy.default) for text in texts]


def found(callers: Callers, address: str, pattern: str) -> str:
    """What the pattern's group is in the address's last mail."""
    match = re.search(pattern, mails(callers, address)[-1].get_content())
    assert match
    return match[1]


def confirm(callers: Callers, address: str) -> None:
    """Follows the link of the address's last mail."""
    urlopen(found(callers, address, r"(http://\S+Action=ConfirmSubscription\S+)")).close()


def test_a_topics_life(sns: Any, topic: str) -> None:
    """A topic is listed, has the attributes that are set, and is gone once it is deleted"""
    assert topic in [
        t["TopicArn"] for page in sns.get_paginator("list_topics").paginate() for t in page["Topics"]
    ]
    sns.set_topic_attributes(TopicArn=topic, AttributeName="DisplayName", AttributeValue="The model")
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["DisplayName"] == "The model"
    sns.delete_topic(TopicArn=topic)
    assert refused(sns.get_topic_attributes, TopicArn=topic)[:2] == ("NotFound", 404)


def test_topics_have_tags(sns: Any) -> None:
    """A topic has the tags that it is made with"""
    tags = [{"Key": "Project", "Value": "mammo"}]
    arn = sns.create_topic(Name=own_name("topic"), Tags=tags)["TopicArn"]
    assert sns.list_tags_for_resource(ResourceArn=arn)["Tags"] == tags


def test_an_address_gets_mail_once_it_is_confirmed(
    callers: Callers, sns: Any, topic: str, address: str
) -> None:
    """An e-mail address gets a topic's messages once its owner has followed the link, and not before"""
    subscribed = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=address, ReturnSubscriptionArn=True)
    arn = subscribed["SubscriptionArn"]
    sns.publish(TopicArn=topic, Subject="early", Message="nobody reads this")
    told = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    assert told["PendingConfirmation"] == "true"
    confirm(callers, address)
    told = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    assert told["PendingConfirmation"] == "false"
    sns.publish(TopicArn=topic, Subject="drift", Message="The batch has outliers.")
    _, mail = mails(callers, address)
    assert mail["Subject"] == "drift"
    assert "The batch has outliers." in mail.get_content()


def test_a_confirmation_by_its_token(callers: Callers, sns: Any, topic: str, address: str) -> None:
    """A subscription is confirmed by the token of its mail, and by no other"""
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=address)
    token = found(callers, address, r"Token=(\w+)")
    assert refused(sns.confirm_subscription, TopicArn=topic, Token="0" * 64)[0] == "InvalidParameter"
    arn = sns.confirm_subscription(TopicArn=topic, Token=token)["SubscriptionArn"]
    listed = sns.get_paginator("list_subscriptions").paginate()
    assert arn in [s["SubscriptionArn"] for page in listed for s in page["Subscriptions"]]


def test_an_address_that_is_unsubscribed(callers: Callers, sns: Any, topic: str, address: str) -> None:
    """An address that is unsubscribed gets no more mail"""
    arn = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=address, ReturnSubscriptionArn=True)
    confirm(callers, address)
    sns.unsubscribe(SubscriptionArn=arn["SubscriptionArn"])
    sns.publish(TopicArn=topic, Message="late")
    assert len(mails(callers, address)) == 1


def test_a_topics_policy_decides_who_publishes(callers: Callers, sns: Any, topic: str) -> None:
    """Another account publishes to a topic when both sides allow it"""
    ann = callers.user(allow("sns:Publish"), account=PROD)
    publish = ann.client("sns").publish
    assert refused(publish, TopicArn=topic, Message="x")[:2] == ("AuthorizationError", 403)
    letting_in = policy(allow("sns:Publish", topic, Principal={"AWS": ann.arn}))
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=letting_in)
    publish(TopicArn=topic, Message="x")


def test_a_queue_keeps_messages(queue: Queue) -> None:
    """A queue keeps its messages until they are deleted"""
    queue.sqs.send_message(QueueUrl=queue.url, MessageBody="hello")
    assert queue.received() == ["hello"]
    assert queue.received() == []


def test_a_topic_hands_on_to_a_queue(callers: Callers, sns: Any, topic: str, queue: Queue) -> None:
    """A topic hands its messages to a queue that lets it in"""
    queue.let_in(SNS, topic)
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn)
    sns.publish(TopicArn=topic, Subject="drift", Message="hello")
    callers.stack.client.settle()
    (body,) = queue.received()
    told = json.loads(body)
    assert (told["TopicArn"], told["Subject"], told["Message"]) == (topic, "drift", "hello")


def test_a_topic_hands_nothing_to_a_queue_that_does_not_let_it_in(
    callers: Callers, sns: Any, topic: str, queue: Queue
) -> None:
    """A topic hands nothing to a queue that does not let it in"""
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn)
    sns.publish(TopicArn=topic, Message="hello")
    callers.stack.client.settle()
    assert queue.received() == []


def test_who_publishes_to_an_encrypted_topic_needs_its_key(callers: Callers, sns: Any) -> None:
    """Who publishes to a topic under a key may do so only if the key lets them"""
    arn = key(callers, DEV)
    topic = sns.create_topic(Name=own_name("topic"), Attributes={"KmsMasterKeyId": arn})["TopicArn"]
    ann = callers.user(allow("sns:Publish"))
    bob = callers.user(allow("sns:Publish"), allow(["kms:GenerateDataKey", "kms:Decrypt"], arn))
    assert refused(ann.client("sns").publish, TopicArn=topic, Message="x")[0] == "KMSAccessDenied"
    bob.client("sns").publish(TopicArn=topic, Message="x")
