"""Runs a shell script as Jenkins' durable tasks do: its output goes to a file, which is followed while it runs.

So a process that a script leaves behind, and that keeps its output open, does not keep anyone waiting.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

_LOOK = 0.05  # seconds between two looks at the output
_GRACE = 10.0  # seconds to end in good order, Terraform giving back its lock


def run_script(
    script: str, folder: Path, environment: Mapping[str, str], until: float, say: Callable[[str], None]
) -> int:
    """Runs `/bin/sh -xe` in a session of its own; whatever is left of that at the script's end is killed.

    `until`: on `time.monotonic`'s clock. `say` gets each line, of stdout and stderr, as it comes.
    Answers the exit status. Raises TimeoutError.
    """
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            ["/bin/sh", "-xe", "-c", script],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        tail = _Tail(output.fileno(), say)
        try:
            while _runs(process):
                tail.read()
                if time.monotonic() > until:
                    raise TimeoutError
        finally:
            _end(process)
            tail.read(last=True)
        return process.returncode


def _runs(process: subprocess.Popen[bytes]) -> bool:
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_LOOK)
    return process.poll() is None


def _end(process: subprocess.Popen[bytes]) -> None:
    """Jenkins kills at the end of the build what scripts leave behind; here each script's are killed at its own."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class _Tail:
    """The lines of a file that grows. It is read by position: the writer has the same open file, and its position."""

    def __init__(self, descriptor: int, say: Callable[[str], None]) -> None:
        self._descriptor = descriptor
        self._say = say
        self._position = 0
        self._rest = b""

    def read(self, last: bool = False) -> None:
        while chunk := os.pread(self._descriptor, 1 << 16, self._position):
            self._position += len(chunk)
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            for line in lines:
                self._say(line.decode(errors="replace"))
        if last and self._rest:
            self._say(self._rest.decode(errors="replace"))
