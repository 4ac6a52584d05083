"""Signature Version 4: what a request claims to be signed with, and whether that is so.

Source: "Create a signed AWS API request" and "Authenticating Requests: Using Query Parameters", AWS's documentation.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, unquote

from botocore.utils import normalize_url_path

from harness.model import AwsError, Credentials, HttpRequest

_HEADER = re.compile(
    r"AWS4-HMAC-SHA256\s+Credential=(?P<credential>[^,]+),\s*SignedHeaders=(?P<signed>[^,]+),"
    r"\s*Signature=(?P<signature>\w+)"
)

# As botocore has it for the partition `aws`.
_REGION = re.compile(r"(us|eu|ap|sa|ca|me|af|il|mx)-\w+-\d+")
_BAD_QUERY = "AuthorizationQueryParametersError"
_WEEK = 604800


@dataclass(frozen=True)
class Signature:
    """What a request carries. `in_query` tells a presigned URL, which is good until `expires`, from a header."""

    access_key: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    value: str
    timestamp: str
    session_token: str
    in_query: bool = False
    expires: datetime | None = None


def read(request: HttpRequest) -> Signature | None:
    """The request's signature, None for an anonymous one.

    Raises AwsError IncompleteSignature where it is there but malformed.
    """
    header = request.headers.get("authorization")
    if header is not None:
        return _from_header(header, request)
    query = dict(parse_qsl(request.query, keep_blank_values=True))
    if "X-Amz-Signature" in query:
        return _from_query(query)
    if "AWSAccessKeyId" in query:
        # Signature Version 2, which boto3 still makes presigned URLs with unless told s3v4. The text is S3's own,
        # of the regions that never took it.
        raise AwsError(
            "InvalidRequest",
            "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
        )
    return None


def _from_header(header: str, request: HttpRequest) -> Signature:
    match = _HEADER.match(header)
    if not match:
        raise AwsError(
            "IncompleteSignature",
            "Authorization header requires 'Credential' parameter, 'Signature' parameter and 'SignedHeaders' "
            "parameter, under AWS4-HMAC-SHA256.",
        )
    return Signature(
        *_scope(match["credential"]),
        signed_headers=tuple(match["signed"].split(";")),
        value=match["signature"],
        timestamp=request.headers.get("x-amz-date") or request.headers.get("date", ""),
        session_token=request.headers.get("x-amz-security-token", ""),
    )


def _from_query(query: dict[str, str]) -> Signature:
    timestamp = query.get("X-Amz-Date", "")
    try:
        signed = datetime.strptime(timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        seconds = int(query.get("X-Amz-Expires", "604800"))
    except ValueError as error:
        raise AwsError(
            _BAD_QUERY,
            "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\", X-Amz-Expires a number",
        ) from error
    if seconds > _WEEK:
        message = "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less"
        raise AwsError(_BAD_QUERY, f"{message} than {_WEEK} seconds")
    return Signature(
        *_scope(query.get("X-Amz-Credential", "")),
        signed_headers=tuple(query.get("X-Amz-SignedHeaders", "").split(";")),
        value=query["X-Amz-Signature"],
        timestamp=timestamp,
        session_token=query.get("X-Amz-Security-Token", ""),
        in_query=True,
        expires=signed + timedelta(seconds=seconds),
    )


def _scope(credential: str) -> tuple[str, str, str, str]:
    """Access key, date, region and service."""
    parts = credential.split("/")
    if len(parts) != 5 or parts[4] != "aws4_request":
        raise AwsError(
            "IncompleteSignature",
            f"Credential must have exactly 5 slash-delimited elements, e.g. "
            f"keyid/date/region/service/aws4_request, got '{credential}'",
        )
    if not _REGION.fullmatch(parts[2]):
        # ARNs are made of it.
        raise AwsError("SignatureDoesNotMatch", "Credential should be scoped to a valid region.", 403)
    return parts[0], parts[1], parts[2], parts[3]


def verify(request: HttpRequest, signature: Signature, credentials: Credentials) -> None:
    """Raises AwsError SignatureDoesNotMatch (403) where these credentials did not sign this request, AccessDenied
    (403) where they did, but too long ago or not all of it, XAmzContentSHA256Mismatch (400) where its body is another.
    """
    expected = _sign(request, signature, credentials.secret_key)
    if not hmac.compare_digest(expected.encode(), signature.value.encode()):
        raise AwsError(
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
            "Access Key and signing method. Consult the service documentation for details.",
            403,
        )
    if signature.service == "s3":
        _check_headers(request, signature)
        _check_body(request)
    # Whoever signs reads the machine's clock, not the virtual one.
    if signature.expires and signature.expires < datetime.now(UTC):
        raise AwsError("AccessDenied", "Request has expired", 403)


def _check_headers(request: HttpRequest, signature: Signature) -> None:
    """Who was given a presigned URL may not add to it what it does: `x-amz-copy-source` would make a copy of a PUT.

    S3 does without the signature of x-amz-content-sha256, which is part of what is signed anyway. Whether other
    services refuse headers that are not signed is not known.
    """
    unsigned = {"host", *(h for h in request.headers if h.startswith("x-amz-"))} - {
        *signature.signed_headers,
        "x-amz-content-sha256",
    }
    if unsigned:
        raise AwsError("AccessDenied", "There were headers present in the request which were not signed", 403)


def _check_body(request: HttpRequest) -> None:
    stated = request.headers.get("x-amz-content-sha256", "")
    if re.fullmatch(r"[0-9a-f]{64}", stated) and stated != hashlib.sha256(request.body).hexdigest():
        message = "The provided 'x-amz-content-sha256' header does not match what was computed."
        raise AwsError("XAmzContentSHA256Mismatch", message)


def _sign(request: HttpRequest, signature: Signature, secret: str) -> str:
    scope = f"{signature.date}/{signature.region}/{signature.service}/aws4_request"
    digest = hashlib.sha256(_canonical(request, signature).encode()).hexdigest()
    to_sign = f"AWS4-HMAC-SHA256\n{signature.timestamp}\n{scope}\n{digest}"
    key = f"AWS4{secret}".encode()
    for part in (signature.date, signature.region, signature.service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()


def _canonical(request: HttpRequest, signature: Signature) -> str:
    # S3 signs the path as it is sent; every other service takes its dots and double slashes out and encodes it
    # once more.
    path = request.path or "/"
    if signature.service != "s3":
        path = quote(normalize_url_path(path), safe="/~")
    headers = "".join(
        f"{h}:{' '.join(request.headers.get(h, '').split())}\n" for h in signature.signed_headers
    )
    return "\n".join(
        (
            request.method,
            path,
            _canonical_query(request.query),
            headers,
            ";".join(signature.signed_headers),
            _payload_hash(request, signature),
        )
    )


def _canonical_query(query: str) -> str:
    pairs = [part.partition("=") for part in query.split("&") if part]
    encoded = sorted((_requote(name), _requote(value)) for name, _, value in pairs)
    return "&".join(f"{name}={value}" for name, value in encoded if name != "X-Amz-Signature")


def _requote(text: str) -> str:
    return quote(unquote(text), safe="~-_.")


def _payload_hash(request: HttpRequest, signature: Signature) -> str:
    """S3 is told; for all others the body counts, whatever they are told."""
    if signature.service == "s3":
        stated = request.headers.get("x-amz-content-sha256")
        if stated or signature.in_query:
            return stated or "UNSIGNED-PAYLOAD"
    return hashlib.sha256(request.body).hexdigest()
