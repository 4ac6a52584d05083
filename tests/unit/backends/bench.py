"""Clients of two accounts whose calls go straight to the backend."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from harness.backends.moto import MotoBackend
from harness.clock import Clock
from harness.gateway import protocol
from harness.gateway.identity import Identities
from harness.gateway.wire import InProcessWire
from harness.model import AwsError, HttpRequest, HttpResponse, Principal

DEV, PROD = "111111111111", "222222222222"
START = datetime(2027, 3, 4, 5, 6, 7, tzinfo=UTC)


class Bench:
    """Clients of accounts whose calls go to the backend as the harness sends them."""

    def __init__(self) -> None:
        self.clock = Clock(START)
        self.backend = MotoBackend(self.clock)
        self.wire = InProcessWire(
            self._enter, Identities(self.clock), self.clock, "http://127.0.0.1", lambda *_: None
        )

    def _enter(self, request: HttpRequest, service: str, region: str, principal: Principal) -> HttpResponse:
        try:
            return self.backend.send(service, request, principal.account, region)
        except AwsError as error:
            return protocol.error(service, request, error, "id")

    def client(self, service: str, account: str = DEV, region: str = "us-east-1") -> Any:
        return self.wire.as_service("test", account, region).client(service)
