"""Who and where: the data sources `aws_caller_identity`, `aws_region`, `aws_partition`."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from tf.iface import DataSource
from tf.schema import Schema

from fake_accounts.provider.schema import computed

if TYPE_CHECKING:
    from fake_accounts.provider import AwsProvider


class _AwsData(DataSource):  # type: ignore[misc]  # tf ships no types
    type_name: ClassVar[str]
    answers: ClassVar[list[str]]

    def __init__(self, provider: AwsProvider) -> None:
        self._provider = provider

    @classmethod
    def get_name(cls) -> str:
        """Its type without the provider's prefix."""
        return cls.type_name

    @classmethod
    def get_schema(cls) -> Schema:
        """Its schema: everything is an answer."""
        return Schema(attributes=[computed(name) for name in ["id", *cls.answers]], version=0)

    @abstractmethod
    def read(self, ctx: Any, config: dict[str, Any]) -> dict[str, str]:
        """Answer."""


class CallerIdentity(_AwsData):
    """`aws_caller_identity`."""

    type_name, answers = "caller_identity", ["account_id", "arn", "user_id"]

    def read(self, ctx: Any, config: dict[str, Any]) -> dict[str, str]:
        caller = self._provider.client("sts").get_caller_identity()
        account = caller["Account"]
        return {"id": account, "account_id": account, "arn": caller["Arn"], "user_id": caller["UserId"]}


class Region(_AwsData):
    """`aws_region`, as v6 of the real provider has it (`region`) and v5 (`name`)."""

    type_name, answers = "region", ["name", "region"]

    def read(self, ctx: Any, config: dict[str, Any]) -> dict[str, str]:
        region = self._provider.client("sts").meta.region_name
        return {"id": region, "name": region, "region": region}


class Partition(_AwsData):
    """`aws_partition`."""

    type_name, answers = "partition", ["partition", "dns_suffix"]

    def read(self, ctx: Any, config: dict[str, Any]) -> dict[str, str]:
        return {"id": "aws", "partition": "aws", "dns_suffix": "amazonaws.com"}


DATA_SOURCES = [CallerIdentity, Region, Partition]
