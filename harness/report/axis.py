"""The axis above a line: labels of moments, and marks where time was cut."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from harness.report.spacing import BREAK, SILENCE, SPACE, TICK


@dataclass(frozen=True)
class Tick:
    """A time's label on the axis, with its day where that is new."""

    x: float
    time: datetime
    new_day: bool


@dataclass(frozen=True)
class Break:
    """Time that was cut. `jumped`: the clock was moved; otherwise nothing happened that is shown."""

    x: float
    width: float
    length: timedelta
    jumped: bool


def ticks(moments: list[datetime], xs: dict[datetime, float]) -> Iterator[Tick]:
    """The first moment, the first after every break, and as many others as have room."""
    last: Tick | None = None
    resumed = {two for one, two in pairwise(moments) if two - one >= SILENCE}
    for moment in moments:
        x = xs[moment]
        room = not any(xs[later] - BREAK < x + TICK for later in resumed if later > moment)
        if (
            last is None
            or moment in resumed
            or (room and x >= last.x + TICK and f"{moment:%T}" != f"{last.time:%T}")
        ):
            last = Tick(x, moment, last is None or moment.date() != last.time.date())
            yield last


def breaks(moments: list[datetime], xs: dict[datetime, float], jumps: list[datetime]) -> Iterator[Break]:
    for before, after in pairwise(moments):
        if after - before >= SILENCE:
            jumped = any(before < jump <= after for jump in jumps)
            yield Break(xs[after] - BREAK + SPACE, BREAK - 2 * SPACE, after - before, jumped)
