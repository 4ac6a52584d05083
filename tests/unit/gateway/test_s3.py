"""A bucket is found in the path or in the host's name."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

from harness.gateway.s3 import path_style
from harness.model import HttpRequest

VIRTUAL = {
    "my-bucket.s3.amazonaws.com": "my-bucket",
    "my-bucket.s3.us-east-1.amazonaws.com": "my-bucket",
    "my.dotted.bucket.s3.us-east-1.amazonaws.com": "my.dotted.bucket",
    "my-bucket.s3-us-west-2.amazonaws.com": "my-bucket",
    "my-bucket.localhost:4599": "my-bucket",
    "my-bucket.s3.localhost:4599": "my-bucket",
    "my-bucket.s3.localhost.localstack.cloud:4566": "my-bucket",
}


@pytest.mark.parametrize(("host", "bucket"), VIRTUAL.items())
def test_a_bucket_in_the_host_becomes_the_path_s_first_segment(host: str, bucket: str) -> None:
    found = path_style(HttpRequest("GET", "/a%20key//b", "acl", {"host": host}, b""))
    assert (found.path, found.query, found.headers["host"]) == (f"/{bucket}/a%20key//b", "acl", "127.0.0.1")


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:4599",
        "localhost:4599",
        "s3.amazonaws.com",
        "s3.us-east-1.amazonaws.com",
        "s3.localhost:4599",
        "",
    ],
)
def test_a_bucket_in_the_path_stays_there(host: str) -> None:
    request = HttpRequest("GET", "/bucket/key", "", {"host": host}, b"")
    assert path_style(request) is request


def test_boto3_may_address_buckets_either_way(gateway: Any) -> None:
    for style, host in (("path", "localhost"), ("virtual", "my-bucket.localhost")):
        client = gateway.client("s3", s3={"addressing_style": style}, host="localhost")
        sent: list[str] = []
        client.meta.events.register(
            "before-send.s3", lambda request, sent=sent, **_: _to_address(request, sent)
        )
        client.put_object(Bucket="my-bucket", Key="a b", Body=b"")
        assert sent[0].startswith(f"{host}:")
    assert [(c[2]["Bucket"], c[2]["Key"]) for c in gateway.calls] == [("my-bucket", "a b")] * 2


def _to_address(request: Any, sent: list[str]) -> None:
    """Sends to the address, whatever the host's name; not every machine resolves names under localhost."""
    url = urlsplit(request.url)
    sent.append(url.netloc)
    request.headers["Host"] = url.netloc
    request.url = url._replace(netloc=f"127.0.0.1:{url.port}").geturl()
