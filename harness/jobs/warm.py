"""The warm parent: a process of its own that has the libraries imported and forks a child per job.

`python -m harness.jobs.warm <fd> <namespaces: 1 or 0>`, started by harness.jobs.process. It has one thread,
or forking would not be safe.

On the control socket come a byte and two descriptors per job: its socket, and the pipe for its output. On the
job's socket come the request (length and JSON), then signal numbers for the job, a byte each; back go
`{"pid": n}` once it runs and `{"exit": code}`, each on a line. Whichever end closes, the job ends: nothing
outlives the gateway.
"""

from __future__ import annotations

import array
import contextlib
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import struct
import sys
from collections.abc import Iterable
from functools import partial
from typing import Any, NoReturn

from harness.jobs import fresh, mounts
from harness.site.sitecustomize import guard

SETUP_FAILED = 125  # as a container's engine says it
LENGTH = struct.Struct("!I")
# What the platform's scripts and the images' programs use. A missing one is left out.
LIBRARIES = (
    "numpy",
    "pandas",
    "sklearn.compose",
    "sklearn.ensemble",
    "sklearn.impute",
    "sklearn.linear_model",
    "sklearn.metrics",
    "sklearn.model_selection",
    "sklearn.pipeline",
    "sklearn.preprocessing",
    "xgboost",
    "boto3",
    "http.server",
    "argparse",
    "tarfile",
    "pickle",
)
# A client's service model takes 0.2 s to load; functions use these.
BOTO_MODELS = ("sagemaker", "s3", "sts")


class Parent:
    """Forks jobs, sends them signals, reports their ends."""

    def __init__(self, control: socket.socket, isolated: bool) -> None:
        self._control = control
        self._isolated = isolated
        self._jobs: dict[int, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        named = (sys.prefix, sys.base_prefix, sys.executable, *sys.path)
        # A link is of no use where what it leads to is covered.
        self._keep: tuple[str, ...] = (*named, *map(os.path.realpath, named))

    def serve(self) -> None:
        """Until the gateway closes the control socket, or dies."""
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        os.set_blocking(writer, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(writer)
        self._selector.register(reader, selectors.EVENT_READ, partial(self._children_ended, reader))
        self._selector.register(self._control, selectors.EVENT_READ, self._accept)
        with contextlib.suppress(EOFError, ConnectionResetError):
            while True:
                for key, _ in self._selector.select():
                    key.data()

    def _accept(self) -> None:
        received, descriptors = _receive_descriptors(self._control)
        if not received:
            raise EOFError
        if len(descriptors) == 2:
            job, output = socket.socket(fileno=descriptors[0]), descriptors[1]
            try:
                self._start(job, output)
            finally:
                os.close(output)

    def _start(self, job: socket.socket, output: int) -> None:
        request = _receive_request(job)
        if request is None:
            job.close()
            return
        pid = os.fork()
        if pid == 0:
            try:
                _become(request, output, self._isolated, self._keep)
            except BaseException:  # noqa: BLE001 - nothing may carry a child on into the parent's loop
                sys.excepthook(*sys.exc_info())
            finally:
                os._exit(SETUP_FAILED)
        _tell(job, {"pid": pid})
        self._jobs[pid] = job
        self._selector.register(job, selectors.EVENT_READ, partial(self._signal, pid))

    def _signal(self, pid: int) -> None:
        job = self._jobs.get(pid)
        if job is None:
            return
        try:
            wanted = job.recv(1)
        except OSError:
            wanted = b""
        if not wanted:
            self._selector.unregister(job)
        _kill(pid, wanted[0] if wanted else signal.SIGKILL)

    def _children_ended(self, wakeups: int) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(wakeups, 4096)
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                break
            job = self._jobs.pop(pid, None)
            if job is not None:
                _kill(pid, signal.SIGKILL)  # what is left of its group
                self._report(job, os.waitstatus_to_exitcode(status))
        self._kill_orphans()

    def _report(self, job: socket.socket, code: int) -> None:
        with contextlib.suppress(KeyError):
            self._selector.unregister(job)
        _tell(job, {"exit": code})
        job.close()

    def _kill_orphans(self) -> None:
        """Ends what a finished job left behind outside its process group (a daemon).

        Adopted by this process, such a one is known by its mount namespace, which is no living job's.
        """
        if not self._isolated:
            return
        adopted = [pid for pid in mounts.children(os.getpid()) if pid not in self._jobs]
        if adopted:
            alive = {mounts.mount_namespace(pid) for pid in (os.getpid(), *self._jobs)}
            for pid in adopted:
                if mounts.mount_namespace(pid) not in alive:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)

    def close(self) -> None:
        """Kills every job, and what they left, until this process has no child."""
        for pid in self._jobs:
            _kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            while True:
                for pid in mounts.children(os.getpid()):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                os.waitpid(-1, 0)


def _tell(job: socket.socket, message: dict[str, int]) -> None:
    with contextlib.suppress(OSError):  # nobody listens any more; the end of the socket says so, too
        job.sendall(json.dumps(message).encode() + b"\n")


def _kill(pid: int, number: int) -> None:
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)  # forked, but not yet the leader of its group
    except PermissionError:
        pass  # macOS says so for a group of zombies


def _receive_descriptors(control: socket.socket) -> tuple[bytes, list[int]]:
    descriptors = array.array("i")
    received, ancillary, _, _ = control.recvmsg(1, socket.CMSG_SPACE(2 * descriptors.itemsize))
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
    return received, list(descriptors)


def _receive_request(job: socket.socket) -> dict[str, Any] | None:
    """None when the other end went away before it had said what it wants."""
    head = _exactly(job, LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    body = _exactly(job, length)
    request: dict[str, Any] = json.loads(body) if len(body) == length else {}
    return request or None


def _exactly(job: socket.socket, length: int) -> bytes:
    """So much and no more, for signals may follow at once; less where the other end went away."""
    received = b""
    while len(received) < length and (piece := job.recv(length - len(received))):
        received += piece
    return received


def _become(request: dict[str, Any], output: int, isolated: bool, keep: Iterable[str]) -> NoReturn:
    """In the child: becomes the job's program."""
    try:
        os.setsid()
        mounts.die_with_parent()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _only_standard_streams(output)
        command, environment = request["command"], request["environment"]
        if request["program"]:
            command = ["python3", request["program"], *command]
        if isolated:
            mounts.enter_job(request["root"], [*keep, request["program"] or "", fresh.SITE])
            for folder in request["read_only"]:
                mounts.make_read_only(folder)
        os.chdir(request["cwd"])
    except OSError as error:
        fresh.leave(f"harness: the job could not be set up: {error}", SETUP_FAILED)
    script = fresh.script_of(command, environment)
    if script is None:
        fresh.execute(command, environment)
    fresh.run(script, environment)


def _only_standard_streams(output: int) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    for descriptor in [int(name) for name in os.listdir("/dev/fd")]:
        if descriptor > 2:
            with contextlib.suppress(OSError):  # the listing's own
                os.close(descriptor)


def _import_libraries(control: socket.socket) -> None:
    for name in LIBRARIES:
        if _closed(control):  # imports take seconds, and nobody wants them any more
            os._exit(0)
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    if "boto3" in sys.modules:
        _load_boto_models()


def _closed(control: socket.socket) -> bool:
    try:
        return not control.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True


def _load_boto_models() -> None:
    """Sessions made in a child find these service models loaded. Nothing else of a session is shared."""
    import boto3
    import botocore.loaders
    import botocore.session

    # A region and keys, or botocore would look for them on the machine.
    session = boto3.Session("none", "none", region_name="us-east-1")
    for service in BOTO_MODELS:
        session.client(service)
    loaded = session._session.get_component("data_loader")
    create = botocore.loaders.create_loader

    def create_loader(search_path_string: str | None = None) -> Any:
        return create(search_path_string) if search_path_string else loaded

    botocore.session.create_loader = create_loader


def main(descriptor: int, namespaces: bool) -> None:
    # Not `die_with_parent`: it fires when the gateway's *thread* that started this ends. The socket tells.
    control = socket.socket(fileno=descriptor)
    flags, reason = mounts.probe() if namespaces else (None, "namespaces were not wanted")
    if flags is not None:
        mounts.enter(flags)
    mounts.adopt_orphans()
    control.sendall(json.dumps({"isolated": flags is not None, "reason": reason}).encode() + b"\n")
    guard()  # jobs inherit it
    _import_libraries(control)
    _forget_where_we_are()
    gc.collect()
    gc.freeze()  # children share these objects' pages, as no collection touches them
    parent = Parent(control, flags is not None)
    try:
        parent.serve()
    finally:
        parent.close()
    os._exit(0)  # an orderly end frees each library, which takes a second


def _forget_where_we_are() -> None:
    """Takes the harness' own folder off the module path; jobs inherit it."""
    ours = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    if os.path.basename(ours) not in ("site-packages", "dist-packages"):
        sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != ours]
    # An editable install finds it by a finder of setuptools' instead.
    sys.meta_path[:] = [f for f in sys.meta_path if "__editable__" not in getattr(f, "__module__", "")]


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2] == "1")
