"""`harness publish-log` as a CI server runs it: a process with the environment's credentials."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.model import Json
from harness.stack import Stack
from tests.e2e.account import ROOT
from tests.e2e.callers import DEV, PROD, Caller, Callers, own_name

STREAM = "jenkins-promotion-main-7"


@pytest.fixture
def group(callers: Callers) -> str:
    """A log group of one name in prod and in dev."""
    name = own_name("jenkins-log")
    for account in (PROD, DEV):
        callers.admin("logs", account).create_log_group(logGroupName=name)
    return name


@pytest.fixture
def log(tmp_path: Path) -> Path:
    file = tmp_path / "build.log"
    file.write_text("+ make setup\n+ make regression\n")
    return file


def publish(
    gateway: Stack, who: Caller, log: Path, group: str, *more: str
) -> subprocess.CompletedProcess[str]:
    keys = who.session.get_credentials()
    credentials = {"AWS_ACCESS_KEY_ID": keys.access_key, "AWS_SECRET_ACCESS_KEY": keys.secret_key}
    where = ("--target", "local", "--group", group, "--stream", STREAM)
    return subprocess.run(
        [sys.executable, "-m", "harness", "publish-log", str(log), *where, *more],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **gateway.environment(), **credentials, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def streams(logs: Any, group: str) -> list[Json]:
    return list(logs.describe_log_streams(logGroupName=group)["logStreams"])


def test_a_builds_log_is_in_its_accounts_group(
    gateway: Stack, callers: Callers, log: Path, group: str
) -> None:
    done = publish(gateway, callers.administrator(PROD), log, group, "--account", "prod")
    assert (done.returncode, done.stderr) == (0, f"2 lines of {log} are in {group}/{STREAM}\n")
    told = callers.admin("logs", PROD).get_log_events(logGroupName=group, logStreamName=STREAM)
    assert [event["message"] for event in told["events"]] == ["+ make setup", "+ make regression"]


def test_a_log_goes_to_no_other_account_though_it_has_the_group(
    gateway: Stack, callers: Callers, log: Path, group: str
) -> None:
    before = gateway.client.status()["records"]
    done = publish(gateway, callers.administrator(DEV), log, group, "--account", "prod")
    file = "infra/environments/prod.tfvars.json"
    assert (done.returncode, done.stderr) == (
        1,
        f"error: the environment is of account {DEV} (arn:aws:iam::{DEV}:user/administrator), "
        f"but {file} says {PROD}; use credentials of {PROD}, "
        f"or correct account_id in {file} and wherever else it is named\n",
    )
    assert [c["operation"] for c in gateway.client.journal(before, "call")] == ["GetCallerIdentity"]
    assert streams(callers.admin("logs", DEV), group) == []


def test_an_account_that_there_is_not_is_told(
    gateway: Stack, callers: Callers, log: Path, group: str
) -> None:
    done = publish(gateway, callers.administrator(PROD), log, group, "--account", "production")
    known = "dev, prod, registry, tooling"
    assert (done.returncode, done.stderr) == (
        1,
        f"error: there is no account 'production'; there are: {known}\n",
    )


def test_a_log_goes_nowhere_unless_it_is_said_whose_it_is(
    gateway: Stack, callers: Callers, log: Path, group: str
) -> None:
    done = publish(gateway, callers.administrator(PROD), log, group)
    assert done.returncode == 2
    assert "Missing option '--account'" in done.stderr
    assert streams(callers.admin("logs", PROD), group) == []
