"""STS: role sessions and who one is. Its own, because whom credentials belong to is the gateway's knowledge."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

from harness.clock import Clock
from harness.model import ApiCall, AwsError, Credentials, Json, Principal, Wire


class Session(Protocol):
    @property
    def credentials(self) -> Credentials: ...


# Issues credentials for a role's session of so many seconds.
StartSession = Callable[[Principal, int], Session]

_ROLE_ARN = re.compile(r"arn:aws:iam::(\d{12}):role/(?:[\w+=,.@/-]*/)?([\w+=,.@-]{1,64})")
_SESSION_NAME = re.compile(r"[\w+=,.@-]*")
# In seconds. Source: the API reference of AssumeRole and GetSessionToken.
_SHORTEST, _DEFAULT, _CHAINED = 900, 3600, 3600
_TOKEN_DEFAULT, _TOKEN_LONGEST = 43200, 129600


class Sts:
    def __init__(self, start_session: StartSession, wire: Wire, clock: Clock) -> None:
        self._start_session = start_session
        self._wire = wire
        self._clock = clock
        self._operations: dict[str, Callable[[ApiCall], Json]] = {
            "AssumeRole": self._assume_role,
            "GetCallerIdentity": self._get_caller_identity,
            "GetSessionToken": self._get_session_token,
        }

    def handle(self, call: ApiCall) -> Json:
        operation = self._operations.get(call.operation)
        if operation is None:
            raise AwsError(
                "UnsupportedOperation", f"The harness does not support sts:{call.operation} yet", 501
            )
        return operation(call)

    def _get_caller_identity(self, call: ApiCall) -> Json:
        principal = call.principal
        # The root user's id is its account's.
        return {
            "UserId": principal.user_id or principal.account,
            "Account": principal.account,
            "Arn": principal.arn,
        }

    def _assume_role(self, call: ApiCall) -> Json:
        role_arn, name = str(call.params.get("RoleArn", "")), str(call.params.get("RoleSessionName", ""))
        for unsupported in ("Policy", "PolicyArns"):
            if call.params.get(unsupported):
                raise AwsError("UnsupportedOperation", f"The harness does not support {unsupported} yet", 501)
        _check_session_name(name)
        match = _ROLE_ARN.fullmatch(role_arn)
        if not match:
            wrong = "Request ARN is invalid" if role_arn.startswith("arn:") else f"{role_arn} is invalid"
            raise AwsError("ValidationError", wrong)
        if call.principal.kind == "root":
            raise AwsError("AccessDenied", "Roles may not be assumed by root accounts.", 403)
        account, role_name = match.groups()
        role = self._role(call, account, role_name, role_arn)
        user_id = f"{role['RoleId']}:{name}"
        session_arn = f"arn:aws:sts::{account}:assumed-role/{role_name}/{name}"
        principal = Principal(account, session_arn, "assumed-role", user_id, role["Arn"])
        return {
            "Credentials": self._issue(principal, _session_seconds(call, role)),
            "AssumedRoleUser": {"AssumedRoleId": user_id, "Arn": session_arn},
        }

    def _get_session_token(self, call: ApiCall) -> Json:
        if call.principal.kind == "assumed-role":
            raise AwsError("AccessDenied", "Cannot call GetSessionToken with session credentials", 403)
        seconds = _at_least(_SHORTEST, int(call.params.get("DurationSeconds", _TOKEN_DEFAULT)))
        if seconds > _TOKEN_LONGEST:
            raise _out_of_range(seconds, f"less than or equal to {_TOKEN_LONGEST}")
        return {"Credentials": self._issue(call.principal, seconds)}

    def _role(self, call: ApiCall, account: str, name: str, arn: str) -> Json:
        iam = self._wire.as_service("sts.amazonaws.com", account, call.region).client("iam")
        try:
            role: Json = iam.get_role(RoleName=name)["Role"]
        except iam.exceptions.NoSuchEntityException:
            role = {}
        if role.get("Arn") != arn:
            # AWS tells a missing role and a role that does not trust the caller alike.
            message = (
                f"User: {call.principal.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}"
            )
            raise AwsError("AccessDenied", message, 403)
        return role

    def _issue(self, principal: Principal, seconds: int) -> Json:
        made = self._start_session(principal, seconds).credentials
        return {
            "AccessKeyId": made.access_key,
            "SecretAccessKey": made.secret_key,
            "SessionToken": made.session_token,
            "Expiration": self._clock.now() + timedelta(seconds=seconds),
        }


def _check_session_name(name: str) -> None:
    if len(name) < 2:
        rule = "Member must have length greater than or equal to 2"
    elif len(name) > 64:
        rule = "Member must have length less than or equal to 64"
    elif not _SESSION_NAME.fullmatch(name):
        rule = "Member must satisfy regular expression pattern: [\\w+=,.@-]*"
    else:
        return
    raise AwsError(
        "ValidationError",
        f"1 validation error detected: Value '{name}' at 'roleSessionName' failed to satisfy constraint: {rule}",
    )


def _session_seconds(call: ApiCall, role: Json) -> int:
    seconds = _at_least(_SHORTEST, int(call.params.get("DurationSeconds", _DEFAULT)))
    if seconds > int(role.get("MaxSessionDuration", _DEFAULT)):
        raise AwsError(
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        )
    if call.principal.kind == "assumed-role" and seconds > _CHAINED:
        raise AwsError(
            "ValidationError",
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
        )
    return seconds


def _at_least(shortest: int, seconds: int) -> int:
    if seconds < shortest:
        raise _out_of_range(seconds, f"greater than or equal to {shortest}")
    return seconds


def _out_of_range(seconds: int, rule: str) -> AwsError:
    return AwsError(
        "ValidationError",
        f"1 validation error detected: Value '{seconds}' at 'durationSeconds' failed to satisfy constraint: "
        f"Member must have value {rule}",
    )
