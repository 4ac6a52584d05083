"""Objects in an environment's bucket: whether they are there, and with which content."""

import hashlib
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from pipelines.environment import Environment
from pipelines.errors import OutOfReachError
from pipelines.telling import Item, difference

_DIGEST = "sha256"
"""The user metadata that tells an object's content. Not its ETag, which is no digest under SSE-KMS; nor S3's own
checksum, which is told only to those who may decrypt the object.
"""


def put(environment: Environment, s3: Any, *, kind: str, key: str, body: bytes) -> Item:
    """The item of an object that is to have this content."""
    digest = hashlib.sha256(body).hexdigest()
    present = stored_digest(environment, s3, key)
    name = key.rpartition("/")[2]
    if present == digest:
        return Item("unchanged", kind, name)
    apply = partial(
        s3.put_object,
        Bucket=environment.bucket_name,
        Key=key,
        Body=body,
        Metadata={_DIGEST: digest},
        ExpectedBucketOwner=environment.account_id,
    )
    place = f"s3://{environment.bucket_name}/{key}"
    if present is None:
        return Item("created", kind, name, f"+{place}", apply)
    return Item("updated", kind, name, difference({place: present}, {place: digest}), apply)


def stored_digest(environment: Environment, s3: Any, key: str) -> str | None:
    """The SHA-256 of an object's content, as it was put by us; empty if by somebody else, None if it is not there.

    Raises:
        OutOfReachError: S3 doesn't tell whether it is there.
    """
    bucket = environment.bucket_name
    try:
        found = s3.head_object(Bucket=bucket, Key=key, ExpectedBucketOwner=environment.account_id)
    except ClientError as error:
        # An answer to HEAD has no body, so no error's code: 404 may be the object's or the bucket's.
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status == 404:
            return None
        if status == 403:
            raise OutOfReachError(
                f"s3://{bucket}/{key} can't be looked at (403 Forbidden): the bucket must be of account "
                f"{environment.account_id}, and the credentials need s3:GetObject and s3:ListBucket on it"
            ) from error
        raise
    return str(found["Metadata"].get(_DIGEST, ""))
