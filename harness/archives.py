"""Tar archives, unpacked so that nothing lands outside of the folder."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath


def extract(tar: tarfile.TarFile, folder: Path) -> None:
    """Raises TarError for a member that would land elsewhere.

    Python's own filter came with 3.11.4, and Debian 12 has 3.11.2: there links and devices are refused altogether.
    """
    if hasattr(tarfile, "data_filter"):
        tar.extractall(folder, filter="data")
    else:
        tar.extractall(folder, members=_plain(tar))


def _plain(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    for member in tar.getmembers():
        path = PurePosixPath(member.name)
        if path.is_absolute() or ".." in path.parts or not (member.isfile() or member.isdir()):
            raise tarfile.ExtractError(f"{member.name!r} is no file or folder below the archive's own")
        yield member
