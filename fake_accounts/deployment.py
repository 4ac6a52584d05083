"""How a platform is deployed, read from `infra/deployment.json`: its stages, and where Terraform's state is kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from textwrap import shorten
from typing import Any

from fake_accounts.accounts import INFRA, Account, load_accounts, load_profiles

FILE = "deployment.json"
_KINDS: dict[type, str] = {str: "text", list: "list", dict: "object"}


class BadDeploymentError(ValueError):
    """`deployment.json` cannot be used; says why in one line."""


@dataclass(frozen=True)
class Item:
    """What one stage does in one place.

    Attributes:
        name: A root of `infra/`, or an environment of `infra/environments/`.
        account: The account that it is in.
        profile: The AWS profile that it is done with.
    """

    name: str
    account: Account
    profile: str


@dataclass(frozen=True)
class Stage:
    """A step of a deployment; its items are done side by side.

    Attributes:
        name: What people call it.
        items: Where it is done.
        command: `module [word]`, run by Python for each environment; empty where the items are Terraform's roots.
        undo: What takes back what the command's work has led to; None where destroying the roots does.
    """

    name: str
    items: tuple[Item, ...]
    command: str = ""
    undo: Stage | None = None

    @property
    def roots(self) -> dict[str, Item]:
        """Terraform's roots, by name; none where the stage is a command."""
        return {} if self.command else {item.name: item for item in self.items}


@dataclass(frozen=True)
class StatePlace:
    """Where Terraform keeps the states of all roots: in a bucket which one of them makes.

    Attributes:
        root: The root that makes it.
        account: The account that it is in.
        bucket: Its name.
        target: The module or resource of the root that is enough to make it.
    """

    root: str
    account: Account
    bucket: str
    target: str


@dataclass(frozen=True)
class Deployment:
    """All of `deployment.json`.

    Attributes:
        accounts: The accounts, by name.
        stages: What is done, in this order.
        state: Where Terraform's state is; None keeps it in files.
        quotas: SageMaker's service quotas that the platform's jobs need, by name: how many instances.
    """

    accounts: dict[str, Account]
    stages: tuple[Stage, ...]
    state: StatePlace | None = None
    quotas: Mapping[str, float] = field(default_factory=dict)

    @property
    def roots(self) -> dict[str, Item]:
        """All of Terraform's roots, in the order of the stages."""
        return {name: item for stage in self.stages for name, item in stage.roots.items()}


def load_deployment(infra: Path = INFRA) -> Deployment:
    """Read `infra/deployment.json`.

    Where there is none, every root is applied by its account's administrator, and states are files. A root is a
    directory with a `providers.tf`, named after its account: `prod`, `prod-events`.

    Args:
        infra: The description of the accounts; see `load_accounts`.

    Raises:
        BadDeploymentError: The file is not JSON, lacks something, or names what there is not; or the accounts'
            description does.
    """
    file, environments = infra / FILE, infra / "environments"
    try:
        accounts, profiles = load_accounts(infra), load_profiles(infra)
    except KeyError as error:
        raise BadDeploymentError(f"{environments}: {error} is missing") from error
    except (OSError, ValueError) as error:
        raise BadDeploymentError(f"{environments}: {error}") from error
    reader = _Reader(infra, accounts, (*accounts, *profiles))
    try:
        told = json.loads(file.read_text(encoding="utf-8")) if file.exists() else _roots_in(infra)
        stages = tuple(reader.stage(stage) for stage in _get(told, "stages", list))
        deployment = Deployment(accounts, stages, quotas=told.get("quotas", {}))
        return replace(deployment, state=reader.state(told.get("state"), deployment.roots))
    except ValueError as error:
        raise BadDeploymentError(f"{file if file.exists() else infra}: {error}") from error


def _roots_in(infra: Path) -> dict[str, Any]:
    """What a `deployment.json` would say of all the roots that there are."""
    names = sorted(found.parent.name for found in infra.glob("*/providers.tf"))
    return {"stages": [{"name": "foundations", "roots": {name: _account_of(name) for name in names}}]}


def _account_of(root: str) -> str:
    """The account that a root is named after."""
    return root.partition("-")[0]


def _get(told: Any, key: str, kind: type = str) -> Any:
    """What is at the key of an object. Raises ValueError where nothing is, or something else."""
    value = told.get(key) if isinstance(told, dict) else None
    if not isinstance(value, kind) or value == "":
        raise ValueError(f"there is no {_KINDS[kind]} {key!r} in {shorten(json.dumps(told), 80)}")
    return value


@dataclass(frozen=True)
class _Reader:
    infra: Path
    accounts: dict[str, Account]
    profiles: tuple[str, ...]

    def stage(self, told: dict[str, Any]) -> Stage:
        name = _get(told, "name")
        if "roots" in told:
            roots = _get(told, "roots", dict)
            return Stage(name, tuple(self._item(*pair, is_root=True) for pair in roots.items()))
        places = _get(told, "environments", dict)
        return Stage(
            name,
            tuple(self._item(*pair, is_root=False) for pair in places.items()),
            _get(told, "command"),
            self.stage({"name": name, **_get(told, "undo", dict)}) if "undo" in told else None,
        )

    def state(self, told: Any, roots: Mapping[str, Item]) -> StatePlace | None:
        if told is None:
            return None
        root, variable, target = (_get(told, key) for key in ("root", "bucket", "target"))
        if root not in roots:
            raise ValueError(f"root {root!r}, which makes the state's bucket, is in no stage")
        account = roots[root].account
        values = json.loads((self.infra / "environments" / f"{account.name}.tfvars.json").read_text())
        if variable not in values:
            raise ValueError(
                f"the state's bucket is {variable!r}, which environments/{account.name}.tfvars.json lacks"
            )
        return StatePlace(root, account, values[variable], target)

    def _item(self, name: str, profile: str, *, is_root: bool) -> Item:
        if is_root and not (self.infra / name / "providers.tf").exists():
            raise ValueError(f"there is no root {name!r}: {self.infra / name} has no providers.tf")
        account = _account_of(name) if is_root else name
        if account not in self.accounts:
            raise ValueError(f"{name!r} is of no account; there are: {', '.join(self.accounts)}")
        if profile not in self.profiles:
            raise ValueError(
                f"there is no profile {profile!r}; there are: {', '.join(sorted(self.profiles))}"
            )
        return Item(name, self.accounts[account], profile)
