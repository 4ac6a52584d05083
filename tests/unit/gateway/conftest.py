"""A small gateway on a real port: requests read, authenticated, parsed and answered by a function of the test's."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.config import Config

from harness.clock import Clock
from harness.gateway import protocol, s3, signature
from harness.gateway.identity import Identities
from harness.gateway.server import listen, serve
from harness.gateway.wire import new_request_id
from harness.model import AwsError, Credentials, HttpRequest, HttpResponse, Json, Principal

ACCOUNT, REGION = "111111111111", "us-east-1"
KEYS = Credentials("AKIAEXAMPLE000000000", "a/secret+of=forty-characters-in-it-000000")
ANN = Principal(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/ann", "user", "AIDAANN")


class Gateway:
    """`answer` is what an operation answers: (operation, params) to its result; it may raise AwsError."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.identities = Identities(self.clock)
        self.identities.add(KEYS, ANN)
        self.requests: list[HttpRequest] = []
        self.calls: list[tuple[str, str, Json]] = []
        self.answer: Callable[[str, Json], Json] = lambda operation, params: {}
        self._socket = listen(0)
        self.endpoint = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._server = serve(self.handle, self._control)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True
        )
        self._thread.start()

    def handle(self, request: HttpRequest) -> HttpResponse:
        self.requests.append(request)
        service, request_id = "", new_request_id()
        try:
            signed = signature.read(request)
            if signed is None:
                raise AwsError("AccessDenied", "Access Denied", 403)
            service = protocol.service_of(signed.service)
            self.identities.authenticate(request, signed)
            if service == "s3":
                request = s3.path_style(request)
            operation, params = protocol.parse(service, request)
            self.calls.append((service, operation, params))
            return protocol.answer(service, operation, request, self.answer(operation, params), request_id)
        except AwsError as error:
            return protocol.error(service, request, error, request_id)

    def _control(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(200, {"content-type": "text/plain"}, b"control")

    def refuse(self, *arguments: Any, **members: Any) -> None:
        """From now on every call is answered with this AwsError."""

        def answer(operation: str, params: Json) -> Json:
            raise AwsError(*arguments, **members)

        self.answer = answer

    def client(self, service: str, keys: Credentials = KEYS, host: str = "127.0.0.1", **config: Any) -> Any:
        session = _session(keys)
        settings = Config(**{"retries": {"max_attempts": 0}, **config})
        return session.client(service, endpoint_url=self.endpoint.replace("127.0.0.1", host), config=settings)

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join(5)


@cache
def _session(keys: Credentials) -> boto3.Session:
    """One for each keys: it reads the service models once."""
    return boto3.Session(keys.access_key, keys.secret_key, keys.session_token or None, REGION)


@pytest.fixture(scope="module")
def running() -> Iterator[Gateway]:
    gateway = Gateway()
    yield gateway
    gateway.close()


@pytest.fixture
def gateway(running: Gateway) -> Gateway:
    """One gateway serves a module's tests; each finds it as new."""
    running.requests.clear()
    running.calls.clear()
    running.answer = lambda operation, params: {}
    return running


@pytest.fixture
def keys() -> Credentials:
    return KEYS


@pytest.fixture
def ann() -> Principal:
    return ANN
