"""How everything inside the harness calls AWS: ordinary boto3 clients whose requests skip the socket, nothing else."""

from __future__ import annotations

import io
import secrets
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import botocore.session
from botocore import UNSIGNED
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config

from harness.clock import Clock
from harness.gateway.identity import Identities
from harness.model import AwsError, Caller, Credentials, HttpRequest, HttpResponse, Principal

# The gateway's request chain, entered with the caller already known: (request, service, region, principal).
Enter = Callable[[HttpRequest, str, str, Principal], HttpResponse]

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

    def __init__(self, enter: Enter, identities: Identities, clock: Clock, endpoint: str) -> None:
        self._enter = enter
        self._identities = identities
        self._clock = clock
        self._endpoint = endpoint
        self._callers: dict[tuple[str, ...], InProcessCaller] = {}

    @property
    def endpoint(self) -> str:
        return self._endpoint

    def as_role(self, role_arn: str, service: str, session_name: str, region: str) -> Caller:
        role = self._assume(role_arn, service, region)
        key = (role_arn, service, session_name, region)
        if key not in self._callers:
            account = role_arn.split(":")[4]
            session_arn = f"arn:aws:sts::{account}:assumed-role/{role['RoleName']}/{session_name}"
            user_id = f"{role['RoleId']}:{session_name}"
            principal = Principal(account, session_arn, "assumed-role", user_id, role_arn)
            # The service renews its session for as long as it needs it, so these do not expire.
            issued = self._identities.start_session(principal, None)
            self._callers[key] = InProcessCaller(self._enter, principal, issued.credentials, region)
        return self._callers[key]

    def as_service(self, service: str, account: str, region: str) -> Caller:
        key = (service, account, region)
        if key not in self._callers:
            nobody = Credentials("SERVICE", "", "")
            principal = Principal(account, service, "service")
            self._callers[key] = InProcessCaller(self._enter, principal, nobody, region)
        return self._callers[key]

    def forget(self) -> None:
        """Drops every session: the accounts have been emptied."""
        self._callers.clear()

    def _assume(self, role_arn: str, service: str, region: str) -> Any:
        """The role, which has to exist and to trust the service."""
        parts = role_arn.split(":", 5)
        if len(parts) != 6 or not parts[5].startswith("role/"):
            raise AwsError("ValidationException", f"{role_arn!r} is not the ARN of a role")
        iam = self.as_service(service, parts[4], region).client("iam")
        try:
            role = iam.get_role(RoleName=parts[5].rsplit("/", 1)[-1])["Role"]
        except iam.exceptions.NoSuchEntityException:
            role = None
        if role is None or not trusts_service(role["AssumeRolePolicyDocument"], service):
            raise AwsError(
                "AccessDenied",
                f"{service} is not authorized to perform: sts:AssumeRole on resource: {role_arn}",
                403,
            )
        return role


def trusts_service(document: Any, service: str) -> bool:
    """Whether a trust policy lets the service principal assume the role (conditions are not read yet)."""
    statements = document.get("Statement", [])
    for statement in statements if isinstance(statements, list) else [statements]:
        named = statement.get("Principal", {})
        services = named.get("Service", []) if isinstance(named, dict) else []
        if statement.get("Effect") == "Allow" and service in (
            [services] if isinstance(services, str) else services
        ):
            return True
    return False


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


def session_until(clock: Clock, seconds: int) -> Any:
    """When a session that lasts so long expires, on the virtual clock."""
    return clock.now() + timedelta(seconds=seconds)


def new_request_id() -> str:
    """AWS's request ids are UUIDs; this one is as random and cheaper."""
    raw = secrets.token_hex(16)
    return f"{raw[:8]}-{raw[8:12]}-{raw[12:16]}-{raw[16:20]}-{raw[20:]}"
