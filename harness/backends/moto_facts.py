"""The facts that decisions are made on, of everything that moto holds, read from its own objects.

A decision may take 0.1 ms; asking moto's API takes many times that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from harness.access.facts import Bucket, Identity, Key, StoredObject
from harness.backends import moto_buckets, moto_identities, moto_keys, moto_resources


class MotoFacts:
    """access.facts.Facts of IAM, S3, KMS, SNS, SQS, ECR, Logs and CloudWatch; of other services it knows nothing."""

    def identity(self, arn: str) -> Identity | None:
        return moto_identities.identity(arn)

    def identities(self) -> list[str]:
        return moto_identities.identities()

    def managed_policy(self, arn: str) -> str:
        return moto_identities.managed_policy(arn)

    def bucket(self, name: str) -> Bucket | None:
        return moto_buckets.bucket(name)

    def stored_object(self, bucket: str, key: str, version: str = "") -> StoredObject | None:
        return moto_buckets.stored_object(bucket, key, version)

    def multipart_key(self, bucket: str, upload_id: str) -> str:
        return moto_buckets.multipart_key(bucket, upload_id)

    def kms_key(self, id: str, account: str, region: str) -> Key | None:
        return moto_keys.kms_key(id, account, region)

    def resource_policy(self, arn: str) -> str:
        return moto_resources.policy(arn)

    def resource_key(self, arn: str) -> str:
        return moto_resources.key(arn)

    def policied(self) -> list[str]:
        return [*moto_buckets.policied(), *moto_keys.policied(), *moto_resources.policied()]

    def tags(self, arn: str) -> Mapping[str, str]:
        parts = arn.split(":", 5)
        teller = _TAGS.get(parts[2]) if len(parts) == 6 else None
        return teller(arn) if teller else {}


def _key_tags(arn: str) -> Mapping[str, str]:
    key = moto_keys.kms_key(arn, "", "")
    return key.tags if key else {}


_TAGS: dict[str, Callable[[str], Mapping[str, str]]] = {
    "iam": moto_identities.tags,
    "s3": lambda arn: moto_buckets.tags(arn.removeprefix("arn:aws:s3:::")),
    "kms": _key_tags,
    **dict.fromkeys(moto_resources.SERVICES, moto_resources.tags),
}
