"""The platform's scenarios."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from harness.model import DEFAULT_ENGINES
from harness.stack import ROOT
from tests.conformance.combination import Combination

# What is different in any two runs: executions, jobs, the folder of mails.
_OF_ONE_RUN = re.compile(r"(?<![\w-])[a-z0-9]{12}(?![\w-])|(?<=pipelines-)[a-z0-9]{12}-[\w-]+|/tmp/\S+")


def test_outliers(combination: Combination) -> None:
    """The scenario `outliers` tells, on any of them, what it tells on moto with processes, to the last digit"""
    if (combination.runner, combination.service) == (DEFAULT_ENGINES.runner, DEFAULT_ENGINES.backend):
        pytest.skip("it is what the others are compared with")
    # In the order of the text: what goes on side by side is told as it comes.
    here = sorted(told(combination))
    assert here == sorted(told(Combination(DEFAULT_ENGINES.runner, DEFAULT_ENGINES.backend)))
    assert sum("sha256" in line for line in here) == 2, "the predictions of two nights"
    assert any("_check: " in line for line in here), "violations"


def told(combination: Combination) -> Iterator[str]:
    """Each line of what the scenario tells of, moment by moment, without what no two runs have alike."""
    command = [sys.executable, "-m", "harness", "scenario", "outliers", "--json"]
    options = ["--runner", combination.runner, "--backend", combination.backend]
    done = subprocess.run([*command, *options], cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    for line in done.stdout.splitlines():
        record = json.loads(line)
        text = record.get("evidence") or record.get("title")
        if text:
            yield f"{record.get('moment')}: {_OF_ONE_RUN.sub('*', text)}"
