"""The statistics of a data set, and statistics.json.

Schema: "Schema for Statistics" in SageMaker's guide; numbers are written as in real files (version 0.0,
counts of buckets and "k" as floats). Newer files carry approximate_num_distinct_values and completeness too;
where they stand is not documented and nothing reads them, so they are not written.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from .dataset import Table
from .profile import NUMERIC, Profile, profile_column
from .sketch import Sketch

# deequ makes a histogram only of columns with few distinct values; the analyzer's limit is not documented.
MOST_CATEGORIES = 120


@dataclass(frozen=True)
class Numerical:
    """Statistics of a numeric column's present values; `std_dev` is the population's."""

    mean: float
    total: float
    std_dev: float
    minimum: float
    maximum: float
    sketch: Sketch

    def to_json(self) -> dict[str, Any]:
        """All of "numerical_statistics" but "common"."""
        return {
            "mean": self.mean,
            "sum": self.total,
            "std_dev": self.std_dev,
            "min": self.minimum,
            "max": self.maximum,
            "distribution": {
                "kll": {
                    "buckets": self.sketch.buckets(self.minimum, self.maximum),
                    "sketch": self.sketch.to_json(),
                }
            },
        }


@dataclass(frozen=True)
class Textual:
    """Statistics of any other column; `frequencies` is None when there are too many distinct values."""

    distinct: int
    frequencies: dict[str, int] | None

    def to_json(self) -> dict[str, Any]:
        """All of "string_statistics" but "common"."""
        document: dict[str, Any] = {"distinct_count": float(self.distinct)}
        if self.frequencies is not None:
            buckets = [{"value": value, "count": count} for value, count in self.frequencies.items()]
            document["distribution"] = {"categorical": {"buckets": buckets}}
        return document


@dataclass(frozen=True)
class Feature:
    """A column's profile and the statistics that its type calls for."""

    profile: Profile
    statistics: Numerical | Textual

    def to_json(self) -> dict[str, Any]:
        """One of "features"; a column with no values at all is written like text, with nothing in it."""
        profile = self.profile
        section = "numerical_statistics" if isinstance(self.statistics, Numerical) else "string_statistics"
        common = {"num_present": len(profile.values), "num_missing": profile.missing}
        return {
            "name": profile.name,
            "inferred_type": profile.inferred_type,
            section: {"common": common, **self.statistics.to_json()},
        }


@dataclass(frozen=True)
class Statistics:
    """The statistics of a data set, by column name, in the data's order."""

    rows: int
    features: dict[str, Feature]

    def to_json(self) -> dict[str, Any]:
        """The document statistics.json."""
        features = [feature.to_json() for feature in self.features.values()]
        return {"version": 0.0, "dataset": {"item_count": self.rows}, "features": features}


def describe(table: Table) -> Statistics:
    """The statistics of a table of at least one row."""
    return Statistics(
        table.rows,
        {name: _feature(profile_column(name, cells)) for name, cells in table.columns.items()},
    )


def _feature(profile: Profile) -> Feature:
    numeric = profile.inferred_type in NUMERIC
    return Feature(profile, _numerical(profile.numbers()) if numeric else _textual(profile.values))


def _numerical(values: list[float]) -> Numerical:
    array = np.array(values)
    return Numerical(
        mean=float(array.mean()),
        total=float(array.sum()),
        std_dev=float(array.std()),
        minimum=float(array.min()),
        maximum=float(array.max()),
        sketch=Sketch.of(values),
    )


def _textual(values: list[str]) -> Textual:
    frequencies = dict(Counter(values).most_common())
    return Textual(len(frequencies), frequencies if 0 < len(frequencies) <= MOST_CATEGORIES else None)
