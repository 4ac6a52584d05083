"""Which backend the gateway has: moto in the process, or a moto server or LocalStack by URL."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from harness.access.facts import Facts
from harness.backends.kinds import KINDS, connected
from harness.backends.moto import MotoBackend
from harness.backends.moto_deliveries import MaySend
from harness.backends.remote import RemoteBackend
from harness.clock import Clock
from harness.model import ApiCall, HarnessError, HttpRequest, HttpResponse


class Backend(Protocol):
    """Keeps what is not the harness's own: S3, IAM, KMS, SNS, SQS, Logs, CloudWatch, ECR."""

    @property
    def facts(self) -> Facts: ...

    def check_supported(self, call: ApiCall) -> None:
        """Raises AwsError (501) where a call is not to be sent here."""
        ...

    def check_unused(self, accounts: Iterable[str]) -> None:
        """Raises HarnessError where an account has something already."""
        ...

    def send(self, call: ApiCall, request: HttpRequest) -> HttpResponse:
        """The answer to a call that has been decided on; `request` says it in its protocol. Raises AwsError."""
        ...

    def close(self) -> None: ...


def choose(name: str, clock: Clock, may_send: MaySend, warn: Callable[[str], None]) -> Backend:
    """`moto`, `moto-server[=URL]` or `localstack[=URL]`; without a URL, where each usually is.

    Raises HarnessError where there is no such backend, its URL leads away from here, nothing answers there, or what
    does lacks something that is needed.
    """
    kind, _, url = name.partition("=")
    if name == "moto":
        return MotoBackend(clock, may_send)
    if kind not in KINDS:
        raise HarnessError(
            f"--backend: there is no {name!r}; there is moto, {', '.join(f'{k}[=URL]' for k in KINDS)}"
        )
    return RemoteBackend(connected(KINDS[kind], url, warn), KINDS[kind], clock, may_send)
