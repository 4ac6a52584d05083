"""S3's condition keys, from what a request says.

Source: S3 User Guide, "Condition keys for Amazon S3" and "Bucket policy examples using condition keys". A header that
is not sent leaves its key unset; a bucket's defaults do not fill it. Left out: keys of the connection (s3:TlsVersion,
s3:signatureversion, s3:authType, ...), which an ApiCall does not carry, and s3:object-lock-remaining-retention-days.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl

from harness.access.needs import tags
from harness.access.values import Values, text
from harness.model import Json

_LISTING = {"Prefix": "s3:prefix", "Delimiter": "s3:delimiter", "MaxKeys": "s3:max-keys"}
_ACL = {
    "ACL": "s3:x-amz-acl",
    "GrantFullControl": "s3:x-amz-grant-full-control",
    "GrantRead": "s3:x-amz-grant-read",
    "GrantReadACP": "s3:x-amz-grant-read-acp",
    "GrantWrite": "s3:x-amz-grant-write",
    "GrantWriteACP": "s3:x-amz-grant-write-acp",
}
_NEW_BUCKET = {
    **_ACL,
    "BucketNamespace": "s3:x-amz-bucket-namespace",
    "LocationConstraint": "s3:locationconstraint",
    "ObjectOwnership": "s3:x-amz-object-ownership",
}
_LOCK = {
    "ObjectLockLegalHoldStatus": "s3:object-lock-legal-hold",
    "ObjectLockMode": "s3:object-lock-mode",
    "ObjectLockRetainUntilDate": "s3:object-lock-retain-until-date",
}
_WRITING = {
    **_ACL,
    **_LOCK,
    "IfMatch": "s3:if-match",
    "IfNoneMatch": "s3:if-none-match",
    "MetadataDirective": "s3:x-amz-metadata-directive",
    "SSECustomerAlgorithm": "s3:x-amz-server-side-encryption-customer-algorithm",
    "ServerSideEncryption": "s3:x-amz-server-side-encryption",
    "StorageClass": "s3:x-amz-storage-class",
    "WebsiteRedirectLocation": "s3:x-amz-website-redirect-location",
}


def listing(params: Json) -> Values:
    return _told(params, _LISTING)


def acl(params: Json) -> Values:
    return _told(params, _ACL)


def new_bucket(params: Json) -> Values:
    configuration = params.get("CreateBucketConfiguration") or {}
    request_tags = tags.of_request(tags.named(configuration.get("Tags") or ()))
    return {**_told({**params, **configuration}, _NEW_BUCKET), **request_tags}


def writing(params: Json) -> Values:
    """Of the requests that write an object, or begin or end an upload. The KMS key and the source of a copy are not
    among them."""
    return {**_told(params, _WRITING), **_request_tags(dict(header_tags(params)))}


def tagging(params: Json) -> Values:
    """Of PutObjectTagging."""
    return _request_tags(tags.named((params.get("Tagging") or {}).get("TagSet") or ()))


def retention(params: Json) -> Values:
    """Of PutObjectRetention."""
    wanted = params.get("Retention") or {}
    lock = {"ObjectLockMode": wanted.get("Mode"), "ObjectLockRetainUntilDate": wanted.get("RetainUntilDate")}
    return _told(lock, _LOCK)


def legal_hold(params: Json) -> Values:
    """Of PutObjectLegalHold."""
    return _told({"ObjectLockLegalHoldStatus": (params.get("LegalHold") or {}).get("Status")}, _LOCK)


def existing_tags(stored: Mapping[str, str]) -> Values:
    return {f"s3:existingobjecttag/{name.lower()}": value for name, value in stored.items()}


def header_tags(params: Json) -> Iterable[tuple[str, str]]:
    """The header x-amz-tagging: `team=ml&stage=raw`."""
    return parse_qsl(params.get("Tagging") or "", keep_blank_values=True)


def _request_tags(wanted: Mapping[str, str]) -> Values:
    if not wanted:
        return {}
    values: Values = {f"s3:requestobjecttag/{name.lower()}": value for name, value in wanted.items()}
    return {**values, "s3:requestobjecttagkeys": tuple(wanted)}


def _told(params: Json, keys: Mapping[str, str]) -> Values:
    return {key: text(params[name]) for name, key in keys.items() if params.get(name) is not None}
