"""Which KMS key S3 encrypts an object with, said by its ARN.

S3 looks a key that is named without its account (an id, an alias) up in the account of who writes, and keeps its ARN.
LocalStack takes any name for an id in the bucket's account. So a backend elsewhere gets the ARN.

Source: S3 User Guide, "Using server-side encryption with AWS KMS keys (SSE-KMS)".
"""

from __future__ import annotations

from dataclasses import replace

from harness.access.facts import Facts
from harness.model import ApiCall, HttpRequest

_WRITES = ("PutObject", "CopyObject", "CreateMultipartUpload")
_KMS = "x-amz-server-side-encryption"
_KEY = f"{_KMS}-aws-kms-key-id"
_BUCKET_KEY = f"{_KMS}-bucket-key-enabled"


def kms_key(call: ApiCall, facts: Facts) -> str:
    """The key's ARN; empty where the call writes no object, or one without KMS. `alias/aws/s3` stays so where AWS's own
    key is not there yet."""
    params = call.params
    if call.operation not in _WRITES or params.get("SSECustomerAlgorithm"):
        return ""
    algorithm = params.get("ServerSideEncryption", "")
    if algorithm == "AES256":
        return ""
    bucket = facts.bucket(params["Bucket"])
    named = params.get("SSEKMSKeyId") or ("alias/aws/s3" if algorithm else bucket.key if bucket else "")
    found = facts.kms_key(named, call.principal.account, call.region) if named else None
    return found.arn if found else named


def by_its_arn(call: ApiCall, request: HttpRequest, key: str, facts: Facts) -> HttpRequest:
    """The request, naming the key by its ARN where its name is neither that nor AWS's own key's."""
    bucket = facts.bucket(call.params.get("Bucket", "")) if key else None
    named = call.params.get("SSEKMSKeyId") or (bucket.key if bucket else "")
    if not key or named in ("", "alias/aws/s3") or ":key/" in named:
        return request
    said = {_KEY: key}
    if _KMS not in request.headers:
        said |= {_KMS: "aws:kms", _BUCKET_KEY: str(bucket is not None and bucket.bucket_key).lower()}
    return replace(request, headers={**request.headers, **said})
