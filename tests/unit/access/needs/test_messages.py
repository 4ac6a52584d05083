"""Topics and queues: links that are not signed, encrypted messages, ARNs that are none."""

from __future__ import annotations

import pytest

from harness.model import AwsError, Principal
from tests.unit.access.needs.world import ANA, AWAY, EVENTS, HOME, NOBODY, REGION, asked

TOPIC = f"arn:aws:sns:{REGION}:{HOME}:news"
SECRET = f"arn:aws:sns:{REGION}:{HOME}:secret"


def test_whoever_has_a_mails_link_may_follow_it() -> None:
    assert asked("sns", "ConfirmSubscription", {"TopicArn": TOPIC, "Token": "t"}, by=NOBODY) == []
    assert asked("sns", "Unsubscribe", {"SubscriptionArn": f"{TOPIC}:1"}, by=NOBODY) == []


def test_who_signs_needs_the_permission() -> None:
    assert asked("sns", "ConfirmSubscription", {"TopicArn": TOPIC, "Token": "t"}, by=ANA)


@pytest.mark.parametrize("publisher", [ANA, EVENTS])
def test_a_publisher_uses_an_encrypted_topics_key_through_sns(publisher: Principal) -> None:
    _, *uses = asked("sns", "Publish", {"TopicArn": SECRET}, by=publisher)
    assert [use.action for use in uses] == ["kms:GenerateDataKey", "kms:Decrypt"]
    for use in uses:
        assert use.gate == "key"
        assert use.why == "to encrypt the message with the topic's key"
        assert use.context["kms:viaservice"] == "sns.us-east-1.amazonaws.com"
        assert use.context["kms:encryptioncontext:aws:sns:topicarn"] == SECRET


def test_a_topic_is_its_accounts() -> None:
    (permission,) = asked("sns", "Publish", {"TopicArn": f"arn:aws:sns:{REGION}:{AWAY}:news"})
    assert permission.owner == AWAY


def test_a_text_message_is_the_callers_own() -> None:
    (permission,) = asked("sns", "Publish", {"PhoneNumber": "+15550100"})
    assert permission.owner == HOME


def test_a_topic_that_is_no_arn_is_refused_as_sns_does() -> None:
    with pytest.raises(AwsError) as refused:
        asked("sns", "Publish", {"TopicArn": "news"})
    assert (refused.value.code, refused.value.status) == ("InvalidParameter", 400)
    assert refused.value.message == (
        "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1"
    )


def test_an_encrypted_queues_key_is_used_through_sqs() -> None:
    queue = f"arn:aws:sqs:{REGION}:{HOME}:secret"
    _, use = asked("sqs", "ReceiveMessage", {"QueueUrl": f"http://127.0.0.1:4566/{HOME}/secret"})
    assert use.why == "to decrypt messages with the queue's key"
    assert use.context["kms:viaservice"] == "sqs.us-east-1.amazonaws.com"
    assert use.context["kms:encryptioncontext:aws:sqs:arn"] == queue
