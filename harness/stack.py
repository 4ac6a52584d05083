"""A harness as processes: the gateway started, infra/ applied to it, and all of it ended again."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from fake_accounts.accounts import INFRA, write_profiles
from harness.client import Client
from harness.model import DEFAULT_ENGINES, Engines, HarnessError
from harness.site.sitecustomize import AWS

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_PORT = 4599
_SITE = Path(__file__).parent / "site"
# Real ones must not reach anything that the harness starts: a local run cannot touch AWS.
_FOREIGN = ("AWS_", "SAGEMAKER_", "MOTO_", "TF_")


@dataclass(frozen=True)
class Stack:
    """A running harness. `folder` is its own: state, inbox, profiles; it goes when the harness goes.

    `alive` tells whether its process still is.
    """

    endpoint: str
    pid: int
    folder: Path
    alive: Callable[[], bool] = field(compare=False)

    @property
    def client(self) -> Client:
        return Client(self.endpoint)

    def environment(self) -> dict[str, str]:
        """The variables that make SDKs, the CLI and Terraform reach this harness, and nothing else."""
        return {
            **write_profiles(self.folder / "aws", self.endpoint),
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            **confined(self.endpoint),
        }

    def forget_applied(self) -> None:
        """The next `terraform` applies infra/, whether it is unchanged or not."""
        self.applied.unlink(missing_ok=True)

    @property
    def applied(self) -> Path:
        """Holds the fingerprint of the infra/ that this harness has applied."""
        return self.folder / "infra-applied"


def confined(endpoint: str) -> dict[str, str]:
    """The variables that send every call to the endpoint, and none to AWS."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        # Terraform's S3 backend assumes a profile's role at AWS's own STS where only the first is set.
        "AWS_ENDPOINT_URL_STS": endpoint,
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",  # a profile may say so
        "AWS_EC2_METADATA_DISABLED": "true",
        # See harness/site/sitecustomize.py: nothing in these processes reaches AWS.
        "PYTHONPATH": os.pathsep.join(filter(None, (str(_SITE), os.environ.get("PYTHONPATH", "")))),
        "SAGEMAKER_SUPPRESS_V2_WARNING": "1",
        # A proxy of the user's is not asked for what is on this machine, nor for AWS's hosts, whose names it would look
        # up where the guard does not see it.
        **dict.fromkeys(("NO_PROXY", "no_proxy"), ",".join(("127.0.0.1", "localhost", *AWS))),
    }


def scrubbed(environment: dict[str, str] | None = None) -> dict[str, str]:
    """This process's environment without any AWS setting of the user's, with `environment` added."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(_FOREIGN)}
    # Else the user's files are read, where no others are named.
    files = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")
    defaults = ("SAGEMAKER_ADMIN_CONFIG_OVERRIDE", "SAGEMAKER_USER_CONFIG_OVERRIDE")
    none = dict.fromkeys((*files, *defaults), os.devnull)
    return {**kept, **none, "AWS_EC2_METADATA_DISABLED": "true", **(environment or {})}


@contextmanager
def in_force(environment: Mapping[str, str]) -> Iterator[None]:
    """This process's environment is another one for a while."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def started(
    port: int = 0,
    start: datetime | None = None,
    iam: str = "enforce",
    engines: Engines = DEFAULT_ENGINES,
    host: str = "127.0.0.1",
) -> Iterator[Stack]:
    """A gateway process with empty accounts, ended on the way out with everything it made.

    `iam`: whether permissions are enforced (`enforce`), told of (`audit`) or left alone (`off`). `host`: where it
    listens.
    Raises HarnessError where it cannot start, or has ended without being asked to.
    """
    folder = Path(tempfile.mkdtemp(prefix="harness-"))
    arguments = [str(port), str(folder), "--host", host, "--iam", iam]
    arguments += ["--start", start.isoformat()] if start else []
    arguments += [f"--{name}={value}" for name, value in asdict(engines).items()]
    process = subprocess.Popen(
        [sys.executable, "-m", "harness.serve", *arguments],
        stdout=subprocess.PIPE,
        # Its end tells the gateway that we are gone, however that came about.
        stdin=subprocess.PIPE,
        cwd=ROOT,
        env=scrubbed(),
        text=True,
        # Ctrl-C is for us to handle: the gateway has to outlive the clean-up.
        start_new_session=True,
    )
    assert process.stdout
    try:
        line = process.stdout.readline()
        if not line.startswith("ready "):
            process.wait()
            raise _fate(process, line)
        try:
            yield Stack(line.split()[1], process.pid, folder, lambda: process.poll() is None)
        except Exception:
            # Whatever failed because the gateway is gone: that it is gone is the news.
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.2)
            _check(process)
            raise
        _check(process)
    finally:
        with _patient():
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            shutil.rmtree(folder, ignore_errors=True)


def _check(process: subprocess.Popen[str]) -> None:
    """Raises HarnessError where the gateway has ended without being asked to."""
    if process.poll():
        assert process.stdout
        raise _fate(process, process.stdout.read())


def _fate(process: subprocess.Popen[str], said: str) -> HarnessError:
    """Why the gateway ended, in its own words where it left any."""
    _, error, text = f"\n{said}".rpartition("\nerror ")  # whatever libraries have said before
    if error:
        return HarnessError(text.strip())
    code = process.returncode
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit status {code}"
    return HarnessError(f"the gateway {how}; what it said, if anything, is above")


@contextmanager
def _patient() -> Iterator[None]:
    """A second Ctrl-C does not interrupt the clean-up."""
    previous = {}
    with contextlib.suppress(ValueError):  # only the main thread may set handlers
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            previous[name] = signal.signal(name, signal.SIG_IGN)
    try:
        yield
    finally:
        for name, handler in previous.items():
            signal.signal(name, handler)


def terraform(stack: Stack, command: str, say: Callable[[str], None]) -> None:
    """Runs real Terraform over infra/ (`apply`, `destroy`); `say` gets a line for each of its roots as it ends.

    What this harness has applied already is not applied again while infra/ is unchanged: that costs seconds.
    Raises HarnessError with Terraform's own words where it fails.
    """
    applied, now = stack.applied, _fingerprint(INFRA)
    if command == "apply" and applied.exists() and applied.read_text() == now:
        say("infra/ is unchanged since this harness applied it")
        return
    stack.forget_applied()
    _run_terraform(stack, command, say)
    if command == "apply":
        applied.write_text(now)


def _fingerprint(folder: Path) -> str:
    """Changes with any file of the folder, its name or its content."""
    digest = hashlib.sha256()
    for file in sorted(f for f in folder.rglob("*") if f.is_file()):
        digest.update(
            f"{file.relative_to(folder)} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode()
        )
    return digest.hexdigest()


def _run_terraform(stack: Stack, command: str, say: Callable[[str], None]) -> None:
    arguments = [command, "--state-dir", str(stack.folder / "terraform"), "--endpoint", stack.endpoint]
    with tempfile.TemporaryFile("w+") as errors:  # a pipe could fill up while nobody reads it
        process = subprocess.Popen(
            [sys.executable, "-m", "fake_accounts.terraform", *arguments],
            stdout=subprocess.PIPE,
            stderr=errors,
            stdin=subprocess.DEVNULL,
            cwd=ROOT,
            env=scrubbed(stack.environment()),
            text=True,
            start_new_session=True,
        )
        assert process.stdout
        try:
            for line in process.stdout:
                told = json.loads(line)
                counts = ", ".join(f"{told[k]} {k}" for k in ("added", "changed", "destroyed") if told[k])
                say(f"terraform {command} {told['root']}: {counts or 'no changes'}")
            if process.wait() != 0:
                errors.seek(0)
                raise HarnessError(f"terraform {command} failed:\n{errors.read().strip()}")
        finally:
            _interrupt(process)


def _interrupt(process: subprocess.Popen[str]) -> None:
    """Ends Terraform, if it is not at its end: it finishes what it has begun, but no more."""
    if process.poll() is None:
        with _patient():
            process.send_signal(signal.SIGINT)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
