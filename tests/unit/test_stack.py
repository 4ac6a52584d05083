from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness import stack as stacks
from harness.stack import Stack


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
