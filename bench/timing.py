"""How figures are taken."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

# What, here, beside it, ratio, aim: a row of the table.
Row = tuple[str, str, str, str, str]


def turn_about(calls: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """The median of each call, in seconds; the machine's moods fall on all alike."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        call()
    for _ in range(rounds):
        for name, call in calls.items():
            times[name].append(timed(call))
    return {name: statistics.median(taken) for name, taken in times.items()}


def timed(call: Callable[[], Any]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began
