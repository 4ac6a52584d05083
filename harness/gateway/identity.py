"""Who a request is from: the credentials that the stand-in accounts have given out, and to whom."""

from __future__ import annotations

import hmac
import secrets
import string
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from harness.clock import Clock
from harness.gateway import signature
from harness.gateway.faults import Faults, faults_of
from harness.model import AwsError, Credentials, HttpRequest, Principal

_KEY_ALPHABET = string.ascii_uppercase + "234567"


@dataclass(frozen=True)
class Issued:
    """Credentials, whose they are, until when (None: they do not expire), and whether they are switched on."""

    credentials: Credentials
    principal: Principal
    expires: datetime | None = None
    active: bool = True


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
        """New temporary credentials."""
        key = "ASIA" + "".join(secrets.choice(_KEY_ALPHABET) for _ in range(16))
        made = Credentials(key, secrets.token_urlsafe(30), "FwoG" + secrets.token_urlsafe(96))
        return self.add(made, principal, expires)

    def switch(self, access_key: str, active: bool) -> None:
        """Switches credentials on or off, where they are known."""
        with self._lock:
            if access_key in self._issued:
                self._issued[access_key] = replace(self._issued[access_key], active=active)

    def end(self, account: str, identity: str) -> None:
        """Ends all credentials of an account's IAM user or role (`user/ann`, told without its path): its keys, its
        sessions, those of the users it federated."""
        with self._lock:
            kept = {k: i for k, i in self._issued.items() if not _is_of(i.principal, account, identity)}
            self._issued = kept

    def rename(self, account: str, user: str, arn: str) -> None:
        """The user (`user/ann`) has another ARN now; its credentials stay."""
        with self._lock:
            for key, issued in self._issued.items():
                if _is_of(issued.principal, account, user):
                    self._issued[key] = replace(issued, principal=_renamed(issued.principal, arn))

    def has_user(self, account: str, name: str) -> bool:
        """Whether a user of that name, in whatever case, has credentials."""
        with self._lock:
            known = [issued.principal for issued in self._issued.values()]
        return any(
            p.kind == "user" and p.account == account and p.arn.rsplit("/", 1)[-1].lower() == name.lower()
            for p in known
        )

    def account_of(self, access_key: str) -> str:
        """The account that a key belongs to; empty where there is no such key."""
        issued = self._issued.get(access_key)
        return issued.principal.account if issued else ""

    def authenticate(self, request: HttpRequest, signed: signature.Signature) -> Principal:
        """Whose request it is.

        Raises AWS's error for a key that is unknown or switched off, a token that is wrong, missing, superfluous or
        expired, a signature that does not match or is of another time.
        """
        faults = faults_of(signed.service)
        issued = self._issued.get(signed.access_key)
        if issued is None or not issued.active or not _good_for(signed.service, issued.principal):
            raise AwsError(*faults.unknown_key)
        if not hmac.compare_digest(issued.credentials.session_token.encode(), signed.session_token.encode()):
            # A session's key is not known without its token.
            raise AwsError(*(faults.wrong_token if signed.session_token else faults.unknown_key))
        if issued.expires and issued.expires <= self._clock.now():
            raise AwsError(*faults.expired)
        _check_time(signed, faults)
        _check_signature(request, signed, issued.credentials, faults)
        return issued.principal


def _is_of(principal: Principal, account: str, identity: str) -> bool:
    """IAM's names are unique in an account, whatever their paths."""
    kind, name = identity.split("/")
    arn = principal.identity_arn
    return arn.startswith(f"arn:aws:iam::{account}:{kind}/") and arn.rsplit("/", 1)[-1] == name


def _renamed(principal: Principal, user_arn: str) -> Principal:
    if principal.kind == "federated-user" and principal.session:
        return replace(principal, session=replace(principal.session, issuer=user_arn))
    return replace(principal, arn=user_arn)


def _good_for(service: str, principal: Principal) -> bool:
    """What GetSessionToken and GetFederationToken give is not good for IAM, which then does not know the key.

    Source: IAM User Guide, "Comparing the AWS STS API operations"; cloudyr/aws.iam#15. There is no MFA here, with
    which GetSessionToken's would be.
    """
    return service != "iam" or principal.session is None or principal.kind == "assumed-role"


def _check_time(signed: signature.Signature, faults: Faults) -> None:
    """Whoever signs reads the machine's clock, not the virtual one. A presigned URL has a time of its own."""
    if signed.in_query:
        return
    moment = _moment(signed.timestamp)
    if moment is None:
        raise AwsError(*faults.no_date)
    now = datetime.now(UTC)
    if abs(now - moment) > faults.tolerance:
        raise faults.skewed(moment, now)


def _moment(timestamp: str) -> datetime | None:
    try:
        return datetime.strptime(timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        pass
    try:
        return parsedate_to_datetime(timestamp).astimezone(UTC)
    except ValueError:
        return None


def _check_signature(
    request: HttpRequest, signed: signature.Signature, credentials: Credentials, faults: Faults
) -> None:
    try:
        signature.verify(request, signed, credentials)
    except AwsError as error:
        if error.code != "SignatureDoesNotMatch":
            raise
        raise AwsError(*faults.mismatch) from error
