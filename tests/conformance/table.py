"""What passes where, as Markdown: the results of several runs side by side.

    python -m tests.conformance.table reports/conformance/*.json

writes docs/conformance.md, a column for each file in the order that they are named in.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from harness.model import HarnessError
from harness.stack import ROOT
from tests.conformance.differences import DIFFERENCES
from tests.conformance.results import Run

PAGE = ROOT / "docs" / "conformance.md"
HEAD = """# What passes where

One suite, `tests/conformance/`, of what the platform relies on, run on each combination of a backend, which keeps S3,
KMS, SNS and SQS, and a runner, which runs jobs and functions. Each claim is a test, by boto3 over HTTP. `make
conformance` runs them and makes this page. Known differences are in `tests/conformance/differences.py`: where one no
longer is, the suite fails.
"""
OUTCOMES = ("passed", "fails", "not run", "broken")
LEGEND = """- passed: the claim holds.
- fails: it is known not to, and why.
- not run: it could not be tried, and why.
- broken: it ought to hold, and did not in this run.
"""


def markdown(runs: Sequence[Run]) -> str:
    """The whole page. Raises HarnessError where a known difference is one of a claim that nobody makes."""
    claims = list(dict.fromkeys((row.group, row.claim) for run in runs for row in run.rows))
    _check({claim for _, claim in claims})
    groups = dict.fromkeys(group for group, _ in claims)
    sections = [_section(group, [claim for g, claim in claims if g == group], runs) for group in groups]
    return "\n".join([HEAD, _versions(runs), LEGEND, _counts(runs), *sections])


def _check(claims: set[str]) -> None:
    if not claims:
        raise HarnessError("no combination was run")
    stale = [d.claim for d in DIFFERENCES if d.claim not in claims]
    if stale:
        raise HarnessError(
            f"tests/conformance/differences.py has claims that no test makes: {', '.join(stale)}"
        )


def _versions(runs: Iterable[Run]) -> str:
    versions = {name: version for run in runs for name, version in run.versions.items()}
    return f"With {', '.join(f'{name} {version}' for name, version in versions.items())}.\n"


def _counts(runs: Sequence[Run]) -> str:
    """How many claims had which outcome; why a combination was not run."""
    lines = [f"| backend, runner | {' | '.join(OUTCOMES)} |", "|---" * 5 + "|"]
    for run in runs:
        numbers = [str(sum(row.outcome == outcome for row in run.rows)) for outcome in OUTCOMES]
        cells = ["", "", f"all: {run.skipped}", ""] if run.skipped else numbers
        lines.append(f"| {run.name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _section(group: str, claims: Iterable[str], runs: Sequence[Run]) -> str:
    lines = [f"## {group}\n", f"| | {' | '.join(run.name for run in runs)} |", "|---" * (len(runs) + 1) + "|"]
    for claim in claims:
        cells = [_cell(run, group, claim) for run in runs]
        lines.append(f"| {claim} | {' | '.join(cells)} |".replace("\n", " "))
    return "\n".join(lines) + "\n"


def _cell(run: Run, group: str, claim: str) -> str:
    row = next((row for row in run.rows if (row.group, row.claim) == (group, claim)), None)
    if row is None:
        return "not run"
    return f"{row.outcome}: {row.why}" if row.why else row.outcome


def write(files: Iterable[Path]) -> None:
    PAGE.write_text(markdown([Run.read(file) for file in files]), encoding="utf-8")


if __name__ == "__main__":
    write(Path(name) for name in sys.argv[1:])
