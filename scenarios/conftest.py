"""pytest collects the scenarios too: each on a harness of its own, or all on the one that HARNESS_ENDPOINT names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict

import pytest

from harness.finding import NAMED
from harness.model import DEFAULT_ENGINES, Engines
from harness.running import environment, fresh_harness, harness_for_scenario
from harness.scenario import Telling, World
from tests.conformance.calls import unlisted


def _engines() -> Engines:
    """Those of HARNESS_RUNNER, HARNESS_IMAGES and HARNESS_BACKEND."""
    usual = asdict(DEFAULT_ENGINES)
    return Engines(**{name: os.environ.get(f"HARNESS_{name.upper()}") or usual[name] for name in usual})


@pytest.fixture
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    name = request.node.name.removeprefix("scenario_")
    named = os.environ.get(NAMED)
    harness = (
        harness_for_scenario(name, "enforce", _engines()) if named else fresh_harness(engines=_engines())
    )
    with harness as stack, environment(stack):
        world = World(stack, Telling())
        yield world
        new = unlisted(world.records("call"))
        assert not new, f"the conformance suite has to make these calls, too (make conformance-calls): {new}"
