"""Who the stand-in accounts are, read from `infra/environments/`, and the credentials that reach them."""

import json
from configparser import ConfigParser
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

INFRA = Path(__file__).resolve().parent.parent / "infra"
"""Terraform's description of the accounts, in this checkout."""


@dataclass(frozen=True)
class Account:
    """One AWS account.

    Attributes:
        name: Its name here, and its profile's: `dev`, `prod`, `registry`, `tooling`.
        id: Its twelve digits.
        region: The region its resources live in.
    """

    name: str
    id: str
    region: str

    @property
    def access_key_id(self) -> str:
        """Its administrator's access key id: 20 characters, the same on every machine."""
        return f"AKIAHARNESS{self.name.upper():0<9.9}"

    @property
    def secret_access_key(self) -> str:
        """Its administrator's secret: 40 characters, the same on every machine, and of use to no real AWS."""
        return sha256(f"harness {self.id}".encode()).hexdigest()[:40]


def load_accounts(infra: Path = INFRA) -> dict[str, Account]:
    """Read the accounts that `infra` describes.

    Args:
        infra: A directory with `environments/<account>.tfvars.json`, each holding `account_id` and `region`.

    Returns:
        The accounts by name.

    Raises:
        FileNotFoundError: `infra` describes no account.
        KeyError: A file lacks `account_id` or `region`.
    """
    files = sorted((infra / "environments").glob("*.tfvars.json"))
    if not files:
        raise FileNotFoundError(f"no account is described in {infra / 'environments'}")
    accounts = {}
    for file in files:
        name, values = file.name.removesuffix(".tfvars.json"), json.loads(file.read_text())
        accounts[name] = Account(name, values["account_id"], values["region"])
    return accounts


def write_profiles(directory: Path, endpoint: str, infra: Path = INFRA) -> dict[str, str]:
    """Write an AWS config and a credentials file with a profile per account.

    Args:
        directory: Where the files `config` and `credentials` go; made if missing.
        endpoint: The gateway's URL, which every profile sends its calls to.
        infra: See `load_accounts`.

    Returns:
        The environment variables that make SDKs, the CLI and Terraform use the profiles and nothing else.
    """
    config, credentials = ConfigParser(), ConfigParser()
    for account in load_accounts(infra).values():
        config[f"profile {account.name}"] = {"region": account.region, "endpoint_url": endpoint}
        credentials[account.name] = {
            "aws_access_key_id": account.access_key_id,
            "aws_secret_access_key": account.secret_access_key,
        }
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in (("config", config), ("credentials", credentials)):
        with (directory / name).open("w") as file:
            content.write(file)
    (directory / "credentials").chmod(0o600)
    return {
        "AWS_CONFIG_FILE": str(directory / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(directory / "credentials"),
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
