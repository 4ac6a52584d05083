"""A simulator for an account whose users, groups and roles a test tells."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from harness.access.context import Organization
from harness.access.facts import Identity
from harness.model import ApiCall, Json
from harness.services.simulator import Simulator
from tests.unit.access.needs.world import ANA, REGION, World

READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
WRITE = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}


def policy(*statements: Json) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@dataclass(frozen=True)
class People(World):
    """A world in which somebody is. `known`: by ARN."""

    known: dict[str, Identity] = field(default_factory=dict)

    def identity(self, arn: str) -> Identity | None:
        return self.known.get(arn)

    def identities(self) -> list[str]:
        return list(self.known)


def people(*known: Identity) -> People:
    return People(known={identity.arn: identity for identity in known})


def asked(
    operation: str, facts: World | None = None, organization: Organization | None = None, **params: Any
) -> Json:
    """The answer to `ana`, of account 111122223333."""
    call = ApiCall("iam", operation, params, ANA, ANA.account, REGION, "id")
    return Simulator(facts or World(), organization).handle(call)
