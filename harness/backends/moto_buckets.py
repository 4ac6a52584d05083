"""S3 as moto holds it: buckets, objects, uploads in parts."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from harness.access.facts import Bucket, StoredObject
from harness.backends.moto_keys import kms_key
from harness.backends.moto_objects import PARTITION, backend, backends, tagged

_KMS = ("aws:kms", "aws:kms:dsse")
_ENFORCED = "BucketOwnerEnforced"


def bucket(name: str) -> Bucket | None:
    held = _held(name)
    if held is None:
        return None
    rule = (held.encryption or {}).get("Rule", {})
    return Bucket(
        name=name,
        owner=held.account_id,
        policy=_text(held.policy) if held.policy else "",
        key=_default_key(held),
        bucket_key=_true(rule.get("BucketKeyEnabled")),
        ownership=held.ownership_rule or _ENFORCED,
    )


def policied() -> list[str]:
    """The ARNs of the buckets that have a policy."""
    every = map(_held, tuple(backends("s3").bucket_accounts))
    return [held.arn for held in every if held and held.policy]


def tags(name: str) -> dict[str, str]:
    held = _held(name)
    return tagged(_s3(held.account_id), held.arn) if held else {}


def stored_object(bucket: str, key: str, version: str = "") -> StoredObject | None:
    """The current version, or the one that is named; None for a delete marker."""
    held = _held(bucket)
    found = _version(held, key, version) if held else None
    if found is None or not hasattr(found, "encryption"):  # delete markers have none
        return None
    return StoredObject(
        owner=_owner(held, found),
        key=_resolved(_named(found.encryption, found.kms_key_id), found.account_id, held.region_name),
        bucket_key=_true(found.bucket_key_enabled),
        tags=_object_tags(held, found),
    )


def multipart_key(bucket: str, upload_id: str) -> str:
    """The KMS key that CreateMultipartUpload chose for all parts; the bucket's, where it named no encryption."""
    held = _held(bucket)
    upload = held.multiparts.get(upload_id) if held else None
    if upload is None:
        return ""
    chosen = _named(upload.sse_encryption, upload.kms_key_id) if upload.sse_encryption else _default_key(held)
    return _resolved(chosen, upload.account_id, held.region_name)


def _held(name: str) -> Any:
    """moto's bucket; names are one space for all accounts."""
    _, account = backends("s3").bucket_accounts.get(name, ("", ""))
    s3 = _s3(account)
    return s3.buckets.get(name) if s3 else None


def _s3(account: str) -> Any:
    return backend("s3", account, PARTITION)


def _version(held: Any, key: str, version: str) -> Any:
    versions = tuple(held.keys.getlist(key, ()))
    if not version:
        return versions[-1] if versions else None
    return next((v for v in versions if v.version_id == version), None)


def _owner(held: Any, found: Any) -> str:
    """moto's `account_id` of an object is its writer, who owns it only where the bucket's ownership is ObjectWriter.

    BucketOwnerPreferred gives it to the bucket's owner where it was written with the ACL `bucket-owner-full-control`.
    moto does not keep that ACL, so we take every object there for the bucket owner's.
    Source: S3 User Guide, "Controlling ownership of objects and disabling ACLs for your bucket".
    """
    return str(found.account_id if held.ownership_rule == "ObjectWriter" else held.account_id)


def _object_tags(held: Any, found: Any) -> dict[str, str]:
    """moto keeps tags with the account that set them: the bucket's owner later on, or the writer with the object."""
    later = tagged(_s3(held.account_id), found.arn)
    return later or tagged(_s3(found.account_id), found.arn)


def _default_key(held: Any) -> str:
    rule = (held.encryption or {}).get("Rule", {})
    default = rule.get("ApplyServerSideEncryptionByDefault", {})
    return _named(default.get("SSEAlgorithm"), default.get("KMSMasterKeyID"))


def _named(algorithm: str | None, key: str | None) -> str:
    """moto gives an object its bucket's key also where it is encrypted without KMS."""
    return (key or "alias/aws/s3") if algorithm in _KMS else ""


def _resolved(key: str, account: str, region: str) -> str:
    """S3 looks a key that is named without its account up in the account of who writes, and keeps the key's ARN.

    Source: S3 User Guide, "Using server-side encryption with AWS KMS keys (SSE-KMS)".
    """
    found = kms_key(key, account, region) if key else None
    return found.arn if found else key


def _true(value: object) -> bool:
    """moto keeps XML's and headers' `true`, or a boolean."""
    return str(value).lower() == "true"


@lru_cache(maxsize=256)
def _text(policy: bytes | str) -> str:
    """The same text object each time, so that it is hashed once."""
    return policy if isinstance(policy, str) else policy.decode()
