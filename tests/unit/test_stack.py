from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from werkzeug.wrappers import Response

from harness import stack as stacks
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


def test_what_the_harness_starts_gets_nothing_of_the_users_aws_terraform_or_sagemaker_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mine = ("AWS_PROFILE", "AWS_ENDPOINT_URL_S3", "SAGEMAKER_ROLE", "TF_LOG", "MOTO_X")
    for name in mine:
        monkeypatch.setenv(name, "mine")
    variables = stacks.scrubbed({"AWS_REGION": "us-east-1"})
    assert variables.keys().isdisjoint(mine)
    assert variables["AWS_REGION"] == "us-east-1"
    assert variables["AWS_CONFIG_FILE"] == os.devnull
    assert variables["SAGEMAKER_USER_CONFIG_OVERRIDE"] == os.devnull
    assert variables["AWS_EC2_METADATA_DISABLED"] == "true"
    assert variables["PATH"] == os.environ["PATH"]


def test_a_stacks_environment_leads_to_it_and_lets_no_name_of_aws_resolve(stack: Stack) -> None:
    variables = stack.environment()
    assert variables["AWS_ENDPOINT_URL"] == stack.endpoint
    assert Path(variables["AWS_CONFIG_FILE"]).is_relative_to(stack.folder)
    assert (Path(variables["PYTHONPATH"].split(os.pathsep)[0]) / "sitecustomize.py").is_file()


def test_a_harness_is_announced_to_other_commands_and_withdrawn(stack: Stack, home: Path) -> None:
    with stacks.announced(stack):
        told = json.loads((home / "harness.json").read_text())
        assert told == {"endpoint": stack.endpoint, "pid": stack.pid, "folder": str(stack.folder)}
    assert not home.exists()


def test_the_notice_of_a_later_harness_is_not_withdrawn(stack: Stack, home: Path) -> None:
    with stacks.announced(stack):
        (home / "harness.json").write_text("another's")
    assert (home / "harness.json").read_text() == "another's"


def test_where_one_is_up_no_other_is_announced(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stacks, "found", lambda: stack)
    with pytest.raises(HarnessError, match="another harness has come up here"), stacks.announced(stack):
        pass


def test_none_is_found_where_nothing_answers_for_the_notice(stack: Stack) -> None:
    with stacks.announced(stack):
        assert stacks.found() is None
        with pytest.raises(HarnessError, match="no harness is running here; start one with `harness up`"):
            stacks.required()


def answering(told: object) -> Response:
    return Response(json.dumps(told), content_type="application/json")


def test_a_process_that_points_to_a_harness_reaches_that_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(answering({"pid": os.getpid(), "folder": str(tmp_path)})) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        stack = stacks.reached()
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
        assert stacks.reached() is None


@pytest.mark.parametrize("endpoint", ["", "http://127.0.0.1:1", "https://s3.example.com", "127.0.0.1:4599"])
def test_where_nothing_answers_no_harness_is_reached(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    assert stacks.reached() is None


def test_a_process_that_points_nowhere_reaches_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    assert stacks.reached() is None


def in_a_container(life: str) -> Response:
    """A folder that is not to be seen from here."""
    return answering({"pid": 7, "folder": f"/not/of/this/machine/{life}"})


def test_the_harness_that_is_named_is_found_before_the_one_that_is_announced(
    stack: Stack, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(in_a_container("harness-1")) as endpoint, stacks.announced(stack):
        port = endpoint.rsplit(":", 1)[1]
        monkeypatch.setenv("HARNESS_ENDPOINT", f"http://localhost:{port}/")
        named = stacks.found()
        assert named == Stack(endpoint, 7, home / "elsewhere" / port / "harness-1", lambda: True)
        assert named
        assert named.alive()
    assert not named.alive()


def test_of_an_earlier_harness_at_an_address_nothing_is_kept(home: Path) -> None:
    with served(in_a_container("harness-2")) as endpoint:
        first = stacks.at(endpoint)
        first.environment()
        old = first.folder.with_name("harness-1")
        first.folder.rename(old)
        assert stacks.at(endpoint).folder == first.folder
    assert not old.exists()


@pytest.mark.parametrize(
    "endpoint",
    ["http://10.0.0.1:4600", "https://127.0.0.1:4600", "http://127.0.0.1", "http://localhost:x", "4600"],
)
def test_a_harness_of_another_machine_is_refused(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_ENDPOINT", endpoint)
    with pytest.raises(HarnessError, match=f"{endpoint}' is no harness of this machine"):
        stacks.found()


def test_where_none_answers_for_the_name_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stacks, "_BEGINNING", 0.1)
    monkeypatch.setenv("HARNESS_ENDPOINT", "http://127.0.0.1:1")
    with pytest.raises(HarnessError, match=r"no harness answers at http://127\.0\.0\.1:1: "):
        stacks.found()


def test_a_harness_that_is_named_ends_as_it_was_started(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_ENDPOINT", stack.endpoint)
    with pytest.raises(HarnessError, match="docker compose down"):
        stacks.end(stack)


def test_infra_is_applied_again_only_after_a_change_of_it_or_a_destroy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    infra, ran, said = tmp_path / "infra", list[str](), list[str]()
    (infra / "dev").mkdir(parents=True)
    (infra / "dev" / "main.tf").write_text("a")
    monkeypatch.setattr(stacks, "INFRA", infra)
    monkeypatch.setattr(stacks, "_run_terraform", lambda _, command, __: ran.append(command))
    stack = Stack("http://127.0.0.1:1", 1, tmp_path, lambda: True)
    for change in (lambda: None, lambda: None, lambda: (infra / "dev" / "main.tf").write_text("b")):
        change()
        stacks.terraform(stack, "apply", said.append)
    assert ran == ["apply", "apply"]
    assert said == ["infra/ is unchanged since this harness applied it"]
    stacks.terraform(stack, "destroy", said.append)
    stacks.terraform(stack, "apply", said.append)
    assert ran == ["apply", "apply", "destroy", "apply"]
