"""What decisions on functions are made on; see harness.access.accounts.OwnFacts."""

from __future__ import annotations

from collections.abc import Mapping

from harness.model import AwsError
from harness.services.functions.policy import policy_document
from harness.services.functions.store import Function, Reference, Store


class FunctionsFacts:
    def __init__(self, store: Store) -> None:
        self._store = store

    def policy(self, arn: str) -> str:
        function = self._find(arn)
        return (function and policy_document(function)) or ""

    def tags(self, arn: str) -> Mapping[str, str]:
        function = self._find(arn)
        return function.tags if function else {}

    def policied(self) -> list[str]:
        return [function.reference.arn for function in self._store.all() if function.policy]

    def _find(self, arn: str) -> Function | None:
        try:
            return self._store.find(Reference.of(arn, "", arn.split(":")[3]))
        except (AwsError, IndexError):
            return None
