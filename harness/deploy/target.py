"""Where a deployment goes: the stand-in accounts, or AWS. The one word of difference, made into an environment."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import botocore.session

from fake_accounts.accounts import Account, load_profiles
from fake_accounts.deployment import BadDeploymentError, Deployment, load_deployment
from fake_accounts.terraform import Terraform
from harness import finding
from harness import stack as stacks
from harness.model import HarnessError
from harness.site.sitecustomize import guard

Name = Literal["aws", "local"]
Credentials = Literal["profiles", "environment"]

_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_SHELLS_OWN = (*_KEYS, "AWS_PROFILE", "AWS_DEFAULT_PROFILE")


@dataclass(frozen=True)
class Target:
    """Where to, with what, and what.

    Attributes:
        name: `local`, or `aws`.
        checkout: The checkout that is deployed.
        deployment: What its `infra/deployment.json` says.
        environment: The environment of every process that deploys.
        folder: Where Terraform's own files are kept.
        stand_in: Whether Terraform uses our provider, and not the real one.
        with_profiles: Whether profiles are used, or the credentials of the environment.
        forget_applied: Tells a harness that what it has applied of infra/ may be another checkout's from now on.
    """

    name: Name
    checkout: Path
    deployment: Deployment
    environment: dict[str, str]
    folder: Path
    stand_in: bool
    with_profiles: bool
    forget_applied: Callable[[], None] = lambda: None

    @property
    def infra(self) -> Path:
        return self.checkout / "infra"

    @property
    def terraform(self) -> Terraform:
        return Terraform(self.folder, self.infra, stand_in=self.stand_in, with_profiles=self.with_profiles)

    @property
    def roles(self) -> dict[str, dict[str, str]]:
        """The profiles that are roles of the accounts."""
        return load_profiles(self.infra)

    def account_of(self, profile: str) -> Account:
        role = self.roles.get(profile)
        return self.deployment.accounts[role["account"] if role else profile]


@contextmanager
def target(
    name: Name, checkout: Path, credentials: Credentials = "profiles", endpoint: str = ""
) -> Iterator[Target]:
    """A target, with this process's environment set to it.

    Args:
        name: `aws`, or `local` for the harness that is up.
        checkout: The checkout that is deployed.
        credentials: Whose: those of the profiles, or those of the environment, as a CI server has them.
        endpoint: What stands for AWS instead of it, on this machine.

    Raises:
        HarnessError: No harness is up, or the environment does not fit the target.
    """
    made = (_local if name == "local" else _aws)(checkout, credentials == "profiles", endpoint)
    if made.stand_in:
        guard()
    with stacks.in_force(made.environment):
        yield made


def _local(checkout: Path, with_profiles: bool, endpoint: str) -> Target:
    if endpoint:
        raise HarnessError("--endpoint is for --target aws; --target local is the harness that is up")
    deployment = _deployment(checkout)
    stack = finding.reached() or finding.required()
    kept = {name: text for name, text in os.environ.items() if name.startswith("TF_VAR_")}
    kept |= {} if with_profiles else {key: os.environ[key] for key in _KEYS if key in os.environ}
    environment = stacks.scrubbed({**stack.environment(), **kept})
    return Target(
        "local",
        checkout,
        deployment,
        environment,
        stack.folder / "terraform",
        stand_in=True,
        with_profiles=with_profiles,
        forget_applied=stack.forget_applied,
    )


def _aws(checkout: Path, with_profiles: bool, endpoint: str) -> Target:
    deployment = _deployment(checkout)
    pointed = sorted(
        name for name, text in os.environ.items() if text and name.startswith("AWS_ENDPOINT_URL")
    )
    if endpoint:
        _check_loopback(endpoint)
    elif pointed:
        raise HarnessError(
            f"this shell's {pointed[0]} is {os.environ[pointed[0]]}, which is not AWS: use another shell, "
            "or deploy to the harness with --target local"
        )
    home = Path(os.environ.get("HARNESS_HOME") or stacks.ROOT / ".harness")
    folder = home / (re.sub(r"\W+", "-", endpoint) if endpoint else "aws")
    environment = dict(os.environ)
    if with_profiles:
        # Where nobody names a profile, as libraries do for themselves, the shell's is not meant.
        environment = {name: text for name, text in environment.items() if name not in _SHELLS_OWN}
        environment["AWS_CONFIG_FILE"] = str(_with_roles(folder, checkout / "infra", deployment))
    if endpoint:
        # A service's own AWS_ENDPOINT_URL_S3 has precedence, and AWS_IGNORE_CONFIGURED_ENDPOINT_URLS over all.
        environment = {name: text for name, text in environment.items() if "ENDPOINT_URL" not in name}
        environment |= stacks.confined(endpoint)
    return Target("aws", checkout, deployment, environment, folder, bool(endpoint), with_profiles)


def _deployment(checkout: Path) -> Deployment:
    infra = checkout / "infra"
    if not (infra / "deployment.json").exists():
        raise HarnessError(
            f"{infra} has no deployment.json, which says how it is deployed: see docs/deploy.md"
        )
    try:
        return load_deployment(infra)
    except BadDeploymentError as error:
        raise HarnessError(str(error)) from error


def _check_loopback(endpoint: str) -> None:
    host = urlsplit(endpoint).hostname
    if host not in ("127.0.0.1", "localhost", "::1"):
        raise HarnessError(
            f"--endpoint {endpoint!r} is no URL of this machine, as http://127.0.0.1:5000 is; it stands for AWS in "
            "tests. Without it, AWS is AWS"
        )


def _with_roles(folder: Path, infra: Path, deployment: Deployment) -> Path:
    """The user's AWS config file, and in it the profiles that are roles of the accounts, where they have none of the
    name. Answers where it is."""
    session = botocore.session.Session()
    users = Path(session.get_config_variable("config_file")).expanduser()
    known = session.available_profiles  # or a ConfigParseError, with the file's name
    text = users.read_text(encoding="utf-8") if users.is_file() else ""
    for name, told in load_profiles(infra).items():
        if name not in known:
            text += _profile(name, deployment.accounts[told["account"]], told)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "config"
    file.touch(mode=0o600)  # a config file may hold credentials
    file.write_text(text, encoding="utf-8")
    return file


def _profile(name: str, account: Account, told: dict[str, Any]) -> str:
    role = f"arn:aws:iam::{account.id}:role/{told['role']}"
    lines = [f"[profile {name}]", f"region = {account.region}", f"role_arn = {role}"]
    return "\n".join(
        ["", *lines, f"role_session_name = {name}", f"source_profile = {told['source_profile']}", ""]
    )
