"""KLL quantile sketches as deequ makes them.

Why not the datasketches library: it draws random bits at each compaction and has no seed, so the same data
gave another statistics.json each time, and its levels have other sizes than those of real files. Here
compactions alternate, so results repeat; level 0 of a real file over 2,333 rows (the churn data in
amazon-sagemaker-examples) begins with row 2,051, and so does ours.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

SHRINKING = 0.64  # "c" in statistics.json
SIZE = 2048  # "k"
BUCKETS = 10

Floats = NDArray[np.float64]


@dataclass
class Sketch:
    """Levels of values; a value at `levels[h]` stands for 2**h values of the data."""

    size: int = SIZE
    shrinking: float = SHRINKING
    levels: list[list[float]] = field(default_factory=lambda: [[]])
    _offsets: list[int] = field(default_factory=lambda: [0])
    _compactions: list[int] = field(default_factory=lambda: [0])

    @classmethod
    def of(cls, values: Sequence[float]) -> "Sketch":
        """The sketch of `values`, taken in their order."""
        sketch = cls()
        at = 0
        while at < len(values):
            room = sketch._capacity() - sum(map(len, sketch.levels))
            taken = values[at : at + max(room, 0) + 1]
            sketch.levels[0].extend(taken)
            at += len(taken)
            if len(taken) > room:
                sketch._condense()
        return sketch

    @property
    def count(self) -> int:
        """How many values the sketch stands for: exact, as a compaction keeps an odd value where it is."""
        return sum(len(level) << height for height, level in enumerate(self.levels))

    def ranks(self, points: Floats, *, inclusive: bool) -> NDArray[np.int64]:
        """For each point, how many values are less than it (or equal, when `inclusive`)."""
        items = np.array([value for level in self.levels for value in level], dtype=np.float64)
        weights = np.array([1 << h for h, level in enumerate(self.levels) for _ in level], dtype=np.int64)
        order = np.argsort(items, kind="stable")
        cumulative = np.concatenate(([0], np.cumsum(weights[order])))
        places = np.searchsorted(items[order], points, side="right" if inclusive else "left")
        return np.asarray(cumulative[places], dtype=np.int64)

    def buckets(self, low: float, high: float) -> list[dict[str, float]]:
        """Ten buckets `[lower, upper)` from `low` to `high`, the last closed; their counts sum to `count`."""
        bounds = [low + (high - low) * i / float(BUCKETS) for i in range(BUCKETS + 1)]
        below = self.ranks(np.array(bounds), inclusive=False)
        edges = [0, *(int(rank) for rank in below[1:-1]), self.count]
        return [
            {"lower_bound": lower, "upper_bound": upper, "count": float(last - first)}
            for (lower, upper), (first, last) in zip(pairwise(bounds), pairwise(edges), strict=True)
        ]

    def to_json(self) -> dict[str, Any]:
        """The "sketch" object of statistics.json."""
        return {"parameters": {"c": self.shrinking, "k": float(self.size)}, "data": self.levels}

    def _level_capacity(self, height: int) -> int:
        return 2 * (ceil(self.size * self.shrinking**height / 2) + 1)

    def _capacity(self) -> int:
        return sum(self._level_capacity(height) for height in range(len(self.levels)))

    def _condense(self) -> None:
        """Halve the lowest full level into the one above it."""
        height = next(h for h, level in enumerate(self.levels) if len(level) >= self._level_capacity(h))
        if height + 1 == len(self.levels):
            self.levels.append([])
            self._offsets.append(0)
            self._compactions.append(0)
        if self._compactions[height] % 2:
            self._offsets[height] = 1 - self._offsets[height]
        self._compactions[height] += 1
        level = self.levels[height]
        even = len(level) - len(level) % 2
        self.levels[height + 1].extend(sorted(level[:even])[self._offsets[height] :: 2])
        self.levels[height] = level[even:]
