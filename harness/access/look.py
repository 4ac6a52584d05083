"""One look at the facts: what a decision has asked for once it does not ask for again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar

from harness.access.facts import Bucket, Facts, Identity, Key, StoredObject

_Fact = TypeVar("_Fact")


def _once(look: Callable[..., _Fact]) -> Callable[..., _Fact]:
    name = look.__name__

    @wraps(look)
    def known(self: Look, *named: str) -> _Fact:
        asked = (name, *named)
        if asked not in self.known:
            self.known[asked] = look(self, *named)
        return self.known[asked]  # type: ignore[no-any-return]

    return known


class Look:
    """See facts.Facts. For one decision: all of it is decided on the same facts, and looking them up takes time."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self.known: dict[tuple[str, ...], Any] = {}

    @_once
    def identity(self, arn: str) -> Identity | None:
        return self._facts.identity(arn)

    @_once
    def managed_policy(self, arn: str) -> str:
        return self._facts.managed_policy(arn)

    @_once
    def bucket(self, name: str) -> Bucket | None:
        return self._facts.bucket(name)

    @_once
    def stored_object(self, bucket: str, key: str, version: str = "") -> StoredObject | None:
        return self._facts.stored_object(bucket, key, version)

    @_once
    def multipart_key(self, bucket: str, upload_id: str) -> str:
        return self._facts.multipart_key(bucket, upload_id)

    @_once
    def kms_key(self, id: str, account: str, region: str) -> Key | None:
        return self._facts.kms_key(id, account, region)

    @_once
    def resource_policy(self, arn: str) -> str:
        return self._facts.resource_policy(arn)

    @_once
    def resource_key(self, arn: str) -> str:
        return self._facts.resource_key(arn)

    @_once
    def tags(self, arn: str) -> Mapping[str, str]:
        return self._facts.tags(arn)

    @_once
    def identities(self) -> list[str]:
        return self._facts.identities()

    @_once
    def policied(self) -> list[str]:
        return self._facts.policied()
