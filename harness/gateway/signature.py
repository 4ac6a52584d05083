"""Signature Version 4: what a request claims to be signed with, and whether that is so.

Source: "Create a signed AWS API request" and "Authenticating Requests: Using Query Parameters", AWS's documentation.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote

from harness.model import AwsError, Credentials, HttpRequest

_HEADER = re.compile(
    r"AWS4-HMAC-SHA256\s+Credential=(?P<credential>[^,]+),\s*SignedHeaders=(?P<signed>[^,]+),"
    r"\s*Signature=(?P<signature>\w+)"
)


@dataclass(frozen=True)
class Signature:
    """What a request carries. `query` tells a presigned URL from a signed header."""

    access_key: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    value: str
    timestamp: str
    session_token: str
    query: bool


def read(request: HttpRequest) -> Signature | None:
    """The request's signature, None for an anonymous one.

    Raises AwsError IncompleteSignature where it is there but malformed.
    """
    header = request.headers.get("authorization")
    if header is not None:
        return _from_header(header, request)
    query = dict(parse_qsl(request.query, keep_blank_values=True))
    if "X-Amz-Signature" in query:
        return _build(
            query.get("X-Amz-Credential", ""),
            query.get("X-Amz-SignedHeaders", ""),
            query["X-Amz-Signature"],
            query.get("X-Amz-Date", ""),
            query.get("X-Amz-Security-Token", ""),
            in_query=True,
        )
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
    timestamp = request.headers.get("x-amz-date") or request.headers.get("date", "")
    token = request.headers.get("x-amz-security-token", "")
    return _build(match["credential"], match["signed"], match["signature"], timestamp, token, in_query=False)


def _build(
    credential: str, signed: str, value: str, timestamp: str, token: str, *, in_query: bool
) -> Signature:
    parts = credential.split("/")
    if len(parts) != 5 or parts[4] != "aws4_request":
        raise AwsError(
            "IncompleteSignature",
            f"Credential must have exactly 5 slash-delimited elements, e.g. "
            f"keyid/date/region/service/aws4_request, got {credential!r}",
        )
    key, date, region, service, _ = parts
    return Signature(key, date, region, service, tuple(signed.split(";")), value, timestamp, token, in_query)


def verify(request: HttpRequest, signature: Signature, credentials: Credentials) -> None:
    """Raises AwsError SignatureDoesNotMatch (403) where these credentials did not sign this request."""
    expected = _sign(request, signature, credentials.secret_key)
    if not hmac.compare_digest(expected, signature.value):
        raise AwsError(
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
            "Access Key and signing method. Consult the service documentation for details.",
            403,
        )


def _sign(request: HttpRequest, signature: Signature, secret: str) -> str:
    scope = f"{signature.date}/{signature.region}/{signature.service}/aws4_request"
    digest = hashlib.sha256(_canonical(request, signature).encode()).hexdigest()
    to_sign = f"AWS4-HMAC-SHA256\n{signature.timestamp}\n{scope}\n{digest}"
    key = f"AWS4{secret}".encode()
    for part in (signature.date, signature.region, signature.service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()


def _canonical(request: HttpRequest, signature: Signature) -> str:
    # S3 signs the path as it is sent; every other service encodes it once more.
    path = request.path or "/"
    if signature.service != "s3":
        path = quote(path, safe="/~-_.")
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
    stated = request.headers.get("x-amz-content-sha256")
    if stated:
        return stated
    if signature.query and signature.service == "s3":
        return "UNSIGNED-PAYLOAD"
    return hashlib.sha256(request.body).hexdigest()
