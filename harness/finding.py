"""Where a harness that stays leaves word for the other commands, and how they find it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from harness.client import Client
from harness.model import HarnessError
from harness.stack import ROOT, Stack

# The variable that names the harness to use: one in a container leaves no word here.
NAMED = "HARNESS_ENDPOINT"
# How long such a one may take until it answers (s).
_BEGINNING = 10.0


def _home() -> Path:
    return Path(os.environ.get("HARNESS_HOME") or ROOT / ".harness")


def _notice() -> Path:
    return _home() / "harness.json"


@contextmanager
def announced(stack: Stack) -> Iterator[None]:
    """Other commands find this harness. Raises HarnessError where they find another already."""
    file = _notice()
    told = json.dumps({"endpoint": stack.endpoint, "pid": stack.pid, "folder": str(stack.folder)})
    if found():
        raise HarnessError("another harness has come up here; end it with `harness down`")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(told)
    except OSError as error:
        raise HarnessError(
            f"{file} cannot be written: {error.strerror}; name another folder in HARNESS_HOME"
        ) from error
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            if file.read_text() == told:  # not a later harness's
                file.unlink()
                file.parent.rmdir()


def found() -> Stack | None:
    """The harness that HARNESS_ENDPOINT names; or else the one that `harness up` keeps running, if it does.

    Raises HarnessError where HARNESS_ENDPOINT names none."""
    named = os.environ.get(NAMED)
    return _awaited(named) if named else _told()


def _told() -> Stack | None:
    try:
        told = json.loads(_notice().read_text())
        stack = Stack(
            told["endpoint"], told["pid"], Path(told["folder"]), partial(psutil.pid_exists, told["pid"])
        )
        # The process may be another's by now, and so may the port: only ours knows the folder.
        return stack if stack.alive() and stack.client.status()["folder"] == told["folder"] else None
    except (OSError, ValueError, KeyError, TypeError, HarnessError):
        return None


def _awaited(endpoint: str) -> Stack:
    """As `at`; a container that has just begun needs a moment."""
    client, deadline = Client(_local(endpoint)), time.monotonic() + _BEGINNING
    while not client.answers() and time.monotonic() < deadline:
        time.sleep(0.2)
    return at(endpoint)


def at(endpoint: str) -> Stack:
    """The harness at a URL of this machine, be it in a container. Raises HarnessError where there is none."""
    client = Client(_local(endpoint))
    told = client.status()
    pid, folder = told["pid"], Path(told["folder"])
    if os.path.isdir(folder):  # Path's own has errors where it may not look
        return Stack(client.endpoint, pid, folder, partial(psutil.pid_exists, pid))
    return Stack(client.endpoint, pid, _kept_of(client.endpoint, folder.name), client.answers)


def _local(endpoint: str) -> str:
    """The endpoint by loopback's number: a bucket's name before `localhost` need not resolve. Raises HarnessError for
    another machine's: a run stays on this one."""
    with contextlib.suppress(ValueError):  # what is no port
        url = urlsplit(endpoint)
        local = url.scheme == "http" and url.hostname in ("127.0.0.1", "localhost")
        if local and url.port and url.path in ("", "/"):
            return f"http://127.0.0.1:{url.port}"
    raise HarnessError(f"{endpoint!r} is no harness of this machine, as http://127.0.0.1:4600 is")


def _kept_of(endpoint: str, life: str) -> Path:
    """Where this machine keeps its part of a harness in a container: profiles, Terraform's own files. What is left of
    an earlier one there goes."""
    place = _home() / "elsewhere" / endpoint.rpartition(":")[2]
    for other in place.glob("*"):
        if other.name != life:
            shutil.rmtree(other, ignore_errors=True)
    return place / life


def reached() -> Stack | None:
    """The harness that this process's own AWS_ENDPOINT_URL leads to, if it does."""
    try:
        return at(os.environ.get("AWS_ENDPOINT_URL", ""))
    except HarnessError:  # something else answers there, or nothing does
        return None


def required() -> Stack:
    """Raises HarnessError where none runs."""
    stack = found()
    if stack is None:
        raise HarnessError("no harness is running here; start one with `harness up`")
    return stack


def stay(stack: Stack) -> None:
    """Until somebody ends it."""
    while stack.alive():
        time.sleep(0.2)


def end(stack: Stack, timeout: float = 15) -> None:
    """Asks a running harness to end, and waits until it is gone, and all that it had with it."""
    if os.environ.get(NAMED):
        raise HarnessError(
            f"the harness at {stack.endpoint} ends as it was started: with `docker compose down`"
        )
    stack.client.down()
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if not (stack.alive() or stack.folder.exists() or _notice().exists()):
            return
        time.sleep(0.05)
    raise HarnessError(f"the harness (process {stack.pid}) has not ended after {timeout:.0f} s")
