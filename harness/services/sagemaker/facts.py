"""What decisions on SageMaker's resources are made on; see harness.access.accounts.OwnFacts."""

from __future__ import annotations

from collections.abc import Mapping

from harness.services.sagemaker.arns import made, parse
from harness.services.sagemaker.groups import KIND, resource_policy
from harness.services.sagemaker.store import Stores


class SageMakerFacts:
    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    def policy(self, arn: str) -> str:
        return resource_policy(self._stores, arn)

    def tags(self, arn: str) -> Mapping[str, str]:
        named = parse(arn)
        return self._stores.of(named.account, named.region).tags.get(arn, {}) if named else {}

    def policied(self) -> list[str]:
        return [
            made(store.account, store.region, KIND, group)
            for store in self._stores.all()
            for group in list(store.policies)
        ]
