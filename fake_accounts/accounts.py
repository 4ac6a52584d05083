"""Who the stand-in accounts are, read from `infra/environments/`, and the credentials that reach them."""

import json
from collections.abc import Mapping
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


@dataclass(frozen=True)
class Organization:
    """The AWS organization that the accounts are in.

    Attributes:
        id: Its id, `o-...`.
        levels: By account id, the service control policies of each level, from the root down to the account:
            (name, JSON text) of each.
    """

    id: str
    levels: Mapping[str, tuple[tuple[tuple[str, str], ...], ...]]


_FULL_ACCESS = (
    "FullAWSAccess",
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}',
)


def load_organization(infra: Path = INFRA) -> Organization | None:
    """Read the organization that `infra/organization/organization.json` describes.

    The file holds `id`, and lists of service control policies: `root`, and by account's name `accounts`. Each names
    `FullAWSAccess` or a file of the same directory. A level that is left out has `FullAWSAccess`, as on AWS.

    Args:
        infra: See `load_accounts`.

    Returns:
        The organization; None where none is described.

    Raises:
        ValueError: The file is not JSON, lacks `id`, or names an account that there is not.
        FileNotFoundError: It names a policy's file that there is not.
    """
    file = infra / "organization" / "organization.json"
    if not file.exists():
        return None
    told, accounts = json.loads(file.read_text()), load_accounts(infra)
    if "id" not in told:
        raise ValueError(f"{file.name} has no id")
    for name in told.get("accounts", {}):
        if name not in accounts:
            raise ValueError(f"{file.name} names an account {name!r}; there are: {', '.join(accounts)}")

    def level(names: list[str]) -> tuple[tuple[str, str], ...]:
        return tuple(
            _FULL_ACCESS if name == _FULL_ACCESS[0] else (name, (file.parent / name).read_text())
            for name in names
        )

    everywhere = [_FULL_ACCESS[0]]
    own = {accounts[name].id: names for name, names in told.get("accounts", {}).items()}
    levels = {
        account.id: (level(told.get("root", everywhere)), level(own.get(account.id, everywhere)))
        for account in accounts.values()
    }
    return Organization(told["id"], levels)


def load_profiles(infra: Path = INFRA) -> dict[str, dict[str, str]]:
    """Read who acts in the accounts beside their administrators: `infra/environments/profiles.json`.

    Args:
        infra: See `load_accounts`.

    Returns:
        By profile: `account` (a name), `role` (of that account), `source_profile` (who assumes it).
    """
    file = infra / "environments" / "profiles.json"
    return dict(json.loads(file.read_text())["profiles"]) if file.exists() else {}


def write_profiles(directory: Path, endpoint: str, infra: Path = INFRA) -> dict[str, str]:
    """Write an AWS config and a credentials file with a profile per account, and one for each of `load_profiles`.

    Args:
        directory: Where the files `config` and `credentials` go; made if missing.
        endpoint: The gateway's URL, which every profile sends its calls to.
        infra: See `load_accounts`.

    Returns:
        The environment variables that make SDKs, the CLI and Terraform use the profiles and nothing else.
    """
    config, credentials = ConfigParser(), ConfigParser()
    # Profiles that somebody has added since stay.
    config.read(directory / "config")
    credentials.read(directory / "credentials")
    accounts = load_accounts(infra)
    for account in accounts.values():
        config[f"profile {account.name}"] = {"region": account.region, "endpoint_url": endpoint}
        credentials[account.name] = {
            "aws_access_key_id": account.access_key_id,
            "aws_secret_access_key": account.secret_access_key,
        }
    for name, told in load_profiles(infra).items():
        account = accounts[told["account"]]
        config[f"profile {name}"] = {
            "region": account.region,
            "endpoint_url": endpoint,
            "role_arn": f"arn:aws:iam::{account.id}:role/{told['role']}",
            "role_session_name": name,
            "source_profile": told["source_profile"],
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
