"""Lays items out along time, in lanes. Where a line is full the next one goes on, as staves of music do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from harness.report.axis import Break, Tick, breaks, ticks
from harness.report.spacing import BREAK, PAD, Item, Row, positions, rows_of, segments

ROW = 34  # a row's height
ITEM = 24  # an item's
ABOVE = 8  # above and below a lane's rows
HEAD = 40  # the axis above the lanes


@dataclass(frozen=True)
class Box:
    x: float
    y: float
    width: float
    height: float = ITEM

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


@dataclass(frozen=True)
class Lane:
    name: str
    y: float
    height: float


@dataclass(frozen=True)
class Line:
    """One line of the timeline."""

    width: float
    height: float
    boxes: dict[str, Box]
    lanes: tuple[Lane, ...]
    ticks: tuple[Tick, ...]
    breaks: tuple[Break, ...]


def lay_out(
    items: Iterable[Item], lanes: Sequence[str], jumps: Iterable[datetime] = (), width: float = 1050
) -> list[Line]:
    """Places every item. `lanes` gives their order; `jumps` are the moments that the clock was moved to.

    A line ends only at a silence; what has none in `width` makes its line wider.
    """
    jumps = sorted(jumps)
    lines = []
    since: datetime | None = None
    for part in _fill(sorted(items, key=lambda item: (item.start, item.end)), width):
        lines.append(_line(part, lanes, jumps, since, width))
        since = max(item.end for item in part)
    return lines


def _fill(ordered: list[Item], width: float) -> list[list[Item]]:
    """As many segments in each line as have room."""
    lines: list[list[Item]] = []
    for segment in segments(ordered):
        longer = [*lines[-1], *segment] if lines else segment
        _, edge = positions(longer, rows_of(longer), PAD + BREAK, stretch=1)
        if lines and edge <= width - PAD:
            lines[-1] = longer
        else:
            lines.append(segment)
    return lines


def _line(
    ordered: list[Item], names: Sequence[str], jumps: list[datetime], since: datetime | None, width: float
) -> Line:
    rows = rows_of(ordered)
    xs, edge = _stretched(ordered, rows, PAD + BREAK if since else PAD, width - PAD)
    moments = sorted(xs)
    lanes = tuple(_lanes(names, rows))
    tops = {lane.name: lane.y + ABOVE + (ROW - ITEM) / 2 for lane in lanes}
    numbers = _row_numbers(rows)
    boxes = {
        item.key: Box(
            x=xs[item.start],
            y=tops[item.lane] + numbers[rows[item.key]] * ROW,
            width=max(item.width, xs[item.end] - xs[item.start]),
        )
        for item in ordered
    }
    return Line(
        width=max(width, edge + PAD),
        height=lanes[-1].y + lanes[-1].height,
        boxes=boxes,
        lanes=lanes,
        ticks=tuple(ticks(moments, xs)),
        breaks=tuple(breaks([since, *moments] if since else moments, xs, jumps)),
    )


def _stretched(
    ordered: list[Item], rows: dict[str, Row], left: float, width: float
) -> tuple[dict[datetime, float], float]:
    """The most stretched positions that fit; those not stretched at all where none does."""
    tries = (positions(ordered, rows, left, tenths / 10) for tenths in range(60, 10, -2))
    return next((one for one in tries if one[1] <= width), None) or positions(ordered, rows, left, 1)


def _row_numbers(rows: dict[str, Row]) -> dict[Row, int]:
    """Which row of its lane each is, bands one below the other."""
    numbers: dict[Row, int] = {}
    count: dict[str, int] = {}
    for row in sorted(set(rows.values())):
        numbers[row] = count.get(row[0], 0)
        count[row[0]] = numbers[row] + 1
    return numbers


def _lanes(names: Sequence[str], rows: dict[str, Row]) -> Iterator[Lane]:
    """The lanes that hold anything, from top to bottom."""
    y = float(HEAD)
    for name in names:
        count = len({row for row in rows.values() if row[0] == name})
        if count:
            yield Lane(name, y, count * ROW + 2 * ABOVE)
            y += count * ROW + 2 * ABOVE
