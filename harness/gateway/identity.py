"""Who a request is from: the credentials that the stand-in accounts have given out, and to whom."""

from __future__ import annotations

import hmac
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

        Raises AWS's error for an unknown key, a wrong or expired token, or a wrong signature.
        """
        issued = self._issued.get(signed.access_key)
        faults = _FAULTS.get(signed.service, _JSON_FAULTS)
        if issued is None:
            raise AwsError(*faults.unknown_key)
        if not hmac.compare_digest(issued.credentials.session_token.encode(), signed.session_token.encode()):
            raise AwsError(*faults.wrong_token)
        if issued.expires and issued.expires <= self._clock.now():
            raise AwsError(*faults.expired)
        signature.verify(request, signed, issued.credentials)
        return issued.principal


_INVALID = "The security token included in the request is invalid."


@dataclass(frozen=True)
class _Faults:
    """How a service tells the faults of credentials: (code, message, HTTP status) of each.

    Sources: "Common Errors" of the API references of STS (query) and SageMaker (JSON), "Error responses" of S3's.
    The JSON services' status is 400 in what they answer, though that page says 403.
    """

    unknown_key: tuple[str, str, int]
    wrong_token: tuple[str, str, int]
    expired: tuple[str, str, int]


_EXPIRED = "The security token included in the request is expired"
_JSON_FAULTS = _Faults(
    ("UnrecognizedClientException", _INVALID, 400),
    ("UnrecognizedClientException", _INVALID, 400),
    ("ExpiredTokenException", _EXPIRED, 400),
)
_QUERY_FAULTS = _Faults(
    ("InvalidClientTokenId", _INVALID, 403),
    ("InvalidClientTokenId", _INVALID, 403),
    ("ExpiredToken", _EXPIRED, 403),
)
_S3_FAULTS = _Faults(
    ("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", 403),
    ("InvalidToken", "The provided token is malformed or otherwise invalid.", 400),
    ("ExpiredToken", "The provided token has expired.", 400),
)
# By what SigV4 calls the service.
_FAULTS = {"s3": _S3_FAULTS, **dict.fromkeys(("sts", "iam", "sns"), _QUERY_FAULTS)}
