"""SSE-KMS: the KMS key behind an object, and what using it takes.

Sources: S3 User Guide, "Using server-side encryption with AWS KMS keys (SSE-KMS)" (permissions, encryption context),
"Setting default server-side encryption behavior" (whose key it is, cross-account use), "Using Amazon S3 Bucket Keys";
S3 API reference, PutObject (x-amz-server-side-encryption-*) and ServerSideEncryptionByDefault.
"""

from __future__ import annotations

import base64
import json

from harness.access.facts import Bucket, Facts
from harness.access.needs import kms
from harness.access.needs.s3_resources import Place, owner_of
from harness.access.values import Values
from harness.model import ApiCall, AwsError, Json, Permission

_MANAGED = "alias/aws/s3"
_BAD_CONTEXT = (
    "The header 'x-amz-server-side-encryption-context' shall be Base64-encoded UTF-8 string holding JSON which"
    " represents a string-string map"
)


def to_encrypt(call: ApiCall, facts: Facts, place: Place) -> list[Permission]:
    """kms:GenerateDataKey on the key that the object will be encrypted with; [] without KMS.

    It is the request's; `aws:kms` without a key means AWS's managed one, also where the bucket's default is another;
    without a header it is the bucket's default. A key that is not an ARN is the caller's account's, not the bucket
    owner's.

    Raises AwsError KMS.NotFoundException for a key that is not there (aws/aws-cli#1517), which the backend would take.
    """
    bucket, params = facts.bucket(place.bucket), call.params
    key = _key(params, bucket)
    if not key:
        return []
    asked = "ServerSideEncryption" in params or "SSEKMSKeyId" in params
    why = (
        f"to encrypt the object with {'the key that the request names' if asked else 'the key of its bucket'}"
    )
    made = kms.use(
        call,
        facts,
        key,
        call.principal.account,
        ["kms:GenerateDataKey"],
        via="s3",
        encryption_context={
            "aws:s3:arn": _subject(place, _uses_bucket_key(params, bucket)),
            **_context(params),
        },
        why=why,
    )
    if not made:
        raise kms.missing(call, key, "KMS.NotFoundException")
    return made


def to_decrypt(call: ApiCall, facts: Facts, place: Place) -> list[Permission]:
    """kms:Decrypt on the key that an object is encrypted with; [] without KMS, or without the object."""
    stored = facts.stored_object(place.bucket, place.key, place.version)
    return _decrypting(call, facts, place, stored.key, stored.bucket_key) if stored else []


def to_go_on(call: ApiCall, facts: Facts, place: Place) -> list[Permission]:
    """kms:Decrypt on the key that an upload in parts began with: the requests that go on with it do not name it. Nor
    do the facts tell whether it uses a bucket key: the bucket's default says so."""
    bucket = facts.bucket(place.bucket)
    key = facts.multipart_key(place.bucket, call.params["UploadId"])
    return _decrypting(call, facts, place, key, bucket is not None and bucket.bucket_key)


def _decrypting(call: ApiCall, facts: Facts, place: Place, key: str, bucket_key: bool) -> list[Permission]:
    """The encryption context is S3's own pair: what the writer added to it is not in the facts. A key that is not an
    ARN is one that was not found in the writer's account when it was written."""
    if not key:
        return []
    return kms.use(
        call,
        facts,
        key,
        owner_of(call, facts, place.bucket),
        ["kms:Decrypt"],
        via="s3",
        encryption_context={"aws:s3:arn": _subject(place, bucket_key)},
        why="to decrypt the object with its key",
    )


def named_key(call: ApiCall, facts: Facts) -> Values:
    """s3:x-amz-server-side-encryption-aws-kms-key-id: the key's ARN, where the header names a key that there is."""
    named = call.params.get("SSEKMSKeyId")
    if not named:
        return {}
    key = facts.kms_key(named, call.principal.account, call.region)
    return {"s3:x-amz-server-side-encryption-aws-kms-key-id": key.arn if key else named}


def _key(params: Json, bucket: Bucket | None) -> str:
    if params.get("SSECustomerAlgorithm"):
        return ""
    algorithm = params.get("ServerSideEncryption", "")
    if algorithm == "AES256":
        return ""
    default = _MANAGED if algorithm else bucket.key if bucket else ""
    return params.get("SSEKMSKeyId") or default


def _subject(place: Place, bucket_key: bool) -> str:
    """The encryption context's aws:s3:arn: the object, or its bucket where it uses an S3 Bucket Key."""
    return f"arn:aws:s3:::{place.bucket}" if bucket_key else place.arn


def _uses_bucket_key(params: Json, bucket: Bucket | None) -> bool:
    """As the request says, else as the bucket does by default. Dual-layer encryption has no bucket keys."""
    if params.get("ServerSideEncryption") == "aws:kms:dsse":
        return False
    return bool(params.get("BucketKeyEnabled", bucket is not None and bucket.bucket_key))


def _context(params: Json) -> dict[str, str]:
    """The header x-amz-server-side-encryption-context, to which S3 adds its own pair."""
    header = params.get("SSEKMSEncryptionContext")
    if not header:
        return {}
    try:
        pairs = json.loads(base64.b64decode(header, validate=True))
    except ValueError as error:
        raise AwsError("InvalidArgument", _BAD_CONTEXT, 400) from error
    if not isinstance(pairs, dict) or not all(isinstance(value, str) for value in pairs.values()):
        raise AwsError("InvalidArgument", _BAD_CONTEXT, 400)
    return pairs
