"""S3's two ways to name a bucket, made one: the bucket as the path's first segment."""

from __future__ import annotations

import re
from dataclasses import replace

from harness.model import HttpRequest

# bucket.s3.us-east-1.amazonaws.com, bucket.s3.localhost.localstack.cloud; then bucket.localhost:4566
_VIRTUAL_HOSTS = (
    re.compile(r"(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\.s3(?:[.-].*|:\d+)?"),
    re.compile(r"(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\.localhost(?::\d+)?"),
)


def path_style(request: HttpRequest) -> HttpRequest:
    """The request with its bucket in the path, whether it came there or in the host's name."""
    host = request.headers.get("host", "")
    match = next((m for m in (p.fullmatch(host) for p in _VIRTUAL_HOSTS) if m), None)
    if not match or match["bucket"] == "s3":
        return request
    return replace(
        request, path=f"/{match['bucket']}{request.path}", headers={**request.headers, "host": "127.0.0.1"}
    )
