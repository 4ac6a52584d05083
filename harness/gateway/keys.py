"""IAM's access keys, watched as they are made and deleted: the gateway has to know whose they are."""

from __future__ import annotations

from collections.abc import Callable

from harness.gateway.identity import Identities
from harness.model import ApiCall, Credentials, Json, Principal


class AccessKeys:
    """Wraps IAM's calls on access keys; see app.Around."""

    operations = frozenset({"CreateAccessKey", "DeleteAccessKey"})

    def __init__(self, identities: Identities) -> None:
        self._identities = identities

    def handle(self, call: ApiCall, forward: Callable[[], Json]) -> Json:
        answer = forward()
        if call.operation == "CreateAccessKey":
            made = answer["AccessKey"]
            arn = f"arn:aws:iam::{call.account}:user/{made['UserName']}"
            self._identities.add(
                Credentials(made["AccessKeyId"], made["SecretAccessKey"]),
                Principal(call.account, arn, "user", arn),
            )
        else:
            self._identities.remove(call.params["AccessKeyId"])
        return answer
