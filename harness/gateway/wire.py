"""How everything inside the harness calls AWS: ordinary boto3 clients whose requests skip the socket, nothing else."""

from __future__ import annotations

import io
import secrets
import threading
import weakref
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import botocore.session
from botocore import UNSIGNED
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config

from harness.clock import Clock
from harness.gateway.identity import Identities
from harness.model import AwsError, Caller, Credentials, HttpRequest, HttpResponse, Principal, Session

# The gateway's request chain, entered with the caller already known: (request, service, region, principal).
Enter = Callable[[HttpRequest, str, str, Principal], HttpResponse]
# Whether a service may assume a role: (the service, the role's ARN, region). Raises AwsError where it may not.
MayAssume = Callable[[Principal, str, str, str], None]

# Callers that are kept, of each sort: EventBridge's sessions have a name of their own for every event.
_CALLERS = 64

_CONFIG = Config(
    signature_version=UNSIGNED,
    retries={"max_attempts": 0},
    s3={"addressing_style": "path"},
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
    parameter_validation=False,
)


class InProcessCaller:
    """A caller whose clients are made once each; see model.Caller."""

    def __init__(self, enter: Enter, principal: Principal, credentials: Credentials, region: str) -> None:
        self._enter = enter
        self._principal = principal
        self._credentials = credentials
        self._region = region
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    @property
    def credentials(self) -> Credentials:
        return self._credentials

    @property
    def principal(self) -> Principal:
        return self._principal

    def renew(self, principal: Principal) -> None:
        """The role's session begins anew; its clients and credentials stay."""
        self._principal = principal

    def client(self, service: str) -> Any:
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._make(service)
            return self._clients[service]

    def _make(self, service: str) -> Any:
        with _session_lock:
            client = _session().create_client(
                service, region_name=self._region, endpoint_url="http://127.0.0.1", config=_CONFIG
            )
        client.meta.events.register(
            f"before-send.{service}", lambda request, **_: self._send(service, request)
        )
        return client

    def _send(self, service: str, request: AWSPreparedRequest) -> AWSResponse:
        answer = self._enter(_plain(request), service, self._region, self._principal)
        return AWSResponse(request.url, answer.status, dict(answer.headers), _Raw(answer.body))


class InProcessWire:
    """See model.Wire."""

    def __init__(
        self, enter: Enter, identities: Identities, clock: Clock, endpoint: str, may_assume: MayAssume
    ) -> None:
        self._enter = enter
        self._identities = identities
        self._clock = clock
        self._endpoint = endpoint
        self._may_assume = may_assume
        # Making a client takes milliseconds, so who calls again is the same caller.
        self._caller = lru_cache(maxsize=_CALLERS)(self._new_caller)
        self._session = lru_cache(maxsize=_CALLERS)(self._new_session)

    @property
    def endpoint(self) -> str:
        return self._endpoint

    def as_role(
        self, role_arn: str, service: str, session_name: str, region: str, source_arn: str = ""
    ) -> Caller:
        """Whether the service may is asked each time; `source_arn` is of that question only, a session does not have
        it."""
        role = self._role(role_arn, service, region)
        account = role_arn.split(":")[4]
        source_account = source_arn.split(":")[4] if source_arn else account
        by = Principal(source_account, service, "service", source_arn=source_arn)
        self._may_assume(by, role_arn, session_name, region)
        session_arn = f"arn:aws:sts::{account}:assumed-role/{role['RoleName']}/{session_name}"
        user_id = f"{role['RoleId']}:{session_name}"
        principal = Principal(account, session_arn, "assumed-role", user_id, role_arn)
        caller = self._session(principal, region)
        begun = replace(principal, session=Session(issued=self._clock.now()))
        caller.renew(begun)
        self._identities.add(caller.credentials, begun)
        return caller

    def as_service(self, service: str, account: str, region: str, source_arn: str = "") -> Caller:
        return self._caller(Principal(account, service, "service", source_arn=source_arn), region)

    def as_harness(self, account: str, region: str) -> Caller:
        return self._caller(Principal(account, "harness", "harness"), region)

    def _new_caller(self, principal: Principal, region: str) -> InProcessCaller:
        return InProcessCaller(self._enter, principal, Credentials("SERVICE", "", ""), region)

    def _new_session(self, principal: Principal, region: str) -> InProcessCaller:
        """Its credentials are in force for as long as somebody holds the caller: a job, a function's invocation. They
        do not expire, for a service renews its session while it needs it."""
        credentials = self._identities.start_session(principal, None).credentials
        caller = InProcessCaller(self._enter, principal, credentials, region)
        weakref.finalize(caller, self._identities.remove, credentials.access_key)
        return caller

    def _role(self, role_arn: str, service: str, region: str) -> Any:
        parts = role_arn.split(":", 5)
        if len(parts) != 6 or not parts[5].startswith("role/"):
            raise AwsError("ValidationException", f"{role_arn!r} is not the ARN of a role")
        iam = self.as_harness(parts[4], region).client("iam")
        try:
            role = iam.get_role(RoleName=parts[5].rsplit("/", 1)[-1])["Role"]
        except iam.exceptions.NoSuchEntityException:
            role = {}
        if role.get("Arn") != role_arn:
            raise AwsError(
                "AccessDenied",
                f"{service} is not authorized to perform: sts:AssumeRole on resource: {role_arn}",
                403,
            )
        return role


class _Raw(io.BytesIO):
    """A body as urllib3 gives one."""

    def stream(self, amt: int = 65536, **_: Any) -> Any:
        while chunk := self.read(amt):
            yield chunk


def _plain(request: AWSPreparedRequest) -> HttpRequest:
    url = urlsplit(request.url)
    body = request.body
    if hasattr(body, "read"):
        body = body.read()
    if isinstance(body, str):
        body = body.encode()
    headers = {k.lower(): v.decode() if isinstance(v, bytes) else str(v) for k, v in request.headers.items()}
    return HttpRequest(request.method, url.path or "/", url.query, headers, bytes(body or b""))


_session_lock = threading.Lock()
_the_session: botocore.session.Session | None = None


def _session() -> botocore.session.Session:
    """One session for all clients: the service models are read once. It sees nobody's profiles or keys."""
    global _the_session
    if _the_session is None:
        _the_session = botocore.session.Session()
        _the_session.set_config_variable("config_file", "/dev/null")
        _the_session.set_config_variable("credentials_file", "/dev/null")
    return _the_session


def new_request_id() -> str:
    """AWS's request ids are UUIDs; this one is as random and cheaper."""
    raw = secrets.token_hex(16)
    return f"{raw[:8]}-{raw[8:12]}-{raw[12:16]}-{raw[16:20]}-{raw[20:]}"
