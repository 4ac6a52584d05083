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
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}")


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
            raise AwsError("UnsupportedOperation", f"The harness does not support sts:{call.operation} yet", 501)
        return operation(call)

    def _get_caller_identity(self, call: ApiCall) -> Json:
        principal = call.principal
        return {"UserId": principal.user_id, "Account": principal.account, "Arn": principal.arn}

    def _assume_role(self, call: ApiCall) -> Json:
        role_arn = call.params.get("RoleArn", "")
        name = call.params.get("RoleSessionName", "")
        match = _ROLE_ARN.fullmatch(role_arn)
        if not match:
            raise AwsError("ValidationError", f"{role_arn} is invalid")
        if not _SESSION_NAME.fullmatch(name):
            raise AwsError(
                "ValidationError",
                f"1 validation error detected: Value '{name}' at 'roleSessionName' failed to satisfy constraint: "
                "Member must satisfy regular expression pattern: [\\w+=,.@-]*",
            )
        account, role_name = match.groups()
        role = self._role(call, account, role_name, role_arn)
        session_arn = f"arn:aws:sts::{account}:assumed-role/{role_name}/{name}"
        user_id = f"{role['RoleId']}:{name}"
        seconds = self._duration(call, longest=int(role.get("MaxSessionDuration", 3600)))
        principal = Principal(account, session_arn, "assumed-role", user_id, role_arn)
        return {
            "Credentials": self._issue(principal, seconds),
            "AssumedRoleUser": {"AssumedRoleId": user_id, "Arn": session_arn},
        }

    def _get_session_token(self, call: ApiCall) -> Json:
        return {"Credentials": self._issue(call.principal, self._duration(call, longest=129600))}

    def _role(self, call: ApiCall, account: str, name: str, arn: str) -> Json:
        iam = self._wire.as_service("sts.amazonaws.com", account, call.region).client("iam")
        try:
            role: Json = iam.get_role(RoleName=name)["Role"]
        except iam.exceptions.NoSuchEntityException as error:
            # AWS tells a missing role and a role that does not trust the caller alike.
            message = f"User: {call.principal.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}"
            raise AwsError("AccessDenied", message, 403) from error
        return role

    def _duration(self, call: ApiCall, longest: int) -> int:
        seconds = int(call.params.get("DurationSeconds", 3600))
        if not 900 <= seconds <= longest:
            raise AwsError(
                "ValidationError",
                "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
            )
        return seconds

    def _issue(self, principal: Principal, seconds: int) -> Json:
        made = self._start_session(principal, seconds).credentials
        return {
            "AccessKeyId": made.access_key,
            "SecretAccessKey": made.secret_key,
            "SessionToken": made.session_token,
            "Expiration": self._clock.now() + timedelta(seconds=seconds),
        }
