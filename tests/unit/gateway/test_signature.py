"""What botocore signs is accepted, what it did not sign is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from hypothesis import given
from hypothesis import strategies as st

from harness.gateway import signature
from harness.model import AwsError, Credentials, HttpRequest

KEYS = Credentials("AKIAEXAMPLE000000000", "a/secret")
SESSION = Credentials("ASIAEXAMPLE000000000", "another", "FwoG/session+token==")

PATHS = {
    "plain": "/bucket/key",
    "root": "/",
    "spaces": "/bucket/a%20b%20c",
    "unicode": "/bucket/%C3%BCber/%E2%82%AC.csv",
    "plus": "/bucket/a%2Bb",
    "a plus as it is": "/bucket/a+b",
    "percent": "/bucket/100%25",
    "double slashes": "/bucket//a//b/",
    "dots": "/bucket/../a/./b",
    "an encoded slash": "/bucket/a%2Fb",
    "tilde": "/bucket/~ann_-.txt",
    "reserved": "/bucket/a%3Db%26c%40d%3A%24",
}
QUERIES = {
    "none": "",
    "an empty value": "acl=",
    "no value": "uploads",
    "several out of order": "prefix=b&list-type=2&delimiter=%2F",
    "spaces and plus": "prefix=a%20b%2Bc",
    "unicode": "prefix=%C3%BC",
    "the same name twice": "tag=b&tag=a",
}


def signed(signer: Any, request: AWSRequest) -> HttpRequest:
    """The request as a server gets it, once botocore has signed it."""
    signer.add_auth(request)
    prepared = request.prepare()
    url = urlsplit(prepared.url)
    headers = {k.lower(): v.decode() if isinstance(v, bytes) else v for k, v in prepared.headers.items()}
    body = prepared.body or b""
    plain = body.encode() if isinstance(body, str) else bytes(body)
    return HttpRequest(prepared.method, url.path, url.query, {"host": url.netloc, **headers}, plain)


def accepted(request: HttpRequest, keys: Credentials = KEYS) -> signature.Signature:
    found = signature.read(request)
    assert found is not None
    signature.verify(request, found, keys)
    return found


def credentials(keys: Credentials) -> BotocoreCredentials:
    return BotocoreCredentials(keys.access_key, keys.secret_key, keys.session_token or None)


def s3_request(path: str = "/bucket/key", query: str = "", **more: Any) -> AWSRequest:
    url = f"http://127.0.0.1:4599{path}" + (f"?{query}" if query else "")
    return AWSRequest(**{"method": "PUT", "url": url, "data": b"1,2,3", **more})


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_a_header_signed_for_s3_is_accepted_whatever_is_in_the_path(path: str) -> None:
    request = signed(S3SigV4Auth(credentials(KEYS), "s3", "us-east-1"), s3_request(path))
    assert accepted(request).service == "s3"


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_a_header_signed_for_another_service_is_accepted_whatever_is_in_the_path(path: str) -> None:
    request = signed(SigV4Auth(credentials(KEYS), "lambda", "eu-west-1"), s3_request(path))
    assert accepted(request).region == "eu-west-1"


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_a_header_is_accepted_whatever_is_in_the_query(query: str) -> None:
    accepted(signed(S3SigV4Auth(credentials(KEYS), "s3", "us-east-1"), s3_request(query=query)))


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_a_presigned_url_of_s3_is_accepted_whatever_is_in_the_path(path: str) -> None:
    signer = S3SigV4QueryAuth(credentials(KEYS), "s3", "us-east-1", expires=60)
    assert accepted(signed(signer, s3_request(path, data=b""))).in_query


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_a_presigned_url_is_accepted_whatever_else_is_in_its_query(query: str) -> None:
    signer = S3SigV4QueryAuth(credentials(KEYS), "s3", "us-east-1", expires=60)
    if "tag=" in query:
        pytest.skip("botocore keeps one of two parameters of the same name")
    accepted(signed(signer, s3_request(query=query, data=b"")))


def test_a_presigned_url_of_another_service_is_accepted() -> None:
    signer = SigV4QueryAuth(credentials(KEYS), "sts", "us-east-1", expires=60)
    url = "http://127.0.0.1:4599/?Action=GetCallerIdentity&Version=2011-06-15"
    accepted(signed(signer, AWSRequest("GET", url)))


def test_a_session_s_token_is_read_from_the_header() -> None:
    request = signed(S3SigV4Auth(credentials(SESSION), "s3", "us-east-1"), s3_request())
    assert accepted(request, SESSION).session_token == SESSION.session_token


def test_a_session_s_token_is_read_from_a_presigned_url() -> None:
    signer = S3SigV4QueryAuth(credentials(SESSION), "s3", "us-east-1", expires=60)
    assert accepted(signed(signer, s3_request(data=b"")), SESSION).session_token == SESSION.session_token


def test_headers_are_signed_with_their_spaces_put_together() -> None:
    headers = {"x-amz-meta-note": "  two   words "}
    accepted(signed(S3SigV4Auth(credentials(KEYS), "s3", "us-east-1"), s3_request(headers=headers)))


def test_a_streamed_payload_with_a_trailing_checksum_is_accepted() -> None:
    request = s3_request(data=b"5\r\n1,2,3\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n")
    request.headers["content-encoding"] = "aws-chunked"
    request.headers["x-amz-trailer"] = "x-amz-checksum-crc32"
    request.context["checksum"] = {"request_algorithm": {"in": "trailer"}}
    request.url = request.url.replace("http:", "https:")  # botocore streams where the channel is safe
    received = signed(S3SigV4Auth(credentials(KEYS), "s3", "us-east-1"), request)
    assert received.headers["x-amz-content-sha256"] == "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    accepted(received)


def test_the_body_is_part_of_the_signature_where_no_hash_of_it_is_sent() -> None:
    request = signed(SigV4Auth(credentials(KEYS), "sagemaker", "us-east-1"), s3_request(data=b'{"a": 1}'))
    changed = HttpRequest(request.method, request.path, request.query, request.headers, b'{"a": 2}')
    with pytest.raises(AwsError, match="SignatureDoesNotMatch"):
        accepted(changed)


def test_another_secret_does_not_match() -> None:
    request = signed(S3SigV4Auth(credentials(KEYS), "s3", "us-east-1"), s3_request())
    with pytest.raises(AwsError) as refused:
        accepted(request, Credentials(KEYS.access_key, "wrong"))
    assert (refused.value.code, refused.value.status) == ("SignatureDoesNotMatch", 403)


def test_a_presigned_url_is_refused_once_it_has_expired() -> None:
    signer = S3SigV4QueryAuth(credentials(KEYS), "s3", "us-east-1", expires=-1)
    with pytest.raises(AwsError, match="Request has expired"):
        accepted(signed(signer, s3_request(data=b"")))


def test_a_presigned_url_says_until_when_it_is_good() -> None:
    signer = S3SigV4QueryAuth(credentials(KEYS), "s3", "us-east-1", expires=60)
    found = accepted(signed(signer, s3_request(data=b"")))
    assert found.expires is not None
    assert abs(found.expires - datetime.now(UTC) - timedelta(seconds=60)) < timedelta(seconds=5)


def test_a_request_without_a_signature_is_anonymous() -> None:
    assert signature.read(HttpRequest("GET", "/", "", {}, b"")) is None


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer abc",
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=AKIA, SignedHeaders=host",
        "AWS4-HMAC-SHA256 Credential=AKIA, SignedHeaders=host, Signature=00",
        "AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/s3/aws5, SignedHeaders=host, Signature=00",
    ],
)
def test_a_malformed_header_is_an_incomplete_signature(header: str) -> None:
    with pytest.raises(AwsError) as refused:
        signature.read(HttpRequest("GET", "/", "", {"authorization": header}, b""))
    assert (refused.value.code, refused.value.status) == ("IncompleteSignature", 400)


def test_a_signature_that_is_no_ascii_is_refused_like_any_wrong_one() -> None:
    header = "AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=\xfc"
    request = HttpRequest("GET", "/", "", {"authorization": header, "host": "h"}, b"")
    with pytest.raises(AwsError, match="SignatureDoesNotMatch"):
        accepted(request)


def test_signature_version_2_is_refused_with_s3_s_words() -> None:
    query = "AWSAccessKeyId=AKIA&Signature=abc&Expires=1"
    with pytest.raises(AwsError, match="Please use AWS4-HMAC-SHA256"):
        signature.read(HttpRequest("GET", "/b/k", query, {}, b""))


def test_a_presigned_url_without_a_date_is_refused() -> None:
    query = "X-Amz-Credential=a/b/c/s3/aws4_request&X-Amz-Signature=abc"
    with pytest.raises(AwsError, match="AuthorizationQueryParametersError"):
        signature.read(HttpRequest("GET", "/b/k", query, {}, b""))


@given(
    st.text(max_size=20), st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=8), max_size=3)
)
def test_whatever_key_and_query_boto3_is_given_its_signature_is_accepted(
    key: str, params: dict[str, str]
) -> None:
    from botocore.utils import percent_encode, percent_encode_sequence

    path = "/bucket/" + percent_encode(key.encode("utf-8", "replace"), safe="/~")
    query = percent_encode_sequence(
        {k.encode("utf-8", "replace"): v.encode("utf-8", "replace") for k, v in params.items()}
    )
    accepted(signed(S3SigV4Auth(credentials(KEYS), "s3", "us-east-1"), s3_request(path, query)))
