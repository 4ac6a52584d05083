"""Images are built where they are missing, in a real engine; without one, what is said of that."""

from __future__ import annotations

import io
import tarfile
import uuid
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from harness.jobs.docker.build import Made, build, folders
from harness.jobs.docker.engine import connect
from harness.jobs.docker.tags import tag
from harness.jobs.images import Catalogue
from harness.model import HarnessError


@pytest.fixture
def client() -> Iterator[Any]:
    try:
        client = connect()
    except HarnessError as error:
        pytest.skip(str(error))
    yield client
    client.close()


@pytest.fixture
def base(client: Any) -> Iterator[str]:
    """An empty image: what is built on it runs nothing, but is built in no time."""
    name, empty = f"harness-test/base:{uuid.uuid4().hex}", io.BytesIO()
    with tarfile.open(fileobj=empty, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("nothing"))
    client.api.import_image_from_data(empty.getvalue(), *name.split(":"))
    yield name
    client.images.remove(name)


@pytest.fixture
def folder(client: Any, tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / f"test-{uuid.uuid4().hex}"
    folder.mkdir()
    (folder / "Dockerfile").write_text("ARG BASE\nFROM ${BASE}\nCOPY program.py /opt/program/\nCMD none\n")
    (folder / "program.py").write_text("print(1)")
    yield folder
    for image in client.images.list(f"harness/{folder.name}"):
        client.images.remove(image.id, force=True)


def built(client: Any, folder: Path, base: str) -> list[Made]:
    return list(build(client, [folder], base, "none", lambda _: nullcontext()))


def test_a_missing_image_is_built_and_one_that_is_there_is_left(client: Any, folder: Path, base: str) -> None:
    assert built(client, folder, base) == [Made(folder.name, tag(folder), "built")]
    assert built(client, folder, base) == [Made(folder.name, tag(folder), "there")]
    assert client.images.get(tag(folder)).labels["harness.image"] == folder.name


def test_a_changed_folder_is_built_anew_and_the_older_image_removed(
    client: Any, folder: Path, base: str
) -> None:
    built(client, folder, base)
    older = tag(folder)
    (folder / "program.py").write_text("print(2)")
    done = built(client, folder, base)
    assert done == [Made(folder.name, tag(folder), "built"), Made(folder.name, older, "removed")]
    assert [image.tags for image in client.images.list(f"harness/{folder.name}")] == [[tag(folder)]]


def test_an_older_image_that_a_container_uses_stays(client: Any, folder: Path, base: str) -> None:
    built(client, folder, base)
    older = tag(folder)
    container = client.containers.create(older)
    (folder / "program.py").write_text("print(2)")
    assert built(client, folder, base) == [Made(folder.name, tag(folder), "built")]
    assert client.images.get(older)
    container.remove()


def test_what_python_compiled_is_not_in_the_image(client: Any, folder: Path, base: str) -> None:
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "program.pyc").write_bytes(b"compiled")
    (folder / "Dockerfile").write_text("ARG BASE\nFROM ${BASE}\nCOPY . /all/\nCMD none\n")
    built(client, folder, base)
    container = client.containers.create(tag(folder))
    with tarfile.open(fileobj=io.BytesIO(b"".join(container.get_archive("/all")[0]))) as tar:
        assert sorted(tar.getnames()) == ["all", "all/Dockerfile", "all/program.py"]
    container.remove()


def test_a_build_that_fails_says_where_and_leaves_nothing(client: Any, folder: Path, base: str) -> None:
    (folder / "Dockerfile").write_text("ARG BASE\nFROM ${BASE}\nCOPY other.py /opt/program/\n")
    before = {container.id for container in client.containers.list(all=True)}
    with pytest.raises(
        HarnessError, match=rf"{tag(folder)} can't be built(.|\n)*COPY other.py /opt/program/"
    ):
        built(client, folder, base)
    made = {c.id for c in client.containers.list(all=True)} - before
    assert not [c for c in made if folder.name in str(client.containers.get(c).attrs)]


def test_a_base_image_that_is_not_to_be_had_is_named(client: Any, folder: Path) -> None:
    with pytest.raises(HarnessError, match=r"the base image localhost:1/none:1 .* can't be pulled.*--base"):
        built(client, folder, "localhost:1/none:1")


def test_without_an_engine_it_says_how_to_have_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    with pytest.raises(HarnessError, match=r"no Docker engine answers .*DOCKER_HOST"):
        connect()


def test_our_images_come_after_those_they_are_built_on_and_users_own_are_built_too(tmp_path: Path) -> None:
    mine = tmp_path / "catalogue.toml"
    mine.write_text(
        '[[image]]\nname = "mine"\nuris = ["mine:.*"]\n[[image]]\nname = "other"\nuris = ["other:.*"]\n'
    )
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "Dockerfile").write_text("FROM scratch")
    names = [folder.name for folder in folders(Catalogue.load([mine]))]
    assert set(names) == {"link", "scikit_learn", "xgboost", "model_monitor", "lambda_python", "mine"}
    assert names.index("scikit_learn") < names.index("xgboost")


def test_beside_awss_own_images_only_the_relay_and_that_of_functions_are_built() -> None:
    assert [folder.name for folder in folders(Catalogue.load(), "aws")] == ["link", "lambda_python"]
