"""A developer: a checkout of their own, which they edit, and the `harness` command in it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.model import Json
from harness.scenario import Telling, World
from harness.stack import Stack, scrubbed
from scenarios.repository import Repository
from scenarios.teardown import inventory
from tests.e2e.deployer import Done, Told

# What changes nothing; AssumeRole only makes a session.
_READING = ("Get", "Head", "List", "Describe", "Simulate", "AssumeRole")


@dataclass(frozen=True)
class Developer:
    """`checkout` is a clone with a commit, this checkout as it is; `stack` is the harness that commands find."""

    checkout: Path
    stack: Stack

    @classmethod
    def at(cls, stack: Stack, folder: Path) -> Developer:
        return cls(Repository.made_in(folder).clone, stack)

    def environment(self, **more: str) -> dict[str, str]:
        """A shell that knows nothing of AWS but where the harness is."""
        home = str(self.checkout.parent / "no-harness-here")
        ours = {"AWS_ENDPOINT_URL": self.stack.endpoint, "HARNESS_HOME": home, "PYTHONPATH": ""}
        return {**scrubbed(), **ours, "MAMMOGRAPHY_OFFLINE": "1", **more}

    def run(self, *arguments: str, **more: str) -> Done:
        """`harness ARGUMENTS` to its end."""
        return subprocess.run(
            [sys.executable, "-m", "harness", *arguments],
            cwd=self.checkout,
            env=self.environment(**more),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """Starts it in a process group of its own, as a terminal does."""
        return subprocess.Popen(
            [sys.executable, "-m", "harness", *arguments],
            cwd=self.checkout,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            process_group=0,
        )

    def deploy(self, *arguments: str) -> str:
        """What `harness deploy --target local` says to people; it must go well."""
        done = self.run("deploy", "--target", "local", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def told(self, command: str, *arguments: str) -> Told:
        """What `harness COMMAND --target local` says to a program; it must go well."""
        done = self.run(command, "--target", "local", "--json", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return Told.of(done)

    def refused(self, *arguments: str, **more: str) -> str:
        """What a command says that must not go well."""
        done = self.run(*arguments, **more)
        assert done.returncode == 1, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    @contextmanager
    def edited(self, file: str, old: str, new: str) -> Iterator[None]:
        """The checkout with a file that says something else for a while."""
        text = (self.checkout / file).read_text()
        assert text.count(old) == 1, f"{file} has {old!r} {text.count(old)} times"
        (self.checkout / file).write_text(text.replace(old, new))
        try:
            yield
        finally:
            (self.checkout / file).write_text(text)

    @property
    def records(self) -> int:
        """How many records the journal has."""
        return int(self.stack.client.status()["records"])

    def changing_calls(self, after: int) -> list[str]:
        """The calls since that record that change something, but for the locks of Terraform's states."""
        calls = self.stack.client.journal(after, "call")
        return [
            _what(call) for call in calls if not (call["operation"].startswith(_READING) or _of_a_lock(call))
        ]

    def everything(self) -> set[str]:
        """What the accounts have."""
        world = World(self.stack, Telling())
        return {
            thing for account in ("dev", "prod", "registry", "tooling") for thing in inventory(world, account)
        }


def _of_a_lock(call: Json) -> bool:
    return any(permission["resource"].endswith(".tflock") for permission in call["permissions"])


def _what(call: Json) -> str:
    return f"{call['account']} {call['service']}:{call['operation']}"
