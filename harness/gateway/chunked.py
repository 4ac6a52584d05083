"""S3's streamed uploads: a body in pieces, each with its size and signature before it, and headers after the last.

Sources: S3 API reference, "Signature Calculations for the Authorization Header: Transferring Payload in Multiple
Chunks" and "... Including Trailing Headers". The signatures of the pieces are not looked at: they guard a body against
those on its way, and here it has none.
"""

from __future__ import annotations

from dataclasses import replace

from harness.model import AwsError, HttpRequest

_HOW = ("x-amz-content-sha256", "x-amz-decoded-content-length", "x-amz-trailer")


def whole(request: HttpRequest) -> HttpRequest:
    """The request with its body in one piece, as if it had come so. Raises AwsError IncompleteBody (400)."""
    if not request.headers.get("x-amz-content-sha256", "").startswith("STREAMING-"):
        return request
    try:
        body, trailers = _read(request.body)
    except ValueError as error:
        raise AwsError("IncompleteBody", "The request body terminated unexpectedly") from error
    if request.headers.get("x-amz-decoded-content-length", str(len(body))) != str(len(body)):
        message = "You did not provide the number of bytes specified by the Content-Length HTTP header"
        raise AwsError("IncompleteBody", message)
    headers = {name: value for name, value in request.headers.items() if name not in _HOW}
    encodings = [e.strip() for e in headers.pop("content-encoding", "").split(",")]
    kept = ",".join(e for e in encodings if e not in ("", "aws-chunked"))
    return replace(
        request, headers={**headers, **trailers, **({"content-encoding": kept} if kept else {})}, body=body
    )


def _read(body: bytes) -> tuple[bytes, dict[str, str]]:
    """The pieces put together, and the headers after them. Raises ValueError where it ends too early."""
    pieces: list[bytes] = []
    at = 0
    while True:
        end = body.index(b"\r\n", at)
        size = int(body[at:end].partition(b";")[0], 16)
        start = end + 2
        if size == 0:
            return b"".join(pieces), _trailers(body[start:])
        pieces.append(body[start : start + size])
        at = start + size + 2
        if size < 0 or body[at - 2 : at] != b"\r\n":
            raise ValueError("a piece is shorter than it says")


def _trailers(text: bytes) -> dict[str, str]:
    pairs = (line.partition(":") for line in text.decode("latin-1").split("\n"))
    found = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return {name: value for name, value in found.items() if name.startswith("x-amz-checksum-")}
