"""The platform's git repository in scenarios: a remote, a developer's clone, and what a CI server checks out."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from harness.model import HarnessError
from harness.stack import ROOT

# What is not the platform's source.
_LEFT_OUT = (
    ".git", ".venv*", ".harness", ".*_cache", ".hypothesis", "__pycache__", "*.egg-info", ".terraform*", "*.tfplan",
    "reports", "data", "node_modules",
)  # fmt: skip


@dataclass(frozen=True)
class Repository:
    """A bare remote, and a developer's clone of it. Its first commit is this checkout as it is."""

    folder: Path

    @property
    def remote(self) -> Path:
        return self.folder / "remote.git"

    @property
    def clone(self) -> Path:
        return self.folder / "clone"

    @classmethod
    def made_in(cls, folder: Path) -> Repository:
        """Raises HarnessError where there is no git."""
        made = cls(folder)
        if shutil.which("git") is None:
            raise HarnessError("git is not installed; this scenario keeps a repository")
        _git(folder, "init", "--quiet", "--bare", "--initial-branch=main", str(made.remote))
        shutil.copytree(ROOT, made.clone, ignore=shutil.ignore_patterns(*_LEFT_OUT), symlinks=True)
        _git(made.clone, "init", "--quiet", "--initial-branch=main")
        _git(made.clone, "remote", "add", "origin", str(made.remote))
        made._commit("The platform as it is")
        _git(made.clone, "push", "--quiet", "--set-upstream", "origin", "main")
        return made

    def push_branch(self, branch: str, why: str, *edits: tuple[str, str, str]) -> None:
        """A developer's branch off main, with edits (file, text there, text instead), pushed."""
        _git(self.clone, "switch", "--quiet", "--create", branch, "main")
        for name, old, new in edits:
            file = self.clone / name
            text = file.read_text(encoding="utf-8")
            if text.count(old) != 1:
                raise HarnessError(f"{name} has {old!r} {text.count(old)} times; the edit wants it once")
            file.write_text(text.replace(old, new), encoding="utf-8")
        self._commit(why)
        _git(self.clone, "push", "--quiet", "--set-upstream", "origin", branch)

    def merge(self, branch: str) -> str:
        """The pull request's merge into the remote's main; answers the merge's commit."""
        _git(self.clone, "switch", "--quiet", "main")
        _git(self.clone, "merge", "--quiet", "--no-ff", "-m", f"Merge branch '{branch}'", f"origin/{branch}")
        _git(self.clone, "push", "--quiet", "origin", "main")
        return self.commit("main")

    def check_out(self, folder: Path) -> Path:
        """A CI server's workspace: the remote's main, new."""
        _git(self.folder, "clone", "--quiet", "--branch", "main", str(self.remote), str(folder))
        return folder

    def commit(self, ref: str) -> str:
        return _git(self.clone, "rev-parse", ref)

    def _commit(self, why: str) -> None:
        _git(self.clone, "add", "--all")
        # Whose it is, and what the user has configured for their own commits, plays no part here.
        author = ("-c", "user.name=A developer", "-c", "user.email=developer@example.com")
        _git(self.clone, *author, "-c", "commit.gpgsign=false", "commit", "--quiet", "-m", why)


def _git(folder: Path, *arguments: str) -> str:
    """Git's answer. Raises HarnessError, in git's own words."""
    done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise HarnessError(f"git {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout.strip()
