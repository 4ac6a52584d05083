"""Runs a scenario from the command line: on the harness that is up, or on one of its own."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path

from rich.console import Console

from fake_accounts.accounts import load_accounts
from harness import finding
from harness import scenario as telling
from harness import stack as stacks
from harness.clock import next_time_of_day
from harness.model import DEFAULT_ENGINES, Engines, HarnessError, Json
from harness.report import render
from harness.scenario import Telling, World
from harness.site.sitecustomize import guard
from harness.stack import Stack
from harness.usage import usage

# Scenarios begin in the morning, so that no schedule is close.
MORNING = 9


def run_scenario(
    name: str,
    *,
    as_json: bool,
    keep: bool,
    report: Path | None,
    iam: str,
    without: Iterable[str] = (),
    engines: Engines = DEFAULT_ENGINES,
) -> int:
    """Answers the exit status: 0, or 1 where an expectation failed. `report`: where to write what happened.

    `without`: policies and statements that are treated as if they were not there.
    """
    file = telling.find(name)
    _quiet()
    teller = Telling(as_json)
    began = time.monotonic()
    with harness_for_scenario(name, iam, engines) as stack, environment(stack):
        if file.parent == telling.SCENARIOS:  # they use it; a file of somebody's own need not
            # The SDK takes seconds to import: it does so while the accounts come up.
            threading.Thread(target=_import_sdk, daemon=True).start()
        world = World(stack, teller)
        with _left_out(stack, list(without)):
            failure = telling.run(name, world)
        teller.result(name, failure, time.monotonic() - began, _refused(world))
        if report:
            write_report(
                report, stack, title=telling.title(name), failure=str(failure or ""), after=world.began
            )
            teller.line(f"report: {report}")
        _check_left_out(stack, without)
        if keep:
            _stay(stack, teller)
    return 1 if failure else 0


def _refused(world: World) -> list[Json]:
    """None where the harness is gone: that is the failure, and told already."""
    try:
        return world.refused()
    except HarnessError:
        return []


@contextmanager
def _left_out(stack: Stack, names: list[str]) -> Iterator[None]:
    if not names:
        yield
        return
    stack.client.without(names)
    try:
        yield
    finally:
        with contextlib.suppress(HarnessError):  # it is gone, and they with it
            stack.client.without([])


def _check_left_out(stack: Stack, names: Iterable[str]) -> None:
    """Raises HarnessError where the accounts had no such policy or statement: the run has proven nothing."""
    if not names:
        return
    known = {s.ref for s in usage(stack.client.journal(0, "policy")).statements}
    known |= {ref.partition("#")[0] for ref in known}
    for name in names:
        if name not in known:
            near = "".join(f"; did you mean {n!r}?" for n in get_close_matches(name, known, n=1))
            raise HarnessError(
                f"nothing was left out: there was no {name!r}{near} (`harness policies` has the names)"
            )


def journal_of(name: str) -> list[Json]:
    """What a scenario's calls and policies were, on a harness of its own. Raises HarnessError where it fails."""
    _quiet()
    with fresh_harness() as stack, environment(stack):
        world = World(stack, Telling(console=Console(quiet=True)))
        failure = telling.run(name, world)
        if failure:
            raise HarnessError(f"scenario {name} fails as it is:\n{failure}")
        return world.records("call", "policy")


@contextmanager
def harness_for_scenario(name: str, iam: str, engines: Engines) -> Iterator[Stack]:
    """The running harness, to ourselves, its clock moved to the next morning; or a new one, where it is morning
    already. Raises HarnessError where the one that runs is not as it is asked for."""
    running = finding.found()
    if running is None:
        with fresh_harness(iam, engines) as stack:
            yield stack
        return
    status = running.client.status()
    for option, asked in {"iam": iam, **_asked(engines)}.items():
        if status[option] != asked:
            raise HarnessError(
                f"the harness that is up runs with --{option} {status[option]}, not {asked}; end it with "
                f"`harness down`, or ask for --{option} {status[option]}"
            )
    with running.client.claimed(f"scenario {name}"):
        running.client.advance_to(next_time_of_day(running.client.now(), MORNING))
        yield running


def _asked(engines: Engines) -> dict[str, str]:
    """The options of the engines; but of a harness that HARNESS_ENDPOINT names only those that were asked for."""
    options, usual = asdict(engines), asdict(DEFAULT_ENGINES)
    named = os.environ.get(finding.NAMED)
    return {name: value for name, value in options.items() if not (named and value == usual[name])}


@contextmanager
def fresh_harness(iam: str = "enforce", engines: Engines = DEFAULT_ENGINES) -> Iterator[Stack]:
    """A harness of one's own, with empty accounts, in the next morning: never before the real time, or SDKs would take
    new temporary credentials for expired ones."""
    morning = next_time_of_day(datetime.now(UTC), MORNING)
    with stacks.started(start=morning, iam=iam, engines=engines) as stack:
        yield stack


def _quiet() -> None:
    """The scenario tells what happens; the SDK's and botocore's chatter would bury it."""
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")


def _import_sdk() -> None:
    import sagemaker.workflow.pipeline_context  # noqa: F401


@contextmanager
def environment(stack: Stack) -> Iterator[None]:
    """This process's environment, without the user's AWS settings and with the stack's."""
    guard()
    with stacks.in_force(stacks.scrubbed(stack.environment())):
        yield


def write_report(
    file: Path, stack: Stack, *, title: str, failure: str = "", after: int = 0, checked: bool = True
) -> None:
    """Writes a page of what happened on a harness since that record of its journal. Raises HarnessError."""
    names = {account.id: account.name for account in load_accounts().values()}
    page = render(stack.client.journal(after), title, failure, accounts=names, checked=checked)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(page, encoding="utf-8")
    except OSError as error:
        raise HarnessError(f"the report cannot be written to {file}: {error.strerror}") from error


def _stay(stack: Stack, teller: Telling) -> None:
    if finding.found() == stack:
        return  # it stays anyway
    with finding.announced(stack):
        teller.line(
            f"kept at {stack.endpoint}: look with `harness executions`, `harness logs`, `harness env prod`"
        )
        teller.line("end it with Ctrl-C or `harness down`")
        with contextlib.suppress(KeyboardInterrupt):
            finding.stay(stack)
