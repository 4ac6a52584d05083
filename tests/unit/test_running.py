from __future__ import annotations

import os
import socket
from contextlib import nullcontext
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness.client import Client
from harness.model import Engines, HarnessError
from harness.running import environment, harness_for_scenario
from harness.stack import Stack


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    return Stack("http://127.0.0.1:1", os.getpid(), tmp_path, lambda: True)


def test_a_scenario_sees_the_stacks_settings_and_none_of_the_users(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "mine")
    before = dict(os.environ)
    with environment(stack):
        assert os.environ["AWS_ENDPOINT_URL"] == stack.endpoint
        assert "AWS_PROFILE" not in os.environ
    assert dict(os.environ) == before


def test_the_users_settings_are_back_however_it_ends(stack: Stack) -> None:
    before = dict(os.environ)
    with pytest.raises(KeyboardInterrupt), environment(stack):
        raise KeyboardInterrupt
    assert dict(os.environ) == before


def test_in_a_scenario_no_host_of_aws_resolves(stack: Stack) -> None:
    with environment(stack), pytest.raises(socket.gaierror, match="is AWS's"):
        socket.getaddrinfo("sts.amazonaws.com", 443)


@pytest.fixture
def running(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """A harness that is up, with LocalStack behind it."""
    told = {"iam": "enforce", **asdict(Engines(backend="localstack"))}
    monkeypatch.setattr("harness.finding.found", lambda: stack)
    monkeypatch.setattr(Client, "status", lambda _: told)
    monkeypatch.setattr(Client, "claimed", lambda *_: nullcontext())
    monkeypatch.setattr(Client, "now", lambda _: datetime(2026, 3, 1, 9, tzinfo=UTC))
    monkeypatch.setattr(Client, "advance_to", lambda *_: [])
    return stack


@pytest.mark.parametrize(
    ("iam", "engines", "sentence"),
    [
        ("enforce", Engines(), "runs with --backend localstack, not moto"),
        ("enforce", Engines(backend="localstack", runner="docker"), "runs with --runner process, not docker"),
        ("audit", Engines(backend="localstack"), "runs with --iam enforce, not audit"),
    ],
)
def test_a_harness_that_is_not_as_asked_for_is_refused(
    running: Stack, iam: str, engines: Engines, sentence: str
) -> None:
    with pytest.raises(HarnessError, match=sentence), harness_for_scenario("clean", iam, engines):
        pytest.fail("it was refused")


def test_one_that_is_named_is_taken_as_it_is_unless_something_else_is_asked_for(
    running: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_ENDPOINT", running.endpoint)
    with harness_for_scenario("clean", "enforce", Engines()) as taken:
        assert taken == running
    with (
        pytest.raises(HarnessError, match="runs with --backend localstack, not moto-server"),
        harness_for_scenario("clean", "enforce", Engines(backend="moto-server")),
    ):
        pytest.fail("it was refused")
