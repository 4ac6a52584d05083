"""A Docker engine: the one that the `docker` command talks to, or one that comes and goes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import docker
import psutil
from docker.errors import DockerException
from requests.exceptions import RequestException

from engines import machine
from engines.base_image import base_image
from engines.model import Engine, Impossible, say
from engines.processes import own_folder, server, wait_until

FAILURES = (DockerException, RequestException, OSError)
PULL_SECONDS = 60

# What the engine mounts and starts is in namespaces of its own, which end with it; their first process, the shell,
# takes note of containers' ends. It starts a containerd of its own, too, as it does wherever it finds none.
APART = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-ec"]
HIDE_CONTAINERD = "mkdir -p /run/containerd; mount -t tmpfs tmpfs /run/containerd;"


@contextmanager
def running(private: bool, data_size: int | None) -> Iterator[Engine]:
    """`private` and `data_size` (megabytes) want one of its own. Raises Impossible."""
    _compose()
    with _engine(private or data_size is not None, data_size) as (client, engine):
        base = base_image(client)
        _try(client, base)
        yield Engine({**engine.variables, "HARNESS_BASE_IMAGE": base}, engine.alive)


def _try(client: docker.DockerClient, base: str) -> None:
    """An engine may come up where the kernel keeps it from running anything: in a container, say."""
    try:
        client.containers.run(base, ["python3", "--version"], network_mode="none", remove=True)
    except FAILURES as error:
        why = str(getattr(error, "explanation", None) or error).strip()
        raise Impossible(f"the Docker engine can't run a container of {base}: {why}") from error


def _compose() -> None:
    """`docker compose`, or the program that it was."""
    plugin = shutil.which("docker") and subprocess.run(
        ["docker", "compose", "version"], capture_output=True, stdin=subprocess.DEVNULL
    )
    if not plugin or plugin.returncode != 0:
        machine.need("docker-compose")


@contextmanager
def _engine(private: bool, data_size: int | None) -> Iterator[tuple[docker.DockerClient, Engine]]:
    why = ""
    if not private:
        try:
            client = docker.from_env(timeout=PULL_SECONDS)
            client.ping()
        except FAILURES as error:
            why = f" (none answers: {error})"
        else:
            with closing(client):
                yield client, Engine({})
            return
    with _started(data_size, why) as started:
        yield started


@contextmanager
def _started(data_size: int | None, why: str) -> Iterator[tuple[docker.DockerClient, Engine]]:
    if not machine.root():
        raise Impossible(f"only root can start a Docker engine{why}")
    for program in ("dockerd", "unshare"):
        machine.need(program)
    with own_folder() as folder:
        host = f"unix://{folder}/docker.sock"
        begun = time.monotonic()
        with server(_command(folder, host, data_size), folder, os.environ, signal.SIGKILL) as process:
            wait_until(lambda: _answers(host), process, folder, "dockerd")
            say(f"a Docker engine of its own is up after {time.monotonic() - begun:.0f} s")
            with closing(docker.DockerClient(host, timeout=PULL_SECONDS)) as client:
                try:
                    yield client, Engine(_variables(host, process), lambda: process.poll() is None)
                finally:
                    _empty(client)


def _answers(host: str) -> bool:
    try:
        with closing(docker.DockerClient(host, timeout=PULL_SECONDS)) as client:
            return bool(client.ping())
    except FAILURES:
        return False


def _command(folder: Path, host: str, data_size: int | None) -> list[str]:
    """Beside another engine, which has the machine's bridge, its iptables and /run/docker."""
    data, settings = folder / "data", folder / "daemon.json"
    data.mkdir()
    settings.write_text("{}")
    disk = f"mount -t tmpfs -o size={data_size}m tmpfs {data};" if data_size else ""
    return [
        *APART,
        f'{HIDE_CONTAINERD} {disk} dockerd "$@" & wait $!',
        "sh",
        f"--host={host}",
        f"--config-file={settings}",
        f"--data-root={data}",
        f"--exec-root={folder / 'run'}",
        f"--pidfile={folder / 'dockerd.pid'}",
        "--bridge=none",
        "--iptables=false",
        # systemd would not know the processes by the numbers that they have in a namespace.
        "--exec-opt=native.cgroupdriver=cgroupfs",
        "--log-level=warn",
    ]


def _variables(host: str, process: subprocess.Popen[bytes]) -> dict[str, str]:
    """The process is for tests that end the engine."""
    below = psutil.Process(process.pid).children(recursive=True)
    dockerd = next(child.pid for child in below if child.name() == "dockerd")
    return {"DOCKER_HOST": host, "DOCKER_TLS_VERIFY": "", "HARNESS_DOCKERD_PID": str(dockerd)}


def _empty(client: docker.DockerClient) -> None:
    """Of networks, which would outlive it in the kernel; and of containers, which it would wait for."""
    with suppress(*FAILURES):
        for container in client.containers.list(all=True):
            container.remove(force=True)
        client.networks.prune()
