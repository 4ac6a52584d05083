"""Who made or changed something, as SageMaker's UserContext says it."""

from __future__ import annotations

from harness.model import ApiCall, Json


def user_context(call: ApiCall) -> Json:
    identity = {"Arn": call.principal.arn, "PrincipalId": call.principal.user_id or call.principal.account}
    return {"IamIdentity": identity}
