"""The process runner: each job a forked child of the warm parent, with its own /opt/ml. No Docker."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import Any

from harness.jobs.images import Catalogue
from harness.jobs.lines import Lines
from harness.jobs.mounts import OPT_ML
from harness.jobs.optlink import OptLink
from harness.jobs.warm import LENGTH
from harness.model import ContainerResult, ContainerSpec, HarnessError

_PACKAGE = Path(__file__).parents[2]
# What an image brings along: this interpreter and its libraries first.
_PATH = os.pathsep.join([os.path.dirname(sys.executable), os.defpath, "/usr/local/bin", "/usr/sbin", "/sbin"])
# A job's home and working folder, below its root: the only place it may litter in.
_HOME = ".home"
# What a background process of the job may still write once the job itself has ended.
_LAST_WORDS = 1.0
# Between SIGTERM and SIGKILL at the time limit. AWS gives a training job 120 s; nobody waits that long here.
_GRACE = 2.0


class ProcessRunner:
    """Starts programs as children of a warm parent; starts the parent again, should it have died.

    `warn` is told, once, where jobs have to run one at a time. HarnessError where they can't run at all.
    """

    def __init__(
        self,
        warn: Callable[[str], None],
        link: OptLink | None = None,
        namespaces: bool = True,
        catalogue: Catalogue | None = None,
    ) -> None:
        """`namespaces` False does without them even where they are to be had."""
        self._catalogue = catalogue or Catalogue.load()
        self._link = link or OptLink()
        self._namespaces = namespaces
        self._lock = threading.Lock()
        self._closed = False
        self._parent = _WarmParent(namespaces)
        if not self._parent.isolated:
            try:
                warn(self._link.check(self._parent.reason))
            except HarnessError:
                self._parent.kill()
                raise

    @property
    def isolated(self) -> bool:
        """Whether jobs have private mounts, and so run side by side."""
        return self._parent.isolated

    def start(self, spec: ContainerSpec) -> ProcessContainer:
        if not (spec.command or spec.purpose):
            raise HarnessError(f"{spec.name}: nothing to run, neither a program nor a command")
        program, arguments = self._catalogue.run(spec.image, spec.purpose)
        link = None if self.isolated or spec.root is None else self._link
        return ProcessContainer(spec, program, (*arguments, *spec.command), self._submit, link)

    def place(self, folder: Path, path: str) -> str:
        return str(folder)

    def port(self) -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
            return port

    def close(self) -> None:
        """Ends the warm parent and every job."""
        with self._lock:
            self._closed = True
            self._parent.close()

    def _submit(self, job: socket.socket, output: int) -> None:
        with self._lock:
            if self._closed:
                raise HarnessError("the job runner is closed")
            try:
                self._parent.submit(job, output)
            except OSError:
                self._parent.close()
                self._parent = _WarmParent(self._namespaces)
                self._parent.submit(job, output)


class _WarmParent:
    """The process of harness.jobs.warm, and the socket to it."""

    def __init__(self, namespaces: bool) -> None:
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "harness.jobs.warm", str(theirs.fileno()), str(int(namespaces))],
                cwd=_PACKAGE,
                env=_parent_environment(),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # a Ctrl-C is the gateway's to handle
            )
        with self._control.makefile("rb") as stream:
            hello = stream.readline()
        if not hello:
            self.close()
            raise HarnessError(f"the job runner did not start (exit code {self._process.returncode})")
        told: dict[str, Any] = json.loads(hello)
        self.isolated: bool = told["isolated"]
        self.reason: str = told["reason"]

    def submit(self, job: socket.socket, output: int) -> None:
        if self._process.poll() is not None:
            raise BrokenPipeError
        socket.send_fds(self._control, [b"j"], [job.fileno(), output])

    def close(self) -> None:
        """Lets it end every job first."""
        self._control.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        self._control.close()
        self._process.kill()
        self._process.wait()


def _parent_environment() -> dict[str, str]:
    """Little of ours: jobs replace it. But libraries have read it by then.

    One BLAS thread, as a process that forks must have no others. OpenMP's waiting threads sleep: jobs run
    side by side, and spinning would keep them from the processor.
    """
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return kept | {
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_WAIT_POLICY": "PASSIVE",
        "PYTHONUTF8": "1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


class ProcessContainer:
    """A job's process, as a thread of the gateway follows it: lines to its log, time limit, end."""

    def __init__(
        self,
        spec: ContainerSpec,
        program: Path | None,
        command: tuple[str, ...],
        submit: Callable[[socket.socket, int], None],
        link: OptLink | None,
    ) -> None:
        """`program` is a Python file, which gets `command` as its arguments; None runs `command` as it stands."""
        self._spec = spec
        self._program = program
        self._command = command
        self._submit = submit
        self._link = link
        self._job, self._theirs = socket.socketpair()
        self._sending = threading.Lock()
        # Signals asked for before the program was; None from then on. The socket has the request first.
        self._early: bytes | None = b""
        self._stopping = threading.Event()
        self._ended = threading.Event()
        self._result = ContainerResult(-signal.SIGKILL)
        self._error: BaseException | None = None
        threading.Thread(target=self._follow, name=f"job {spec.name}", daemon=True).start()

    def wait(self) -> ContainerResult:
        """Raises HarnessError when the runner failed the job, and whatever the log's callback raised."""
        self._ended.wait()
        if self._error is not None:
            raise self._error
        return self._result

    def connect(self, port: int, timeout: float) -> socket.socket:
        return socket.create_connection(("127.0.0.1", port), timeout)

    def stop(self, grace: float = _GRACE) -> None:
        self._stopping.set()
        self._signal(signal.SIGTERM)
        if not self._ended.wait(grace):
            self._signal(signal.SIGKILL)
            self._ended.wait()

    def _signal(self, number: int) -> None:
        with self._sending, suppress(OSError):  # it has ended
            if self._early is not None:
                self._early += bytes([number])
            else:
                self._job.sendall(bytes([number]))

    def _follow(self) -> None:
        try:
            with self._owned_link():
                self._result = self._run()
        except _Stopped:
            self._result = ContainerResult(-signal.SIGTERM)
        except BaseException as error:  # noqa: BLE001 - `wait` raises it where somebody listens
            self._error = error
        finally:
            self._job.close()
            self._theirs.close()
            self._ended.set()

    def _owned_link(self) -> AbstractContextManager[None]:
        if self._link is None or self._spec.root is None:
            return nullcontext()
        return self._link.owned(self._spec.root, self._wait_for_turn)

    def _wait_for_turn(self) -> None:
        if self._stopping.wait(0.02):
            raise _Stopped

    def _run(self) -> ContainerResult:
        reader, writer = os.pipe()
        try:
            self._submit(self._theirs, writer)
        except BaseException:
            os.close(reader)
            raise
        finally:
            os.close(writer)
        self._theirs.close()
        with os.fdopen(reader, "rb", buffering=0) as output:
            return self._pump(output.fileno(), self._request())

    def _request(self) -> bytes:
        spec = self._spec
        home = "/"
        if spec.root:
            (spec.root / _HOME).mkdir(exist_ok=True)
            home = f"{self._link.path if self._link else OPT_ML}/{_HOME}"
        request = {
            "command": list(self._command),
            "program": str(self._program.resolve()) if self._program else None,
            "environment": {"PATH": _PATH, "HOME": home, **spec.environment},
            "root": str(spec.root.resolve()) if spec.root else None,
            "read_only": [str(spec.folders[path].resolve()) for path in spec.read_only],
            "cwd": spec.cwd or home,
        }
        body = json.dumps(request).encode()
        return LENGTH.pack(len(body)) + body

    def _pump(self, output: int, request: bytes) -> ContainerResult:
        # Where the parent died the answer will be missing.
        with self._sending, suppress(BrokenPipeError, ConnectionResetError):
            early, self._early = self._early or b"", None
            self._job.sendall(request + early)
        lines = Lines(self._spec.log)
        limit = _TimeLimit(self._spec.timeout)
        answers = b""
        open_ends = [output, self._job.fileno()]
        while self._job.fileno() in open_ends:
            ready, _, _ = select.select(open_ends, [], [], limit.left())
            if not ready:
                self._signal(limit.next_signal())
            if output in ready and not lines.feed(os.read(output, 65536)):
                open_ends.remove(output)
            if self._job.fileno() in ready:
                limit.begin()
                received = _receive(self._job)
                answers += received
                if not received:
                    open_ends.remove(self._job.fileno())
        _drain(output if output in open_ends else None, lines)
        last = json.loads(answers.splitlines()[-1]) if answers else {}
        if "exit" not in last:
            raise HarnessError(f"{self._spec.name}: the process that runs jobs died, and the job with it")
        return ContainerResult(last["exit"], limit.passed)


class _Stopped(Exception):
    """Asked to stop before it had started."""


class _TimeLimit:
    """Counts a job's real seconds, from its start; once they are over, says which signal is due."""

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self._deadline: float | None = None
        self.passed = False

    def begin(self) -> None:
        if self._deadline is None and self._seconds is not None:
            self._deadline = time.monotonic() + self._seconds

    def left(self) -> float | None:
        return None if self._deadline is None else max(0.0, self._deadline - time.monotonic())

    def next_signal(self) -> int:
        number = signal.SIGKILL if self.passed else signal.SIGTERM
        self.passed = True
        self._deadline = time.monotonic() + _GRACE
        return number


def _receive(job: socket.socket) -> bytes:
    try:
        return job.recv(4096)
    except ConnectionResetError:
        return b""


def _drain(output: int | None, lines: Lines) -> None:
    """Reads what was written before the end. A process the job left behind is given up after a moment."""
    deadline = time.monotonic() + _LAST_WORDS
    while output is not None and (left := deadline - time.monotonic()) > 0:
        ready, _, _ = select.select([output], [], [], left)
        if ready and not lines.feed(os.read(output, 65536)):
            return
    lines.feed(b"")
