"""The files that a deployment takes: the checkout's own, or those of a git ref."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from harness.deploy.checkout import checked_out
from harness.model import HarnessError


def git(folder: Path, *arguments: str) -> None:
    author = ["-c", "user.name=n", "-c", "user.email=e@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *author, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two commits, the first with a tag, and an edit that is in none."""
    folder = tmp_path / "repository"
    (folder / "infra").mkdir(parents=True)
    git(folder, "init", "--initial-branch=main")
    for text in ("first", "second"):
        (folder / "infra" / "main.tf").write_text(text)
        git(folder, "add", ".")
        git(folder, "commit", "-m", text)
    git(folder, "tag", "-a", "v1", "-m", "v1", "main~1")
    (folder / "infra" / "main.tf").write_text("edited")
    return folder


def test_without_a_ref_it_is_the_checkout_itself(repository: Path) -> None:
    with checked_out(repository) as checkout:
        assert checkout == repository


@pytest.mark.parametrize(("ref", "text"), [("v1", "first"), ("main~1", "first"), ("HEAD", "second")])
def test_with_a_ref_it_is_a_copy_of_what_was_committed(repository: Path, ref: str, text: str) -> None:
    with checked_out(repository, ref) as checkout:
        assert checkout != repository
        assert (checkout / "infra" / "main.tf").read_text() == text
    assert not checkout.exists()
    assert (repository / "infra" / "main.tf").read_text() == "edited"


@pytest.mark.parametrize("ref", ["v2", "-v", "--all", "--output=x", "main:infra/main.tf", " "])
def test_what_is_no_commit_is_refused_in_one_line(repository: Path, ref: str) -> None:
    with pytest.raises(HarnessError) as refused, checked_out(repository, ref):
        pass
    assert str(refused.value).startswith(f"there is no commit {ref!r} in {repository}: ")
    assert "\n" not in str(refused.value)


def test_a_folder_that_is_no_repository_is_refused_in_gits_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(HarnessError, match=r"^git rev-parse: fatal: not a git repository"):
        checked_out(tmp_path, "HEAD").__enter__()


def test_without_git_it_says_what_for(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HarnessError, match="git is not installed; --to needs it"):
        checked_out(repository, "HEAD").__enter__()


def test_the_copy_goes_where_the_deployment_breaks_off(repository: Path) -> None:
    with pytest.raises(HarnessError, match="broken"), checked_out(repository, "v1") as checkout:
        raise HarnessError("broken")
    assert not checkout.exists()
