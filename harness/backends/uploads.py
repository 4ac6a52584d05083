"""What a backend elsewhere does not tell: the KMS key of an upload in parts, and of an object with dual-layer
encryption; and whose an object is."""

from __future__ import annotations

import re
from dataclasses import dataclass

from harness.model import ApiCall, AwsError, HttpResponse

_ID = re.compile(rb"<UploadId>([^<]+)</UploadId>")
_WRITE = ("PutObject", "CopyObject", "CompleteMultipartUpload")
_END = ("CompleteMultipartUpload", "AbortMultipartUpload")


@dataclass(frozen=True)
class _Upload:
    bucket: str
    key: str
    kms_key: str
    account: str


@dataclass(frozen=True)
class Written:
    """`account`: who wrote an object; `kms_key` as a StoredObject's."""

    account: str
    kms_key: str


class Uploads:
    """Remembers it from the calls that pass."""

    def __init__(self) -> None:
        self._under_way: dict[str, _Upload] = {}
        self._written: dict[tuple[str, str, str], Written] = {}

    def kms_key(self, bucket: str, upload_id: str) -> str:
        found = self._under_way.get(upload_id)
        return found.kms_key if found and found.bucket == bucket else ""

    def written(self, bucket: str, key: str, version: str) -> Written | None:
        """None where the account is the bucket's and the backend tells the key."""
        return self._written.get((bucket, key, version))

    def check(self, call: ApiCall) -> None:
        """Raises AwsError NoSuchUpload where the upload is of another object. moto goes by an upload's id alone."""
        found = self._under_way.get(str(call.params.get("UploadId")))
        if found and (found.bucket, found.key) != (call.params.get("Bucket"), call.params.get("Key")):
            raise AwsError(
                "NoSuchUpload",
                "The specified upload does not exist. The upload ID may be invalid, or the upload may have been"
                " aborted or completed.",
                404,
            )

    def after(self, call: ApiCall, response: HttpResponse, kms_key: str, owner: str) -> None:
        """`kms_key`: what the call encrypts with, where it writes. `owner`: the bucket's account."""
        if response.status >= 300:
            return
        bucket, key = call.params.get("Bucket", ""), call.params.get("Key", "")
        account = call.principal.account
        if call.operation == "CreateMultipartUpload" and (made := _ID.search(response.body)):
            self._under_way[made[1].decode()] = _Upload(bucket, key, kms_key, account)
        if call.operation in _WRITE:
            begun = self._under_way.get(str(call.params.get("UploadId")))
            version = response.headers.get("x-amz-version-id", "")
            written = Written(begun.account, begun.kms_key) if begun else Written(account, kms_key)
            dual = response.headers.get("x-amz-server-side-encryption") == "aws:kms:dsse"
            self._remember((bucket, key, version), written, dual or written.account != owner)
        if call.operation in _END:
            self._under_way.pop(str(call.params.get("UploadId")), None)

    def _remember(self, what: tuple[str, str, str], written: Written, is_special: bool) -> None:
        if is_special:
            self._written[what] = written
        else:
            self._written.pop(what, None)
