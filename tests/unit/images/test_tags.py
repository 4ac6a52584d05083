"""An image's tag changes with what is in its folder, and with nothing else."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from harness.jobs.docker.tags import tag


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "xgboost"
    (folder / "algorithm").mkdir(parents=True)
    (folder / "Dockerfile").write_text("FROM scratch")
    (folder / "algorithm" / "data.py").write_text("ROWS = 1")
    return folder


def test_a_tag_names_the_folder_and_twelve_digits(folder: Path) -> None:
    assert re.fullmatch(r"harness/xgboost:[0-9a-f]{12}", tag(folder))


def test_a_copy_elsewhere_has_the_same_tag(folder: Path, tmp_path: Path) -> None:
    assert tag(Path(shutil.copytree(folder, tmp_path / "elsewhere" / "xgboost"))) == tag(folder)


def test_what_python_writes_beside_its_sources_is_not_in_it(folder: Path) -> None:
    before = tag(folder)
    (folder / "algorithm" / "__pycache__").mkdir()
    (folder / "algorithm" / "__pycache__" / "data.cpython-311.pyc").write_bytes(b"compiled")
    assert tag(folder) == before


def test_another_content_another_name_or_another_cut_is_another_tag(folder: Path) -> None:
    tags = {tag(folder)}
    (folder / "algorithm" / "data.py").write_text("ROWS = 2")
    tags.add(tag(folder))
    (folder / "algorithm" / "data.py").rename(folder / "algorithm" / "date.py")
    tags.add(tag(folder))
    (folder / "algorithm" / "date.py").rename(folder / "date.py")
    tags.add(tag(folder))
    assert len(tags) == 4


def test_docker_wants_no_capitals(tmp_path: Path) -> None:
    (tmp_path / "MyModel").mkdir()
    assert tag(tmp_path / "MyModel").startswith("harness/mymodel:")
