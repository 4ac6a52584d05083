"""The Terraform provider served under `hashicorp/aws`'s address: real Terraform, our endpoint.

It knows the resources that platforms such as `infra/` need, with the attributes the real provider documents: see
tests/cases/terraform. Terraform itself refuses any other, by name.
"""

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from tf.iface import Provider
from tf.schema import Schema
from tf.utils import Diagnostics

from fake_accounts.provider import events, iam, kms, logs, oidc, s3, sagemaker, sns, sts
from fake_accounts.provider.resource import AwsResource
from fake_accounts.provider.schema import STRING_MAP, STRINGS, Blocks, optional
from fake_accounts.provider.session import ASSUMED, Session, opened

ADDRESS = "registry.terraform.io/hashicorp/aws"
_SERVICES = (s3, iam, oidc, kms, sns, events, logs, sagemaker)


class AwsProvider(Provider):  # type: ignore[misc]  # tf ships no types
    """One configured `provider "aws"`.

    Attributes:
        session: Whom it speaks as, once it is configured.
        default_tags: Tags given to every resource that takes some.
    """

    session: Session

    def __init__(self) -> None:
        self.default_tags: dict[str, str] = {}

    def get_model_prefix(self) -> str:
        """What every type's name starts with."""
        return "aws_"

    def full_name(self) -> str:
        """The address Terraform looks the provider up by."""
        return ADDRESS

    def get_provider_schema(self, diags: Diagnostics) -> Schema:
        """The provider block's schema."""
        texts = map(optional, ("region", "profile", "access_key", "secret_key", "token"))
        accounts = [optional("allowed_account_ids", STRINGS), optional("forbidden_account_ids", STRINGS)]
        default_tags = Blocks("default_tags", [optional("tags", STRING_MAP)], at_most=1)
        assume_role = Blocks("assume_role", list(map(optional, ASSUMED)), at_most=1)
        return Schema(attributes=[*texts, *accounts], version=0, block_types=[default_tags, assume_role])

    def validate_config(self, diags: Diagnostics, config: dict[str, Any]) -> None:
        """Tell of what contradicts itself."""
        if config["allowed_account_ids"] and config["forbidden_account_ids"]:
            told = '"allowed_account_ids": conflicts with forbidden_account_ids'
            diags.add_error("Conflicting configuration arguments", told, ["allowed_account_ids"])

    def configure_provider(self, diags: Diagnostics, config: dict[str, Any]) -> None:
        """Open a session, and refuse an account that is not allowed."""
        tags = next((block["tags"] or {} for block in config["default_tags"]), {})
        self.default_tags = {key: text for key, text in tags.items() if text is not None}
        try:
            self.session = opened(config)
        except (ClientError, BotoCoreError) as error:
            diags.add_error("Retrieving AWS account details: validating provider credentials", str(error))
            return
        account = self.session.account_id
        allowed, forbidden = config["allowed_account_ids"], config["forbidden_account_ids"]
        if (allowed and account not in allowed) or account in (forbidden or []):
            diags.add_error(f"AWS account ID not allowed: {account}")

    def get_data_sources(self) -> list[type[Any]]:
        """Every data source it knows."""
        return list(sts.DATA_SOURCES)

    def get_resources(self) -> list[type[AwsResource]]:
        """Every resource it knows."""
        return [resource for service in _SERVICES for resource in service.RESOURCES]
