"""A job's only way out of its container: a network of loopback alone, and in it a relay (`images/link`).

The relay's container is there first, and the job's joins its network. So an image of any make finds the gateway at the
very address that it has on this machine, and nothing else: no other job, no other port of the machine's, no network.
"""

from __future__ import annotations

import os
import socket
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from harness.jobs.docker.engine import FAILURES, Engine, remove
from harness.model import GATEWAY_SOCKET, HarnessError

_UP_SECONDS = 20.0
_INWARD = "inward.sock"
_NO_NETWORK = "a job's container gets no network"
# The longest name that a socket may have on every system (bytes).
_LONGEST_NAME = 103


def check_place(folder: Path) -> None:
    """Raises HarnessError where a harness's folder has too long a name for the sockets in it."""
    if len(os.fsencode(folder / "links" / _new_name() / _INWARD)) > _LONGEST_NAME:
        raise HarnessError(
            f"{folder} is too long a name for a folder with sockets in it, which containers need: set TMPDIR to a "
            "folder with a shorter name"
        )


def _new_name() -> str:
    return uuid.uuid4().hex[:8]


class Link:
    """One relay. `folder` has its socket, through which this machine reaches the container's port 8080; `work` has the
    jobs' files, which it has, too."""

    def __init__(self, container: Any, folder: Path, work: Path) -> None:
        self.container = container
        self._folder = folder
        self._work = work

    @property
    def network(self) -> str:
        """As a compose file's network_mode."""
        return f"container:{self.container.id}"

    def connect(self, timeout: float) -> socket.socket:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(timeout or None)
        try:
            sock.connect(str(self._folder / _INWARD))
        except BaseException:
            sock.close()
            raise
        return sock

    def works(self) -> bool:
        try:
            self.container.reload()
        except FAILURES:
            return False
        return bool(self.container.status == "running")

    def give_back(self, path: Path) -> None:
        """Makes the files that programs wrote as root, as they do in containers, this process's user's."""
        if os.getuid():
            inside = f"/work/{path.relative_to(self._work)}"
            with suppress(*FAILURES):
                self.container.exec_run(["chown", "-R", f"{os.getuid()}:{os.getgid()}", inside])

    def wait(self) -> None:
        """Until it passes on what it gets. Raises HarnessError where it does not come to that."""
        deadline = time.monotonic() + _UP_SECONDS
        while not (self._folder / _INWARD).exists():
            if time.monotonic() > deadline or not self.works():
                said = self.container.logs(tail=5).decode("utf-8", "replace").strip()
                raise HarnessError(
                    f"the relay of a job's container does not start: {said or 'it says nothing'}"
                )
            time.sleep(0.01)

    def close(self) -> None:
        remove(self.container)
        for path in (self._folder / _INWARD, self._folder):
            with suppress(OSError):
                path.rmdir() if path.is_dir() else path.unlink()


class Links:
    """Makes them, one ahead of time: a job need not wait for its relay.

    Each serves one job and no other: with its network come files, /etc/hosts for one, and ports that stay in use.
    """

    def __init__(self, engine: Engine, image: str, folder: Path, endpoint: str) -> None:
        self._engine = engine
        self._image = image
        self._folder = folder
        self._port = str(urlsplit(endpoint).port)
        self._gateway = (folder / GATEWAY_SOCKET).parent
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="link")
        self._lock = threading.Lock()
        self._spare = self._pool.submit(self._made)

    def take(self) -> Link:
        """One for a job alone. Raises HarnessError where the engine makes none."""
        with self._lock:
            spare, self._spare = self._spare, self._pool.submit(self._made)
        with suppress(HarnessError, OSError):  # made while the engine was not there; it may be again
            link = spare.result()
            if link.works():
                return link
            link.close()
        return self._made()

    def take_back(self, link: Link) -> None:
        """From a job that has ended, which need not wait for its relay's end."""
        try:
            self._pool.submit(link.close)
        except RuntimeError:  # closing; the engine is being emptied
            link.close()

    def close(self) -> None:
        self._pool.shutdown(wait=True)

    def _made(self) -> Link:
        folder = self._folder / "links" / _new_name()
        folder.mkdir(parents=True)
        work = self._folder / "jobs"
        volumes = {
            str(self._gateway): {"bind": "/gateway", "mode": "ro"},
            str(folder): {"bind": "/link", "mode": "rw"},
            str(work): {"bind": "/work", "mode": "rw"},
        }
        make = partial(
            self._engine.client.containers.create,
            self._image,
            [self._port],
            network_mode="none",
            volumes=volumes,
            labels=self._engine.labels("link"),
            use_config_proxy=False,
        )
        link = Link(self._engine.call(_NO_NETWORK, make), folder, work)
        try:
            self._engine.call(_NO_NETWORK, link.container.start)
            link.wait()
        except BaseException:
            link.close()
            raise
        return link
