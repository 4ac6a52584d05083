"""Distances between two distributions, as in deequ's Distance (see DESIGN.md).

One difference on purpose: deequ's public code keys its ranks by value, so repeated values count once;
here each value counts, which is what a CDF is.
"""

from collections.abc import Mapping
from math import sqrt

import numpy as np

from .sketch import Sketch


def numerical_distance(current: Sketch, baseline: Sketch) -> float:
    """Greatest difference of the two CDFs (Kolmogorov-Smirnov's), in [0, 1]; both sketches hold values."""
    points = np.array([value for sketch in (current, baseline) for level in sketch.levels for value in level])
    gaps = np.abs(
        current.ranks(points, inclusive=True) / current.count
        - baseline.ranks(points, inclusive=True) / baseline.count
    )
    return float(gaps.max())


def categorical_distance(current: Mapping[str, int], baseline: Mapping[str, int]) -> float:
    """Greatest difference of a category's two frequencies (L-infinity), in [0, 1]; neither is empty."""
    n, m = sum(current.values()), sum(baseline.values())
    return max(
        abs(current.get(key, 0) / n - baseline.get(key, 0) / m) for key in current.keys() | baseline.keys()
    )


def robust(distance: float, n: int, m: int) -> float:
    """`distance` less what chance gives samples of `n` and `m` values: 1.8 is c(alpha) at alpha 0.003."""
    return max(0.0, distance - 1.8 * sqrt((n + m) / (n * m)))
