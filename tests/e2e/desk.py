"""A user's desk: the `harness` command, and shells that know nothing but what it printed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.e2e.account import ROOT

BIN = Path(sys.executable).parent
HARNESS = (sys.executable, "-m", "harness.cli")


@dataclass(frozen=True)
class Desk:
    """`home` is where the harness leaves word for other commands; `temporary` where it makes its folders."""

    home: Path
    temporary: Path

    @classmethod
    def under(cls, folder: Path) -> Desk:
        temporary = folder / "tmp"
        temporary.mkdir()
        return cls(folder / "home", temporary)

    def environment(self, **more: str) -> dict[str, str]:
        ours = {"HARNESS_HOME": str(self.home), "TMPDIR": str(self.temporary), "COLUMNS": "100"}
        return {**os.environ, **ours, **more}

    def harness(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Runs a command to its end."""
        return subprocess.run(
            [*HARNESS, *arguments],
            cwd=ROOT,
            env=self.environment(**more),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """Starts a command in a process group of its own, as a terminal does."""
        return subprocess.Popen(
            [*HARNESS, *arguments],
            cwd=ROOT,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            process_group=0,
        )

    @contextmanager
    def up(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """`harness up`, once it says that it is."""
        process = self.begin("up", "--port", "0", *arguments)
        try:
            read_until(process, "End with")
            yield process
        finally:
            if process.poll() is None:
                self.harness("down")
            process.communicate(timeout=30)

    def shell(self, script: str) -> subprocess.CompletedProcess[str]:
        """A fresh bash: it has a path and a home, and nothing of ours or of the user's."""
        python = f"{sys.executable} -m harness.cli"
        begin = f'harness() {{ (cd {ROOT} && HARNESS_HOME={self.home} {python} "$@"); }}; set -eu\n'
        bare = {"PATH": f"{BIN}:/usr/bin:/bin", "HOME": str(self.temporary), "TMPDIR": str(self.temporary)}
        return subprocess.run(
            ["env", "-i", *(f"{k}={v}" for k, v in bare.items()), "bash", "-c", begin + script],
            cwd=self.temporary,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def left(self) -> list[str]:
        """What commands have left: folders, notices, processes."""
        folders = [str(f) for f in self.temporary.glob("harness-*")] + [str(f) for f in self.home.glob("*")]
        return folders + self.processes()

    def processes(self) -> list[str]:
        """Every process that was started at this desk, by its temporary folder."""
        found = []
        for process in psutil.process_iter():
            try:
                mine = process.environ().get("TMPDIR") == str(self.temporary)
                ours = mine or any(str(self.temporary) in word for word in process.cmdline())
                if ours and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(" ".join(process.cmdline()))
            except psutil.Error:
                continue
        return found

    def clean_within(self, seconds: float) -> list[str]:
        """What is still left after so long; returns as soon as nothing is."""
        deadline = time.monotonic() + seconds
        while (left := self.left()) and time.monotonic() < deadline:
            time.sleep(0.1)
        return left


def read_until(process: subprocess.Popen[str], text: str) -> str:
    """What the process says up to a line with the text in it."""
    assert process.stdout
    said = ""
    for line in process.stdout:
        said += line
        if text in line:
            return said
    errors = process.stderr.read() if process.stderr else ""
    raise AssertionError(f"it ended and never said {text!r}:\n{said}{errors}")


def interrupt(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Ctrl-C: SIGINT to the terminal's foreground process group. Answers what it said until its end."""
    os.killpg(process.pid, signal.SIGINT)
    return process.communicate(timeout=30)


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]
