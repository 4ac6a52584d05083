"""Containers of the engine that runs here. Where none does, or the images are not built, one line says so."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import docker
import pytest

from harness.jobs.docker.build import build, folders
from harness.jobs.docker.engine import FAILURES, connect
from harness.jobs.docker.tags import tag
from harness.jobs.images import BUILT_IN, Catalogue
from harness.model import Engines, HarnessError
from harness.running import environment
from harness.stack import Stack, started
from tests.docker.runner.work import Work

DOCKER = Engines(runner="docker")


@pytest.fixture(scope="session", autouse=True)
def client() -> Iterator[docker.DockerClient]:
    """The engine's."""
    try:
        client = connect()
    except HarnessError as error:
        pytest.skip(str(error))
    for folder in folders(Catalogue.load()):
        try:
            client.images.get(tag(folder))
        except FAILURES:
            pytest.skip(f"{tag(folder)} has not been built: run `make images`")
    yield client
    client.close()


@pytest.fixture(scope="session")
def gateway(client: docker.DockerClient) -> Iterator[Stack]:
    with started(engines=DOCKER) as stack:
        yield stack


@pytest.fixture(scope="session")
def dev(gateway: Stack) -> Work:
    with environment(gateway):
        return Work("dev", gateway)


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder whose name leaves room for sockets', which pytest's own does not."""
    with tempfile.TemporaryDirectory(prefix="desk-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def own_image(client: docker.DockerClient) -> Iterator[str]:
    """A user's, which no catalogue knows."""
    folder, base = Path(__file__).parent / "own_image", tag(BUILT_IN.parent / "link")
    (made,) = build(client, [folder], base, "none", lambda _: nullcontext())
    yield made.tag
    client.images.remove(made.tag)
