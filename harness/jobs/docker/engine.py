"""The Docker engine: whether it is there, and what of ours is in it.

Everything of ours carries labels: `harness.folder` says whose it is, `harness.owner` which process that is, so that
what a killed harness could not take away, the next one does.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import docker
import psutil
from docker.context import ContextAPI
from docker.errors import APIError, DockerException
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from harness.model import HarnessError

FOLDER, OWNER, JOB = "harness.folder", "harness.owner", "harness.job"
# What its library raises where the engine fails, or is gone.
FAILURES = (DockerException, RequestException, HTTPError, OSError)
_CALL_SECONDS = 60
_CLOCK_STEP = 60.0


def connect() -> docker.DockerClient:
    """The engine that DOCKER_HOST names, or else the docker command's current context; this process's Compose goes
    there, too. Raises HarnessError where none answers."""
    try:
        os.environ.setdefault("DOCKER_HOST", ContextAPI.get_current_context().Host)
        client = docker.from_env(timeout=_CALL_SECONDS)
        client.ping()
    except FAILURES as error:
        raise HarnessError(
            f"no Docker engine answers ({_first_line(error)}): start it, or name another in DOCKER_HOST. One that "
            "comes and goes: python -m engines docker -- COMMAND"
        ) from error
    return client


class Engine:
    """The engine, and what in it is of the harness whose folder this is."""

    def __init__(self, folder: Path) -> None:
        """Raises HarnessError where none answers."""
        self._folder = str(folder)
        self.client = connect()
        self._sweep()

    def labels(self, job: str) -> dict[str, str]:
        return {FOLDER: self._folder, OWNER: _mark(), JOB: job}

    def call(self, what: str, ask: Callable[[], Any]) -> Any:
        """Raises HarnessError where the engine does not do it."""
        try:
            return ask()
        except FAILURES as error:
            raise HarnessError(f"{what}: {told(error)}") from error

    def remove_named(self, name: str) -> None:
        """As `remove`, if there is one."""
        with suppress(*FAILURES):
            remove(self.client.containers.get(name))

    def remove_all(self) -> None:
        """Whatever this harness has in the engine. An engine that is gone has nothing to take away."""
        with suppress(*FAILURES):
            self._remove(self._found(f"{FOLDER}={self._folder}"))

    def _sweep(self) -> None:
        """What harnesses left that are gone without having had the time to."""
        with suppress(*FAILURES):
            self._remove(c for c in self._found(OWNER) if not _lives(c.labels[OWNER]))

    def _found(self, label: str) -> list[Any]:
        found: list[Any] = self.client.containers.list(
            all=True, filters={"label": label}, ignore_removed=True
        )
        return found

    def _remove(self, containers: Iterator[Any] | list[Any]) -> None:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(remove, containers))


def remove(container: Any) -> None:
    """At once, whatever it does, with its volumes."""
    with suppress(*FAILURES):
        container.remove(force=True, v=True)


def told(error: BaseException) -> str:
    """An engine's failure in one line."""
    if isinstance(error, APIError) and error.explanation:
        return str(error.explanation).strip()
    if isinstance(error, OSError) and error.errno and not isinstance(error, ConnectionError):
        return f"{error.strerror}: {error.filename}" if error.filename else str(error.strerror)
    return f"the Docker engine is gone ({_first_line(error)})"


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0] if str(error) else repr(error)


def _mark() -> str:
    """This process, told from a later one with its number; and whose numbers those are: a container's are its own."""
    return f"{os.getpid()}:{psutil.Process().create_time():.0f}:{_numbers()}"


def _numbers() -> str:
    with suppress(OSError):
        return str(os.stat("/proc/self/ns/pid").st_ino)
    return ""


def _lives(mark: str) -> bool:
    """One of other numbers may. Started at that time, but for what a machine's clock is put right by."""
    try:
        pid, began, numbers = mark.split(":")
        return (
            numbers != _numbers() or abs(psutil.Process(int(pid)).create_time() - float(began)) < _CLOCK_STEP
        )
    except (psutil.Error, ValueError):
        return False
