"""What holds of the analyzer for any data."""

import csv
import io
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from analyzer.drift import categorical_distance, numerical_distance, robust
from analyzer.sketch import Sketch
from hypothesis import given, settings
from hypothesis import strategies as st

from .monitor_runs import analyze, check

numbers = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=200)
long_lists = st.builds(
    lambda n, step: [float((i * step) % 997) for i in range(n)], st.integers(1, 30_000), st.integers(1, 996)
)
counts = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 100), min_size=1)
cells = st.one_of(
    st.just(""), st.integers(-9, 9).map(str), st.floats(0, 9).map(str), st.sampled_from(["a", "b", "?", "é"])
)
tables = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=60)
)


@settings(deadline=None)
@given(numbers | long_lists)
def test_bucket_counts_sum_to_the_number_of_values(values: list[float]) -> None:
    buckets = Sketch.of(values).buckets(min(values), max(values))
    assert len(buckets) == 10
    assert sum(bucket["count"] for bucket in buckets) == len(values)
    assert all(bucket["count"] >= 0 for bucket in buckets)


@settings(deadline=None)
@given(long_lists)
def test_a_sketch_stands_for_every_value_and_ranks_nearly_right(values: list[float]) -> None:
    sketch = Sketch.of(values)
    middle = sorted(values)[len(values) // 2]
    (rank,) = sketch.ranks([middle], inclusive=True)
    assert sketch.count == len(values)
    assert abs(rank - sum(v <= middle for v in values)) <= 0.01 * len(values)


@settings(deadline=None)
@given(long_lists)
def test_the_same_values_give_the_same_sketch(values: list[float]) -> None:
    assert Sketch.of(values) == Sketch.of(values)


@given(numbers, numbers)
def test_numerical_distance_is_a_symmetric_distance_within_1(one: list[float], other: list[float]) -> None:
    a, b = Sketch.of(one), Sketch.of(other)
    assert numerical_distance(a, a) == 0.0
    assert numerical_distance(a, b) == numerical_distance(b, a)
    assert 0.0 <= numerical_distance(a, b) <= 1.0


@given(counts, counts)
def test_categorical_distance_is_a_symmetric_distance_within_1(
    one: dict[str, int], other: dict[str, int]
) -> None:
    assert categorical_distance(one, one) == 0.0
    assert categorical_distance(one, other) == categorical_distance(other, one)
    assert 0.0 <= categorical_distance(one, other) <= 1.0


@given(st.floats(0, 1), st.integers(1, 10**6), st.integers(1, 10**6))
def test_robust_distance_is_never_above_the_simple_one(distance: float, n: int, m: int) -> None:
    assert 0.0 <= robust(distance, n, m) <= distance


# No deadline: each example writes and reads files.
@settings(deadline=None, max_examples=60)
@given(tables)
def test_a_data_set_does_not_violate_its_own_baseline(rows: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    with TemporaryDirectory() as name:
        before = analyze(Path(name) / "before", {"data.csv": text.getvalue()})
        outcome = check(Path(name) / "now", before, text.getvalue())
        assert outcome.message == "Completed: Job completed successfully with no violations."
        assert outcome.statistics == before.statistics


def test_level_0_of_a_long_column_starts_where_real_files_start_it() -> None:
    """2,333 rows fill level 0 (2,050) once; the churn baseline of AWS's examples begins at row 2,051."""
    sketch = Sketch.of([float(i) for i in range(2333)])
    assert sketch.levels[0] == pytest.approx([float(i) for i in range(2050, 2333)])
    assert len(sketch.levels[1]) == 1025
