"""Who calls: users, roles and sessions with the policies that a test gives them, and what AWS answers them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from botocore.exceptions import ClientError

from fake_accounts.accounts import load_accounts
from harness.model import Json
from harness.scenario import boto_session
from harness.stack import Stack

DEV, PROD, REGISTRY = (load_accounts()[name].id for name in ("dev", "prod", "registry"))
Keys = tuple[str, str, str]


def own_name(kind: str) -> str:
    return f"{kind}-{uuid.uuid4().hex[:8]}"


def allow(action: str | list[str], resource: str | list[str] = "*", **more: Any) -> Json:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: str | list[str], resource: str | list[str] = "*", **more: Any) -> Json:
    return {**allow(action, resource, **more), "Effect": "Deny"}


def trust(*principals: str, **more: Any) -> str:
    """A role's trust policy: services (`sagemaker.amazonaws.com`), ARNs, account ids."""
    services = [name for name in principals if name.endswith(".amazonaws.com")]
    others = [name for name in principals if name not in services]
    both = {kind: names for kind, names in (("Service", services), ("AWS", others)) if names}
    return policy({"Effect": "Allow", "Principal": both, "Action": "sts:AssumeRole", **more})


def policy(*statements: Json) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@dataclass(frozen=True)
class Caller:
    """Somebody with credentials. `arn` is what STS GetCallerIdentity says."""

    arn: str
    session: Any
    endpoint: str
    _clients: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        return self.arn.rsplit("/", 1)[-1]

    def client(self, service: str) -> Any:
        if service not in self._clients:
            made = self.session.client(service, region_name="us-east-1", endpoint_url=self.endpoint)
            self._clients[service] = made
        return self._clients[service]


class Callers:
    """The administrators of the accounts, and whom they make. Names are never used twice."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.administrator = cache(self._administrator)

    def _administrator(self, account: str) -> Caller:
        known = next(a for a in load_accounts().values() if a.id == account)
        keys = (known.access_key_id, known.secret_access_key, "")
        return self._caller(f"arn:aws:iam::{account}:user/administrator", keys)

    def admin(self, service: str, account: str = DEV) -> Any:
        """The administrator's client."""
        return self.administrator(account).client(service)

    def user(self, *statements: Json, account: str = DEV, **more: Any) -> Caller:
        """With an inline policy of these statements; `more` is CreateUser's."""
        iam, name = self.admin("iam", account), own_name("user")
        arn = iam.create_user(UserName=name, **more)["User"]["Arn"]
        if statements:
            iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=policy(*statements))
        made = iam.create_access_key(UserName=name)["AccessKey"]
        return self._caller(arn, (made["AccessKeyId"], made["SecretAccessKey"], ""))

    def role(self, *statements: Json, trusts: str, account: str = DEV, **more: Any) -> str:
        """Its ARN. With an inline policy of these statements; `trusts` is its trust policy, `more` CreateRole's."""
        iam, name = self.admin("iam", account), own_name("role")
        arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusts, **more)["Role"]["Arn"]
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy(*statements))
        return arn

    def assumed(self, role: str, by: Caller | None = None, **more: Any) -> Caller:
        """A session of a role; `by` is the administrator of its account unless told. `more` is AssumeRole's."""
        caller = by or self.administrator(role.split(":")[4])
        told = caller.client("sts").assume_role(RoleArn=role, **{"RoleSessionName": "me", **more})
        made = told["Credentials"]
        keys = (made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])
        return self._caller(told["AssumedRoleUser"]["Arn"], keys)

    def bucket(self, account: str = DEV, **objects: str) -> str:
        name = own_name("e2e-sagemaker")
        s3 = self.admin("s3", account)
        s3.create_bucket(Bucket=name)
        for key, body in objects.items():
            s3.put_object(Bucket=name, Key=key, Body=body)
        return name

    def lesson(self, caller: str) -> Json:
        """What the last denial of a principal teaches, told by its ARN or its service name."""
        records = self.stack.client.journal(0, "call")
        return dict([r["denial"] for r in records if r["denial"] and r["principal"] == caller][-1])

    def _caller(self, arn: str, keys: Keys) -> Caller:
        return Caller(arn, boto_session(keys=keys), self.stack.endpoint)


def refused(call: Callable[..., Any], **parameters: Any) -> tuple[str, int, str]:
    """The error's code, HTTP status and message."""
    try:
        call(**parameters)
    except ClientError as error:
        told: Any = error.response
        return told["Error"]["Code"], told["ResponseMetadata"]["HTTPStatusCode"], told["Error"]["Message"]
    raise AssertionError(f"{call.__name__} was not refused")


def not_authorized(caller: Caller | str, action: str, resource: str, why: str) -> str:
    """AWS's message. `resource` as the service words it; empty where it tells none."""
    who = caller if isinstance(caller, str) else caller.arn
    where = f" on resource: {resource}" if resource else ""
    return f"User: {who} is not authorized to perform: {action}{where}{f' {why}' if why else ''}"


def unallowed(action: str, kind: str = "identity-based policy") -> str:
    return f"because no {kind} allows the {action} action"
