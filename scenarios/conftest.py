"""pytest collects the scenarios too: each on a harness of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.running import environment, fresh_harness
from harness.scenario import Telling, World


@pytest.fixture
def world() -> Iterator[World]:
    with fresh_harness() as stack, environment(stack):
        yield World(stack, Telling())
