"""docker-compose.yml as its users have it: a project of its own, on ports that are free, with images that are there."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.jobs.docker.compose import compose
from harness.model import HarnessError

ROOT = Path(__file__).parents[2]
IMAGE = "harness/harness:test"
PORTS = ("HARNESS_PORT", "HARNESS_MOTO_PORT", "HARNESS_LOCALSTACK_PORT", "MOTO_PORT", "LOCALSTACK_PORT")
PROJECT = "com.docker.compose.project"


def run(*command: str, **variables: str) -> str:
    """What it prints. Raises AssertionError with all that it said where it fails."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def works(*command: str) -> bool:
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    try:
        return subprocess.run(command, timeout=300, check=False, **quiet).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def program() -> list[str]:
    """`docker compose`, or the program that it was; empty where there is no engine."""
    if not works("docker", "version"):
        return []
    try:
        return list(compose())
    except HarnessError:
        return []


def had(image: str) -> bool:
    """Whether the engine has the image, or gets it."""
    return works("docker", "image", "inspect", image) or works("docker", "pull", "--quiet", image)


def kept_apart() -> bool:
    """Whether the packet filter of an engine that ran before keeps a private one's containers from each other."""
    if "HARNESS_DOCKERD_PID" not in os.environ or not shutil.which("iptables"):
        return False
    return "-P FORWARD DROP" in run("iptables", "--list-rules", "FORWARD")


@dataclass(frozen=True)
class Compose:
    command: list[str]
    project: str
    variables: Mapping[str, str]

    def __call__(self, *arguments: str) -> str:
        return run(*self.command, "--project-name", self.project, *arguments, **self.variables)

    def up(self, service: str) -> None:
        """Until it is healthy, and with it what it needs."""
        self("up", "--detach", service)
        deadline = time.monotonic() + 120
        while (state := self.inspect(service)["State"])["Health"]["Status"] != "healthy":
            waits = state["Running"] and time.monotonic() < deadline
            assert waits, f"{service} is {state['Status']}, not healthy:\n{self('logs')}"
            time.sleep(0.5)

    def down(self) -> None:
        self("down", "--volumes", "--remove-orphans")

    def inspect(self, service: str) -> Any:
        label = f"label=com.docker.compose.service={service}"
        (container,) = (c for c in self.left("container") if c in _ids("container", label))
        return json.loads(run("docker", "container", "inspect", container))[0]

    def left(self, kind: str) -> list[str]:
        """The project's containers, networks or volumes."""
        return _ids(kind, f"label={PROJECT}={self.project}")


def _ids(kind: str, condition: str) -> list[str]:
    every = ["--all"] if kind == "container" else []
    return run("docker", kind, "ls", *every, "--quiet", "--filter", condition).split()


def free_ports() -> dict[str, str]:
    """A free port of loopback for each of PORTS."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in PORTS]
    ports = {name: str(probe.getsockname()[1]) for name, probe in zip(PORTS, probes, strict=True)}
    for probe in probes:
        probe.close()
    return ports
