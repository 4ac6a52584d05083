"""Somebody who deploys to AWS: a home with credentials of their own, and the `harness` command."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from fake_accounts.accounts import load_accounts
from harness.model import Json
from harness.stack import Stack
from tests.e2e.account import ROOT
from tests.e2e.callers import Caller

Profiles = Mapping[str, Mapping[str, str]]
Keys = dict[str, str]
Done = subprocess.CompletedProcess[str]
Change = tuple[str, str, str]
"""Place, kind, name."""


@dataclass(frozen=True)
class Deployer:
    """`home` has `.aws`, `proxy` is the only way out of this machine, `endpoint` is what stands for AWS."""

    home: Path
    proxy: str
    endpoint: str

    def has(self, credentials: Profiles, config: Profiles | None = None) -> Deployer:
        """Writes the files of `.aws`."""
        (self.home / ".aws").mkdir(parents=True, exist_ok=True)
        named = {f"profile {name}": told for name, told in (config or {}).items()}
        for file, sections in (("credentials", credentials), ("config", named)):
            (self.home / ".aws" / file).write_text(_ini(sections))
        return self

    def environment(self, **more: str) -> dict[str, str]:
        """A shell that knows nothing of AWS but where home is."""
        out = dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"), self.proxy)
        ours = {
            "HOME": str(self.home),
            "HARNESS_HOME": str(self.home / "harness"),
            "MAMMOGRAPHY_OFFLINE": "1",
        }
        return {"PATH": os.environ["PATH"], **out, **ours, **more}

    def run(self, *command: str, typed: str = "", **environment: str) -> Done:
        """A command to its end; `typed` is its input."""
        return subprocess.run(
            command,
            cwd=ROOT,
            env=self.environment(**environment),
            input=typed,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def really(self, command: str, *arguments: str, **more: str) -> Done:
        """`harness COMMAND --target aws ARGUMENTS`: AWS itself is meant."""
        return self.run(sys.executable, "-m", "harness", command, "--target", "aws", *arguments, **more)

    def harness(self, command: str, *arguments: str, **more: str) -> Done:
        """The same at the endpoint."""
        return self.really(command, "--endpoint", self.endpoint, *arguments, **more)

    def told(self, command: str, *arguments: str, **more: str) -> Told:
        """What it says to a program; it must go well."""
        done = self.harness(command, *arguments, "--json", **more)
        assert done.returncode == 0, done.stdout + done.stderr
        return Told.of(done)


@dataclass(frozen=True)
class Told:
    """What a command said with `--json`."""

    lines: list[Json]

    @classmethod
    def of(cls, done: Done) -> Told:
        return cls([json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")])

    @property
    def summary(self) -> str:
        return str(self.lines[-1]["summary"])

    @property
    def findings(self) -> list[Any]:
        return [line["finding"] for line in self.lines if "finding" in line]

    @property
    def said(self) -> str:
        return "\n".join(line["said"] for line in self.lines if "said" in line)

    @cached_property
    def changes(self) -> dict[Change, str]:
        """What became of each thing, or would."""
        told = [line for line in self.lines if "action" in line]
        return {(line["place"], line["kind"], line["name"]): line["action"] for line in told}


class Called:
    """What was called since."""

    def __init__(self, stack: Stack) -> None:
        self._stack, self._before = stack, stack.client.status()["records"]

    def operations(self) -> set[str]:
        return {record["operation"] for record in self._records()}

    def changes(self) -> set[str]:
        """Those that change something, but for the lock that Terraform puts beside a state while it plans."""
        return {record["operation"] for record in self._records() if not (_reads(record) or _locks(record))}

    def _records(self) -> list[Json]:
        return self._stack.client.journal(self._before, "call")


def _reads(record: Json) -> bool:
    return bool(re.match("Get|List|Describe|Head|Simulate|AssumeRole", record["operation"]))


def _locks(record: Json) -> bool:
    objects = [used["resource"] for used in record["permissions"] if used["action"].startswith("s3:")]
    return bool(objects) and all(name.endswith(".tflock") for name in objects)


def keys(name: str) -> Keys:
    """An administrator's."""
    account = load_accounts()[name]
    return {"aws_access_key_id": account.access_key_id, "aws_secret_access_key": account.secret_access_key}


def keys_of(caller: Caller) -> Keys:
    """A user's."""
    found: Any = caller.session.get_credentials()
    return {"aws_access_key_id": found.access_key, "aws_secret_access_key": found.secret_key}


def _ini(sections: Profiles) -> str:
    lines = [
        [f"[{name}]", *(f"{key} = {text}" for key, text in told.items()), ""]
        for name, told in sections.items()
    ]
    return "\n".join(line for section in lines for line in section)
