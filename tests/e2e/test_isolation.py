"""A local run cannot touch AWS: not from a job, not with a user's credentials, not over a network."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.account import ROOT, SCIKIT_LEARN, Account
from tests.e2e.desk import HARNESS, Desk

NO_NETWORK = ("unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")

RESOLVE = "import socket; socket.getaddrinfo('sagemaker.us-east-1.amazonaws.com', 443)"
TELL = "import boto3, json, os; print(json.dumps(dict(os.environ))); print(boto3.client('sts').get_caller_identity())"


def can_cut_the_network() -> bool:
    if not shutil.which("unshare") or not shutil.which("ip"):
        return False
    return subprocess.run([*NO_NETWORK, "true"], check=False, capture_output=True).returncode == 0


@pytest.mark.parametrize("how", ["forked", "executed", "from a shell"])
def test_an_aws_host_does_not_resolve_in_a_job(dev: Account, how: str) -> None:
    entrypoint = {
        "forked": ["python3", "-c", RESOLVE],
        "executed": ["python3", "-X", "utf8", "-c", RESOLVE],
        "from a shell": ["sh", "-c", f'python3 -c "{RESOLVE}"'],
    }[how]
    told = dev.process(AppSpecification={"ImageUri": SCIKIT_LEARN, "ContainerEntrypoint": entrypoint})
    assert told["ProcessingJobStatus"] == "Failed"
    said = dev.logged("/aws/sagemaker/ProcessingJobs", told["ProcessingJobName"])
    assert "is AWS's: a local run of the harness does not call it" in said


def test_a_job_has_its_roles_credentials_and_no_others(dev: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "real")
    told = dev.run(TELL)
    said = dev.logged("/aws/sagemaker/ProcessingJobs", told["ProcessingJobName"]).splitlines()
    variables = json.loads(said[0])
    assert "arn:aws:sts::111122223333:assumed-role/worker/" in said[1]
    assert variables["AWS_ENDPOINT_URL"] == dev.stack.endpoint
    assert variables["AWS_CONFIG_FILE"] == variables["AWS_SHARED_CREDENTIALS_FILE"] == "/dev/null"
    assert {"AWS_PROFILE", "HARNESS_HOME", "MAMMOGRAPHY_DATA"} & variables.keys() == set()


@pytest.mark.skipif(not can_cut_the_network(), reason="network namespaces are not permitted here")
def test_a_whole_scenario_runs_without_a_network(tmp_path: Path) -> None:
    desk = Desk.under(tmp_path)
    result = subprocess.run(
        [*NO_NETWORK, *HARNESS, "scenario", "quality-gate"],
        cwd=ROOT,
        env=desk.environment(AWS_PROFILE="real", AWS_ENDPOINT_URL="https://real.example.com"),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-2000:]
    assert "✓ quality-gate: 4 moments" in result.stdout
    assert desk.left() == []
