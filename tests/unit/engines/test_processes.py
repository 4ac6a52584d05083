"""Nothing is left of an engine: of its processes and its folder, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from engines import processes
from engines.model import Impossible
from engines.processes import PREFIX, own_folder, server, wait_until

HOUSE = Path(__file__).parents[3]
# A server that ignores SIGTERM, and one below it that does, too. It says both numbers.
STUBBORN = (
    "trap '' TERM; (trap '' TERM; while :; do sleep 0.2; done) & echo $$ $!; while :; do sleep 0.2; done"
)

KILLED = """
import os, signal, sys
from engines.processes import own_folder, server
with own_folder() as folder, server(["sleep", "60"], folder, os.environ, signal.SIGTERM) as process:
    print(folder, process.pid, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(processes, "STOP_SECONDS", 0.5)


def soon(happens: Callable[[], object]) -> bool:
    deadline = time.monotonic() + 5
    while not happens() and time.monotonic() < deadline:
        time.sleep(0.02)
    return bool(happens())


def lives(number: int) -> bool:
    return psutil.pid_exists(number) and psutil.Process(number).status() != psutil.STATUS_ZOMBIE


def test_a_server_and_what_it_started_are_gone_though_they_do_not_want_to(tmp_path: Path) -> None:
    with server(["sh", "-c", STUBBORN], tmp_path, os.environ, signal.SIGTERM):
        assert soon(lambda: (tmp_path / processes.LOG).read_text().count(" "))
        numbers = [int(word) for word in (tmp_path / processes.LOG).read_text().split()]
        assert all(lives(number) for number in numbers)
    assert soon(lambda: not any(lives(number) for number in numbers))


def test_ctrl_c_on_our_terminal_is_not_for_a_server(tmp_path: Path) -> None:
    with server(["sleep", "60"], tmp_path, os.environ, signal.SIGTERM) as process:
        assert os.getsid(process.pid) == process.pid != os.getsid(0)


def test_a_server_that_ends_at_its_start_is_told_with_its_last_words(tmp_path: Path) -> None:
    with (
        pytest.raises(Impossible, match=r"^It ended at its start: no room$"),
        server(
            ["sh", "-c", "echo hello; echo no room; exit 1"], tmp_path, os.environ, signal.SIGTERM
        ) as process,
    ):
        wait_until(lambda: False, process, tmp_path, "It")


def test_a_server_that_does_not_come_up_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "READY_SECONDS", 0.3)
    with (
        pytest.raises(Impossible, match=r"^It did not come up in 0 s: it said nothing$"),
        server(["sleep", "60"], tmp_path, os.environ, signal.SIGTERM) as process,
    ):
        wait_until(lambda: False, process, tmp_path, "It")


def test_a_folder_is_gone_after_its_use_whatever_happened(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), own_folder() as folder:
        (folder / "data").write_text(str(1 / 0))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent is gone")
def test_what_a_killed_one_left_is_gone_the_server_at_once_and_the_folder_with_the_next(
    tmp_path: Path,
) -> None:
    killed = subprocess.Popen(
        [sys.executable, "-c", KILLED],
        cwd=HOUSE,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with killed:
        assert killed.stdout is not None
        left, number = killed.stdout.readline().split()
        with own_folder():
            assert Path(left).is_dir(), "the folder of one that lives is not touched"
        killed.kill()
    assert soon(lambda: not lives(int(number)))
    with own_folder() as folder:
        assert list(tmp_path.glob(f"*{PREFIX}*")) == [folder]
