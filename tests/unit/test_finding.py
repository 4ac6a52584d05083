from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from werkzeug.wrappers import Response

from harness import finding
from harness.model import HarnessError
from harness.stack import Stack
from tests.small_aws import served


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HARNESS_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    return Stack("http://127.0.0.1:1", os.getpid(), tmp_path / "folder", lambda: True)


def test_a_harness_is_announced_to_other_commands_and_withdrawn(stack: Stack, home: Path) -> None:
    with finding.announced(stack):
        told = json.loads((home / "harness.json").read_text())
        assert told == {"endpoint": stack.endpoint, "pid": stack.pid, "folder": str(stack.folder)}
    assert not home.exists()


def test_the_notice_of_a_later_harness_is_not_withdrawn(stack: Stack, home: Path) -> None:
    with finding.announced(stack):
        (home / "harness.json").write_text("another's")
    assert (home / "harness.json").read_text() == "another's"


def test_where_one_is_up_no_other_is_announced(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "found", lambda: stack)
    with pytest.raises(HarnessError, match="another harness has come up here"), finding.announced(stack):
        pass


def test_none_is_found_where_nothing_answers_for_the_notice(stack: Stack) -> None:
    with finding.announced(stack):
        assert finding.found() is None
        with pytest.raises(HarnessError, match="no harness is running here; start one with `harness up`"):
            finding.required()


def answering(told: object) -> Response:
    return Response(json.dumps(told), content_type="application/json")


def test_a_process_that_points_to_a_harness_reaches_that_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(answering({"pid": os.getpid(), "folder": str(tmp_path)})) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        stack = finding.reached()
    assert stack == Stack(endpoint, os.getpid(), tmp_path, lambda: True)
    assert stack
    assert stack.alive()


@pytest.mark.parametrize(
    "answer",
    [
        answering({}),
        answering([]),
        answering({"error": "what is that?"}),
        Response("<html>"),
        Response("<Error><Code>NoSuchBucket</Code></Error>", status=404),
        Response(status=500),
    ],
    ids=["an object", "a list", "an error", "a page", "another's AWS", "nothing"],
)
def test_what_is_no_harness_is_not_reached(answer: Response, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(answer) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        assert finding.reached() is None


@pytest.mark.parametrize("endpoint", ["", "http://127.0.0.1:1", "https://s3.example.com", "127.0.0.1:4599"])
def test_where_nothing_answers_no_harness_is_reached(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    assert finding.reached() is None


def test_a_process_that_points_nowhere_reaches_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    assert finding.reached() is None


def in_a_container(life: str) -> Response:
    """A folder that is not to be seen from here."""
    return answering({"pid": 7, "folder": f"/not/of/this/machine/{life}"})


def test_the_harness_that_is_named_is_found_before_the_one_that_is_announced(
    stack: Stack, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(in_a_container("harness-1")) as endpoint, finding.announced(stack):
        port = endpoint.rsplit(":", 1)[1]
        monkeypatch.setenv("HARNESS_ENDPOINT", f"http://localhost:{port}/")
        named = finding.found()
        assert named == Stack(endpoint, 7, home / "elsewhere" / port / "harness-1", lambda: True)
        assert named
        assert named.alive()
    assert not named.alive()


def test_of_an_earlier_harness_at_an_address_nothing_is_kept(home: Path) -> None:
    with served(in_a_container("harness-2")) as endpoint:
        first = finding.at(endpoint)
        first.environment()
        old = first.folder.with_name("harness-1")
        first.folder.rename(old)
        assert finding.at(endpoint).folder == first.folder
    assert not old.exists()


@pytest.mark.parametrize(
    "endpoint",
    ["http://10.0.0.1:4600", "https://127.0.0.1:4600", "http://127.0.0.1", "http://localhost:x", "4600"],
)
def test_a_harness_of_another_machine_is_refused(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_ENDPOINT", endpoint)
    with pytest.raises(HarnessError, match=f"{endpoint}' is no harness of this machine"):
        finding.found()


def test_where_none_answers_for_the_name_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "_BEGINNING", 0.1)
    monkeypatch.setenv("HARNESS_ENDPOINT", "http://127.0.0.1:1")
    with pytest.raises(HarnessError, match=r"no harness answers at http://127\.0\.0\.1:1: "):
        finding.found()


def test_a_harness_that_is_named_ends_as_it_was_started(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_ENDPOINT", stack.endpoint)
    with pytest.raises(HarnessError, match="docker compose down"):
        finding.end(stack)
