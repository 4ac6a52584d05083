"""GetSessionToken and GetFederationToken: sessions that a user, or the root user, gets for itself or for others.

Source: API references of both.
"""

from __future__ import annotations

from dataclasses import replace

from harness.model import ApiCall, AwsError, Json, Principal, Session
from harness.services.sts.context import Context, refuse_unsupported
from harness.services.sts.packing import packed_size
from harness.services.sts.policies import session_policies
from harness.services.sts.tags import given_tags

# In seconds: a user's session unless asked otherwise, and the root user's, which lasts no longer whatever is asked.
_DEFAULT, _ROOT = 43200, 3600


def get_session_token(ctx: Context, call: ApiCall) -> Json:
    """The session stands for the caller itself."""
    refuse_unsupported(call, "SerialNumber", "TokenCode")
    principal = replace(call.principal, session=Session(issued=ctx.clock.now()))
    return {"Credentials": ctx.credentials(principal, _seconds(call))}


def get_federation_token(ctx: Context, call: ApiCall) -> Json:
    """Without session policies the federated user has no permissions but those that resources' policies give it."""
    user = call.principal
    if user.kind == "root":
        raise AwsError(
            "UnsupportedOperation",
            "The harness does not support GetFederationToken by the root user yet",
            501,
        )
    session = Session(
        policies=session_policies(ctx, call, user.account) or (),
        tags=given_tags(call),
        issued=ctx.clock.now(),
        issuer=user.arn,
    )
    packed = packed_size(call, session.tags)
    user_id = f"{user.account}:{call.params['Name']}"
    arn = f"arn:aws:sts::{user.account}:federated-user/{call.params['Name']}"
    principal = Principal(user.account, arn, "federated-user", user_id, session=session)
    return {
        "Credentials": ctx.credentials(principal, _seconds(call)),
        "FederatedUser": {"FederatedUserId": user_id, "Arn": arn},
        **packed,
    }


def _seconds(call: ApiCall) -> int:
    seconds = int(call.params.get("DurationSeconds", _DEFAULT))
    return min(seconds, _ROOT) if call.principal.kind == "root" else seconds
