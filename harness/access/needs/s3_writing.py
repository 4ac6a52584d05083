"""S3's operations that write objects: at once, as copies, in parts.

Sources: S3 User Guide, "Required permissions for Amazon S3 API operations", "Uploading and copying objects using
multipart upload" (Multipart upload API and permissions), "Enforce conditional writes on Amazon S3 buckets"; S3 API
reference, PutObject, CopyObject, CreateMultipartUpload, UploadPart, CompleteMultipartUpload, ListParts.
"""

from __future__ import annotations

from harness.access.facts import Facts
from harness.access.needs import s3_context
from harness.access.needs.common import Need
from harness.access.needs.s3_encryption import named_key, to_encrypt, to_go_on
from harness.access.needs.s3_objects import to_read
from harness.access.needs.s3_resources import Place, place_of, source_of, to_object, to_write
from harness.access.values import Values
from harness.model import ApiCall, Permission

# What a request's headers ask for beyond writing: (parameters, action, why).
_BESIDES = (
    (
        ("ACL", "GrantFullControl", "GrantRead", "GrantReadACP", "GrantWriteACP"),
        "s3:PutObjectAcl",
        "to set the object's ACL",
    ),
    (("Tagging",), "s3:PutObjectTagging", "to set the object's tags"),
    (
        ("ObjectLockMode", "ObjectLockRetainUntilDate"),
        "s3:PutObjectRetention",
        "to set the object's retention",
    ),
    (("ObjectLockLegalHoldStatus",), "s3:PutObjectLegalHold", "to put the object under legal hold"),
)


def _put(call: ApiCall, facts: Facts) -> list[Permission]:
    return _writing(call, facts, created=True)


def _writing(call: ApiCall, facts: Facts, *, created: bool, source: Place | None = None) -> list[Permission]:
    """s3:PutObject, what the headers ask for beside it, and kms:GenerateDataKey.

    `created`: whether the request makes the object itself (s3:ObjectCreationOperation), and not only an upload.
    """
    place = place_of(call)
    context: Values = {
        **s3_context.writing(call.params),
        **named_key(call, facts),
        **_copied(source),
        "s3:objectcreationoperation": "true" if created else "false",
    }
    besides = [
        to_write(call, facts, action, place, context, why)
        for names, action, why in _BESIDES
        if any(call.params.get(name) for name in names)
    ]
    own = to_write(call, facts, "s3:PutObject", place, context)
    return [own, *besides, *to_encrypt(call, facts, place)]


def _copied(source: Place | None) -> Values:
    """As AWS's example policies match it: without a slash before the bucket. Whether the version is part of it is
    not documented."""
    return {"s3:x-amz-copy-source": f"{source.bucket}/{source.key}"} if source else {}


def _copy(call: ApiCall, facts: Facts) -> list[Permission]:
    """Tags go with an object unless the request replaces them: where the source has some, they are read and set."""
    source = source_of(call)
    made = [
        *_writing(call, facts, created=True, source=source),
        *to_read(call, facts, source, why="to read the object that is copied"),
    ]
    stored = facts.stored_object(source.bucket, source.key, source.version)
    if stored and stored.tags and call.params.get("TaggingDirective") != "REPLACE":
        made += [
            to_object(call, facts, "s3:GetObjectTagging", source, why="to copy the object's tags"),
            to_write(call, facts, "s3:PutObjectTagging", place_of(call), why="to set the copy's tags"),
        ]
    return made


def _create_upload(call: ApiCall, facts: Facts) -> list[Permission]:
    return _writing(call, facts, created=False)


def _upload_part(call: ApiCall, facts: Facts) -> list[Permission]:
    return _with_part(call, facts, "s3:PutObject", {"s3:objectcreationoperation": "false"})


def _copy_part(call: ApiCall, facts: Facts) -> list[Permission]:
    source = source_of(call)
    context: Values = {**_copied(source), "s3:objectcreationoperation": "false"}
    return [
        *_with_part(call, facts, "s3:PutObject", context),
        *to_read(call, facts, source, why="to read the object that is copied"),
    ]


def _complete(call: ApiCall, facts: Facts) -> list[Permission]:
    """S3 reads the encrypted parts to put them together."""
    context = s3_context.writing(call.params)
    return _with_part(call, facts, "s3:PutObject", {**context, "s3:objectcreationoperation": "true"})


def _list_parts(call: ApiCall, facts: Facts) -> list[Permission]:
    return _with_part(call, facts, "s3:ListMultipartUploadParts", {})


def _with_part(call: ApiCall, facts: Facts, action: str, context: Values) -> list[Permission]:
    place = place_of(call)
    return [to_write(call, facts, action, place, context), *to_go_on(call, facts, place)]


def _abort(call: ApiCall, facts: Facts) -> list[Permission]:
    return [to_write(call, facts, "s3:AbortMultipartUpload", place_of(call))]


OPERATIONS: dict[str, Need] = {
    "AbortMultipartUpload": _abort,
    "CompleteMultipartUpload": _complete,
    "CopyObject": _copy,
    "CreateMultipartUpload": _create_upload,
    "ListParts": _list_parts,
    "PutObject": _put,
    "UploadPart": _upload_part,
    "UploadPartCopy": _copy_part,
}
