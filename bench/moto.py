"""A bare moto server, as `moto_server` starts it: what is beside the harness's own S3."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3


@contextmanager
def bare_moto() -> Iterator[Any]:
    """An S3 client of it; it is in a process of its own."""
    code = "import sys; from moto.server import main; main(['-p', sys.argv[1]])"
    port = _free_port()
    server = subprocess.Popen(
        [sys.executable, "-c", code, port], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    client = boto3.Session(profile_name="dev").client("s3", endpoint_url=f"http://127.0.0.1:{port}")
    try:
        for _ in range(100):
            try:
                client.list_buckets()
                break
            except Exception:  # noqa: BLE001 - it is not up yet
                time.sleep(0.1)
        yield client
    finally:
        server.terminate()
        server.wait()


def _free_port() -> str:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return str(sock.getsockname()[1])
