"""IAM's users, roles and keys change, and with them whose credentials are in force; IAM is moto's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from harness.clock import Clock
from harness.gateway.identity import Identities
from harness.gateway.keys import AccessKeys
from harness.model import ApiCall, AwsError, Credentials, Json, Principal, Session

ACCOUNT = "123456789012"
ADMIN = Principal(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/administrator", "user", "AIDAADMIN")


class Iam:
    """Calls IAM as the gateway does: moto answers, AccessKeys watches."""

    def __init__(self) -> None:
        self.moto = boto3.client("iam", region_name="us-east-1")
        self.identities = Identities(Clock())
        self.keys = AccessKeys(self.identities, self)  # type: ignore[arg-type]

    def as_harness(self, account: str, region: str) -> Iam:
        assert account == ACCOUNT
        return self

    def client(self, service: str) -> Any:
        return self.moto

    def call(self, operation: str, method: Callable[..., Json], **params: Any) -> Json:
        call = ApiCall("iam", operation, params, ADMIN, ACCOUNT, "us-east-1", "id")
        return self.keys.handle(call, lambda: method(**params))

    def new_key(self, user: str) -> str:
        made = self.call("CreateAccessKey", self.moto.create_access_key, UserName=user)["AccessKey"]
        return str(made["AccessKeyId"])

    def principal(self, key: str) -> Principal | None:
        """Whose the key is; None where it is not good."""
        issued = self.identities._issued.get(key)
        return issued.principal if issued and issued.active else None


@pytest.fixture
def iam() -> Iterator[Iam]:
    with mock_aws():
        watched = Iam()
        watched.moto.create_user(UserName="ann", Path="/staff/")
        trust = json.dumps({"Version": "2012-10-17", "Statement": []})
        watched.moto.create_role(RoleName="runner", Path="/service/", AssumeRolePolicyDocument=trust)
        yield watched


def test_a_new_key_is_the_user_s_with_its_path_and_id(iam: Iam) -> None:
    principal = iam.principal(iam.new_key("ann"))
    user = iam.moto.get_user(UserName="ann")["User"]
    assert principal == Principal(
        ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/staff/ann", "user", user_id=user["UserId"]
    )


def test_the_answer_comes_back_as_it_was(iam: Iam) -> None:
    made = iam.call("CreateAccessKey", iam.moto.create_access_key, UserName="ann")["AccessKey"]
    issued = iam.identities._issued[made["AccessKeyId"]].credentials
    assert issued == Credentials(made["AccessKeyId"], made["SecretAccessKey"])


def test_a_deleted_key_is_no_longer_good(iam: Iam) -> None:
    key, other = iam.new_key("ann"), iam.new_key("ann")
    iam.call("DeleteAccessKey", iam.moto.delete_access_key, UserName="ann", AccessKeyId=key)
    assert iam.principal(key) is None
    assert iam.principal(other)


def test_an_inactive_key_is_not_good_until_it_is_active_again(iam: Iam) -> None:
    key = iam.new_key("ann")
    for status in ("Inactive", "Active"):
        iam.call(
            "UpdateAccessKey", iam.moto.update_access_key, UserName="ann", AccessKeyId=key, Status=status
        )
        assert bool(iam.principal(key)) is (status == "Active")


def test_a_refused_call_changes_nothing(iam: Iam) -> None:
    key = iam.new_key("ann")

    def refuse(**_: Any) -> Json:
        raise AwsError("AccessDenied", "no", 403)

    with pytest.raises(AwsError):
        iam.call("DeleteUser", refuse, UserName="ann")
    assert iam.principal(key)


def test_a_deleted_user_s_keys_sessions_and_federated_users_end_with_it(iam: Iam) -> None:
    iam.moto.create_user(UserName="bob")
    bobs = iam.new_key("bob")
    key = iam.new_key("ann")
    ann = iam.principal(key)
    assert ann
    bob = Principal(
        ACCOUNT, f"arn:aws:sts::{ACCOUNT}:federated-user/b", "federated-user", session=Session(issuer=ann.arn)
    )
    sessions = [iam.identities.start_session(who, None).credentials.access_key for who in (ann, bob)]
    iam.call("DeleteUser", iam.moto.delete_user, UserName="ann")
    assert [iam.principal(gone) for gone in (key, *sessions)] == [None, None, None]
    assert iam.principal(bobs)


def test_a_deleted_role_s_sessions_end_with_it(iam: Iam) -> None:
    def session(role: str) -> str:
        name = role.rsplit("/", 1)[-1]
        arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/s"
        principal = Principal(
            ACCOUNT, arn, "assumed-role", "AROA:s", f"arn:aws:iam::{ACCOUNT}:role/{role}", session=Session()
        )
        return iam.identities.start_session(principal, None).credentials.access_key

    gone, others = session("service/runner"), session("service/other-runner")
    iam.call("DeleteRole", iam.moto.delete_role, RoleName="runner")
    assert iam.principal(gone) is None
    assert iam.principal(others)


def test_a_user_who_is_renamed_keeps_the_keys(iam: Iam) -> None:
    key = iam.new_key("ann")
    iam.call("UpdateUser", iam.moto.update_user, UserName="ann", NewUserName="anna", NewPath="/")
    principal = iam.principal(key)
    assert principal
    assert principal.arn == f"arn:aws:iam::{ACCOUNT}:user/anna"
