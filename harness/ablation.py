"""Whether every statement is needed: each is taken away in turn, and the scenario shows what breaks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from harness.model import HarnessError, Json
from harness.running import journal_of
from harness.usage import Statement, usage

_HARNESS = Path(sys.executable).with_name("harness")


@dataclass(frozen=True)
class Trial:
    """What came of a scenario without a statement.

    `outcome`: `breaks`; `passes`, though calls may have been refused; `fails otherwise`, where none was; `not needed`,
    where no decision of the run would have been another one, so that it need not be run again. `where` is the moment
    that broke, `why` the first refused call, the failure, or the reason why it is not needed.
    """

    statement: Statement
    outcome: str
    where: str
    why: str

    def row(self) -> Json:
        return {**self.statement.row(), "outcome": self.outcome, "where": self.where, "why": self.why}


def ablate(scenario: str) -> Iterator[Trial]:
    """Tries every statement, after a run with all of them. Raises HarnessError where that one fails.

    A statement that no decision of the whole run depended on cannot change the run; only the others are tried, as many
    at once as there are processors, each on a harness of its own.
    """
    statements = usage(journal_of(scenario)).statements
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        trials: list[Trial | Future[Trial]] = [
            _unneeded(s) if s.effect == "Allow" and not s.needed else pool.submit(_try, scenario, s)
            for s in statements
        ]
        for trial in trials:
            yield trial.result() if isinstance(trial, Future) else trial


def _unneeded(statement: Statement) -> Trial:
    why = f"{', '.join(statement.others)} allows the same" if statement.used else "never used"
    return Trial(statement, "not needed", "", why)


def _try(scenario: str, statement: Statement) -> Trial:
    """On a harness of its own, wherever the user's one is."""
    command = [str(_HARNESS), "scenario", scenario, "--json", "--without", statement.ref]
    with tempfile.TemporaryDirectory(prefix="harness-ablate-") as home:
        done = subprocess.run(
            command, env={**os.environ, "HARNESS_HOME": home}, capture_output=True, text=True, check=False
        )
    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    result = next((line for line in told if "passed" in line), None)
    if result is None:
        raise HarnessError(f"the scenario did not run without {statement.ref}: {done.stderr.strip()}")
    return _told(statement, result)


def _told(statement: Statement, result: Json) -> Trial:
    """By the result that `harness scenario --json` ends with."""
    refused = result["refused"][:1]
    why = f"{refused[0]['action']} refused to {refused[0]['principal']}" if refused else "nothing is refused"
    if result["passed"]:
        return Trial(statement, "passes", "", why)
    if not refused:
        return Trial(statement, "fails otherwise", result["moment"], result["instead"])
    return Trial(statement, "breaks", result["moment"], why)


def line(trial: Trial) -> str:
    """A trial for people."""
    where = f", at: {trial.where}" if trial.where else ""
    return f"{trial.statement.ref}: {trial.outcome}{where} ({trial.why})"


def markdown(scenario: str, trials: list[Trial], accounts: Mapping[str, str]) -> str:
    """The tables for documentation, one for each role, key, bucket, ...; `accounts` has names by id."""
    lines = [f"# What each statement is for in `{scenario}`", "", _SAID.format(scenario=scenario)]
    for holder, group in groupby(
        sorted(trials, key=lambda t: t.statement.ref), key=lambda t: t.statement.holder
    ):
        account, _, thing = holder.partition(" ")
        lines += ["", f"## {accounts.get(account, account)}: {thing}", ""]
        lines += ["| statement | used | without it | where | why |", "| --- | ---: | --- | --- | --- |"]
        for trial in group:
            told = (
                trial.statement.ref.removeprefix(f"{holder} "),
                str(trial.statement.used),
                trial.outcome,
                trial.where,
                trial.why.replace(f"{holder} ", ""),
            )
            lines.append(f"| {' | '.join(told)} |")
    return "\n".join(lines) + "\n"


_SAID = """\
Written by `harness ablate {scenario} --markdown`: each statement taken away in turn. `used` counts the calls that it
allowed; where no call depended on a statement alone, the run would be the same without it, and the table says what
allows the same. An AWS managed policy counts as one statement."""
