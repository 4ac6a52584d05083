"""The Terraform provider served under `hashicorp/aws`'s address: real Terraform, our endpoint.

It knows the resources `infra/` needs, with the attributes the real provider documents. Terraform itself
refuses any other, by name.
"""

from threading import Lock
from typing import Any

import botocore.loaders
import botocore.session
from botocore.exceptions import BotoCoreError, ClientError
from tf.iface import Provider
from tf.schema import Schema
from tf.utils import Diagnostics

from fake_accounts.provider import events, iam, kms, logs, s3, sagemaker, sns, sts
from fake_accounts.provider.resource import AwsResource
from fake_accounts.provider.schema import STRING_MAP, STRINGS, Blocks, optional

ADDRESS = "registry.terraform.io/hashicorp/aws"
_SERVICES = (s3, iam, kms, sns, events, logs, sagemaker)
_LOADER = botocore.loaders.create_loader()  # caches the services' models for all accounts
_MAKING = Lock()  # one client at a time: what another thread loads needs not be loaded again


class AwsProvider(Provider):  # type: ignore[misc]  # tf ships no types
    """One configured `provider "aws"`.

    Attributes:
        account_id: The account its credentials belong to.
        default_tags: Tags given to every resource that takes some.
    """

    def __init__(self) -> None:
        self.account_id = ""
        self.default_tags: dict[str, str] = {}
        self._configured: dict[str, Any] | None = None
        self._session: Any = None
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """The boto3-style client of a service, made once."""
        with _MAKING:
            if service not in self._clients:
                self._clients[service] = self._session.create_client(service)
            return self._clients[service]

    def get_model_prefix(self) -> str:
        """What every type's name starts with."""
        return "aws_"

    def full_name(self) -> str:
        """The address Terraform looks the provider up by."""
        return ADDRESS

    def get_provider_schema(self, diags: Diagnostics) -> Schema:
        """The provider block's schema."""
        attributes = [optional("region"), optional("profile"), optional("allowed_account_ids", STRINGS)]
        default_tags = Blocks("default_tags", [optional("tags", STRING_MAP)], at_most=1)
        return Schema(attributes=attributes, version=0, block_types=[default_tags])

    def validate_config(self, diags: Diagnostics, config: dict[str, Any]) -> None:
        """Nothing beyond the schema."""

    def configure_provider(self, diags: Diagnostics, config: dict[str, Any]) -> None:
        """Open a session, and refuse an account that is not allowed.

        Terraform asks for it before it plans and again before it applies: what is open by then stays.
        """
        if config == self._configured:
            return
        self.default_tags = next((block["tags"] or {} for block in config["default_tags"]), {})
        session = botocore.session.Session(profile=config["profile"])
        session.register_component("data_loader", _LOADER)
        if config["region"]:
            session.set_config_variable("region", config["region"])
        self._session, self._clients = session, {}
        try:
            self.account_id = self.client("sts").get_caller_identity()["Account"]
        except (ClientError, BotoCoreError) as error:
            diags.add_error("The AWS credentials do not work", str(error))
            return
        allowed = config["allowed_account_ids"]
        if allowed and self.account_id not in allowed:
            diags.add_error(
                f"AWS account ID not allowed: {self.account_id}", f"Allowed: {', '.join(allowed)}"
            )
            return
        self._configured = config

    def get_data_sources(self) -> list[type[Any]]:
        """Every data source it knows."""
        return list(sts.DATA_SOURCES)

    def get_resources(self) -> list[type[AwsResource]]:
        """Every resource it knows."""
        return [resource for service in _SERVICES for resource in service.RESOURCES]
