"""The arrows of the timeline: paths from one box to another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from harness.report.timeline import ITEM, Box


@dataclass(frozen=True)
class Link:
    """What led to what, by their boxes' keys. `after`: it was the source's end that did.

    `tone` is bad for a delivery that failed, plain for others, quiet for what is no delivery.
    """

    source: str
    target: str
    tone: str
    after: bool = False


@dataclass(frozen=True)
class Arrow:
    path: str
    tone: str


def arrows(links: Iterable[Link], boxes: Mapping[str, Box]) -> Iterator[Arrow]:
    """Arrows between the boxes of one line; a link that leaves the line has none."""
    for link in links:
        if link.source in boxes and link.target in boxes:
            path = _from_end if link.after else _to_start
            yield Arrow(path(boxes[link.source], boxes[link.target]), link.tone)


def _from_end(a: Box, b: Box) -> str:
    """From where a run ended, down and into the side of a rule's mark."""
    x = a.right - 8
    if b.x < x + 8:
        return f"M{x:.1f} {a.bottom:.1f}V{b.y:.1f}"
    return f"M{x:.1f} {a.bottom:.1f}V{b.middle - 6:.1f}q0 6 6 6H{b.x:.1f}"


def _to_start(a: Box, b: Box) -> str:
    """Upright to where the target began; sideways first where that is beyond the mark the arrow comes from."""
    down = b.y > a.y
    x = b.x + ITEM / 2
    if x <= a.right - 6:
        x = max(x, a.x + 6)
        return f"M{x:.1f} {a.bottom if down else a.y:.1f}V{b.y if down else b.bottom:.1f}"
    turn = 6 if down else -6
    return f"M{a.right:.1f} {a.middle:.1f}H{x - 6:.1f}q6 0 6 {turn}V{b.y if down else b.bottom:.1f}"
