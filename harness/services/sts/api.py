"""STS's API: which function answers which operation, and with whose credentials it may be called."""

from __future__ import annotations

from harness.clock import Clock
from harness.model import ApiCall, AwsError, Json, Wire
from harness.services.constraints import check
from harness.services.sts.context import Context, Issuer, Operation
from harness.services.sts.roles import assume_role
from harness.services.sts.tokens import get_federation_token, get_session_token


class Sts:
    """The service `sts`. Whether a caller may assume a role is decided before this sees the call.

    Tokens of identity providers (AssumeRoleWithWebIdentity, AssumeRoleWithSAML) cannot be verified without asking the
    provider, and are not supported.
    """

    def __init__(self, issuer: Issuer, wire: Wire, clock: Clock) -> None:
        self._context = Context(issuer, wire, clock)

    def handle(self, call: ApiCall) -> Json:
        """`call.params` and the answer have the names and shapes of botocore's model `sts`.

        Raises AwsError with AWS's codes; UnsupportedOperation (501) for what the harness does not do.
        """
        operation = _OPERATIONS.get(call.operation)
        if operation is None:
            raise AwsError(
                "UnsupportedOperation", f"The harness does not support sts:{call.operation} yet", 501
            )
        check(call, "ValidationError")
        if _is_barred(call):
            # The sentence is recorded for roles' sessions and GetSessionToken's.
            raise AwsError("AccessDenied", f"Cannot call {call.operation} with session credentials", 403)
        return operation(self._context, call)


def _is_barred(call: ApiCall) -> bool:
    """What temporary credentials are not good for. Source: IAM User Guide, "Comparing the AWS STS API operations"."""
    principal, operation = call.principal, call.operation
    if principal.session is None or operation == "GetCallerIdentity":
        return False
    if principal.kind == "assumed-role":
        return operation in ("GetFederationToken", "GetSessionToken")
    return principal.kind == "federated-user" or operation != "AssumeRole"


def _get_caller_identity(ctx: Context, call: ApiCall) -> Json:
    principal = call.principal
    # The root user's id is its account's.
    return {
        "UserId": principal.user_id or principal.account,
        "Account": principal.account,
        "Arn": principal.arn,
    }


def _get_access_key_info(ctx: Context, call: ApiCall) -> Json:
    key = call.params["AccessKeyId"]
    account = ctx.issuer.account_of(key)
    if not account:
        # AWS "might return an error that the key doesn't exist" (API reference); which one is not known.
        raise AwsError("ValidationError", f"The access key {key} does not exist")
    return {"Account": account}


_OPERATIONS: dict[str, Operation] = {
    "AssumeRole": assume_role,
    "GetAccessKeyInfo": _get_access_key_info,
    "GetCallerIdentity": _get_caller_identity,
    "GetFederationToken": get_federation_token,
    "GetSessionToken": get_session_token,
}
