from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.archives import extract


@pytest.fixture(params=["with Python's own filter", "without"])
def python(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "without":
        monkeypatch.delattr(tarfile, "data_filter")


def archive(name: str, change: Callable[[tarfile.TarInfo], None] = lambda _: None) -> tarfile.TarFile:
    raw = io.BytesIO()
    with tarfile.open(mode="w", fileobj=raw) as tar:
        member = tarfile.TarInfo(name)
        member.size = 5
        change(member)
        tar.addfile(member, io.BytesIO(b"hello"))
    raw.seek(0)
    return tarfile.open(fileobj=raw)


def a_link_to_outside(member: tarfile.TarInfo) -> None:
    member.type, member.linkname, member.size = tarfile.SYMTYPE, "../outside", 0


@pytest.mark.usefixtures("python")
def test_files_and_folders_are_unpacked(tmp_path: Path) -> None:
    extract(archive("code/inference.py"), tmp_path)
    assert (tmp_path / "code" / "inference.py").read_text() == "hello"


@pytest.mark.usefixtures("python")
@pytest.mark.parametrize(
    "tar",
    [lambda: archive("../outside"), lambda: archive("inside", a_link_to_outside)],
    ids=["a name", "a link"],
)
def test_what_leads_out_of_the_folder_is_refused(tmp_path: Path, tar: Callable[[], tarfile.TarFile]) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(tarfile.TarError):
        extract(tar(), folder)
    assert [path.name for path in tmp_path.rglob("*")] == ["folder"]
