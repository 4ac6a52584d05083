"""What the tests of events start from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from harness.clock import Clock
from harness.events.bus import Bus
from harness.events.rules import Rules, Target
from harness.events.schedules import Schedules
from harness.journal import Journal
from harness.model import Event

from .world import ACCOUNT, NOON, REGION, FakeWire, World


@pytest.fixture
def world() -> Iterator[World]:
    clock = Clock(NOON)
    wire, journal, rules = FakeWire(), Journal(clock), Rules(clock)
    bus = Bus(rules, wire, journal, clock)
    yield World(wire, clock, journal, rules, bus, Schedules(rules, bus))
    bus.close()


@pytest.fixture
def failed_execution() -> Event:
    """A pipeline's execution has failed."""
    return Event(
        id="11111111-2222-3333-4444-555555555555",
        source="aws.sagemaker",
        detail_type="SageMaker Model Building Pipeline Execution Status Change",
        account=ACCOUNT,
        region=REGION,
        time=NOON,
        detail={"currentPipelineExecutionStatus": "Failed", "parameters": ["a", "b"]},
        resources=(f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:pipeline/inference",),
    )


@pytest.fixture
def target() -> Callable[..., Target]:
    """A target as PutTargets keeps it."""

    def made(arn: str, **settings: Any) -> Target:
        return Target("it", arn, {"Id": "it", "Arn": arn, **settings})

    return made
