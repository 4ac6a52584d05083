"""Starting and ending: whatever ends a command, one line says so, the status is right, and nothing is left."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from harness.finding import found, required
from tests.e2e.account import ROOT
from tests.e2e.desk import HARNESS, Desk, interrupt, lines, read_until

INTERRUPTED = "interrupted; what this command started has been ended"

SLEEPER = '''
"""A scenario that is in the middle of a job when it is interrupted."""
import json, time
TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
         "Principal": {"Service": "sagemaker.amazonaws.com"}}]}
def scenario_sleeper(world):
    with world.moment("A job begins"):
        role = world.client("dev", "iam").create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(TRUST))
        cluster = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
        world.client("dev", "sagemaker").create_processing_job(
            ProcessingJobName="sleeper", RoleArn=role["Role"]["Arn"],
            ProcessingResources={"ClusterConfig": cluster},
            AppSpecification={"ImageUri": "1.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1",
                              "ContainerEntrypoint": ["python3", "-c", "import time; time.sleep(600)"]})
        while world.harness.status()["running"] == []:
            time.sleep(0.05)
        world.show("it runs")
        world.settle()
'''

SMALL = '''
"""A bucket is made."""
def scenario_small(world):
    with world.moment("A bucket is made"):
        world.client("dev", "s3").create_bucket(Bucket="small-sagemaker")
'''


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk.under(tmp_path)
    yield desk
    for left in psutil.process_iter():
        try:
            if left.environ().get("TMPDIR") == str(desk.temporary):
                left.kill()
        except psutil.Error:
            continue


def scenario(desk: Desk, text: str, name: str) -> str:
    file = desk.temporary.parent / f"{name}.py"
    file.write_text(text)
    return str(file)


# Ctrl-C


def test_ctrl_c_in_the_middle_of_a_scenario_ends_everything_and_again_does_not_hinder_it(desk: Desk) -> None:
    process = desk.begin("scenario", scenario(desk, SLEEPER, "sleeper"))
    read_until(process, "it runs")
    assert any("harness.serve" in command for command in desk.left())
    os.killpg(process.pid, signal.SIGINT)
    time.sleep(0.05)
    _, errors = interrupt(process)
    assert lines(errors) == [INTERRUPTED]
    assert process.returncode == 130
    assert desk.left() == []


def test_ctrl_c_while_terraform_applies_ends_everything(desk: Desk) -> None:
    process = desk.begin("up", "--port", "0")
    while not any("terraform.worker" in command for command in desk.processes()):
        time.sleep(0.05)
    _, errors = interrupt(process)
    assert lines(errors) == [INTERRUPTED]
    assert process.returncode == 130
    assert desk.clean_within(5) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda n: n.name)
def test_up_ends_in_good_order_on(desk: Desk, number: signal.Signals) -> None:
    with desk.up("--no-infra") as process:
        process.send_signal(number)
        _, errors = process.communicate(timeout=30)
        assert lines(errors) == [INTERRUPTED]
        assert process.returncode == 130
        assert desk.left() == []


# Killed


def test_killing_the_scenarios_process_ends_gateway_and_jobs_within_seconds(desk: Desk) -> None:
    process = desk.begin("scenario", scenario(desk, SLEEPER, "sleeper"))
    read_until(process, "it runs")
    process.kill()
    process.communicate(timeout=30)
    assert desk.clean_within(5) == []


def test_killing_a_command_while_the_gateway_is_starting_leaves_nothing(desk: Desk) -> None:
    process = desk.begin("up", "--no-infra", "--port", "0")
    while not any("harness.serve" in command for command in desk.processes()):
        time.sleep(0.01)
    process.kill()
    process.communicate(timeout=30)
    assert desk.clean_within(10) == []


def test_killing_the_gateway_is_told_by_whoever_started_it(desk: Desk) -> None:
    with desk.up("--no-infra") as process:
        told = json.loads((desk.home / "harness.json").read_text())
        os.kill(told["pid"], signal.SIGKILL)
        _, errors = process.communicate(timeout=30)
        assert lines(errors) == [
            "error: the gateway was killed by SIGKILL; what it said, if anything, is above"
        ]
        assert process.returncode == 1
        assert desk.clean_within(5) == []


# Up and down


def test_up_and_down(desk: Desk) -> None:
    with desk.up("--no-infra") as process:
        down = desk.harness("down")
        assert down.returncode == 0
        assert down.stdout.endswith("is down; nothing is left.\n")
        assert desk.left() in ([], [" ".join(process.args)])  # type: ignore[arg-type]
        _, errors = process.communicate(timeout=30)
        assert (process.returncode, errors) == (0, "")
        assert desk.left() == []


def test_down_in_the_middle_of_a_job_ends_it_without_a_word(desk: Desk) -> None:
    with desk.up("--no-infra") as process:
        running = desk.begin("scenario", scenario(desk, SLEEPER, "sleeper"))
        read_until(running, "it runs")
        assert desk.harness("down").returncode == 0
        _, errors = process.communicate(timeout=30)
        assert (process.returncode, errors) == (0, "")
        said, errors = running.communicate(timeout=30)
        assert running.returncode == 1
        assert "no harness answers at" in said
        assert "Traceback" not in said + errors
        assert desk.left() == []


@pytest.mark.parametrize("command", ["down", "env dev", "executions", "logs x", "approve 1", "clock"])
def test_without_a_harness_each_command_says_how_to_start_one(desk: Desk, command: str) -> None:
    result = desk.harness(*command.split())
    assert result.stderr == "error: no harness is running here; start one with `harness up`\n"
    assert result.returncode == 1


def test_a_port_in_use_is_told(desk: Desk) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = desk.harness("up", "--no-infra", "--port", str(port))
    assert len(lines(result.stderr)) == 1
    assert result.stderr.startswith(f"error: port {port} is in use")
    assert result.returncode == 1
    assert desk.left() == []


def test_a_notice_of_a_harness_that_was_killed_is_no_obstacle(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its process id and its port may be others' by now."""
    desk.home.mkdir()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{other.getsockname()[1]}"
    for stale in (
        json.dumps({"endpoint": endpoint, "pid": os.getpid(), "folder": "/tmp/harness-gone"}),
        json.dumps({"endpoint": endpoint, "pid": 2**22 + 1, "folder": "/tmp/harness-gone"}),
        "[]",
        "{",
    ):
        (desk.home / "harness.json").write_text(stale)
        monkeypatch.setenv("HARNESS_HOME", str(desk.home))
        assert found() is None
    assert "no harness is running here" in desk.harness("clock").stderr
    with desk.up("--no-infra"):
        assert desk.harness("clock").returncode == 0
    assert desk.left() == []


def test_a_folder_that_cannot_be_written_is_told(desk: Desk) -> None:
    desk.home.write_text("a file, where a folder is wanted")
    result = desk.harness("up", "--no-infra", "--port", "0")
    assert len(lines(result.stderr)) == 1
    assert "name another folder in HARNESS_HOME" in result.stderr
    assert result.returncode == 1


NO_MOUNTS = (
    "unshare", "-Urm", "sh", "-c",
    "mount --bind /opt /opt && mount -o remount,ro,bind /opt && echo 0 > /proc/sys/user/max_user_namespaces && "
    'exec setpriv --bounding-set -all --inh-caps -all "$@"', "sh",
)  # fmt: skip


@pytest.mark.skipif(
    subprocess.run([*NO_MOUNTS, "true"], check=False, capture_output=True).returncode != 0,
    reason="namespaces are not permitted here, and so cannot be forbidden",
)
def test_where_jobs_cannot_run_at_all_one_line_names_the_ways_out(desk: Desk) -> None:
    result = subprocess.run(
        [*NO_MOUNTS, *HARNESS, "up", "--no-infra", "--port", "0"],
        cwd=ROOT,
        env=desk.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert len(lines(result.stderr)) == 1
    assert result.stderr.startswith("error: Jobs need their own /opt/ml, and can't have it: ")
    assert "Ways out: " in result.stderr
    assert result.stdout == ""
    assert result.returncode == 1
    assert desk.left() == []


# Two at once


def test_two_scenarios_of_their_own_run_side_by_side(desk: Desk) -> None:
    file = scenario(desk, SMALL, "small")
    both = [desk.begin("scenario", file) for _ in range(2)]
    for process in both:
        said, errors = process.communicate(timeout=60)
        assert process.returncode == 0, said + errors
    assert desk.left() == []


def test_on_one_harness_a_second_scenario_is_refused_and_leaves_its_clock_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = scenario(desk, SMALL, "small")
    with desk.up("--no-infra"):
        monkeypatch.setenv("HARNESS_HOME", str(desk.home))
        with required().client.claimed("scenario first"):
            before = required().client.now()
            second = desk.harness("scenario", file)
            assert second.returncode == 1
            words = f"scenario first (process {os.getpid()}) is running on this harness; wait for its end"
            assert lines(second.stderr) == [f"error: {words}"]
            assert (required().client.now() - before).total_seconds() < 60
        third = desk.harness("scenario", file)
        assert third.returncode == 0, third.stdout


def test_what_is_kept_is_found_by_other_commands_until_down(desk: Desk) -> None:
    process = desk.begin("scenario", scenario(desk, SMALL, "small"), "--keep")
    read_until(process, "end it with")
    assert desk.harness("clock").returncode == 0
    assert desk.harness("down").returncode == 0
    process.communicate(timeout=30)
    assert process.returncode == 0
    assert desk.left() == []


# Nothing of the user's gets in


def test_the_users_own_aws_settings_reach_no_process_of_the_harness(desk: Desk) -> None:
    (desk.temporary / ".aws").mkdir()
    (desk.temporary / ".aws" / "config").write_text("[default\nthis is no configuration file")
    mine = {
        "AWS_ACCESS_KEY_ID": "AKIAREALREALREALREAL",
        "AWS_SECRET_ACCESS_KEY": "real",
        "AWS_PROFILE": "real",
        "AWS_CONFIG_FILE": "/real/config",
        "AWS_ENDPOINT_URL_S3": "https://real.example.com",
        "TF_CLI_ARGS": "-real",
        "HOME": str(desk.temporary),
    }
    process = subprocess.Popen(
        ["env", *(f"{k}={v}" for k, v in mine.items()), *HARNESS, "up", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=desk.environment(),
    )
    kinds = {
        "harness.serve",
        "harness.jobs.warm",
        "fake_accounts.terraform",
        "fake_accounts.terraform.worker",
    }
    seen: dict[str, set[str]] = {}
    while process.poll() is None and seen.keys() != kinds:
        for child in psutil.Process(process.pid).children(recursive=True):
            try:
                words, variables = child.cmdline(), child.environ()
            except psutil.Error:
                continue
            if len(words) > 2 and words[2] in kinds:
                real = {
                    k for k, v in variables.items() if "real" in v.lower() and k not in ("HOME", "TMPDIR")
                }
                seen.setdefault(words[2], set()).update(real)
    said = read_until(process, "End with")
    assert "added" in said
    assert seen == {kind: set() for kind in kinds}
    assert desk.harness("down").returncode == 0
    process.communicate(timeout=30)
