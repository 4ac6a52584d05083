"""`python -m tests.conformance`: the suite on every combination that this machine can, then docs/conformance.md.

Each run's results go to reports/conformance/. Exit status 1 where a claim that ought to hold did not.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from harness.model import HarnessError
from harness.stack import ROOT
from tests.conformance import table
from tests.conformance.combination import Combination
from tests.conformance.results import Run

COMBINATIONS = [
    Combination(runner, backend) for backend in ("moto", "localstack") for runner in ("process", "docker")
]
RESULTS = ROOT / "reports" / "conformance"
_SKIPPED = "skipped: "


def main() -> int:
    files = [RESULTS / f"{c.backend}-{c.runner}.json" for c in COMBINATIONS]
    broken = 0
    for combination, file in zip(COMBINATIONS, files, strict=True):
        run = _run(combination, file)
        broken += sum(row.outcome == "broken" for row in run.rows)
    table.write(files)
    print(f"{table.PAGE.relative_to(ROOT)}: {broken or 'no'} claims broken")
    return int(broken > 0)


def _run(combination: Combination, file: Path) -> Run:
    """Its results, which are in the file then. Raises HarnessError where the suite did not begin."""
    file.unlink(missing_ok=True)
    print(f"conformance: {combination.name}", flush=True)
    wanted = {"HARNESS_RUNNER": combination.runner, "HARNESS_BACKEND": combination.backend}
    skipped = _said(_command(combination), {**os.environ, **wanted, "CONFORMANCE_RESULTS": str(file)})
    if skipped:
        Run(combination.name, {}, skipped=skipped).write(file)
    if not file.exists():
        raise HarnessError(f"the suite did not begin on {combination.name}; what it said is above")
    return Run.read(file)


def _command(combination: Combination) -> list[str]:
    """pytest, with the engines that it needs around it."""
    needed = [name for name in (combination.runner, combination.backend) if name in ("docker", "localstack")]
    around = [word for name in needed for word in (sys.executable, "-m", "engines", name, "--")]
    return [*around, sys.executable, "-m", "pytest", "tests/conformance"]


def _said(command: list[str], environment: dict[str, str]) -> str:
    """Runs it, and shows what it says; why it could not be run, if so."""
    skipped = ""
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        for line in process.stdout:
            print(line, end="", flush=True)
            if line.startswith(_SKIPPED):
                skipped = line.removeprefix(_SKIPPED).strip()
    return skipped


if __name__ == "__main__":
    try:
        sys.exit(main())
    except HarnessError as error:
        sys.exit(f"error: {error}")
