"""What is signed is what is done, and a body in pieces is the body that it makes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from botocore.auth import S3SigV4Auth

from harness.gateway import chunked
from harness.model import AwsError, HttpRequest

from .attack import Accounts, code


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Accounts]:
    made = Accounts(tmp_path_factory.mktemp("harness"))
    made.send(made.admin, "s3", "PUT", "/shelf")
    made.send(made.admin, "s3", "PUT", "/shelf/open", body=b"open")
    yield made
    made.app._backend.reset()
    made.app.close()


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("x_amz_copy_source", "shelf/open"),
        ("x_amz_acl", "public-read"),
        ("x_amz_tagging", "team=ml"),
        ("x_amz_server_side_encryption", "aws:kms"),
    ],
)
def test_who_has_a_presigned_url_may_not_add_to_what_it_does(
    accounts: Accounts, header: str, value: str
) -> None:
    """`x-amz-copy-source` would make a copy, as the signer, of the upload."""
    query = accounts.presigned(accounts.admin, "PUT", "/shelf/new")
    refused = accounts.by_url("PUT", "/shelf/new", query, **{header: value})
    assert (code(refused), refused.status) == ("AccessDenied", 403)
    assert b"headers present in the request which were not signed" in refused.body
    assert accounts.by_url("PUT", "/shelf/new", query, body=b"new").status == 200


def test_a_presigned_url_is_of_its_method_its_path_its_query_and_its_host(accounts: Accounts) -> None:
    query = accounts.presigned(accounts.admin, "PUT", "/shelf/new")
    longer = query.replace("X-Amz-Expires=60", "X-Amz-Expires=6000")
    for refused in (
        accounts.by_url("GET", "/shelf/new", query),
        accounts.by_url("PUT", "/shelf/open", query),
        accounts.by_url("PUT", "/shelf/new", f"{query}&tagging"),
        accounts.by_url("PUT", "/shelf/new", longer),
        accounts.by_url("PUT", "/shelf/new", f"{query}&X-Amz-Expires=6000"),
        accounts.by_url("PUT", "/shelf/new", query, host="other.s3.amazonaws.com"),
    ):
        assert code(refused) == "SignatureDoesNotMatch"


@pytest.mark.parametrize("expires", [604801, 10**30])
def test_a_presigned_url_is_good_for_a_week_at_most(accounts: Accounts, expires: int) -> None:
    query = accounts.presigned(accounts.admin, "GET", "/shelf/open", expires)
    refused = accounts.by_url("GET", "/shelf/open", query)
    assert (code(refused), refused.status) == ("AuthorizationQueryParametersError", 400)


def test_a_host_that_is_not_signed_is_refused(accounts: Accounts) -> None:
    query = accounts.presigned(accounts.admin, "GET", "/shelf/open")
    refused = accounts.by_url("GET", "/shelf/open", query.replace("SignedHeaders=host", "SignedHeaders="))
    assert refused.status == 403


def test_a_body_is_the_one_that_was_signed(accounts: Accounts) -> None:
    """S3 is told its hash, and looks; for every other service the body itself counts."""
    sent: list[HttpRequest] = []
    handle, accounts.app.handle = accounts.app.handle, lambda request: sent.append(request) or handle(request)  # type: ignore[assignment,func-returns-value]
    try:
        accounts.send(accounts.admin, "s3", "PUT", "/shelf/signed", body=b"signed")
        accounts.json(accounts.admin, "kms", "TrentService.ListKeys", {}, x_amz_content_sha256="0" * 64)
    finally:
        accounts.app.handle = handle  # type: ignore[method-assign]
    to_s3, to_kms = (replace(request, body=b"other") for request in sent)
    assert code(handle(to_s3)) == "XAmzContentSHA256Mismatch"
    assert code(handle(to_kms)) == "InvalidSignatureException"


STREAMED = {
    "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    "x-amz-decoded-content-length": "7",
    "content-encoding": "aws-chunked,gzip",
    "x-amz-trailer": "x-amz-checksum-crc32",
    "x-amz-meta-a": "b",
}
PIECES = b"5;chunk-signature=ab\r\n1,2,3\r\n2;chunk-signature=cd\r\n,4\r\n0;chunk-signature=ef\r\n"
TRAILER = b"x-amz-checksum-crc32:AAAAAA==\r\nx-amz-copy-source:shelf/open\r\n\r\n"


def test_a_body_in_pieces_is_put_together() -> None:
    """Of the headers after it only the checksum counts."""
    whole = chunked.whole(HttpRequest("PUT", "/shelf/k", "", STREAMED, PIECES + TRAILER))
    assert whole.body == b"1,2,3,4"
    assert whole.headers == {
        "content-encoding": "gzip",
        "x-amz-checksum-crc32": "AAAAAA==",
        "x-amz-meta-a": "b",
    }


def test_a_body_in_one_piece_stays_as_it_is() -> None:
    request = HttpRequest("PUT", "/shelf/k", "", {"x-amz-content-sha256": "0" * 64}, PIECES)
    assert chunked.whole(request) is request


@pytest.mark.parametrize(
    "body", [b"", b"5\r\n1,2", b"5\r\n1,2,3", b"x\r\n", b"-1\r\n\r\n", b"5\r\n1,2,3\r\n0\r\n"]
)
def test_a_body_whose_pieces_end_too_early_is_incomplete(body: bytes) -> None:
    with pytest.raises(AwsError) as refused:
        chunked.whole(HttpRequest("PUT", "/shelf/k", "", STREAMED, body))
    assert (refused.value.code, refused.value.status) == ("IncompleteBody", 400)


def test_a_streamed_object_is_stored_as_it_was_meant(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    streamed = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    monkeypatch.setattr(S3SigV4Auth, "payload", lambda *_: streamed)
    accounts.send(
        accounts.admin,
        "s3",
        "PUT",
        "/shelf/streamed",
        body=b"7\r\n1,2,3,4\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n",
        content_encoding="aws-chunked",
        x_amz_decoded_content_length="7",
    )
    monkeypatch.undo()
    got = accounts.send(accounts.admin, "s3", "GET", "/shelf/streamed")
    assert got.body == b"1,2,3,4"
    assert "content-encoding" not in got.headers
