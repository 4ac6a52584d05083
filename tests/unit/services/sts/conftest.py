"""An STS on credentials of its own and on an IAM that knows what a test tells it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from harness.clock import Clock
from harness.gateway.identity import Identities, Issued
from harness.model import ApiCall, AwsError, Json, Principal, Session
from harness.services.sts import Sts

ACCOUNT = "111111111111"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/jenkins"
ANN = Principal("222222222222", "arn:aws:iam::222222222222:user/ann", "user", "AIDAANN")


class Iam:
    """IAM, with the roles and policies it knows."""

    class exceptions:  # noqa: N801 - boto3's name
        class ClientError(Exception):
            pass

        class NoSuchEntityException(ClientError):
            pass

    def __init__(self) -> None:
        self.roles: dict[str, Json] = {}
        self.policies: dict[str, Json] = {}

    def get_role(self, RoleName: str) -> Json:  # noqa: N803 - boto3's names
        if RoleName not in self.roles:
            raise self.exceptions.NoSuchEntityException
        return {"Role": self.roles[RoleName]}

    def get_policy(self, PolicyArn: str) -> Json:  # noqa: N803
        if PolicyArn not in self.policies:
            raise self.exceptions.NoSuchEntityException
        return {"Policy": {"DefaultVersionId": "v2"}}

    def get_policy_version(self, PolicyArn: str, VersionId: str) -> Json:  # noqa: N803
        assert VersionId == "v2"
        return {"PolicyVersion": {"Document": self.policies[PolicyArn]}}


class Bench:
    account, role, ann = ACCOUNT, ROLE, ANN

    def __init__(self) -> None:
        self.clock = Clock()
        self.iam = Iam()
        self.asked: list[str] = []
        self.identities = Identities(self.clock)
        self.add_role("jenkins")
        self.sts = Sts(self.identities, self, self.clock)  # type: ignore[arg-type]

    def add_role(self, name: str, path: str = "/", **more: Any) -> str:
        arn = f"arn:aws:iam::{ACCOUNT}:role{path}{name}"
        self.iam.roles[name] = {"RoleName": name, "RoleId": f"AROA{name.upper()}", "Arn": arn, **more}
        return arn

    def as_harness(self, account: str, region: str) -> Bench:
        self.asked.append(account)
        return self

    def client(self, service: str) -> Iam:
        return self.iam

    def call(self, operation: str, principal: Principal = ANN, **params: Any) -> Json:
        return self.sts.handle(
            ApiCall("sts", operation, params, principal, principal.account, "us-east-1", "id")
        )

    def assume(self, principal: Principal = ANN, **params: Any) -> Json:
        return self.call("AssumeRole", principal, **{"RoleArn": ROLE, "RoleSessionName": "deploy", **params})

    def issued(self, answer: Json) -> Issued:
        """The credentials in an answer, as the gateway knows them."""
        return self.identities._issued[answer["Credentials"]["AccessKeyId"]]

    def becomes(self, principal: Principal = ANN, **params: Any) -> Principal:
        """Who the principal is once it has assumed the role."""
        return self.issued(self.assume(principal, **params)).principal

    def session(self, principal: Principal = ANN, **params: Any) -> Session:
        session = self.becomes(principal, **params).session
        assert session
        return session

    def lasts(self, answer: Json) -> timedelta:
        """For how long the credentials in an answer are good, in whole minutes."""
        left = answer["Credentials"]["Expiration"] - self.clock.now()
        assert self.issued(answer).expires == answer["Credentials"]["Expiration"]
        return timedelta(minutes=round(left.total_seconds() / 60))

    def refusal(
        self, operation: str = "AssumeRole", principal: Principal = ANN, **params: Any
    ) -> tuple[str, str, int]:
        defaults = {"RoleArn": ROLE, "RoleSessionName": "deploy"} if operation == "AssumeRole" else {}
        with pytest.raises(AwsError) as refused:
            self.call(operation, principal, **{**defaults, **params})
        return refused.value.code, refused.value.message, refused.value.status


@pytest.fixture
def bench() -> Bench:
    return Bench()
