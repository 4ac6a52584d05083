"""The facts that decisions are made on, asked of a backend elsewhere. Of what the gateway supplies itself (IAM, ECR,
Logs, CloudWatch) they are moto's, as ever."""

from __future__ import annotations

from collections.abc import Mapping

from harness.access.facts import Bucket, Key, StoredObject
from harness.backends import moto_resources
from harness.backends.moto_facts import MotoFacts
from harness.backends.remote_buckets import RemoteBuckets
from harness.backends.remote_keys import RemoteKeys
from harness.backends.remote_resources import RemoteResources
from harness.backends.uploads import Uploads

_ELSEWHERE = ("sns", "sqs")


class RemoteFacts:
    """access.facts.Facts."""

    def __init__(
        self, buckets: RemoteBuckets, keys: RemoteKeys, resources: RemoteResources, uploads: Uploads
    ) -> None:
        moto = MotoFacts()
        self._moto = moto
        self._buckets = buckets
        self._keys = keys
        self._resources = resources
        self._uploads = uploads
        self.identity = moto.identity
        self.identities = moto.identities
        self.managed_policy = moto.managed_policy

    def bucket(self, name: str) -> Bucket | None:
        return self._buckets.bucket(name)

    def stored_object(self, bucket: str, key: str, version: str = "") -> StoredObject | None:
        return self._buckets.stored_object(bucket, key, version)

    def multipart_key(self, bucket: str, upload_id: str) -> str:
        return self._uploads.kms_key(bucket, upload_id)

    def kms_key(self, id: str, account: str, region: str) -> Key | None:
        return self._keys.kms_key(id, account, region)

    def resource_policy(self, arn: str) -> str:
        if _service(arn) not in _ELSEWHERE:
            return self._moto.resource_policy(arn)
        found = self._resources.held(arn)
        return found.policy if found else ""

    def resource_key(self, arn: str) -> str:
        if _service(arn) not in _ELSEWHERE:
            return self._moto.resource_key(arn)
        found = self._resources.held(arn)
        return found.key if found else ""

    def policied(self) -> list[str]:
        return [
            *self._buckets.policied(),
            *self._keys.policied(),
            *self._resources.policied(),
            *moto_resources.policied(),
        ]

    def tags(self, arn: str) -> Mapping[str, str]:
        service = _service(arn)
        if service == "s3":
            return self._buckets.tags(arn.removeprefix("arn:aws:s3:::"))
        if service == "kms":
            key = self._keys.kms_key(arn, "", "")
            return key.tags if key else {}
        if service in _ELSEWHERE:
            found = self._resources.held(arn)
            return found.tags if found else {}
        return self._moto.tags(arn)


def _service(arn: str) -> str:
    parts = arn.split(":", 5)
    return parts[2] if len(parts) == 6 else ""
