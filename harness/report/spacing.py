"""Where items stand: the row of each within its lane, and an x for every moment. Pure; knows nothing of AWS.

x grows with time, but not evenly: an item is wide enough for its label, a long silence is cut to a break mark.
So order and overlap are true, lengths are not to scale.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

PAD = 12  # beside the first item
SPACE = 8  # between items of a row
TICK = 62  # what a time's label takes
BREAK = 52  # what a break's label takes
SILENCE = timedelta(seconds=30)  # a gap so long is cut
APART = timedelta(milliseconds=60)  # items without length that are closer stand in rows of their own


@dataclass(frozen=True)
class Item:
    """Something to place. `band` orders the rows within a lane; `width` is what its label takes."""

    key: str
    lane: str
    band: int
    start: datetime
    end: datetime
    width: float


Row = tuple[str, int, int]  # lane, band, row within the band


def rows_of(ordered: Iterable[Item]) -> dict[str, Row]:
    """A row for every item, by its key: in its band, the first whose last item has ended."""
    busy: dict[Row, datetime] = {}
    rows = {}
    for item in ordered:
        number = 0
        while (item.lane, item.band, number) in busy and busy[item.lane, item.band, number] >= item.start:
            number += 1
        row = (item.lane, item.band, number)
        busy[row] = max(item.end, item.start + APART) if item.end == item.start else item.end
        rows[item.key] = row
    return rows


def segments(ordered: Iterable[Item]) -> list[list[Item]]:
    """The items between silences: parts that nothing reaches across."""
    parts: list[list[Item]] = []
    reached: datetime | None = None
    for item in ordered:
        if reached is None or item.start - reached >= SILENCE:
            parts.append([])
        parts[-1].append(item)
        reached = max(reached or item.end, item.end)
    return parts


def positions(
    ordered: list[Item], rows: dict[str, Row], left: float, stretch: float
) -> tuple[dict[datetime, float], float]:
    """An x for every moment at which an item starts or ends, and the right edge of them all.

    Each is the smallest that leaves room for everything before it; `stretch` lengthens what takes time.
    """
    starts: dict[datetime, list[Item]] = {}
    ends: dict[datetime, list[Item]] = {}
    for item in ordered:
        starts.setdefault(item.start, []).append(item)
        ends.setdefault(item.end, []).append(item)
    xs: dict[datetime, float] = {}
    free: dict[Row, float] = {}  # where a row's next item may begin
    edge, tick, last = left, left, None
    for moment in sorted({*starts, *ends}):
        ending = [item for item in ends.get(moment, []) if item.start < moment]
        x = left if last is None else xs[last] + _advance(moment - last, stretch)
        x = max([x, *(xs[item.start] + item.width for item in ending)])
        x = max([x, *(free.get(rows[item.key], x) for item in starts.get(moment, []))])
        if last is not None and moment - last >= SILENCE:
            x = tick = max(x, edge + BREAK, tick + TICK + BREAK)
        xs[moment] = x
        for item in ending:
            free[rows[item.key]] = x + SPACE
            edge = max(edge, x)
        for item in starts.get(moment, []):
            free[rows[item.key]] = x + item.width + SPACE
            edge = max(edge, x + item.width)
        last = moment
    return xs, max(edge, tick + TICK)


def _advance(length: timedelta, stretch: float) -> float:
    return BREAK if length >= SILENCE else 5 + stretch * 12 * math.log1p(length.total_seconds() * 12)
