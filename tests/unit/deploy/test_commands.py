"""A tenant's commands, as a deployment runs them: a small tenant stands in a folder of its own."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from fake_accounts.accounts import Account
from fake_accounts.deployment import Item
from harness.deploy.commands import run
from harness.deploy.model import Change

DEV = Item("dev", Account("dev", "111122223333", "us-east-1"), "dev")
CREATED = '{"change": "created", "kind": "file", "name": "a.csv"}'
A_CSV = Change("dev", "created", "file", "a.csv")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "tenant").mkdir()
    return tmp_path


def tenant(checkout: Path, *lines: str, name: str = "tenant") -> Path:
    """The checkout with a command that is these lines of Python."""
    (checkout / name).mkdir(parents=True, exist_ok=True)
    (checkout / name / "__init__.py").touch()
    (checkout / name / "deploy.py").write_text("\n".join(["import os, sys", *lines]))
    return checkout


def ran(
    checkout: Path, *words: str, profile: str = "", plan: bool = False, said: list[str] | None = None
) -> tuple[list[Change], str]:
    command = " ".join(["tenant.deploy", *words])
    say = (said if said is not None else []).append
    return run(command, DEV, checkout, profile=profile, plan=plan, say=say)


def test_each_line_is_a_change_of_the_environment(checkout: Path) -> None:
    pipeline = {"change": "updated", "kind": "pipeline", "name": "train", "diff": "-a\n+b"}
    tenant(checkout, f"print({CREATED!r})", f"print({json.dumps(pipeline)!r})")
    assert ran(checkout) == (
        [Change("dev", "created", "file", "a.csv"), Change("dev", "updated", "pipeline", "train", "-a\n+b")],
        "",
    )


def test_a_command_that_says_nothing_changed_nothing(checkout: Path) -> None:
    assert ran(tenant(checkout)) == ([], "")


@pytest.mark.parametrize(
    ("profile", "plan", "told"),
    [
        ("", False, ["scripts", "--environment", "dev", "--json"]),
        ("jenkins", False, ["scripts", "--environment", "dev", "--json", "--profile", "jenkins"]),
        ("", True, ["scripts", "--environment", "dev", "--json", "--plan"]),
    ],
)
def test_the_command_is_told_the_environment_the_profile_and_whether_it_only_plans(
    checkout: Path, profile: str, plan: bool, told: list[str]
) -> None:
    tenant(checkout, "print('; '.join(sys.argv[1:]), file=sys.stderr)")
    said: list[str] = []
    ran(checkout, "scripts", profile=profile, plan=plan, said=said)
    assert said == [f"dev: {'; '.join(told)}"]


def test_it_runs_in_the_checkout_with_this_processs_environment_and_no_input(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    words = "os.getcwd(), os.environ['AWS_ENDPOINT_URL'], repr(sys.stdin.read())"
    said: list[str] = []
    ran(tenant(checkout, f"print({words}, file=sys.stderr)"), said=said)
    assert said == [f"dev: {os.path.realpath(checkout)} http://127.0.0.1:1 ''"]


def test_what_it_warns_of_is_passed_on(checkout: Path) -> None:
    said: list[str] = []
    tenant(checkout, f"print('!!! SAMPLE\\n!!! means nothing', file=sys.stderr); print({CREATED!r})")
    assert ran(checkout, said=said) == ([A_CSV], "")
    assert said == ["dev: !!! SAMPLE", "dev: !!! means nothing"]


@pytest.mark.parametrize(
    "line",
    [
        "uploading a.csv ...",
        "",
        "7",
        '["created", "file", "a.csv"]',
        '{"kind": "file", "name": "a.csv"}',
        '{"change": "created", "name": "a.csv"}',
        '{"change": "made", "kind": "file", "name": "a.csv"}',
        '{"change": ["created"], "kind": "file", "name": "a.csv"}',
    ],
)
def test_a_line_that_is_no_change_is_told_as_it_is_and_the_changes_are_not_lost(
    checkout: Path, line: str
) -> None:
    tenant(checkout, f"print({CREATED!r})", f"print({line!r})", f"print({CREATED!r})")
    why = f"tenant.deploy (dev): it said {line!r}, which is not a change: see docs/deploy.md"
    assert ran(checkout) == ([A_CSV, A_CSV], why)


def test_a_command_that_fails_is_told_in_its_own_words_with_what_it_did_before(checkout: Path) -> None:
    fails = "sys.exit('error: no bucket b')"
    tenant(checkout, f"print({CREATED!r})", "print('a warning', file=sys.stderr)", fails)
    said: list[str] = []
    assert ran(checkout, said=said) == ([A_CSV], "tenant.deploy (dev): no bucket b")
    assert said == []


def test_of_code_that_is_broken_the_traceback_is_told(checkout: Path) -> None:
    changes, why = ran(tenant(checkout, "raise KeyError('b')"))
    assert changes == []
    assert why.startswith("tenant.deploy (dev): Traceback")
    assert why.endswith("KeyError: 'b'")


def test_a_failing_command_that_speaks_on_its_output_only_is_told_so(checkout: Path) -> None:
    assert ran(tenant(checkout, "print('error: no bucket b'); sys.exit(1)")) == (
        [], "tenant.deploy (dev): no bucket b"
    )  # fmt: skip


@pytest.mark.parametrize(("how", "status"), [("sys.exit(3)", 3), ("os.kill(os.getpid(), 9)", -9)])
def test_a_command_that_fails_without_a_word_is_told_by_its_exit_status(
    checkout: Path, how: str, status: int
) -> None:
    assert ran(tenant(checkout, how)) == ([], f"tenant.deploy (dev): it ended with exit status {status}")


def test_a_command_that_there_is_not_is_told(checkout: Path) -> None:
    assert ran(checkout)[1].endswith("No module named tenant.deploy")


def test_the_checkouts_module_wins_over_one_of_the_same_name_that_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tenant(tmp_path / "site-packages", "print('not this one')")
    monkeypatch.setenv("PYTHONPATH", str(installed))
    # Also in what it starts itself, elsewhere.
    again = "import subprocess; subprocess.run([sys.executable, '-m', 'tenant.deploy', 'done'], cwd='/', check=True)"
    lines = ["if 'done' in sys.argv:", f"    print({CREATED!r})", "else:", f"    {again}"]
    assert ran(tenant(tmp_path / "checkout", *lines)) == ([A_CSV], "")
