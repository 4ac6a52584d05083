"""However jobs and harnesses end, nothing of them is left: container, folder, process."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import docker
import psutil
import pytest

from engines import machine
from harness.jobs.docker.engine import FOLDER, JOB
from harness.stack import Stack
from tests.docker.runner.test_bad_luck import MISSING, of
from tests.docker.runner.work import Work
from tests.e2e.account import ROOT
from tests.e2e.desk import Desk, interrupt, lines, read_until
from tests.e2e.test_processes import INTERRUPTED, SLEEPER


@pytest.fixture
def desk(short: Path) -> Desk:
    return Desk.under(short)


def containers(client: docker.DockerClient, below: Path) -> list[Any]:
    """Those of harnesses whose folders are below that one."""
    found = client.containers.list(all=True, filters={"label": FOLDER}, ignore_removed=True)
    return [c for c in found if Path(c.labels[FOLDER]).is_relative_to(below)]


def sleeping(client: docker.DockerClient, desk: Desk) -> list[Any]:
    return [
        c for c in containers(client, desk.temporary) if (c.labels[JOB], c.status) == ("sleeper", "running")
    ]


def begin(desk: Desk) -> subprocess.Popen[str]:
    file = desk.temporary.parent / "sleeper.py"
    file.write_text(SLEEPER)
    process = desk.begin("scenario", str(file), "--runner", "docker")
    read_until(process, "it runs")
    return process


def begin_until_it_runs(desk: Desk, client: docker.DockerClient) -> subprocess.Popen[str]:
    process = begin(desk)
    deadline = time.monotonic() + 30
    while not sleeping(client, desk):
        assert time.monotonic() < deadline, "the job's container never ran"
        time.sleep(0.05)
    return process


# Jobs


@pytest.mark.parametrize("end", ["well", "badly", "without an image", "stopped"])
def test_a_job_leaves_nothing_that_ends(
    dev: Work, gateway: Stack, client: docker.DockerClient, end: str
) -> None:
    if end == "stopped":
        name = dev.create("import time; print('begun', flush=True); time.sleep(600)")
        dev.until_logged(name, "begun")
        dev.client("sagemaker").stop_processing_job(ProcessingJobName=name)
        dev.ended(name)
    elif end == "without an image":
        dev.process(**of(MISSING, "true"))
    else:
        dev.run("pass" if end == "well" else "1/0")
    assert gateway.client.settle() == []
    assert {c.labels[JOB] for c in containers(client, gateway.folder)} <= {
        "link"
    }  # one waits for the next job
    assert (os.listdir(gateway.folder / "jobs"), os.listdir(gateway.folder / "compose")) == (
        ["functions"],
        [],
    )
    assert psutil.Process(gateway.pid).children(recursive=True) == []


@pytest.mark.skipif(
    not (machine.root() and shutil.which("setpriv") and os.path.exists("/var/run/docker.sock")),
    reason="only root can become a user who is not, and has this machine's engine",
)
def test_what_programs_write_as_root_is_afterwards_the_users_who_is_not(short: Path) -> None:
    user, group = 12345, os.stat("/var/run/docker.sock").st_gid
    os.chown(short, user, user)
    # It may read everything here, the interpreter and its packages, but remove nothing that is not its own.
    reads = ["--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search"]
    become = ["setpriv", f"--reuid={user}", f"--regid={user}", f"--groups={group}", *reads]
    done = subprocess.run(
        [*become, sys.executable, "-m", "tests.docker.runner.unprivileged"],
        env={**os.environ, "TMPDIR": str(short), "HOME": str(short)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told == {"uploaded": 1, "function": 0, "left": ["functions"], "owners": [user]}
    assert os.listdir(short) == []


# Harnesses


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda n: n.name)
def test_a_scenario_that_is_interrupted_in_the_middle_of_a_job_leaves_nothing(
    desk: Desk, client: docker.DockerClient, number: signal.Signals
) -> None:
    process = begin_until_it_runs(desk, client)
    os.killpg(process.pid, number)
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, lines(errors)) == (130, [INTERRUPTED])
    assert (containers(client, desk.temporary), desk.left()) == ([], [])


@pytest.mark.parametrize("after", [0.0, 0.3, 0.6, 0.9])
def test_a_scenario_that_is_interrupted_while_a_container_is_made_leaves_nothing(
    desk: Desk, client: docker.DockerClient, after: float
) -> None:
    process = begin(desk)
    time.sleep(after)
    _, errors = interrupt(process)
    assert (process.returncode, lines(errors)) == (130, [INTERRUPTED])
    assert (containers(client, desk.temporary), desk.left()) == ([], [])
    time.sleep(1)  # for what might come later
    assert containers(client, desk.temporary) == []


def test_a_scenario_that_is_killed_leaves_nothing_within_seconds(
    desk: Desk, client: docker.DockerClient
) -> None:
    process = begin_until_it_runs(desk, client)
    process.kill()
    process.communicate(timeout=30)
    assert desk.clean_within(10) == []
    assert containers(client, desk.temporary) == []


def test_what_a_killed_gateway_leaves_the_next_harness_takes_away(
    desk: Desk, client: docker.DockerClient, short: Path
) -> None:
    with desk.up("--no-infra", "--runner", "docker") as up:
        process = begin_until_it_runs(desk, client)
        os.kill(json.loads((desk.home / "harness.json").read_text())["pid"], signal.SIGKILL)
        up.communicate(timeout=30)
        process.communicate(timeout=30)
    assert sleeping(client, desk)
    assert desk.clean_within(5) == []
    later = short / "later"
    later.mkdir()
    with Desk.under(later).up("--no-infra", "--runner", "docker"):
        pass
    assert containers(client, short) == []


def test_what_a_living_harness_has_another_leaves_alone(
    desk: Desk, client: docker.DockerClient, gateway: Stack
) -> None:
    before = {c.id for c in containers(client, gateway.folder)}
    with desk.up("--no-infra", "--runner", "docker"):
        assert {c.id for c in containers(client, gateway.folder)} >= before
    assert {c.id for c in containers(client, gateway.folder)} >= before
