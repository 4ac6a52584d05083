"""A Docker engine that a test may end and begin again, or whose disk it may fill."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from pathlib import Path

import docker

from engines.docker_engine import APART, HIDE_CONTAINERD
from engines.processes import server, wait_until
from harness.jobs.docker.engine import FAILURES

MEGABYTES = 700


class OwnEngine:
    """Its data are on a small disk of their own, and stay there when it ends. It has no images until they are given."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._life = ExitStack()
        self.host = f"unix://{folder}/docker.sock"
        self.disk = folder / "data"

    def start(self) -> None:
        shutil.rmtree(self._folder / "run", ignore_errors=True)
        (self._folder / "docker.pid").unlink(missing_ok=True)
        process = self._life.enter_context(server(self._command(), self._folder, os.environ, signal.SIGKILL))
        wait_until(self._answers, process, self._folder, "dockerd")

    def end(self) -> None:
        """Whatever it does, and its containers with it."""
        self._life.close()

    def give(self, client: docker.DockerClient, image: str, *names: str) -> None:
        """An image of another engine's, and it again by other names."""
        with self.client() as own:
            own.images.load(client.images.get(image).save(named=True))
            for name in names:
                own.images.get(image).tag(name)

    def client(self) -> AbstractContextManager[docker.DockerClient]:
        return closing(docker.DockerClient(self.host, timeout=120))

    def _answers(self) -> bool:
        with suppress(*FAILURES), closing(docker.DockerClient(self.host, timeout=5)) as client:
            return bool(client.ping())
        return False

    def _command(self) -> list[str]:
        (self._folder / "daemon.json").write_text("{}")
        options = [
            f"--host={self.host}",
            f"--config-file={self._folder / 'daemon.json'}",
            f"--data-root={self.disk}",
            f"--exec-root={self._folder / 'run'}",
            f"--pidfile={self._folder / 'docker.pid'}",
            "--bridge=none",
            "--iptables=false",
            "--exec-opt=native.cgroupdriver=cgroupfs",
            "--log-level=warn",
        ]
        return [*APART, f'{HIDE_CONTAINERD} dockerd "$@" & wait $!', "sh", *options]


@contextmanager
def own_engine() -> Iterator[OwnEngine]:
    """It is not started yet."""
    folder = Path(tempfile.mkdtemp(prefix="own-engine-"))  # pytest's are too long for a socket
    try:
        (folder / "data").mkdir()
        with small_disk(folder / "data", MEGABYTES):
            engine = OwnEngine(folder)
            try:
                yield engine
            finally:
                engine.end()
    finally:
        shutil.rmtree(folder)


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """An empty one at that folder. Raises CalledProcessError where this user may not mount it."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    subprocess.run(mount, check=True, capture_output=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def full(disk: Path) -> Iterator[None]:
    """Nothing more goes onto it for a while."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(64 * 1024)):
            pass
    try:
        yield
    finally:
        filler.unlink()
