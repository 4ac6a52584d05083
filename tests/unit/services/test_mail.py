"""SNS's e-mail around moto's SNS: subscriptions wait for their link, and mails land in the inbox."""

from __future__ import annotations

import email.policy
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from moto import mock_aws

from harness.clock import Clock
from harness.journal import Journal
from harness.model import ApiCall, AwsError, Json, Principal
from harness.services.mail import Mail

ACCOUNT, REGION = "123456789012", "us-east-1"
ADDRESS = "ml-team@example.com"
ENDPOINT = "http://localhost:4566"


class Sns:
    """SNS as a user sees it: Mail, with moto behind."""

    def __init__(self, inbox: Path) -> None:
        self.inbox = inbox
        clock = Clock(datetime(2026, 3, 15, 23, 5, tzinfo=UTC))
        self.journal = Journal(clock)
        self.mail = Mail(inbox, self.journal, clock, ENDPOINT)
        self.moto = boto3.client("sns", region_name=REGION)
        self.topic = self.moto.create_topic(Name="mammography-model-notification")["TopicArn"]

    def __call__(self, operation: str, **params: Any) -> Json:
        call = ApiCall("sns", operation, params, Principal(ACCOUNT, "me", "root"), ACCOUNT, REGION, "request")
        method = re.sub(r"(?<!^)([A-Z])", r"_\1", operation).lower()
        return self.mail.handle(call, lambda: getattr(self.moto, method)(**params))

    def subscribe(self, address: str = ADDRESS, protocol: str = "email", **params: Any) -> Any:
        answer = self("Subscribe", TopicArn=self.topic, Protocol=protocol, Endpoint=address, **params)
        return answer["SubscriptionArn"]

    def follow_the_link(self, address: str = ADDRESS) -> str:
        (link,) = re.findall(r"http://\S+Action=ConfirmSubscription\S+", text_of(self.mails(address)[-1]))
        query = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
        assert query.pop("Action") == "ConfirmSubscription"
        arn: str = self("ConfirmSubscription", **query)["SubscriptionArn"]
        return arn

    def subscribed(self, address: str = ADDRESS, **params: Any) -> str:
        self.subscribe(address, **params)
        return self.follow_the_link(address)

    def publish(self, message: str = "The execution failed.", **params: Any) -> Json:
        return self("Publish", TopicArn=self.topic, Message=message, **params)

    def mails(self, address: str = ADDRESS) -> list[EmailMessage]:
        paths = sorted((self.inbox / address).glob("*.eml"), key=lambda path: int(path.name.split("-")[0]))
        return [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in paths]


def text_of(mail: EmailMessage) -> str:
    return str(mail.get_content())


@pytest.fixture
def sns(tmp_path: Path) -> Iterator[Sns]:
    with mock_aws():
        yield Sns(tmp_path / "inbox")


def test_subscribing_an_address_sends_it_a_mail_with_a_link(sns: Sns) -> None:
    assert sns.subscribe() == "pending confirmation"
    (mail,) = sns.mails()
    assert mail["From"] == "AWS Notifications <no-reply@sns.amazonaws.com>"
    assert mail["To"] == ADDRESS
    assert mail["Subject"] == "AWS Notification - Subscription Confirmation"
    assert mail["Date"].startswith("Sun, 15 Mar 2026 23:05:")
    assert f"You have chosen to subscribe to the topic:\n{sns.topic}\n" in text_of(mail)
    assert f"{ENDPOINT}/?Action=ConfirmSubscription&TopicArn=arn%3Aaws%3Asns" in text_of(mail)


def test_the_journal_tells_of_every_mail(sns: Sns) -> None:
    sns.subscribe()
    (record,) = sns.journal.read(0, "mail")
    assert record["to"] == ADDRESS
    assert record["topic"] == sns.topic
    assert record["subject"] == "AWS Notification - Subscription Confirmation"
    path = sns.inbox / ADDRESS / "1-aws-notification-subscription-confirmation.eml"
    assert Path(record["path"]) == path
    assert path.exists()


def test_whoever_asks_for_the_arn_gets_it_while_it_is_pending(sns: Sns) -> None:
    arn = sns.subscribe(ReturnSubscriptionArn=True)
    assert arn.startswith(sns.topic + ":")
    attributes = sns("GetSubscriptionAttributes", SubscriptionArn=arn)["Attributes"]
    assert attributes["PendingConfirmation"] == "true"


@pytest.mark.parametrize("operation", ["ListSubscriptions", "ListSubscriptionsByTopic"])
def test_a_subscription_is_listed_as_pending_until_its_link_is_followed(sns: Sns, operation: str) -> None:
    topic = {"TopicArn": sns.topic} if operation.endswith("ByTopic") else {}
    sns.subscribe()
    (listed,) = sns(operation, **topic)["Subscriptions"]
    assert (listed["SubscriptionArn"], listed["Endpoint"]) == ("PendingConfirmation", ADDRESS)
    arn = sns.follow_the_link()
    (listed,) = sns(operation, **topic)["Subscriptions"]
    assert listed["SubscriptionArn"] == arn
    attributes = sns("GetSubscriptionAttributes", SubscriptionArn=arn)["Attributes"]
    assert attributes["PendingConfirmation"] == "false"


def test_the_topic_counts_what_is_pending(sns: Sns) -> None:
    sns.subscribe()
    sns.subscribed("other@example.com")
    attributes = sns("GetTopicAttributes", TopicArn=sns.topic)["Attributes"]
    assert (attributes["SubscriptionsPending"], attributes["SubscriptionsConfirmed"]) == ("1", "1")


@pytest.mark.parametrize("token", ["", "made-up"])
def test_a_token_that_nobody_was_sent_confirms_nothing(sns: Sns, token: str) -> None:
    sns.subscribe()
    with pytest.raises(AwsError) as refused:
        sns("ConfirmSubscription", TopicArn=sns.topic, Token=token)
    assert (refused.value.code, refused.value.message) == ("InvalidParameter", "Invalid parameter: Token")


def test_nothing_is_mailed_before_the_link_is_followed(sns: Sns) -> None:
    sns.subscribe()
    sns.publish()
    assert len(sns.mails()) == 1


def test_a_message_is_mailed_to_every_confirmed_address(sns: Sns) -> None:
    arn = sns.subscribed()
    sns.subscribed("other@example.com")
    sns.publish("The execution failed.", Subject="Pipeline failed")
    for address in (ADDRESS, "other@example.com"):
        assert sns.mails(address)[-1]["Subject"] == "Pipeline failed"
    text = text_of(sns.mails()[-1])
    assert text.startswith("The execution failed.\n\n--\nIf you wish to stop receiving notifications")
    assert f"{ENDPOINT}/?Action=Unsubscribe&SubscriptionArn={arn.replace(':', '%3A')}" in text
    assert (sns.inbox / ADDRESS / "2-pipeline-failed.eml").exists()


def test_a_message_without_subject_has_awss(sns: Sns) -> None:
    sns.subscribed()
    sns.publish()
    assert sns.mails()[-1]["Subject"] == "AWS Notification Message"


def test_each_protocol_may_have_its_own_text(sns: Sns) -> None:
    sns.subscribed()
    sns.publish(json.dumps({"default": "for all", "email": "for mail"}), MessageStructure="json")
    sns.publish(json.dumps({"default": "for all"}), MessageStructure="json")
    assert [text_of(mail).splitlines()[0] for mail in sns.mails()[1:]] == ["for mail", "for all"]


def test_an_email_json_subscriber_gets_the_whole_notification(sns: Sns) -> None:
    sns.subscribed(protocol="email-json")
    published = sns.publish("Größe: 5 MB", Subject="s")
    document = json.loads(text_of(sns.mails()[-1]))
    assert document["Type"] == "Notification"
    assert (document["Message"], document["Subject"]) == ("Größe: 5 MB", "s")
    assert (document["TopicArn"], document["MessageId"]) == (sns.topic, published["MessageId"])


def test_an_event_as_message_stays_whole(sns: Sns) -> None:
    sns.subscribed()
    event = json.dumps({"detail": {"text": "x" * 2000, "ä": "ö"}}, ensure_ascii=False)
    sns.publish(event)
    assert text_of(sns.mails()[-1]).split("\n\n--\n")[0] == event


def test_a_batch_is_mailed_one_by_one(sns: Sns) -> None:
    sns.subscribed()
    entries = [{"Id": "1", "Message": "one"}, {"Id": "2", "Message": "two", "Subject": "second"}]
    sns("PublishBatch", TopicArn=sns.topic, PublishBatchRequestEntries=entries)
    assert [mail["Subject"] for mail in sns.mails()[1:]] == ["AWS Notification Message", "second"]


def test_a_filter_policy_keeps_mails_away(sns: Sns) -> None:
    sns.subscribed(Attributes={"FilterPolicy": '{"status": [{"anything-but": "Succeeded"}]}'})
    for status in ("Failed", "Succeeded"):
        sns.publish(status, MessageAttributes={"status": {"DataType": "String", "StringValue": status}})
    assert [text_of(mail).splitlines()[0] for mail in sns.mails()[1:]] == ["Failed"]


def test_a_filter_policy_may_look_at_the_message_itself(sns: Sns) -> None:
    arn = sns.subscribed()
    for name, value in (
        ("FilterPolicyScope", "MessageBody"),
        ("FilterPolicy", '{"detail": {"n": [{"numeric": [">", 1]}]}}'),
    ):
        sns("SetSubscriptionAttributes", SubscriptionArn=arn, AttributeName=name, AttributeValue=value)
    for message in ('{"detail": {"n": 2}}', '{"detail": {"n": 1}}', "no json"):
        sns.publish(message)
    assert len(sns.mails()) == 2


def test_subscribing_again_asks_again_until_it_is_confirmed(sns: Sns) -> None:
    sns.subscribe()
    sns.subscribe()
    assert len(sns.mails()) == 2
    arn = sns.follow_the_link()
    assert sns.subscribe() == arn
    assert len(sns.mails()) == 2


def test_who_unsubscribes_gets_no_more_mail(sns: Sns) -> None:
    arn = sns.subscribed()
    sns("Unsubscribe", SubscriptionArn=arn)
    sns.publish()
    assert len(sns.mails()) == 1
    assert sns("ListSubscriptions")["Subscriptions"] == []


def test_a_deleted_topics_subscriptions_are_gone(sns: Sns) -> None:
    sns.subscribe()
    sns("DeleteTopic", TopicArn=sns.topic)
    with pytest.raises(AwsError):
        sns.follow_the_link()


def test_other_protocols_are_the_backends_alone(sns: Sns) -> None:
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"
    boto3.client("sqs", region_name=REGION).create_queue(QueueName="q")
    arn = sns.subscribe(queue, protocol="sqs")
    assert arn.startswith(sns.topic + ":")
    assert (
        sns("GetSubscriptionAttributes", SubscriptionArn=arn)["Attributes"]["PendingConfirmation"] == "false"
    )
    sns.publish()
    assert not sns.inbox.exists()


def test_an_address_cannot_lead_out_of_the_inbox(sns: Sns) -> None:
    sns.subscribe("../../evil/x@example.com")
    (record,) = sns.journal.read(0, "mail")
    assert Path(record["path"]).parent.parent == sns.inbox
