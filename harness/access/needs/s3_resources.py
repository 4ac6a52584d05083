"""Permissions on S3's buckets and objects, with their owners.

Who owns an object: the bucket's owner, unless its Object Ownership is BucketOwnerPreferred or ObjectWriter; then it may
be the account that wrote it, and a bucket policy gives nobody access to it: only its own account's policies, and ACLs,
do. A bucket's owner may deny access to it, and delete it, all the same. Object ACLs are not evaluated.
Source: S3 User Guide, "Controlling ownership of objects and disabling ACLs for your bucket", "Amazon S3 bucket and
object ownership".

Tags of a bucket count for aws:ResourceTag and s3:BucketTag only where ABAC is enabled for it, which the backend does
not know: they are left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import parse_qs, unquote

from harness.access.facts import Facts
from harness.access.needs.common import uncovered
from harness.access.needs.s3_context import existing_tags
from harness.access.values import Values
from harness.model import ApiCall, AwsError, Permission

_BUCKET = re.compile(r"[A-Za-z0-9._-]+")
_UNENCODED = {";", "#"}
_NOTHING: Mapping[str, str | tuple[str, ...]] = MappingProxyType({})


@dataclass(frozen=True)
class Place:
    """Where an object is or will be. `version` is empty for the current one."""

    bucket: str
    key: str
    version: str = ""

    @property
    def arn(self) -> str:
        return f"arn:aws:s3:::{self.bucket}/{self.key}"


def place_of(call: ApiCall) -> Place:
    return Place(call.params["Bucket"], call.params["Key"], call.params.get("VersionId") or "")


def source_of(call: ApiCall) -> Place:
    """The header x-amz-copy-source: `bucket/key?versionId=1`, percent-encoded, with or without a slash before it.

    Raises AwsError for all else: the backend would make a URL of it, and copy from elsewhere than was asked for here.
    """
    path, _, query = str(call.params["CopySource"]).partition("?")
    asked = parse_qs(query)
    plain = unquote(path.removeprefix("/"))
    if plain.startswith("arn:"):
        raise uncovered(call)
    bucket, _, key = plain.partition("/")
    if not (_BUCKET.fullmatch(bucket) and key) or _UNENCODED & {*path} or asked.keys() - {"versionId"}:
        message = "Copy Source must mention the source bucket and key: sourcebucket/sourcekey"
        raise AwsError("InvalidArgument", message, 400)
    return Place(bucket, key, asked.get("versionId", [""])[0])


def owner_of(call: ApiCall, facts: Facts, bucket: str) -> str:
    """The caller's account for a bucket that does not exist: the backend then says so. Access points, which come as
    ARNs, are not covered.

    Raises AwsError AccessDenied where the bucket is not the account's that the request expects to have it. Source: S3
    User Guide, "Verifying bucket ownership with bucket owner condition".
    """
    if bucket.startswith("arn:"):
        raise uncovered(call)
    found = facts.bucket(bucket)
    side = "ExpectedBucketOwner" if bucket == call.params.get("Bucket") else "ExpectedSourceBucketOwner"
    if found and call.params.get(side) not in (None, found.owner):
        raise AwsError("AccessDenied", "Access Denied", 403)
    return found.owner if found else call.principal.account


def on_bucket(
    call: ApiCall,
    facts: Facts,
    action: str,
    context: Mapping[str, str | tuple[str, ...]] = _NOTHING,
    why: str = "",
    bucket: str = "",
) -> Permission:
    """`bucket` where it is not the one that the request names."""
    name = bucket or call.params["Bucket"]
    owner = owner_of(call, facts, name)
    return Permission(
        action, f"arn:aws:s3:::{name}", owner, {**context, "s3:resourceaccount": owner}, why=why
    )


def to_write(
    call: ApiCall,
    facts: Facts,
    action: str,
    place: Place,
    context: Mapping[str, str | tuple[str, ...]] = _NOTHING,
    why: str = "",
) -> Permission:
    """To write or delete, or to have to do with what is there as the bucket's owner may."""
    owner = owner_of(call, facts, place.bucket)
    version: Values = {"s3:versionid": place.version} if place.version else {}
    return Permission(action, place.arn, owner, {**version, **context, "s3:resourceaccount": owner}, why=why)


def to_object(
    call: ApiCall,
    facts: Facts,
    action: str,
    place: Place,
    context: Mapping[str, str | tuple[str, ...]] = _NOTHING,
    why: str = "",
) -> Permission:
    """For what an object holds. `action` is the one without a version; with one it is `s3:GetObjectVersion...`.

    s3:ResourceAccount is the bucket's owner, also where the object's is another.
    """
    if place.version:
        action = action.replace("Object", "ObjectVersion", 1)
    made = to_write(call, facts, action, place, context, why)
    stored = facts.stored_object(place.bucket, place.key, place.version)
    if stored is None:
        return made
    found = facts.bucket(place.bucket)
    shared = found is None or found.ownership == "BucketOwnerEnforced"
    owner = made.owner if shared else stored.owner
    return Permission(action, place.arn, owner, {**existing_tags(stored.tags), **made.context}, why=why)
