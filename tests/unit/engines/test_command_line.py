"""What is asked for, what is answered where it can't be had, and what becomes of the command."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engines.processes import PREFIX

HOUSE = Path(__file__).parents[3]

# The command line, with an engine that needs nothing.
WITH_A_FAKE = """
import contextlib, signal, sys
from engines import __main__ as line
from engines.model import Engine

@contextlib.contextmanager
def fake(options, alone):
    try:
        yield Engine({"FAKE_ENDPOINT": "http://127.0.0.1:1"})
    finally:
        print("the engine has ended")

line.ENGINES["localstack"] = fake
# Whoever runs tests in the background has it ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.exit(line.main(["localstack", *sys.argv[1:]]))
"""


def engines(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "engines", *arguments]
    surroundings = {**os.environ, "CI": "", **environment}
    return subprocess.run(command, cwd=HOUSE, env=surroundings, capture_output=True, text=True, timeout=60)


def with_a_fake(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WITH_A_FAKE, *arguments]
    return subprocess.Popen(command, cwd=HOUSE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def script(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """A machine without an engine, and with no programs but those that a test puts into `bin`."""
    (tmp_path / "bin").mkdir()
    return {
        "PATH": str(tmp_path / "bin"),
        "DOCKER_HOST": f"unix://{tmp_path}/none.sock",
        "HOME": str(tmp_path),
    }


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "required: engine"),
        (["podman"], "invalid choice: 'podman'"),
        (["docker", "make", "test"], "unrecognized arguments: make test"),
        (["docker", "--"], "a command is missing after --"),
        (["docker", "--data-size", "0"], "--data-size: invalid megabytes value: '0'"),
        (["localstack", "--port", "99999"], "--port: invalid port value: '99999'"),
        (["localstack", "--private"], "unrecognized arguments: --private"),
    ],
)
def test_a_mistake_is_named_with_status_2(arguments: list[str], said: str) -> None:
    done = engines(*arguments)
    assert done.returncode == 2
    assert said in done.stderr


def test_without_compose_docker_is_skipped_in_one_line_with_status_0(bare: dict[str, str]) -> None:
    done = engines("docker", "--", "false", **bare)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "skipped: docker-compose is not installed (package docker-compose)\n"


def test_without_an_engine_and_a_way_to_start_one_docker_is_skipped(bare: dict[str, str]) -> None:
    script(Path(bare["PATH"]), "docker-compose", "true")
    done = engines("docker", "--", "false", **bare)
    why = (
        "dockerd is not installed"
        if os.geteuid() == 0
        else "only root can start a Docker engine (none answers: "
    )
    assert done.returncode == 0
    assert done.stdout.startswith("skipped: ")
    assert why in done.stdout
    assert done.stdout.count("\n") == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start an engine")
def test_an_engine_that_ends_at_its_start_is_told_with_its_last_words(bare: dict[str, str]) -> None:
    programs = Path(bare["PATH"])
    script(programs, "docker-compose", "true")
    script(programs, "dockerd", "true")
    script(programs, "unshare", "echo first\necho cgroups are not mounted >&2\nexit 1")
    done = engines("docker", "--private", "--", "false", TMPDIR=str(programs.parent), **bare)
    assert (done.returncode, done.stdout) == (
        0,
        "skipped: dockerd ended at its start: cgroups are not mounted\n",
    )
    assert not list(programs.parent.glob(f"*{PREFIX}*"))


def test_a_port_that_is_taken_is_a_mistake_and_nothing_is_skipped(taken_port: int) -> None:
    done = engines("localstack", "--port", str(taken_port), "--", "true")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"error: port {taken_port} is taken: name another with --port\n"


def test_the_command_has_the_engines_address_and_its_status_is_passed_on() -> None:
    out, _ = (process := with_a_fake("--", "sh", "-c", "echo at $FAKE_ENDPOINT; exit 7")).communicate()
    assert (process.returncode, out) == (7, "at http://127.0.0.1:1\nthe engine has ended\n")


def test_a_command_that_a_signal_ended_has_a_shells_status() -> None:
    out, _ = (process := with_a_fake("--", "sh", "-c", "kill -KILL $$")).communicate()
    assert (process.returncode, out) == (128 + signal.SIGKILL, "the engine has ended\n")


def test_all_after_the_first_two_dashes_is_the_commands() -> None:
    out, _ = with_a_fake("--", "echo", "--port", "1", "--", "--help").communicate()
    assert out.startswith("--port 1 -- --help\n")


def test_a_command_that_is_not_there_is_a_mistake() -> None:
    out, error = (process := with_a_fake("--", "no-such-command")).communicate()
    assert (process.returncode, out) == (2, "the engine has ended\n")
    assert error == "error: no-such-command: No such file or directory\n"


def test_sigterm_goes_to_the_command_and_the_engine_ends_after_it() -> None:
    process = with_a_fake(
        "--", "sh", "-c", "trap 'echo ending; exit 3' TERM; echo begun; while :; do sleep 0.1; done"
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    process.terminate()
    out, _ = process.communicate()
    assert (process.returncode, out) == (3, "ending\nthe engine has ended\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_without_a_command_it_tells_where_it_is_and_stays_until_it_is_ended(number: signal.Signals) -> None:
    process = with_a_fake()
    assert process.stdout is not None
    told = [process.stdout.readline() for _ in range(3)]
    assert told[1:] == ["  export FAKE_ENDPOINT=http://127.0.0.1:1\n", "End with Ctrl-C.\n"]
    process.send_signal(number)
    out, error = process.communicate()
    assert (process.returncode, out, error) == (0, "the engine has ended\n", "")
