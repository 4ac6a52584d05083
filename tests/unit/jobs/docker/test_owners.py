"""Whether the process that a container belongs to still lives."""

from __future__ import annotations

import os
import subprocess

import psutil
import pytest

from harness.jobs.docker.engine import _lives, _mark, _numbers


def test_a_process_lives_by_its_own_mark() -> None:
    assert _lives(_mark())


def test_one_that_has_ended_does_not() -> None:
    process = subprocess.Popen(["sleep", "60"])
    mark = f"{process.pid}:{psutil.Process(process.pid).create_time():.0f}:{_numbers()}"
    assert _lives(mark)
    process.kill()
    process.wait()
    assert not _lives(mark)


def test_an_earlier_process_with_its_number_does_not() -> None:
    assert not _lives(f"{os.getpid()}:1:{_numbers()}")


@pytest.mark.parametrize("mark", ["", "x:y", "1"])
def test_what_is_no_mark_is_of_nobody(mark: str) -> None:
    assert not _lives(mark)


def test_a_clock_that_is_put_right_ends_nobody() -> None:
    pid, began, numbers = _mark().split(":")
    assert _lives(f"{pid}:{int(began) + 5}:{numbers}")


def test_one_in_a_container_of_its_own_may_live() -> None:
    assert _lives(f"{2**22 + 1}:1:{_numbers()}0")
