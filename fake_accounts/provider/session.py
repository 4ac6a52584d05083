"""Whom a provider block speaks to AWS as, and its clients."""

from __future__ import annotations

import json
from threading import Lock
from typing import Any

import botocore.loaders
import botocore.session

from fake_accounts.provider.naming import unique

ASSUMED = {"role_arn": "RoleArn", "session_name": "RoleSessionName", "external_id": "ExternalId"}
"""What may be said of a role to assume, and what STS calls it."""
_LOADER = botocore.loaders.create_loader()  # caches the services' models for all accounts
_MAKING = Lock()  # one client at a time: what another thread loads needs not be loaded again
_IDENTITY = ("region", "profile", "access_key", "secret_key", "token", "assume_role")
_OPEN: dict[str, Session] = {}  # by what a provider block says of _IDENTITY


class Session:
    """The clients of one caller.

    Attributes:
        account_id: The account that the caller belongs to.
        region: The region that is called.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        self._session = _session(config)
        self._clients: dict[str, Any] = {}
        for role in config["assume_role"]:
            asked = {member: role[name] for name, member in ASSUMED.items() if role[name]}
            answer = self.client("sts").assume_role(**{"RoleSessionName": unique(), **asked})
            keys = answer["Credentials"]
            self._session, self._clients = _session(config), {}
            self._session.set_credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
        self.account_id: str = self.client("sts").get_caller_identity()["Account"]
        self.region = str(self.client("sts").meta.region_name)

    def client(self, service: str) -> Any:
        """The boto3-style client of a service, made once."""
        with _MAKING:
            if service not in self._clients:
                self._clients[service] = self._session.create_client(service)
            return self._clients[service]


def opened(config: dict[str, Any]) -> Session:
    """The session of a provider block, opened once: Terraform configures every block anew to plan and to apply.

    Raises:
        ClientError, BotoCoreError: The credentials don't work.
    """
    key = json.dumps([config[name] for name in _IDENTITY], sort_keys=True, default=repr)
    if key not in _OPEN:
        _OPEN[key] = Session(config)
    return _OPEN[key]


def regions() -> dict[str, str]:
    """The names of AWS's regions, and what it calls them."""
    (aws, *_) = _LOADER.load_data("endpoints")["partitions"]
    return {name: region["description"] for name, region in aws["regions"].items()}


def _session(config: dict[str, Any]) -> Any:
    session = botocore.session.Session(profile=config["profile"])
    session.register_component("data_loader", _LOADER)
    if config["region"]:
        session.set_config_variable("region", config["region"])
    if config["access_key"]:
        session.set_credentials(config["access_key"], config["secret_key"], config["token"])
    return session
