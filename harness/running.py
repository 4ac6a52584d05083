"""Runs a scenario from the command line: on the harness that is up, or on one of its own."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from botocore.exceptions import BotoCoreError, ClientError

from harness import scenario as telling
from harness import stack as stacks
from harness.model import HarnessError
from harness.scenario import ExpectationFailed, Telling, World
from harness.site.sitecustomize import guard
from harness.stack import Stack

# Scenarios begin in the morning, so that no schedule is close.
MORNING = 9


def run_scenario(name: str, *, as_json: bool, keep: bool) -> int:
    """Answers the exit status: 0, or 1 where an expectation failed."""
    telling.check(name)
    _quiet()
    teller = Telling(as_json)
    began = time.monotonic()
    failure = ""
    with harness_for_scenario() as stack, environment(stack), claimed(stack, name):
        # The SDK takes seconds to import: it does so while the accounts come up.
        threading.Thread(target=_import_sdk, daemon=True).start()
        world = World(stack, teller)
        failure = _told(lambda: telling.load(name)(world))
        teller.result(name, failure, time.monotonic() - began)
        if keep:
            _stay(stack, teller)
    return 1 if failure else 0


def _told(scenario: Callable[[], None]) -> str:
    """The text of what went wrong; empty where nothing did."""
    try:
        scenario()
    except ExpectationFailed as error:
        return str(error)
    except (ClientError, BotoCoreError, HarnessError) as error:
        return f"{type(error).__name__}: {error}"
    return ""


@contextmanager
def harness_for_scenario() -> Iterator[Stack]:
    """The running harness, its clock moved to the next morning; or a new one, where it is morning already."""
    running = stacks.found()
    if running is None:
        with fresh_harness() as stack:
            yield stack
        return
    now = running.client.now()
    morning = now.replace(hour=MORNING, minute=0, second=0, microsecond=0)
    running.client.advance_to(morning if morning > now else morning + timedelta(days=1))
    yield running


@contextmanager
def fresh_harness() -> Iterator[Stack]:
    """A harness of one's own, with empty accounts, in the morning."""
    today = datetime.now(UTC).replace(hour=MORNING, minute=0, second=0, microsecond=0)
    with stacks.started(start=today) as stack:
        yield stack


def _quiet() -> None:
    """The scenario tells what happens; the SDK's and botocore's chatter would bury it."""
    logging.basicConfig(handlers=[logging.NullHandler()])
    warnings.simplefilter("ignore")


def _import_sdk() -> None:
    import sagemaker.workflow.pipeline_context  # noqa: F401


@contextmanager
def environment(stack: Stack) -> Iterator[None]:
    """This process's environment, without the user's AWS settings and with the stack's."""
    guard()
    before = dict(os.environ)
    during = stacks.scrubbed(stack.environment())
    os.environ.clear()
    os.environ.update(during)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def claimed(stack: Stack, name: str) -> Iterator[None]:
    """The harness to ourselves: scenarios share accounts and clock."""
    stack.client.claim(f"scenario {name}")
    try:
        yield
    finally:
        with contextlib.suppress(HarnessError):
            stack.client.release()


def _stay(stack: Stack, teller: Telling) -> None:
    if stacks.found():
        return
    stacks.announce(stack)
    teller.line(
        f"kept at {stack.endpoint}: look with `harness executions`, `harness logs`, `harness env prod`"
    )
    teller.line("end it with Ctrl-C or `harness down`")
    try:
        with contextlib.suppress(KeyboardInterrupt):
            while stacks.found():
                time.sleep(0.2)
    finally:
        stacks.withdraw()
