"""An image's name says what is in its folder: one that is there is the right one, a changed folder wants another."""

from __future__ import annotations

import hashlib
from pathlib import Path

DIGITS = 12


def tag(folder: Path) -> str:
    """`harness/<the folder's name>:<12 hexadecimal digits>`, a hash over its files' names and contents."""
    digest = hashlib.sha256()
    for file in files(folder):
        for part in (file.relative_to(folder).as_posix().encode(), file.read_bytes()):
            digest.update(len(part).to_bytes(8, "big") + part)
    return f"{repository(folder)}:{digest.hexdigest()[:DIGITS]}"


def repository(folder: Path) -> str:
    """The tag without what changes. Docker wants no capitals in it."""
    return f"harness/{folder.name.lower()}"


def files(folder: Path) -> list[Path]:
    """What an image is made of, in an order of its own: all but what Python writes beside its sources."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in found if "__pycache__" not in path.parts)
