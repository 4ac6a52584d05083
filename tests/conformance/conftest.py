"""The suite's harness, and its plugin: a test's docstring is the claim that it stands for, the first line of its
module's the group. Asked for by CONFORMANCE_RESULTS, the outcomes are written to that file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.running import environment
from harness.stack import Stack
from tests.conformance import differences
from tests.conformance.combination import Combination, harness
from tests.conformance.results import Row, Run
from tests.e2e.account import Account
from tests.e2e.callers import Callers

COMBINATION = Combination.wanted()
ORDER = {"test_scenario.py": -1, "test_calls.py": 1}
_CLAIM = pytest.StashKey[tuple[str, str]]()
_ROWS = pytest.StashKey[dict[str, Row]]()


@pytest.fixture(scope="session")
def combination() -> Combination:
    return COMBINATION


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    with harness(COMBINATION) as stack:
        yield stack


@pytest.fixture(scope="session")
def callers(stack: Stack) -> Callers:
    return Callers(stack)


@pytest.fixture(scope="session")
def dev(stack: Stack) -> Account:
    with environment(stack):
        return Account("dev", stack)


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_ROWS] = {}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    ours = [item for item in items if item.path.parent == Path(__file__).parent]
    for item in ours:
        item.stash[_CLAIM] = _described(item)
        why = differences.known(item.stash[_CLAIM][1], COMBINATION)
        if why:
            item.add_marker(pytest.mark.xfail(reason=why, strict=True))
    # A scenario wants the backend empty; the calls are looked at when all have been made.
    items.sort(key=lambda item: ORDER.get(item.path.name, 0))


def _described(item: pytest.Item) -> tuple[str, str]:
    """Its group and its claim, into which a parametrised test's docstring has the parameters put."""
    assert isinstance(item, pytest.Function)
    document = item.function.__doc__
    if not document:
        raise pytest.UsageError(f"{item.nodeid} has no docstring: it is the claim that it stands for")
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    claim = " ".join(document.partition("\n\n")[0].split()).format(**parameters)
    return (item.module.__doc__ or "").partition("\n")[0].rstrip("."), claim


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    rows = item.config.stash[_ROWS]
    if _CLAIM in item.stash and (report.when == "call" or report.outcome != "passed"):
        outcome, why = _outcome(report)
        rows.setdefault(item.nodeid, Row(*item.stash[_CLAIM], outcome, why))
    return report


def _outcome(report: pytest.TestReport) -> tuple[str, str]:
    if report.outcome == "passed":
        return "passed", ""
    if report.outcome == "failed":
        return "broken", ""
    if hasattr(report, "wasxfail"):
        return "fails", report.wasxfail
    assert isinstance(report.longrepr, tuple)
    return "not run", report.longrepr[2].removeprefix("Skipped: ")


def pytest_sessionfinish(session: pytest.Session) -> None:
    wanted = os.environ.get("CONFORMANCE_RESULTS")
    rows = session.config.stash[_ROWS]
    if wanted and rows:
        Run(COMBINATION.name, COMBINATION.versions(), tuple(rows.values())).write(Path(wanted))
