"""Docker Compose is found whatever its version and its shape."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sagemaker.local.image import _SageMakerContainer

from harness.jobs.docker.compose import compose
from harness.jobs.docker.local_mode import LocalMode
from harness.model import ContainerSpec, HarnessError

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """On a machine that has nothing: puts there a program that runs this shell script."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    compose.cache_clear()

    def install(name: str, script: str) -> None:
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)

    yield install
    compose.cache_clear()


# As the plugins say it: Docker's own of versions 2 and 5, Debian's.
VERSIONS = ["v2.40.3", "v5.0.1", "2.40.3-3"]
NO_PLUGIN = "echo \"docker: 'compose' is not a docker command.\" >&2; exit 1"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_plugin_of_any_version_is_compose(install: Install, version: str) -> None:
    install("docker", f"echo Docker Compose version {version}")
    assert compose() == ("docker", "compose")


@pytest.mark.parametrize("version", VERSIONS)
def test_local_mode_calls_it_too(install: Install, tmp_path: Path, version: str) -> None:
    install("docker", f"echo Docker Compose version {version}")
    spec = ContainerSpec("job", ("true",), environment={}, root=None, log=print, image="mine:1")
    assert LocalMode(spec, "mine:1", tmp_path).compose_cmd_prefix == ["docker", "compose"]
    assert _SageMakerContainer._get_compose_cmd_prefix() == ["docker", "compose"]


def test_a_plugin_comes_before_the_program_that_it_was(install: Install) -> None:
    install("docker", "echo Docker Compose version v2.40.3")
    install("docker-compose", "true")
    assert compose() == ("docker", "compose")


def test_without_a_plugin_it_is_the_program_that_it_was(install: Install) -> None:
    install("docker", NO_PLUGIN)
    install("docker-compose", "true")
    assert compose() == ("docker-compose",)


def test_without_the_docker_command_it_is_the_program_alone(install: Install) -> None:
    install("docker-compose", "true")
    assert compose() == ("docker-compose",)


@pytest.mark.parametrize("docker", [True, False])
def test_without_compose_it_is_told(install: Install, docker: bool) -> None:
    if docker:
        install("docker", NO_PLUGIN)
    with pytest.raises(HarnessError, match="Docker Compose is not installed"):
        compose()
