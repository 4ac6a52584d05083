"""S3's operations on objects that are there: reading, tagging, locking, deleting.

Sources: S3 User Guide, "Required permissions for Amazon S3 API operations"; S3 API reference, GetObject, HeadObject,
GetObjectAttributes, DeleteObject.
"""

from __future__ import annotations

from collections.abc import Callable

from harness.access.facts import Facts
from harness.access.needs import s3_context
from harness.access.needs.common import Need
from harness.access.needs.s3_encryption import to_decrypt
from harness.access.needs.s3_resources import Place, on_bucket, place_of, to_object, to_write
from harness.access.values import Values
from harness.model import ApiCall, Json, Permission


def to_read(call: ApiCall, facts: Facts, place: Place, why: str = "") -> list[Permission]:
    """s3:GetObject, and kms:Decrypt where the object is encrypted so."""
    return [
        to_object(call, facts, "s3:GetObject", place, why=why),
        *to_be_told(call, facts, place),
        *to_decrypt(call, facts, place),
    ]


def to_be_told(call: ApiCall, facts: Facts, place: Place) -> list[Permission]:
    """S3 says that an object is not there (404) only to those who may list its bucket; to others, 403.

    The question is not a listing: no s3:prefix goes with it, so that a permission to list one prefix is not enough.
    AWS documents the permission, not its condition keys.
    """
    if facts.bucket(place.bucket) is None or facts.stored_object(place.bucket, place.key, place.version):
        return []
    why = "to be told that the object does not exist"
    return [on_bucket(call, facts, "s3:ListBucket", why=why, bucket=place.bucket)]


def _get(call: ApiCall, facts: Facts) -> list[Permission]:
    return to_read(call, facts, place_of(call))


def _head(call: ApiCall, facts: Facts) -> list[Permission]:
    """The metadata are not encrypted; a checksum is."""
    place = place_of(call)
    checksum = call.params.get("ChecksumMode") == "ENABLED"
    return to_read(call, facts, place) if checksum else _metadata(call, facts, place)


def _metadata(call: ApiCall, facts: Facts, place: Place) -> list[Permission]:
    return [to_object(call, facts, "s3:GetObject", place), *to_be_told(call, facts, place)]


def _attributes(call: ApiCall, facts: Facts) -> list[Permission]:
    """Whether a general purpose bucket's encrypted object needs kms:Decrypt for it is not documented: as for
    HeadObject, for its checksum."""
    place = place_of(call)
    checksum = "Checksum" in (call.params.get("ObjectAttributes") or ())
    read = to_read(call, facts, place) if checksum else _metadata(call, facts, place)
    return [read[0], to_object(call, facts, "s3:GetObjectAttributes", place), *read[1:]]


def _nothing(params: Json) -> Values:
    return {}


def _of_object(action: str, context: Callable[[Json], Values] = _nothing) -> Need:
    """An action that has a twin for versions."""
    return lambda call, facts: [to_object(call, facts, action, place_of(call), context(call.params))]


def _of_lock(action: str, context: Callable[[Json], Values] = _nothing) -> Need:
    """An action that is the same for every version."""

    def need(call: ApiCall, facts: Facts) -> list[Permission]:
        place = place_of(call)
        return [to_write(call, facts, action, place, context(call.params)), *_bypass(call, facts, place)]

    return need


def _bypass(call: ApiCall, facts: Facts, place: Place) -> list[Permission]:
    if not call.params.get("BypassGovernanceRetention"):
        return []
    why = "to bypass the object's retention"
    return [to_write(call, facts, "s3:BypassGovernanceRetention", place, why=why)]


def _delete(call: ApiCall, facts: Facts) -> list[Permission]:
    place = place_of(call)
    return [_to_delete(call, facts, place), *_bypass(call, facts, place)]


def _delete_many(call: ApiCall, facts: Facts) -> list[Permission]:
    """AWS deletes what may be deleted, and tells of every other key inside a 200 answer. Permissions are all or
    nothing: here one key that may not be deleted refuses the request."""
    places = [
        Place(call.params["Bucket"], wanted.get("Key", ""), wanted.get("VersionId") or "")
        for wanted in (call.params.get("Delete") or {}).get("Objects") or ()
    ]
    deleting = [_to_delete(call, facts, place) for place in places]
    return [*deleting, *(permission for place in places for permission in _bypass(call, facts, place))]


def _to_delete(call: ApiCall, facts: Facts, place: Place) -> Permission:
    if place.version:
        return to_write(call, facts, "s3:DeleteObjectVersion", place)
    match = call.params.get("IfMatch")
    return to_write(call, facts, "s3:DeleteObject", place, {"s3:if-match": match} if match else {})


OPERATIONS: dict[str, Need] = {
    "DeleteObject": _delete,
    "DeleteObjectTagging": _of_object("s3:DeleteObjectTagging"),
    "DeleteObjects": _delete_many,
    "GetObject": _get,
    "GetObjectAcl": _of_object("s3:GetObjectAcl"),
    "GetObjectAttributes": _attributes,
    "GetObjectLegalHold": _of_lock("s3:GetObjectLegalHold"),
    "GetObjectRetention": _of_lock("s3:GetObjectRetention"),
    "GetObjectTagging": _of_object("s3:GetObjectTagging"),
    "GetObjectTorrent": _of_object("s3:GetObjectTorrent"),
    "HeadObject": _head,
    "PutObjectAcl": _of_object("s3:PutObjectAcl", s3_context.acl),
    "PutObjectLegalHold": _of_lock("s3:PutObjectLegalHold", s3_context.legal_hold),
    "PutObjectRetention": _of_lock("s3:PutObjectRetention", s3_context.retention),
    "PutObjectTagging": _of_object("s3:PutObjectTagging", s3_context.tagging),
    "RestoreObject": _of_lock("s3:RestoreObject"),
    "SelectObjectContent": _get,
}
