"""A harness as processes: the gateway started, infra/ applied to it, and all of it ended again."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from fake_accounts.accounts import write_profiles
from harness.client import Client
from harness.model import HarnessError, Json

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_PORT = 4599
_SITE = Path(__file__).parent / "site"
# Real ones must not reach anything that the harness starts: a local run cannot touch AWS.
_FOREIGN = ("AWS_", "SAGEMAKER_", "MOTO_", "TF_")


@dataclass(frozen=True)
class Stack:
    """A running harness. `folder` is its own: state, inbox, profiles; it goes when the harness goes."""

    endpoint: str
    pid: int
    folder: Path

    @property
    def client(self) -> Client:
        return Client(self.endpoint)

    def environment(self) -> dict[str, str]:
        """The variables that make SDKs, the CLI and Terraform reach this harness, and nothing else."""
        return {
            **write_profiles(self.folder / "aws", self.endpoint),
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            # See harness/site/sitecustomize.py: nothing in these processes reaches AWS.
            "PYTHONPATH": os.pathsep.join(filter(None, (str(_SITE), os.environ.get("PYTHONPATH", "")))),
            "SAGEMAKER_SUPPRESS_V2_WARNING": "1",
            # A proxy of the user's is not asked for what is on this machine.
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
        }


def scrubbed(environment: dict[str, str] | None = None) -> dict[str, str]:
    """This process's environment without any AWS setting of the user's, with `environment` added."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(_FOREIGN)}
    return {**kept, "AWS_EC2_METADATA_DISABLED": "true", **(environment or {})}


@contextmanager
def started(port: int = 0, start: datetime | None = None) -> Iterator[Stack]:
    """A gateway process with empty accounts, ended on the way out with everything it made."""
    folder = Path(tempfile.mkdtemp(prefix="harness-"))
    command = [sys.executable, "-m", "harness.serve", str(port), str(folder)]
    process = subprocess.Popen(
        [*command, *([start.isoformat()] if start else [])],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        cwd=ROOT,
        env=scrubbed(),
        text=True,
        # Ctrl-C is for us to handle: the gateway has to outlive the clean-up.
        start_new_session=True,
    )
    try:
        assert process.stdout
        line = process.stdout.readline()
        if not line.startswith("ready "):
            process.wait()
            raise HarnessError("the gateway did not start; what it said is above")
        yield Stack(line.split()[1], process.pid, folder)
    finally:
        with _patient():
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _patient() -> Iterator[None]:
    """A second Ctrl-C does not interrupt the clean-up."""
    with contextlib.suppress(ValueError):  # only the main thread may set handlers
        previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, previous)
        return
    yield


def terraform(stack: Stack, command: str, say: Callable[[str], None]) -> None:
    """Runs real Terraform over infra/ (`apply`, `destroy`); `say` gets a line for each of its roots as it ends.

    Raises HarnessError with Terraform's own words where it fails.
    """
    arguments = [command, "--state-dir", str(stack.folder / "terraform"), "--endpoint", stack.endpoint]
    process = subprocess.Popen(
        [sys.executable, "-m", "fake_accounts.terraform", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        cwd=ROOT,
        env=scrubbed(stack.environment()),
        text=True,
        start_new_session=True,
    )
    assert process.stdout
    assert process.stderr
    try:
        for line in process.stdout:
            told = json.loads(line)
            counts = ", ".join(f"{told[k]} {k}" for k in ("added", "changed", "destroyed") if told[k])
            say(f"terraform {command} {told['root']}: {counts or 'no changes'}")
        errors = process.stderr.read()
        if process.wait() != 0:
            raise HarnessError(f"terraform {command} failed:\n{errors.strip()}")
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            if process.poll() is None:
                process.kill()


# Where a long-lived harness leaves word for the other commands.


def home() -> Path:
    return Path(os.environ.get("HARNESS_HOME", ROOT / ".harness"))


def announce(stack: Stack) -> None:
    home().mkdir(parents=True, exist_ok=True)
    told: Json = {**asdict(stack), "folder": str(stack.folder)}
    (home() / "harness.json").write_text(json.dumps(told))


def withdraw() -> None:
    (home() / "harness.json").unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        home().rmdir()


def found() -> Stack | None:
    """The harness that `harness up` keeps running, if it does."""
    try:
        told = json.loads((home() / "harness.json").read_text())
        os.kill(told["pid"], 0)
    except (OSError, ValueError):
        return None
    return Stack(told["endpoint"], told["pid"], Path(told["folder"]))


def required() -> Stack:
    """Raises HarnessError where none runs."""
    stack = found()
    if stack is None:
        raise HarnessError("no harness is running here; start one with `harness up`")
    return stack


def end(stack: Stack, timeout: float = 15) -> None:
    """Asks a running harness to end, and waits until it is gone."""
    stack.client.down()
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        try:
            os.kill(stack.pid, 0)
        except OSError:
            return
        time.sleep(0.05)
    raise HarnessError(f"the harness (process {stack.pid}) has not ended after {timeout:.0f} s")
