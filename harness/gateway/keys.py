"""IAM's users, roles and access keys, watched as they change: the gateway has to know whose credentials are whose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from harness.gateway.identity import Identities
from harness.model import ApiCall, AwsError, Credentials, Json, Principal, Wire

# IAM's operations that without UserName are about whoever calls, as each one's page of the API reference says.
_OF_THE_CALLER = frozenset(
    (
        "CreateAccessKey",
        "DeleteAccessKey",
        "DeleteSigningCertificate",
        "GetUser",
        "ListAccessKeys",
        "ListMFADevices",
        "ListServiceSpecificCredentials",
        "ListSigningCertificates",
        "UpdateAccessKey",
        "UpdateSigningCertificate",
        "UploadSigningCertificate",
    )
)


def about_caller(call: ApiCall) -> ApiCall:
    """The call with the caller's name where IAM means the caller: the backend goes by the access key that the call is
    about, whosever it is. Raises AwsError ValidationError where the caller is no user."""
    if call.service != "iam" or call.operation not in _OF_THE_CALLER or call.params.get("UserName"):
        return call
    if call.principal.kind != "user":
        raise AwsError("ValidationError", "Must specify userName when calling with non-User credentials")
    return replace(call, params={**call.params, "UserName": call.principal.arn.rsplit("/", 1)[-1]})


class AccessKeys:
    """Wraps the IAM calls after which credentials are others'; see app.Around.

    A deleted user's or role's sessions are told like unknown keys from then on. AWS documents only that they have no
    permissions left (IAM User Guide, "Disabling permissions for temporary security credentials").
    """

    def __init__(self, identities: Identities, wire: Wire) -> None:
        self._identities = identities
        self._wire = wire
        self._after: dict[str, Callable[[ApiCall, Json], None]] = {
            "CreateAccessKey": self._key_created,
            "UpdateAccessKey": self._key_updated,
            "DeleteAccessKey": self._key_deleted,
            "UpdateUser": self._user_updated,
            "DeleteUser": self._user_deleted,
            "DeleteRole": self._role_deleted,
        }

    @property
    def operations(self) -> frozenset[str]:
        return frozenset(self._after) | {"CreateUser"}

    def handle(self, call: ApiCall, forward: Callable[[], Json]) -> Json:
        self._check_free(call)
        answer = forward()
        after = self._after.get(call.operation)
        if after:
            after(call, answer)
        return answer

    def _check_free(self, call: ApiCall) -> None:
        """An administrator's name is taken, though IAM does not list who set the account up. Raises AwsError."""
        name = {"CreateUser": "UserName", "UpdateUser": "NewUserName"}.get(call.operation)
        wanted = str(call.params.get(name, "")) if name else ""
        if wanted and self._identities.has_user(call.account, wanted):
            raise AwsError("EntityAlreadyExists", f"User with name {wanted} already exists.", 409)

    def _key_created(self, call: ApiCall, answer: Json) -> None:
        made = answer["AccessKey"]
        user = self._user(call, made["UserName"])
        credentials = Credentials(made["AccessKeyId"], made["SecretAccessKey"])
        self._identities.add(credentials, Principal(call.account, user["Arn"], "user", user["UserId"]))

    def _key_updated(self, call: ApiCall, _: Json) -> None:
        self._identities.switch(call.params["AccessKeyId"], call.params["Status"] == "Active")

    def _key_deleted(self, call: ApiCall, _: Json) -> None:
        self._identities.remove(call.params["AccessKeyId"])

    def _user_updated(self, call: ApiCall, _: Json) -> None:
        name: str = call.params["UserName"]
        now = self._user(call, call.params.get("NewUserName") or name)
        self._identities.rename(call.account, f"user/{name}", now["Arn"])

    def _user_deleted(self, call: ApiCall, _: Json) -> None:
        self._identities.end(call.account, f"user/{call.params['UserName']}")

    def _role_deleted(self, call: ApiCall, _: Json) -> None:
        self._identities.end(call.account, f"role/{call.params['RoleName']}")

    def _user(self, call: ApiCall, name: str) -> Json:
        iam = self._wire.as_harness(call.account, call.region).client("iam")
        found: Json = iam.get_user(UserName=name)["User"]
        return found
