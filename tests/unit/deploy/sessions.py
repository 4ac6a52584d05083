"""Sessions for a preflight's functions: boto3 clients whose answers a test gives, and none that reaches anything."""

from __future__ import annotations

from functools import cache
from typing import Any

import boto3
from botocore.stub import Stubber


class StubbedSession:
    """A session of one client; `stub` queues its answers and checks what it is asked."""

    region_name = "us-east-1"
    profile_name = "prod"

    def __init__(self, service: str) -> None:
        self._service, self._client = service, _session(self.region_name).client(service)
        self.stub = Stubber(self._client)
        self.stub.activate()

    def client(self, service: str, **_: Any) -> Any:
        assert service == self._service
        return self._client


@cache
def _session(region: str) -> boto3.Session:
    """One for all: it reads the service models once."""
    return boto3.Session("AKIDEXAMPLE", "secret", region_name=region)
