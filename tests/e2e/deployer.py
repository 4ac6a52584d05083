"""Somebody who deploys to AWS: a home with credentials of their own, `harness deploy --target aws`, and on this machine
what stands for AWS."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from fake_accounts.accounts import load_accounts
from harness.model import Json
from tests.e2e.account import ROOT

Keys = tuple[str, str]
Profiles = Mapping[str, Mapping[str, str]]
ACCOUNTS = load_accounts()
NO_PROXY_ANSWERS = dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"), "http://127.0.0.1:9")
ORGANIZATIONS_ROLE = "OrganizationAccountAccessRole"
"""The administrator's role that AWS Organizations makes in every account that it creates."""


@dataclass(frozen=True)
class Deployer:
    """`home` has `.aws`; `endpoint` is what stands for AWS."""

    home: Path
    endpoint: str

    def has(self, config: Profiles | None = None, **credentials: Keys) -> Deployer:
        """Writes the files of `.aws`: settings by profile, and keys by profile."""
        keys = {
            name: {"aws_access_key_id": access, "aws_secret_access_key": secret}
            for name, (access, secret) in credentials.items()
        }
        folder = self.home / ".aws"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config").write_text(_ini({f"profile {name}": told for name, told in (config or {}).items()}))
        (folder / "credentials").write_text(_ini(keys))
        return self

    def environment(self, **more: str) -> dict[str, str]:
        """A shell that knows nothing but where home is; there is no way out of it but to loopback."""
        ours = {"HOME": str(self.home), "HARNESS_HOME": str(self.home / "harness"), "MAMMOGRAPHY_OFFLINE": "1"}
        return {"PATH": os.environ["PATH"], **NO_PROXY_ANSWERS, "NO_PROXY": "127.0.0.1", **ours, **more}

    def harness(
        self, *arguments: str, said: str = "", endpoint: str | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """`harness ARGUMENTS --target aws`. `said` is typed; `endpoint` is another's, or none where it is empty."""
        where = self.endpoint if endpoint is None else endpoint
        return subprocess.run(
            [sys.executable, "-m", "harness", *arguments, "--target", "aws"]
            + (["--endpoint", where] if where else []),
            cwd=ROOT,
            env=self.environment(**environment),
            input=said,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def told(self, *arguments: str, **more: Any) -> Told:
        """The same, as a program reads it; it must go well."""
        result = self.harness(*arguments, "--json", **more)
        assert result.returncode == 0, result.stdout + result.stderr
        return Told([json.loads(line) for line in result.stdout.splitlines()])

    def session(self, profile: str) -> boto3.Session:
        """A session that the harness would get for a profile, at this endpoint only."""
        return assumed(self.endpoint, profile)


@dataclass(frozen=True)
class Told:
    """What a command said with `--json`, line by line."""

    lines: list[Json]

    @property
    def end(self) -> Json:
        return self.lines[-1]

    @property
    def changes(self) -> dict[tuple[str, str, str], str]:
        """By place, kind and name: what became of it, or would."""
        return {
            (line["place"], line["kind"], line["name"]): line["action"] for line in self.lines if "action" in line
        }

    @property
    def findings(self) -> list[Json]:
        return [line["finding"] for line in self.lines if "finding" in line]


def _ini(sections: Profiles) -> str:
    return "\n".join(
        "\n".join([f"[{name}]", *(f"{key} = {value}" for key, value in values.items()), ""])
        for name, values in sections.items()
    )
