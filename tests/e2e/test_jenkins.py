"""withAWS, by an agent whose AWS is a harness: who its steps are, and what is said where a role is refused."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.jenkins.agent import Agent, Build, build
from harness.jenkins.jenkinsfile import read_jenkinsfile
from harness.stack import Stack
from tests.e2e.callers import DEV, PROD, Caller, Callers, allow, trust, unallowed

WHO = "sh 'aws sts get-caller-identity --query Arn --output text'"
Run = Callable[..., Build]


@dataclass(frozen=True)
class Server:
    """The Jenkins server, and the role in another account that it may assume."""

    caller: Caller
    role: str

    @property
    def role_name(self) -> str:
        return self.role.rsplit("/", 1)[-1]

    def keys(self) -> dict[str, str]:
        keys = self.caller.session.get_credentials()
        return {
            "AWS_ACCESS_KEY_ID": keys.access_key,
            "AWS_SECRET_ACCESS_KEY": keys.secret_key,
            "AWS_SESSION_TOKEN": keys.token,
        }


@pytest.fixture(scope="module")
def server(callers: Callers) -> Server:
    promoting = callers.role(trusts=trust(DEV), account=PROD)
    serving = callers.role(allow("sts:AssumeRole", promoting), trusts=trust(DEV))
    return Server(callers.assumed(serving), promoting)


@pytest.fixture
def run(gateway: Stack, tmp_path: Path) -> Run:
    """Runs a stage of these steps, in an environment with these credentials."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))

    def run(credentials: dict[str, str], *steps: str) -> Build:
        lines = "\n".join(steps)
        text = f"pipeline {{\nagent any\nstages {{\nstage('A') {{\nsteps {{\n{lines}\n}}\n}}\n}}\n}}"
        environment = {"PATH": path, **gateway.environment(), **credentials}
        agent = Agent(tmp_path, environment, "promotion", "main", "c0ffee", number=7)
        return build(read_jenkinsfile(text), agent, say=lambda line: None)

    return run


def with_aws(role: str, account: str, *steps: str) -> str:
    lines = "\n".join(steps)
    return f"withAWS(role: '{role}', roleAccount: '{account}', region: 'us-east-1') {{\n{lines}\n}}"


def arns(done: Build) -> list[str]:
    return [line for line in done.log.splitlines() if line.startswith("arn:")]


def session_of(server: Server) -> str:
    return f"arn:aws:sts::{PROD}:assumed-role/{server.role_name}/Jenkins-promotion-main-7"


def test_steps_within_it_are_the_roles_and_those_after_it_the_servers(server: Server, run: Run) -> None:
    done = run(server.keys(), with_aws(server.role_name, PROD, WHO), WHO)
    assert done.result == "SUCCESS", done.log
    assert arns(done) == [session_of(server), server.caller.arn]


def test_the_console_says_which_role_was_assumed(server: Server, run: Run) -> None:
    lines = run(server.keys(), with_aws(server.role_name, PROD, "echo 'x'")).log.splitlines()
    assert "Setting AWS region us-east-1" in lines
    assert f"Assuming role ARN is {server.role}" in lines
    assert any(line.startswith(f"Assumed role {session_of(server)} with id AROA") for line in lines)


def test_a_profile_of_the_servers_does_not_win_over_the_role(server: Server, run: Run) -> None:
    done = run({"AWS_PROFILE": "dev"}, with_aws(server.role_name, PROD, WHO))
    assert arns(done) == [session_of(server)], done.log


def test_a_role_may_be_named_by_its_arn(server: Server, run: Run) -> None:
    assert arns(run(server.keys(), with_aws(server.role, "", WHO))) == [session_of(server)]


def test_without_an_account_the_role_is_one_of_the_servers_own(server: Server, run: Run) -> None:
    done = run(server.keys(), with_aws(server.role_name, "", WHO))
    assert done.result == "FAILURE"
    assert f"on resource: arn:aws:iam::{DEV}:role/{server.role_name}" in done.log


def test_a_refused_role_fails_the_build_with_awss_message_and_runs_nothing(
    server: Server, run: Run, callers: Callers
) -> None:
    closed = callers.role(trusts=trust("ec2.amazonaws.com"), account=PROD)
    done = run(server.keys(), with_aws(closed.rsplit("/", 1)[-1], PROD, "echo 'never'"))
    assert done.result == "FAILURE"
    assert done.log.splitlines()[-2] == (
        "ERROR: An error occurred (AccessDenied) when calling the AssumeRole operation: "
        f"User: {server.caller.arn} is not authorized to perform: sts:AssumeRole on resource: {closed} "
        + unallowed("sts:AssumeRole")
    )
    assert "never" not in done.log


def test_an_agent_without_credentials_is_told_so(server: Server, run: Run) -> None:
    done = run({}, with_aws(server.role_name, PROD, "echo 'never'"))
    assert done.log.splitlines()[-2:] == ["ERROR: Unable to locate credentials", "Finished: FAILURE"]
