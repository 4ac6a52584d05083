"""What SNS and S3 send to queues and topics in a backend elsewhere, which hands it over whatever the receiver's policy
says: here the sender is asked for its permission first.

S3 asks when it is configured, as on AWS. SNS asks at each message: a subscription that may not get it has, for so long,
a filter policy that no message passes; GetSubscriptionAttributes shows it.

Sources: SNS Developer Guide, "Fanout Amazon SNS notifications to Amazon SQS queues"; S3 User Guide, "Granting
permissions to publish event notification messages to a destination".
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from typing import Any

from harness.backends.connection import Connection
from harness.backends.known import Known
from harness.backends.moto_deliveries import MaySend
from harness.model import ApiCall, AwsError, HttpResponse, Json, Principal

_FILTER = "FilterPolicy"


class RemoteDeliveries:
    def __init__(self, connection: Connection, may_send: MaySend, known: Known) -> None:
        """`known`: SNS's facts."""
        self._connection = connection
        self._may_send = may_send
        self._known = known
        # No message has an attribute of this name.
        self._nothing = json.dumps({uuid.uuid4().hex: ["never"]})
        self._muted: dict[str, str] = {}  # what each subscription's own filter policy is
        self._lock = threading.Lock()

    def before(self, call: ApiCall) -> None:
        """Raises AwsError InvalidArgument where S3 may not send to where it is asked to."""
        if (call.service, call.operation) == ("s3", "PutBucketNotificationConfiguration"):
            self._check_destinations(call)
        elif call.service == "sns" and call.operation in ("Publish", "PublishBatch"):
            self._see_to(call)

    def after(self, call: ApiCall, response: HttpResponse) -> None:
        """A filter policy that was put takes the place of the one that no message passes."""
        filtered = (
            call.operation == "SetSubscriptionAttributes" and call.params.get("AttributeName") == _FILTER
        )
        if call.service == "sns" and filtered and response.status < 300:
            with self._lock:
                self._muted.pop(call.params["SubscriptionArn"], None)

    def _check_destinations(self, call: ApiCall) -> None:
        if call.params.get("SkipDestinationValidation"):
            return
        s3 = _service("s3", call.account, f"arn:aws:s3:::{call.params['Bucket']}")
        for arn in _destinations(call.params.get("NotificationConfiguration") or {}):
            if not self._may_send(s3, arn):
                raise AwsError(
                    "InvalidArgument", "Unable to validate the following destination configurations"
                )

    def _see_to(self, call: ApiCall) -> None:
        topic = str(call.params.get("TopicArn") or call.params.get("TargetArn") or "")
        sns = _service("sns", call.account, topic)
        client = self._connection.client("sns", call.account, call.region)
        with self._lock:
            for subscription in self._queues_of(client, topic):
                arn, queue = subscription["SubscriptionArn"], subscription["Endpoint"]
                may = self._may_send(sns, queue)
                if may and arn in self._muted:
                    _filter(client, arn, self._muted.pop(arn))
                elif not may and arn not in self._muted:
                    own = client.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
                    self._muted[arn] = own.get(_FILTER) or "{}"
                    _filter(client, arn, self._nothing)

    def _queues_of(self, client: Any, topic: str) -> list[Json]:
        def ask() -> list[Json]:
            pages = client.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
            return [one for page in pages for one in page["Subscriptions"] if one["Protocol"] == "sqs"]

        try:
            return self._known.get(("queues of", topic), ask) or []
        except client.exceptions.ClientError:  # no such topic: the backend says so to who publishes
            return []


def _filter(client: Any, arn: str, policy: str) -> None:
    client.set_subscription_attributes(SubscriptionArn=arn, AttributeName=_FILTER, AttributeValue=policy)


def _destinations(configuration: Json) -> Iterator[str]:
    for one in configuration.get("QueueConfigurations") or ():
        yield one["QueueArn"]
    for one in configuration.get("TopicConfigurations") or ():
        yield one["TopicArn"]


def _service(name: str, account: str, source_arn: str) -> Principal:
    return Principal(account, f"{name}.amazonaws.com", "service", source_arn=source_arn)
