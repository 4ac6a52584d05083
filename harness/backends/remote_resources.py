"""Topics and queues as a backend elsewhere tells them, by their ARNs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from harness.backends.connection import Connection
from harness.backends.known import Known
from harness.backends.seen import Seen

_GONE = ("NotFound", "NotFoundException", "ResourceNotFound", "ResourceNotFoundException")
_NO_QUEUE = ("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue")
_INVALID = ("InvalidParameter", "InvalidParameterException", "InvalidAddress")


@dataclass(frozen=True)
class Held:
    """A topic or a queue."""

    policy: str
    key: str
    tags: Mapping[str, str]


class RemoteResources:
    def __init__(self, connection: Connection, seen: Seen) -> None:
        self._connection = connection
        self._seen = seen
        self.known = {"sns": Known(), "sqs": Known()}
        self._ask = {"sns": self._topic, "sqs": self._queue}
        self._list = {"sns": self._topics, "sqs": self._queues}

    def held(self, arn: str) -> Held | None:
        parts = arn.split(":", 5)
        if len(parts) < 6 or (parts[4], parts[3]) not in self._seen.places(parts[2]):
            return None
        return self.known[parts[2]].get(("one", arn), lambda: self._there(parts[2], arn))

    def policied(self) -> list[str]:
        """The ARNs of all topics and queues that have a policy."""
        every = (
            arn
            for service in self.known
            for place in self._seen.places(service)
            for arn in self._every(service, *place)
        )
        return [arn for arn in every if (found := self.held(arn)) and found.policy]

    def names(self, account: str, region: str) -> list[str]:
        """The ARNs of an account's topics and queues."""
        return [arn for service in self.known for arn in self._every(service, account, region)]

    def _every(self, service: str, account: str, region: str) -> list[str]:
        name = ("every", account, region)
        return self.known[service].get(name, lambda: self._list[service](account, region)) or []

    def _there(self, service: str, arn: str) -> Held | None:
        _, _, _, region, account, _ = arn.split(":", 5)
        try:
            return self._ask[service](self._connection.client(service, account, region), arn)
        except ClientError as error:
            if error.response["Error"]["Code"] in (*_GONE, *_NO_QUEUE, *_INVALID):
                return None
            raise

    def _topic(self, sns: Any, arn: str) -> Held:
        told = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
        tags = sns.list_tags_for_resource(ResourceArn=arn)["Tags"]
        return Held(
            told.get("Policy", ""), told.get("KmsMasterKeyId", ""), {tag["Key"]: tag["Value"] for tag in tags}
        )

    def _queue(self, sqs: Any, arn: str) -> Held:
        _, _, _, _, account, name = arn.split(":", 5)
        url = f"{self._connection.url}/{account}/{name}"
        told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"]).get("Attributes", {})
        tags = sqs.list_queue_tags(QueueUrl=url).get("Tags", {})
        return Held(told.get("Policy", ""), told.get("KmsMasterKeyId", ""), tags)

    def _topics(self, account: str, region: str) -> list[str]:
        pages = self._connection.client("sns", account, region).get_paginator("list_topics").paginate()
        return [topic["TopicArn"] for page in pages for topic in page["Topics"]]

    def _queues(self, account: str, region: str) -> list[str]:
        pages = self._connection.client("sqs", account, region).get_paginator("list_queues").paginate()
        urls = [url for page in pages for url in page.get("QueueUrls", ())]
        return [f"arn:aws:sqs:{region}:{account}:{url.rsplit('/', 1)[-1]}" for url in urls]
