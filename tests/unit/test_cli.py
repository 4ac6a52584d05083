from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from harness.cli import app, moment
from harness.model import HarnessError

NOW = datetime(2026, 3, 1, 9, 30, 15, tzinfo=UTC)
READING = ("executions", "logs", "denials", "policies")
DEPLOYING = ("deploy", "destroy", "terraform", "publish-log", "images")
COMMANDS = ("up", "down", "env", "scenario", "report", *READING, "ablate", "approve", "clock", *DEPLOYING)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+90s", "2026-03-01T09:31:45"),
        ("+2h", "2026-03-01T11:30:15"),
        ("+1d", "2026-03-02T09:30:15"),
        ("23:00", "2026-03-01T23:00:00"),
        ("9:30", "2026-03-02T09:30:00"),
        ("9:31", "2026-03-01T09:31:00"),
        ("2026-11-22T23:00:00Z", "2026-11-22T23:00:00"),
        ("2026-11-22T23:00", "2026-11-22T23:00:00"),
        ("2026-11-22", "2026-11-22T00:00:00"),
    ],
)
def test_a_time_is_read_as_people_write_it(text: str, expected: str) -> None:
    assert moment(text, NOW) == datetime.fromisoformat(f"{expected}+00:00")


@pytest.mark.parametrize("text", ["25:00", "23:60", "+1w", "-1d", "1d", "soon", "+", "+99999999999999999d"])
def test_what_is_no_time_is_refused_with_examples(text: str) -> None:
    with pytest.raises(HarnessError, match=r"is no time; write \+2h, \+1d, 23:00 or 2026-11-22T23:00:00Z"):
        moment(text, NOW)


def test_the_help_says_how_to_begin_and_what_each_command_does_in_a_whole_sentence() -> None:
    said = CliRunner().invoke(app, ["--help"]).output
    assert "Begin with `harness scenario outliers`" in said
    listed = said.split("Commands:")[1]
    assert [line.split()[0] for line in listed.splitlines() if line.strip()] == list(COMMANDS)
    assert all(line.rstrip().endswith(".") for line in listed.splitlines() if line.strip())
    assert "..." not in listed


@pytest.mark.parametrize("command", COMMANDS)
def test_every_argument_and_option_of_a_command_is_explained(command: str) -> None:
    assert CliRunner().invoke(app, [command, "--help"]).exit_code == 0
    for parameter in get_command(app).commands[command].params:  # type: ignore[attr-defined]
        assert parameter.help, parameter.name


LESSON = {
    "principal": "assumed-role/execution/s",
    "role": "arn:aws:iam::444455556666:role/execution",
    "account": "444455556666",
    "call": "s3:GetObject",
    "action": "s3:GetObject",
    "resource": "arn:aws:s3:::data/[a]",
    "why": "",
    "cause": "because no identity-based policy allows the s3:GetObject action",
    "policies": [],
    "changes": [],
}
DENIED = {
    "time": "2026-11-23T09:00:05+00:00",
    "account": "444455556666",
    "decision": "denied",
    "denial": LESSON,
}
IN_DEV = {**DENIED, "account": "111122223333", "denial": {**LESSON, "account": "111122223333"}}
ALLOWED = {
    "time": "2026-11-23T09:00:01+00:00",
    "account": "444455556666",
    "decision": "allowed",
    "denial": {},
}


@pytest.fixture
def denials(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Asks for the denials of a harness with this journal."""

    def ask(journal: list[dict[str, Any]], *options: str, iam: str = "enforce") -> str:
        client = SimpleNamespace(journal=lambda after, *kinds: journal, status=lambda: {"iam": iam})
        monkeypatch.setattr("harness.finding.required", lambda: SimpleNamespace(client=client))
        return CliRunner().invoke(app, ["denials", *options]).output

    return ask


def test_denials_are_told_once_with_their_count_and_their_lesson(denials: Callable[..., str]) -> None:
    assert denials([ALLOWED, DENIED, {**DENIED, "time": "2026-11-23T09:00:07+00:00"}]).splitlines() == [
        "denied: 444455556666 role/execution (session s) s3:GetObject on arn:aws:s3:::data/[a] "
        "(2 times since 2026-11-23 09:00:05)",
        "    because no identity-based policy allows the s3:GetObject action",
    ]


def test_every_denial_is_told_however_many_there_are(denials: Callable[..., str]) -> None:
    several = [{**DENIED, "denial": {**LESSON, "resource": f"arn:aws:s3:::data/{n}"}} for n in range(7)]
    heads = [line for line in denials(several).splitlines() if line.startswith("denied: ")]
    assert heads == [
        f"denied: 444455556666 role/execution (session s) s3:GetObject on arn:aws:s3:::data/{n} (2026-11-23 09:00:05)"
        for n in range(7)
    ]


@pytest.mark.parametrize("account", ["dev", "111122223333"])
def test_denials_are_an_accounts_where_one_is_named(denials: Callable[..., str], account: str) -> None:
    (told,) = json.loads(denials([DENIED, IN_DEV], "--account", account, "--json"))
    assert told == {"times": 1, "first": DENIED["time"], "decision": "denied", **IN_DEV["denial"]}  # type: ignore[dict-item]


def test_where_nothing_was_denied_there_is_none(denials: Callable[..., str]) -> None:
    assert denials([ALLOWED]) == "none yet\n"
    assert json.loads(denials([ALLOWED], "--json")) == []


def test_where_nothing_is_decided_denials_says_so(denials: Callable[..., str]) -> None:
    assert denials([ALLOWED], iam="off") == (
        "the harness that is up runs with --iam off: no call is decided on, so nothing is denied and no policy used\n"
    )
