"""Servers that we start: they have a folder and a log, and go with us, however we end."""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from engines.model import Impossible

PREFIX = "harness-engine-"
PR_SET_PDEATHSIG = 1
LOG = "log"
READY_SECONDS = 90.0
STOP_SECONDS = 20.0


@contextmanager
def own_folder() -> Iterator[Path]:
    """A temporary folder, gone afterwards; those of engines that were killed go first."""
    _sweep()
    new = Path(tempfile.mkdtemp(prefix=f"new-{PREFIX}"))
    descriptor = os.open(new, os.O_RDONLY)
    # It is locked before it has the name that others look for.
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    folder = new.rename(new.with_name(new.name.removeprefix("new-")))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
        os.close(descriptor)


def _sweep() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)
            finally:
                os.close(descriptor)


@contextmanager
def server(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], orphaned: signal.Signals
) -> Iterator[subprocess.Popen[bytes]]:
    """A process with a session of its own, so that Ctrl-C is not for it; its output is in the folder's log.

    `orphaned` is what the kernel sends it when this process is killed (Linux only).
    """
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def die_with_us() -> None:
        if libc:
            libc.prctl(PR_SET_PDEATHSIG, orphaned)

    with (folder / LOG).open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=die_with_us,
        )
    try:
        yield process
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM to its group, and SIGKILL if that does not help; until it is gone."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(process.pid, number)
            process.wait(STOP_SECONDS)
    process.wait()


def wait_until(
    answers: Callable[[], bool], process: subprocess.Popen[bytes], folder: Path, name: str
) -> None:
    """Raises Impossible, with what it said last, where it ends or does not come up in time."""
    deadline = time.monotonic() + READY_SECONDS
    while not answers():
        if process.poll() is not None:
            raise Impossible(f"{name} ended at its start: {last_line(folder)}")
        if time.monotonic() > deadline:
            raise Impossible(f"{name} did not come up in {READY_SECONDS:.0f} s: {last_line(folder)}")
        time.sleep(0.1)


def last_line(folder: Path) -> str:
    lines = (folder / LOG).read_text(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
