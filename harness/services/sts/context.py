"""What STS's operations are given besides their call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from harness.clock import Clock
from harness.model import ApiCall, AwsError, Credentials, Json, Principal, Wire


class Issued(Protocol):
    @property
    def credentials(self) -> Credentials: ...


class Issuer(Protocol):
    """Gives out temporary credentials, and knows whose credentials are whose."""

    def start_session(self, principal: Principal, expires: datetime | None) -> Issued: ...

    def account_of(self, access_key: str) -> str: ...


@dataclass(frozen=True)
class Context:
    issuer: Issuer
    wire: Wire
    clock: Clock

    def credentials(self, principal: Principal, seconds: int) -> Json:
        """New credentials that stand for the principal for so long, as STS answers them."""
        expires = self.clock.now() + timedelta(seconds=seconds)
        made = self.issuer.start_session(principal, expires).credentials
        return {
            "AccessKeyId": made.access_key,
            "SecretAccessKey": made.secret_key,
            "SessionToken": made.session_token,
            "Expiration": expires,
        }


Operation = Callable[[Context, ApiCall], Json]


def refuse_unsupported(call: ApiCall, *parameters: str) -> None:
    """Raises AwsError (501) where the call has one of these parameters."""
    for name in parameters:
        if call.params.get(name):
            raise AwsError(
                "UnsupportedOperation", f"The harness does not support {name} of {call.operation} yet", 501
            )
