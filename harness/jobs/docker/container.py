"""A job's container, as a thread of the gateway follows it: started, its lines to the log, time limit, end."""

from __future__ import annotations

import re
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from harness.jobs.docker.engine import FAILURES, Engine, told
from harness.jobs.docker.links import Link, Links
from harness.jobs.docker.local_mode import LocalMode, NotStarted, mounts
from harness.jobs.lines import Lines
from harness.model import ContainerResult, ContainerSpec, HarnessError, ImageNotFound

# Between SIGTERM and SIGKILL; as for processes. The engine takes whole seconds only.
_GRACE = 2
_WRONG_FORMAT = re.compile(r"exec format error", re.IGNORECASE)
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


class DockerContainer:
    """See model.Container. `folder` is for the compose files."""

    def __init__(self, spec: ContainerSpec, image: str, engine: Engine, links: Links, folder: Path) -> None:
        self._spec = spec
        self._image = image
        self._engine = engine
        self._links = links
        self._name = ""
        self._folder = Path(tempfile.mkdtemp(prefix=f"{spec.name}-", dir=folder))
        self._container: Any = None
        self._link: Link | None = None
        self._local_mode: LocalMode | None = None
        self._stopping = threading.Event()
        self._timed_out = False
        self._ended = threading.Event()
        self._result = ContainerResult(-9)
        self._error: BaseException | None = None
        self._tail = ""
        threading.Thread(target=self._follow, name=f"job {spec.name}", daemon=True).start()

    def wait(self) -> ContainerResult:
        """Raises HarnessError when the engine failed the job, and whatever the log's callback raised."""
        self._ended.wait()
        if self._error is not None:
            raise self._error
        return self._result

    def connect(self, port: int, timeout: float) -> socket.socket:
        if self._link is None:
            raise ConnectionRefusedError(f"{self._spec.name}: nothing listens yet")
        return self._link.connect(timeout)

    def stop(self, grace: float = _GRACE) -> None:
        self._stopping.set()
        if self._container is not None:
            with suppress(*FAILURES):
                self._container.stop(timeout=max(1, round(grace)))
        self._ended.wait()

    def kill(self) -> None:
        """The harness ends. What Compose has begun it may finish, so that nothing is made that nobody takes away."""
        self._stopping.set()
        if self._container is not None:
            with suppress(*FAILURES):
                self._container.kill()
        if not self._ended.wait(_GRACE) and self._local_mode:
            self._local_mode.give_up()

    def _follow(self) -> None:
        try:
            self._result = self._run()
        except NotStarted as error:
            self._spec.log(str(error))
            self._result = ContainerResult(error.code)
        except FAILURES as error:
            self._error = HarnessError(f"{self._spec.name}: {told(error)}, and the job with it")
        except BaseException as error:  # noqa: BLE001 - `wait` raises it where somebody listens
            self._error = error
        finally:
            try:
                self._clear()
            finally:
                self._ended.set()

    def _run(self) -> ContainerResult:
        self._link = self._links.take()
        self._local_mode = LocalMode(self._spec, self._image, self._folder)
        self._name = self._local_mode.write(self._link.network, self._engine.labels(self._spec.name))
        if self._stopping.is_set():
            return ContainerResult(-15)
        self._local_mode.up()
        self._container = self._engine.client.containers.get(self._name)
        if self._stopping.is_set():  # asked for while it was being started
            self._container.stop(timeout=_GRACE)
        with self._limit():
            self._pump(Lines(self._log).feed)
            code = int(self._container.wait(timeout=None)["StatusCode"])
        self._check_machine(code)
        return ContainerResult(code, self._timed_out)

    @contextmanager
    def _limit(self) -> Iterator[None]:
        if self._spec.timeout is None:
            yield
            return
        timer = threading.Timer(self._spec.timeout, self._run_out)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _run_out(self) -> None:
        self._timed_out = True
        with suppress(*FAILURES):
            self._container.stop(timeout=_GRACE)

    def _pump(self, feed: Callable[[bytes], bool]) -> None:
        for piece in self._container.logs(stream=True, follow=True):
            feed(piece)
        feed(b"")

    def _log(self, line: str) -> None:
        self._tail = line
        self._spec.log(line)

    def _check_machine(self, code: int) -> None:
        """Raises ImageNotFound where the image is for another kind of machine than this one."""
        if not (code and _WRONG_FORMAT.search(self._tail)):
            return
        wanted = self._container.image.attrs["Architecture"]
        machine = self._engine.client.info()["Architecture"]
        ours = _MACHINES.get(machine, machine)
        if wanted != ours:
            raise ImageNotFound(
                f"The image {self._image} is for {wanted}, and this machine is {ours}: build it "
                f"or pull it for this one (--platform linux/{ours})"
            )

    def _clear(self) -> None:
        """The container, its relay, its files. Compose may have made one that did not start."""
        self._engine.remove_named(self._name)
        if self._link is not None:
            for _, folder in mounts(self._spec):
                self._link.give_back(folder)
            self._links.take_back(self._link)
        shutil.rmtree(self._folder, ignore_errors=True)
