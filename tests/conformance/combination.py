"""A combination of engines that the suite is run on, and the versions of what is behind it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.request import urlopen

import docker

from harness.model import Engines
from harness.stack import ROOT, Stack, started

OWN_IMAGE = Path(__file__).parent / "own_image"
LIBRARIES = ("boto3", "moto", "sagemaker")


@dataclass(frozen=True)
class Combination:
    """`backend` may have a URL (`localstack=http://...`); `name` is without it, and heads the table's column."""

    runner: str
    backend: str

    @classmethod
    def wanted(cls, environment: Mapping[str, str] = os.environ) -> Combination:
        """By HARNESS_RUNNER and HARNESS_BACKEND; a LocalStack without a URL is the one of LOCALSTACK_ENDPOINT."""
        backend = environment.get("HARNESS_BACKEND") or "moto"
        running = environment.get("LOCALSTACK_ENDPOINT")
        if backend == "localstack" and running:
            backend = f"localstack={running}"
        return cls(environment.get("HARNESS_RUNNER") or "process", backend)

    @property
    def service(self) -> str:
        """The backend without its URL."""
        return self.backend.partition("=")[0]

    @property
    def name(self) -> str:
        return f"{self.service}, {self.runner}"

    def versions(self) -> dict[str, str]:
        """Of the libraries, and of the engines that this combination has."""
        found = {name: version(name) for name in LIBRARIES}
        if self.runner == "docker":
            found["Docker"] = _docker()
        if self.service == "localstack":
            found["LocalStack"] = _localstack(self.backend.partition("=")[2])
        return found


def _docker() -> str:
    with closing(docker.from_env()) as engine:
        return str(engine.version()["Version"])


def _localstack(url: str) -> str:
    with urlopen(f"{url}/_localstack/health", timeout=10) as answer:
        return str(json.load(answer)["version"])


@contextmanager
def harness(combination: Combination) -> Iterator[Stack]:
    """A harness of this combination, with empty accounts. Images that have not been built are."""
    if combination.runner == "docker":
        subprocess.run([sys.executable, "-m", "harness", "images"], cwd=ROOT, check=True, stdout=sys.stderr)
    # A container's image is the engine's own; a process has none but a catalogue's.
    catalogue = "" if combination.runner == "docker" else str(OWN_IMAGE / "catalogue.toml")
    engines = Engines(runner=combination.runner, backend=combination.backend, catalogue=catalogue)
    with started(engines=engines) as stack:
        yield stack
