"""Clients of two accounts whose calls go straight to a backend."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from harness.backends.choice import Backend, choose
from harness.backends.moto import MotoBackend
from harness.clock import Clock
from harness.gateway import protocol
from harness.gateway.addressing import owner
from harness.gateway.identity import Identities
from harness.gateway.remaking import remade
from harness.gateway.wire import InProcessWire
from harness.model import ApiCall, AwsError, HttpRequest, HttpResponse, Principal
from tests.moto_server import moto_server

DEV, PROD = "111111111111", "222222222222"
START = datetime(2027, 3, 4, 5, 6, 7, tzinfo=UTC)


@contextmanager
def backend(name: str, clock: Clock) -> Iterator[Backend]:
    """`moto`, `moto-server`, or the `localstack` that LOCALSTACK_ENDPOINT names."""
    if name == "moto":
        made = MotoBackend(clock)
        yield made
        made.reset()
    elif name == "localstack":
        yield from _chosen(f"localstack={localstack()}", clock)
    else:
        with moto_server() as url:
            yield from _chosen(f"moto-server={url}", clock)


def localstack() -> str:
    """Its URL; skips the test where there is none."""
    url = os.environ.get("LOCALSTACK_ENDPOINT", "")
    return url or pytest.skip("LOCALSTACK_ENDPOINT names no LocalStack: `make localstack` runs these tests")


def _chosen(name: str, clock: Clock) -> Iterator[Backend]:
    made = choose(name, clock, lambda *_: True, pytest.fail)
    yield made
    made.close()


class Bench:
    """Clients of accounts whose calls go to the backend as the harness sends them."""

    def __init__(self, backend: Backend | None = None) -> None:
        self.clock = Clock(START)
        self.backend = backend or MotoBackend(self.clock)
        self.wire = InProcessWire(
            self._enter, Identities(self.clock), self.clock, "http://127.0.0.1", lambda *_: None
        )

    def _enter(self, request: HttpRequest, service: str, region: str, principal: Principal) -> HttpResponse:
        try:
            operation, params = protocol.parse(service, request)
            account = owner(service, params) or principal.account
            call = ApiCall(service, operation, params, principal, account, region, "id")
            return self.backend.send(call, remade(call, request))
        except AwsError as error:
            return protocol.error(service, request, error, "id")

    def client(self, service: str, account: str = DEV, region: str = "us-east-1") -> Any:
        return self.wire.as_service("test", account, region).client(service)
