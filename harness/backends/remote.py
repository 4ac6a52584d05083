"""LocalStack or a moto server behind the gateway: S3, KMS, SNS and SQS.

The gateway supplies the rest by moto in its own process: IAM, whose facts every decision needs; ECR, which LocalStack
has with a token only; Logs and CloudWatch, for a backend elsewhere lives in real time, and refuses events of the
virtual clock's days to come.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from harness.backends import encrypting, held_policy
from harness.backends.connection import Connection
from harness.backends.kinds import NEEDED, Kind
from harness.backends.known import changes
from harness.backends.moto import MotoBackend, check_supported
from harness.backends.moto_deliveries import MaySend
from harness.backends.remote_buckets import RemoteBuckets
from harness.backends.remote_deliveries import RemoteDeliveries
from harness.backends.remote_facts import RemoteFacts
from harness.backends.remote_keys import RemoteKeys
from harness.backends.remote_resources import RemoteResources
from harness.backends.seen import Seen
from harness.backends.uploads import Uploads
from harness.clock import Clock
from harness.model import ApiCall, HarnessError, HttpRequest, HttpResponse

_REGION = "us-east-1"  # the stand-in accounts' own
_QUEUE_URL = re.compile(rb"https?://[^/\"<\s]+/(?:queue/[^/]+/)?(\d{12}/)")


class RemoteBackend:
    """See choice.Backend."""

    def __init__(self, connection: Connection, kind: Kind, clock: Clock, may_send: MaySend) -> None:
        self._connection = connection
        self._kind = kind
        self._moto = MotoBackend(clock, may_send)
        self._seen = Seen()
        self._uploads = Uploads()
        self._buckets = RemoteBuckets(connection, self._seen, self._uploads)
        self._keys = RemoteKeys(connection, self._seen)
        self._resources = RemoteResources(connection, self._seen)
        self._known = {"s3": self._buckets.known, "kms": self._keys.known, **self._resources.known}
        self._deliveries = RemoteDeliveries(connection, may_send, self._known["sns"])
        self.facts = RemoteFacts(self._buckets, self._keys, self._resources, self._uploads)

    def check_supported(self, call: ApiCall) -> None:
        """What is refused is the same with every backend."""
        check_supported(call)

    def check_unused(self, accounts: Iterable[str]) -> None:
        """Raises HarnessError, with their names, where the accounts have something already."""
        for known in self._known.values():
            known.forget()
        left = [f"{name} of {account}" for account in accounts for name in self._held_by(account)]
        if left:
            raise HarnessError(
                f"the backend at {self._connection.url} is not empty: there is {', '.join(left)}. The harness begins"
                f" with empty accounts: {self._kind.empty.format(url=self._connection.url)}"
            )

    def _held_by(self, account: str) -> list[str]:
        return [
            *self._buckets.names(account),
            *self._keys.names(account, _REGION),
            *self._resources.names(account, _REGION),
        ]

    def send(self, call: ApiCall, request: HttpRequest) -> HttpResponse:
        """Raises AwsError ServiceUnavailable (503) where the backend does not answer."""
        if call.service not in NEEDED:
            return self._moto.send(call, request)
        self._seen.add(call.service, call.account, call.region)
        self._uploads.check(call)
        self._deliveries.before(call)
        key = encrypting.kms_key(call, self.facts) if call.service == "s3" else ""
        asked = encrypting.by_its_arn(call, self._kind.asked(call, request), key, self.facts)
        try:
            response = self._connection.send(call.service, asked, call.account, call.region)
        finally:
            if changes(call.service, call.operation):
                self._known[call.service].forget()
        self._deliveries.after(call, response)
        if call.service == "s3":
            bucket = self.facts.bucket(call.params.get("Bucket", ""))
            self._uploads.after(call, response, key, bucket.owner if bucket else "")
        return _queue_urls(call, held_policy.answered(call, response))

    def close(self) -> None:
        self._connection.close()


def _queue_urls(call: ApiCall, response: HttpResponse) -> HttpResponse:
    """LocalStack's queue URLs have a host name of its own, the moto server's its address."""
    if call.service != "sqs" or "Queue" not in call.operation or b"://" not in response.body:
        return response
    theirs = rb"https://sqs.%s.amazonaws.com/\1" % call.region.encode()
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    return replace(response, headers=headers, body=_QUEUE_URL.sub(theirs, response.body))
