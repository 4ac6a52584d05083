"""An engine and images, or one line that says what is missing."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.docker.compose import IMAGE, ROOT, Compose, free_ports, had, program, run

BASE = os.environ.get("HARNESS_BASE_IMAGE", "python:3.11-slim")
MOTO = os.environ.get("MOTO_IMAGE", "harness/moto:stand-in")


@pytest.fixture(scope="session")
def compose() -> Iterator[Compose]:
    """The project, with the harness's image built: once, for the engine keeps its layers."""
    command = program()
    if not command:
        pytest.skip("no Docker engine answers, or there is no docker compose")
    if not had(BASE):
        pytest.skip(f"there is no image {BASE}, and none can be pulled: name one in HARNESS_BASE_IMAGE")
    images = {"HARNESS_IMAGE": IMAGE, "MOTO_IMAGE": MOTO, "BASE": BASE}
    # With Bake, Compose 2.40 would ask whether a build may have the machine's network.
    build = {"BUILD_NETWORK": "host", "COMPOSE_BAKE": "false"}
    made = Compose(command, f"harness-test-{os.getpid()}", {**images, **build, **free_ports()})
    made("build", "--quiet", "harness")
    try:
        yield made
    finally:
        made.down()


@pytest.fixture(scope="session")
def moto(compose: Compose) -> None:
    if "MOTO_IMAGE" not in os.environ:
        recipe = str(ROOT / "tests" / "docker" / "moto.Dockerfile")
        folder = str(ROOT / "tests" / "docker")
        run(
            "docker",
            "build",
            "--quiet",
            f"--build-arg=HARNESS_IMAGE={IMAGE}",
            f"--tag={MOTO}",
            f"--file={recipe}",
            folder,
        )


@pytest.fixture(scope="session")
def localstack() -> None:
    image = os.environ.get("LOCALSTACK_IMAGE", "localstack/localstack:4.14.0")
    if not had(image):
        pytest.skip(f"there is no image {image}, and none can be pulled: name one in LOCALSTACK_IMAGE")
