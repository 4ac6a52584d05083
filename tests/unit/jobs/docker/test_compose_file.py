"""The compose file is SageMaker local mode's, but for what leads out of the container."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.jobs.docker.local_mode import LocalMode
from harness.model import ContainerSpec, Json


@pytest.fixture(autouse=True)
def compose_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Writing a file for it does not take it."""
    monkeypatch.setattr("harness.jobs.docker.local_mode.compose", lambda: ("docker", "compose"))


def service(tmp_path: Path, *command: str, **changes: Any) -> Json:
    """What the file says of the container."""
    root, folder = tmp_path / "root", tmp_path / "compose"
    for name in ("code", "input/data", "output"):
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "input/data/part").touch()
    folder.mkdir()
    given: Json = {"environment": {}, "root": root, "log": print, "image": "mine:1", **changes}
    local_mode = LocalMode(ContainerSpec("job", command, **given), "engines-own:1", folder)
    name = local_mode.write("container:relay", {"harness.job": "job"})
    content = yaml.safe_load((folder / "docker-compose.yaml").read_text())
    assert content.keys() == {"services", "version"}
    ((_, found),) = content["services"].items()
    assert found["container_name"] == name
    return dict(found)


def test_a_container_is_in_its_relays_network_and_has_no_other_way_out(tmp_path: Path) -> None:
    found = service(tmp_path, "true")
    assert found["network_mode"] == "container:relay"
    assert found.keys().isdisjoint({"networks", "ports", "privileged", "tty", "stdin_open", "extra_hosts"})
    assert (found["image"], found["labels"]) == ("engines-own:1", {"harness.job": "job"})


def test_opt_ml_is_mounted_folder_by_folder_so_that_an_image_keeps_its_code(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    found = service(tmp_path, "true", folders={"/var/task": other})
    root = tmp_path / "root"
    assert found["volumes"] == [
        f"{root}/input:/opt/ml/input",
        f"{root}/output:/opt/ml/output",
        f"{other}:/var/task",
    ]


def test_a_folder_that_is_read_only_is_mounted_so(tmp_path: Path) -> None:
    found = service(
        tmp_path, "true", folders={"/var/task": tmp_path, "/x": tmp_path}, read_only=["/var/task"]
    )
    assert found["volumes"][-2:] == [f"{tmp_path}:/var/task:ro", f"{tmp_path}:/x"]


def test_code_that_the_contract_has_put_there_is_mounted(tmp_path: Path) -> None:
    (tmp_path / "root/code").mkdir(parents=True)
    (tmp_path / "root/code/train.py").touch()
    assert f"{tmp_path}/root/code:/opt/ml/code" in service(tmp_path, "true")["volumes"]


COMMANDS: dict[str, tuple[str, tuple[str, ...], Json]] = {
    "an entrypoint of the request's": ("", ("a", "b c"), {"entrypoint": ["a", "b c"]}),
    "training": ("train", ("x",), {"command": ["train", "x"]}),
    "serving": ("serve", (), {"command": ["serve"]}),
    "processing": ("processing", ("x",), {"command": ["x"]}),
    "processing by the image's own command": ("processing", (), {}),
    "a function": ("function", ("call", "answer"), {"command": ["call", "answer"]}),
}


@pytest.mark.parametrize("what", COMMANDS)
def test_what_is_run(tmp_path: Path, what: str) -> None:
    purpose, command, expected = COMMANDS[what]
    found = service(tmp_path, *command, purpose=purpose)
    assert {key: found[key] for key in ("entrypoint", "command") if key in found} == expected


def test_compose_puts_in_no_variables_of_its_own(tmp_path: Path) -> None:
    found = service(tmp_path, "sh", "-c", "echo $HOME ${X}", environment={"COST": "$5", "NO": "no"})
    assert found["entrypoint"][-1] == "echo $$HOME $${X}"
    given = {
        name: value for name, value in found["environment"].items() if not name.lower().endswith("_proxy")
    }
    assert given == {"COST": "$$5", "NO": "no"}


def test_a_proxy_of_the_docker_commands_settings_is_not_for_jobs(tmp_path: Path) -> None:
    environment = service(tmp_path, "true", environment={"NO_PROXY": "mine"})["environment"]
    assert environment["HTTPS_PROXY"] == environment["https_proxy"] == ""
    assert environment["NO_PROXY"] == "mine"
