from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from harness.running import environment
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
