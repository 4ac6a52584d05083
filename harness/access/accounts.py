"""The facts of all services together: the backend's, our own services', and the accounts' administrators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from harness.access.facts import Facts, Identity
from harness.model import Principal

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


class OwnFacts(Protocol):
    """What a service of our own tells of its resources, by their ARNs; empty where there is nothing."""

    def policy(self, arn: str) -> str: ...

    def tags(self, arn: str) -> Mapping[str, str]: ...

    def policied(self) -> list[str]: ...


class AccountsFacts:
    """See facts.Facts. `own` is by the service in the ARN."""

    def __init__(self, backend: Facts, own: Mapping[str, OwnFacts]) -> None:
        self._backend = backend
        self._own = own
        self._administrators: dict[str, Identity] = {}
        self.managed_policy = backend.managed_policy
        self.bucket = backend.bucket
        self.stored_object = backend.stored_object
        self.multipart_key = backend.multipart_key
        self.kms_key = backend.kms_key
        self.resource_key = backend.resource_key

    def add_administrator(self, principal: Principal) -> None:
        """Somebody who may do everything in an account from the start, and whom its IAM does not list: as the
        credentials are that an account is first set up with."""
        text = self._backend.managed_policy(ADMINISTRATOR)
        self._administrators[principal.arn] = Identity(
            principal.arn, principal.user_id, attached=((ADMINISTRATOR, text),)
        )

    def identity(self, arn: str) -> Identity | None:
        return self._administrators.get(arn) or self._backend.identity(arn)

    def resource_policy(self, arn: str) -> str:
        own = self._own.get(_service(arn))
        return own.policy(arn) if own else self._backend.resource_policy(arn)

    def tags(self, arn: str) -> Mapping[str, str]:
        own = self._own.get(_service(arn))
        return own.tags(arn) if own else self._backend.tags(arn)

    def identities(self) -> list[str]:
        return self._backend.identities()

    def policied(self) -> list[str]:
        return [*self._backend.policied(), *(arn for own in self._own.values() for arn in own.policied())]


def _service(arn: str) -> str:
    """Empty of what a caller gave for an ARN and is none."""
    parts = arn.split(":", 3)
    return parts[2] if len(parts) > 3 else ""
