"""What SNS and S3 send to queues and topics. moto hands it over inside, whatever the receiver's policy says: here the
sender is asked for its permission first.

Sources: SNS Developer Guide, "Fanout Amazon SNS notifications to Amazon SQS queues"; S3 User Guide, "Granting
permissions to publish event notification messages to a destination". AWS tries a delivery that is refused again for a
while, and S3 refuses to configure it; here it is dropped, and the journal tells.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.model import Principal

# Whether a service may send something to a queue or topic, told by its ARN.
MaySend = Callable[[Principal, str], bool]


def _anything(sender: Principal, arn: str) -> bool:
    return True


_may_send: MaySend = _anything


def use(may_send: MaySend | None) -> None:
    """Whom to ask from now on; None asks nobody."""
    global _may_send
    _may_send = may_send or _anything


def ask_for_sns() -> None:
    from moto.sns.models import Subscription

    hand_over = Subscription.publish

    def publish(self: Any, message: str, message_id: str, **given: Any) -> None:
        if self.protocol == "sqs":
            topic: str = self.topic.arn
            if not _may_send(_service("sns", topic.split(":")[4], topic), self.endpoint):
                return
            # moto looks for the queue in the subscriber's account.
            self.account_id = self.endpoint.split(":")[4]
        hand_over(self, message, message_id, **given)

    Subscription.publish = publish  # type: ignore[method-assign,assignment]


def ask_for_s3() -> None:
    from moto.s3 import notifications

    to_queue, to_topic = notifications._send_sqs_message, notifications._send_sns_message

    def send_sqs_message(account_id: str, event_body: Any, queue_name: str, region_name: str) -> None:
        if _may_send(_bucket(account_id, event_body), f"arn:aws:sqs:{region_name}:{account_id}:{queue_name}"):
            to_queue(account_id, event_body, queue_name, region_name)

    def send_sns_message(account_id: str, event_body: Any, topic_arn: str, region_name: str) -> None:
        if _may_send(_bucket(account_id, event_body), topic_arn):
            to_topic(account_id, event_body, topic_arn, region_name)

    notifications._send_sqs_message = send_sqs_message
    notifications._send_sns_message = send_sns_message


def _bucket(account: str, event: Any) -> Principal:
    """S3, for the bucket that an event, or the test event of a new configuration, is of."""
    name = event["Bucket"] if "Bucket" in event else event["Records"][0]["s3"]["bucket"]["name"]
    return _service("s3", account, f"arn:aws:s3:::{name}")


def _service(name: str, account: str, source_arn: str) -> Principal:
    return Principal(account, f"{name}.amazonaws.com", "service", source_arn=source_arn)
