"""Who and where: the data sources `aws_caller_identity`, `aws_region`, `aws_partition`."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from tf.iface import DataSource
from tf.schema import Attribute, Schema

from fake_accounts.provider.schema import chosen, computed
from fake_accounts.provider.session import regions

if TYPE_CHECKING:
    from fake_accounts.provider import AwsProvider


class _AwsData(DataSource):  # type: ignore[misc]  # tf ships no types
    type_name: ClassVar[str]
    attributes: ClassVar[list[Attribute]]

    def __init__(self, provider: AwsProvider) -> None:
        self._provider = provider

    @classmethod
    def get_name(cls) -> str:
        """Its type without the provider's prefix."""
        return cls.type_name

    @classmethod
    def get_schema(cls) -> Schema:
        """Its schema: the table's and `id`."""
        return Schema(attributes=[chosen("id"), *cls.attributes], version=0)

    @abstractmethod
    def read(self, ctx: Any, config: dict[str, Any]) -> dict[str, str] | None:
        """Answer."""


class CallerIdentity(_AwsData):
    """`aws_caller_identity`."""

    type_name = "caller_identity"
    attributes: ClassVar = [computed("account_id"), computed("arn"), computed("user_id")]

    def read(self, ctx: Any, config: dict[str, Any]) -> dict[str, str]:
        caller = self._provider.session.client("sts").get_caller_identity()
        account = caller["Account"]
        return {"id": account, "account_id": account, "arn": caller["Arn"], "user_id": caller["UserId"]}


class Region(_AwsData):
    """`aws_region`, as v6 of the real provider has it (`region`) and v5 (`name`); the provider's if none is asked."""

    type_name = "region"
    attributes: ClassVar = [chosen("region"), chosen("name"), chosen("endpoint"), computed("description")]

    def read(self, ctx: Any, config: dict[str, Any]) -> dict[str, str] | None:
        of_endpoint = (config["endpoint"] or "").removeprefix("ec2.").removesuffix(".amazonaws.com")
        name = config["region"] or config["name"] or of_endpoint or self._provider.session.region
        descriptions = regions()
        if name not in descriptions:
            ctx.diagnostics.add_error("finding Region", f"There is no region {name}.")
            return None
        told = {"endpoint": f"ec2.{name}.amazonaws.com", "description": descriptions[name]}
        return {**dict.fromkeys(("id", "region", "name"), name), **told}


class Partition(_AwsData):
    """`aws_partition`."""

    type_name = "partition"
    attributes: ClassVar = [computed("partition"), computed("dns_suffix"), computed("reverse_dns_prefix")]

    def read(self, ctx: Any, config: dict[str, Any]) -> dict[str, str]:
        return {
            "id": "aws",
            "partition": "aws",
            "dns_suffix": "amazonaws.com",
            "reverse_dns_prefix": "com.amazonaws",
        }


DATA_SOURCES = [CallerIdentity, Region, Partition]
