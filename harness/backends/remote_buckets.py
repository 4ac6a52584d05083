"""S3 as a backend elsewhere tells it: buckets, and objects as HeadObject answers them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from harness.access.facts import Bucket, StoredObject
from harness.backends import held_policy
from harness.backends.connection import Connection
from harness.backends.known import Known
from harness.backends.seen import Seen
from harness.backends.uploads import Uploads, Written
from harness.model import Json

_KMS = ("aws:kms", "aws:kms:dsse")
_ENFORCED = "BucketOwnerEnforced"
# Any will do: names are one space for all regions, and neither LocalStack nor moto asks for the bucket's own.
_REGION = "us-east-1"


class RemoteBuckets:
    def __init__(self, connection: Connection, seen: Seen, uploads: Uploads) -> None:
        self._connection = connection
        self._seen = seen
        self._uploads = uploads
        self.known = Known()

    def bucket(self, name: str) -> Bucket | None:
        return self.known.get(("bucket", name), lambda: self._bucket(name))

    def policied(self) -> list[str]:
        """The ARNs of the buckets that have a policy."""
        every = (name for account in self._seen.accounts("s3") for name in self.names(account))
        return [f"arn:aws:s3:::{name}" for name in every if (found := self.bucket(name)) and found.policy]

    def tags(self, name: str) -> Mapping[str, str]:
        found = self.bucket(name)
        return self.known.get(("tags", name), lambda: self._tags(name, found.owner)) or {} if found else {}

    def names(self, account: str) -> list[str]:
        def ask() -> list[str]:
            return [bucket["Name"] for bucket in self._s3(account).list_buckets()["Buckets"]]

        return self.known.get(("names", account), ask) or []

    def stored_object(self, bucket: str, key: str, version: str = "") -> StoredObject | None:
        """The current version, or the one that is named; None for a delete marker."""
        found = self.bucket(bucket)
        if found is None or not key:
            return None
        named = {"Bucket": bucket, "Key": key, **({"VersionId": version} if version else {})}
        told = _answer(self._s3(found.owner).head_object, **named)
        if told is None:
            return None
        here = self._uploads.written(bucket, key, told.get("VersionId", "")) or Written(found.owner, "")
        key_id = told.get("SSEKMSKeyId") or here.kms_key
        may_have_tags = bool(told.get("TagCount")) or here.account != found.owner
        return StoredObject(
            # BucketOwnerPreferred: see moto_buckets.
            owner=here.account if found.ownership == "ObjectWriter" else found.owner,
            key=_named(told.get("ServerSideEncryption"), key_id),
            bucket_key=bool(told.get("BucketKeyEnabled")),
            tags=self._object_tags(found.owner, here.account, named) if may_have_tags else {},
        )

    def _object_tags(self, owner: str, writer: str, named: dict[str, str]) -> dict[str, str]:
        """moto keeps them with the account that set them: see moto_buckets."""
        for account in dict.fromkeys((owner, writer)):
            found = _tag_set(_answer(self._s3(account).get_object_tagging, **named))
            if found:
                return found
        return {}

    def _s3(self, account: str) -> Any:
        return self._connection.client("s3", account, _REGION)

    def _bucket(self, name: str) -> Bucket | None:
        owner = next((account for account in self._seen.accounts("s3") if name in self.names(account)), "")
        if not owner:
            return None
        s3 = self._s3(owner)
        rule = _rule(_answer(s3.get_bucket_encryption, Bucket=name), "ServerSideEncryptionConfiguration")
        default = rule.get("ApplyServerSideEncryptionByDefault", {})
        ownership = _rule(_answer(s3.get_bucket_ownership_controls, Bucket=name), "OwnershipControls")
        return Bucket(
            name=name,
            owner=owner,
            policy=held_policy.unwrapped(
                (_answer(s3.get_bucket_policy, Bucket=name) or {}).get("Policy", "")
            ),
            key=_named(default.get("SSEAlgorithm"), default.get("KMSMasterKeyID")),
            bucket_key=bool(rule.get("BucketKeyEnabled")),
            ownership=ownership.get("ObjectOwnership", _ENFORCED),
        )

    def _tags(self, name: str, owner: str) -> dict[str, str]:
        return _tag_set(_answer(self._s3(owner).get_bucket_tagging, Bucket=name))


def _answer(ask: Callable[..., Any], **named: str) -> Any:
    """None where there is no such thing. A HEAD's error has a status only; a delete marker's is 405 where its version
    is named."""
    try:
        return ask(**named)
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status in (400, 404, 405):  # 400: no version's id
            return None
        raise


def _rule(told: Any, where: str) -> Json:
    """The first rule of a configuration; AWS has never more than one."""
    rules: list[Json] = (told or {}).get(where, {}).get("Rules", [])
    return rules[0] if rules else {}


def _named(algorithm: str | None, key: str | None) -> str:
    return (key or "alias/aws/s3") if algorithm in _KMS else ""


def _tag_set(told: Any) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in told["TagSet"]} if told else {}
