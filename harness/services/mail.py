"""SNS's e-mail: what the backend leaves out of SNS.

The backend confirms every subscription at once and sends no mail. This stands between: an e-mail
subscription is pending until its link is followed, and every mail becomes an `.eml` file in the inbox.

Sources: SNS Developer Guide, "Email notifications" and "Subscription filter policies"; SNS API reference,
Subscribe (ReturnSubscriptionArn), ConfirmSubscription, GetSubscriptionAttributes.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from harness.clock import Clock
from harness.events.pattern import compile_pattern
from harness.journal import Journal
from harness.model import ApiCall, AwsError, Json
from harness.services.letters import Letter, Subscription, confirmation, notification, write

Forward = Callable[[], Json]
_PROTOCOLS = ("email", "email-json")
_PENDING = "PendingConfirmation"


class Mail:
    """Wraps the service `sns`: `handle` does what SNS does around the backend's own answer."""

    def __init__(self, inbox: Path, journal: Journal, clock: Clock, endpoint: str) -> None:
        """`endpoint`: the gateway's address, for the links in mails."""
        self._inbox = inbox
        self._journal = journal
        self._clock = clock
        self._endpoint = endpoint
        self._lock = threading.Lock()
        self._subscriptions: dict[str, Subscription] = {}
        self._operations: dict[str, Callable[[ApiCall, Forward], Json]] = {
            "Subscribe": self._subscribe,
            "ConfirmSubscription": self._confirm,
            "Unsubscribe": self._unsubscribe,
            "DeleteTopic": self._delete_topic,
            "SetSubscriptionAttributes": self._set_attribute,
            "GetSubscriptionAttributes": self._get_attributes,
            "GetTopicAttributes": self._get_topic_attributes,
            "ListSubscriptions": self._list,
            "ListSubscriptionsByTopic": self._list,
            "Publish": self._publish,
            "PublishBatch": self._publish_batch,
        }

    @property
    def operations(self) -> frozenset[str]:
        """The calls that it acts on; the others go to the backend untouched."""
        return frozenset(self._operations)

    def handle(self, call: ApiCall, forward: Forward) -> Json:
        """The answer to a call of SNS, by botocore's model. `forward` does the call in the backend and
        answers it.

        Raises what `forward` raises, and AwsError InvalidParameter, "Invalid parameter: Token".
        """
        operation = self._operations.get(call.operation)
        return operation(call, forward) if operation else forward()

    def _subscribe(self, call: ApiCall, forward: Forward) -> Json:
        """Asked for again, a pending subscription gets another mail, a confirmed one its ARN."""
        answer = forward()
        if call.params["Protocol"] not in _PROTOCOLS:
            return answer
        arn = answer["SubscriptionArn"]
        with self._lock:
            subscription = self._subscriptions.get(arn) or Subscription(
                arn, call.params["TopicArn"], call.params["Protocol"], call.params["Endpoint"], _token()
            )
            self._subscriptions[arn] = replace(
                subscription, attributes={**subscription.attributes, **call.params.get("Attributes", {})}
            )
        if subscription.confirmed:
            return answer
        self._send(confirmation(subscription, self._endpoint))
        told = str(call.params.get("ReturnSubscriptionArn", False)).lower() == "true"
        return {**answer, "SubscriptionArn": arn if told else "pending confirmation"}

    def _confirm(self, call: ApiCall, _: Forward) -> Json:
        """{SubscriptionArn}. The backend's own tokens count for nothing: it would take any."""
        for subscription in self._of_topic(call.params.get("TopicArn", "")):
            if subscription.token == call.params.get("Token"):
                with self._lock:
                    self._subscriptions[subscription.arn] = replace(subscription, confirmed=True)
                return {"SubscriptionArn": subscription.arn}
        raise AwsError("InvalidParameter", "Invalid parameter: Token")

    def _unsubscribe(self, call: ApiCall, forward: Forward) -> Json:
        answer = forward()
        with self._lock:
            self._subscriptions.pop(call.params["SubscriptionArn"], None)
        return answer

    def _delete_topic(self, call: ApiCall, forward: Forward) -> Json:
        answer = forward()
        for subscription in self._of_topic(call.params["TopicArn"]):
            with self._lock:
                self._subscriptions.pop(subscription.arn, None)
        return answer

    def _set_attribute(self, call: ApiCall, forward: Forward) -> Json:
        answer = forward()
        name, value = call.params["AttributeName"], call.params.get("AttributeValue", "")
        with self._lock:
            ours = self._subscriptions.get(call.params["SubscriptionArn"])
            if ours:
                changed = replace(ours, attributes={**ours.attributes, name: value})
                self._subscriptions[ours.arn] = changed
        return answer

    def _get_attributes(self, call: ApiCall, forward: Forward) -> Json:
        answer = forward()
        ours = self._subscriptions.get(call.params["SubscriptionArn"])
        if ours is None:
            return answer
        pending = "false" if ours.confirmed else "true"
        return {**answer, "Attributes": {**answer["Attributes"], _PENDING: pending}}

    def _get_topic_attributes(self, call: ApiCall, forward: Forward) -> Json:
        """Backends count our pending subscriptions as confirmed (LocalStack), or count nothing (moto)."""
        answer = forward()
        ours = self._of_topic(call.params["TopicArn"])
        confirmed = sum(one.confirmed for one in ours)
        counted = int(answer["Attributes"].get("SubscriptionsConfirmed", 0)) - (len(ours) - confirmed)
        counts = {
            "SubscriptionsPending": str(len(ours) - confirmed),
            "SubscriptionsConfirmed": str(max(confirmed, counted)),
        }
        return {**answer, "Attributes": {**answer["Attributes"], **counts}} if ours else answer

    def _list(self, call: ApiCall, forward: Forward) -> Json:
        answer = forward()
        return {**answer, "Subscriptions": [self._as_ours(one) for one in answer.get("Subscriptions", [])]}

    def _publish(self, call: ApiCall, forward: Forward) -> Json:
        answer = forward()
        topic = call.params.get("TopicArn") or call.params.get("TargetArn") or ""
        self._notify(topic, call.params, answer["MessageId"])
        return answer

    def _publish_batch(self, call: ApiCall, forward: Forward) -> Json:
        answer = forward()
        published = {one["Id"]: one["MessageId"] for one in answer.get("Successful", [])}
        for entry in call.params["PublishBatchRequestEntries"]:
            if entry["Id"] in published:
                self._notify(call.params["TopicArn"], entry, published[entry["Id"]])
        return answer

    def _notify(self, topic: str, message: Json, message_id: str) -> None:
        for subscription in self._of_topic(topic):
            if subscription.confirmed and _wants(subscription, message):
                now = self._clock.now()
                self._send(notification(subscription, message, message_id, now, self._endpoint))

    def _send(self, letter: Letter) -> None:
        with self._lock:
            path = write(letter, self._inbox, self._clock.now())
        self._journal.write(
            "mail", to=letter.to, subject=letter.subject, path=str(path), topic=letter.topic_arn
        )

    def _of_topic(self, topic_arn: str) -> list[Subscription]:
        with self._lock:
            return [one for one in self._subscriptions.values() if one.topic_arn == topic_arn]

    def _as_ours(self, listed: Json) -> Json:
        """A listed subscription, known by its address: of one that it takes for pending, LocalStack tells no ARN."""
        for ours in self._of_topic(listed["TopicArn"]):
            if (ours.protocol, ours.address) == (listed["Protocol"], listed["Endpoint"]):
                return {**listed, "SubscriptionArn": ours.arn if ours.confirmed else _PENDING}
        return listed


def _token() -> str:
    return uuid.uuid4().hex * 4


def _wants(subscription: Subscription, message: Json) -> bool:
    """A filter policy reads as an event pattern does: on the message's attributes, or on its body if so scoped."""
    policy = subscription.attributes.get("FilterPolicy", "")
    if policy in ("", "{}"):
        return True
    if subscription.attributes.get("FilterPolicyScope") != "MessageBody":
        attributes = message.get("MessageAttributes", {})
        return compile_pattern(policy).matches({name: _value(one) for name, one in attributes.items()})
    try:
        body = json.loads(message["Message"])
    except ValueError:
        return False
    return isinstance(body, dict) and compile_pattern(policy).matches(body)


def _value(attribute: Json) -> object:
    text = attribute.get("StringValue", "")
    return json.loads(text) if attribute["DataType"] in ("Number", "String.Array") else text
