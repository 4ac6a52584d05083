"""Who a request is from: the credentials that the stand-in accounts have given out, and to whom."""

from __future__ import annotations

import secrets
import string
import threading
from dataclasses import dataclass
from datetime import datetime

from harness.clock import Clock
from harness.gateway import signature
from harness.model import AwsError, Credentials, HttpRequest, Principal

_KEY_ALPHABET = string.ascii_uppercase + "234567"


@dataclass(frozen=True)
class Issued:
    """Credentials, whose they are, and until when (None: they do not expire)."""

    credentials: Credentials
    principal: Principal
    expires: datetime | None = None


class Identities:
    """The credentials in force, by access key."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._issued: dict[str, Issued] = {}
        self._lock = threading.Lock()

    def add(self, credentials: Credentials, principal: Principal, expires: datetime | None = None) -> Issued:
        issued = Issued(credentials, principal, expires)
        with self._lock:
            self._issued[credentials.access_key] = issued
        return issued

    def remove(self, access_key: str) -> None:
        with self._lock:
            self._issued.pop(access_key, None)

    def start_session(self, principal: Principal, expires: datetime | None) -> Issued:
        """New temporary credentials for a role's session."""
        key = "ASIA" + "".join(secrets.choice(_KEY_ALPHABET) for _ in range(16))
        made = Credentials(key, secrets.token_urlsafe(30), "FwoG" + secrets.token_urlsafe(96))
        return self.add(made, principal, expires)

    def authenticate(self, request: HttpRequest, signed: signature.Signature) -> Principal:
        """Whose request it is.

        Raises AWS's error (403) for an unknown key, a wrong or expired token, or a wrong signature. S3 has other
        codes than the rest of AWS for the same three faults.
        """
        s3 = signed.service == "s3"
        issued = self._issued.get(signed.access_key)
        if issued is None:
            if s3:
                raise AwsError(
                    "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", 403
                )
            code = "InvalidClientTokenId" if signed.service in _QUERY_SERVICES else "UnrecognizedClientException"
            raise AwsError(code, "The security token included in the request is invalid.", 403)
        if issued.credentials.session_token != signed.session_token:
            code = "InvalidToken" if s3 else "InvalidClientTokenId"
            raise AwsError(code, "The security token included in the request is invalid.", 403)
        if issued.expires and issued.expires <= self._clock.now():
            raise AwsError(
                "ExpiredToken" if s3 else "ExpiredTokenException",
                "The provided token has expired." if s3 else "The security token included in the request is expired",
                400 if s3 else 403,
            )
        signature.verify(request, signed, issued.credentials)
        return issued.principal


_QUERY_SERVICES = {"sts", "iam", "sns", "monitoring"}
