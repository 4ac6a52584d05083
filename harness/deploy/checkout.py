"""The checkout that is deployed: this one, or this repository as it was."""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.archives import extract
from harness.model import HarnessError


@contextmanager
def checked_out(repository: Path, ref: str = "") -> Iterator[Path]:
    """The repository's files as of `ref`, in a folder that goes afterwards; the repository itself without one.

    Raises:
        HarnessError: It is no git repository, or there is no such ref.
    """
    if not ref:
        yield repository
        return
    commit = _git(repository, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    if not commit:
        raise HarnessError(
            f"there is no commit {ref!r} in {repository}: see `git log --oneline`, or fetch it first"
        )
    archive = _git(repository, "archive", "--format=tar", commit.decode().strip())
    with tempfile.TemporaryDirectory(prefix="harness-checkout-") as folder:
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            extract(files, Path(folder))
        yield Path(folder)


def _git(repository: Path, *arguments: str) -> bytes:
    try:
        done = subprocess.run(["git", "-C", str(repository), *arguments], capture_output=True, check=False)
    except FileNotFoundError as error:
        raise HarnessError("git is not installed; --to needs it") from error
    if done.returncode not in (0, 1):
        said = done.stderr.decode(errors="replace").strip().splitlines() or [f"exit status {done.returncode}"]
        raise HarnessError(f"git {arguments[0]}: {said[-1]}")
    return done.stdout if done.returncode == 0 else b""
