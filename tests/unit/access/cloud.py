"""A small world for decisions: who is in the accounts, and which resources have policies of their own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.access.facts import Identity, Key
from harness.model import ApiCall, Principal

from .needs.world import HOME, REGION, World

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
ROLE = f"arn:aws:iam::{HOME}:role/worker"


@dataclass(frozen=True)
class Cloud(World):
    """`people` by ARN; `policies`: JSON texts on topics, queues, functions, ... by ARN; `listed`: what else `policied`
    tells."""

    people: Mapping[str, Identity] = field(default_factory=dict)
    policies: Mapping[str, str] = field(default_factory=dict)
    listed: tuple[str, ...] = ()

    def identity(self, arn: str) -> Identity | None:
        return self.people.get(arn)

    def identities(self) -> list[str]:
        return list(self.people)

    def managed_policy(self, arn: str) -> str:
        return document(allow("*", "*")) if arn == ADMINISTRATOR else ""

    def resource_policy(self, arn: str) -> str:
        return self.policies.get(arn, "")

    def policied(self) -> list[str]:
        return [*self.listed, *self.policies]


def peopled(*people: Identity, **more: Any) -> Cloud:
    return Cloud(people={identity.arn: identity for identity in people}, **more)


def allow(actions: str | list[str], resources: str | list[str] = "", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, **({"Resource": resources} if resources else {}), **more}


def deny(actions: str | list[str], resources: str | list[str], **more: Any) -> dict[str, Any]:
    return {**allow(actions, resources, **more), "Effect": "Deny"}


def document(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def session(role: str = ROLE, **more: Any) -> Principal:
    account, name = role.split(":")[4], role.rsplit("/", 1)[-1]
    arn = f"arn:aws:sts::{account}:assumed-role/{name}/job"
    return Principal(account, arn, "assumed-role", "AROA1:job", role, **more)


def key(name: str, policy: str = "", owner: str = HOME, **more: Any) -> Key:
    return Key(f"arn:aws:kms:{REGION}:{owner}:key/{name}", owner, policy or document(), **more)


def call(by: Principal, service: str, operation: str, **params: Any) -> ApiCall:
    return ApiCall(service, operation, params, by, by.account, REGION, "r-1")
