"""Laws of the layout: nothing overlaps, order is kept, silence costs no room."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from harness.report.spacing import BREAK, TICK, Item
from harness.report.timeline import Line, lay_out

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LANES = ("dev", "prod", "registry")

moments = st.integers(0, 4000) | st.integers(0, 3 * 86_400_000)
lengths = st.just(0) | st.integers(0, 3000) | st.integers(0, 200_000)


def item(key: str, at: int, length: int = 0, lane: str = "prod", band: int = 0, width: float = 90) -> Item:
    start = NOON + timedelta(milliseconds=at)
    return Item(key, lane, band, start, start + timedelta(milliseconds=length), width)


@st.composite
def several(draw: st.DrawFn) -> list[Item]:
    shapes = st.tuples(
        moments, lengths, st.sampled_from(LANES), st.integers(0, 2), st.sampled_from([40, 90, 220])
    )
    return [item(str(n), *shape) for n, shape in enumerate(draw(st.lists(shapes, min_size=1, max_size=25)))]


def line_of(key: str, lines: list[Line]) -> int:
    return next(n for n, line in enumerate(lines) if key in line.boxes)


@given(several())
def test_everything_is_placed_once_within_its_lane_and_wide_enough_for_its_label(items: list[Item]) -> None:
    lines = lay_out(items, LANES)
    assert sorted(key for line in lines for key in line.boxes) == sorted(one.key for one in items)
    for one in items:
        line = lines[line_of(one.key, lines)]
        box = line.boxes[one.key]
        lane = next(lane for lane in line.lanes if lane.name == one.lane)
        assert lane.y <= box.y < box.bottom <= lane.y + lane.height
        assert 0 <= box.x < box.right <= line.width
        assert box.width >= one.width


@given(several())
def test_boxes_never_overlap(items: list[Item]) -> None:
    for line in lay_out(items, LANES):
        for a, b in combinations(line.boxes.values(), 2):
            assert a.right <= b.x or b.right <= a.x or a.bottom <= b.y or b.bottom <= a.y


@given(several())
def test_what_starts_earlier_never_stands_further_right_or_further_down(items: list[Item]) -> None:
    lines = lay_out(items, LANES)
    for a, b in combinations(sorted(items, key=lambda one: one.start), 2):
        where = [(line_of(one.key, lines), lines[line_of(one.key, lines)].boxes[one.key].x) for one in (a, b)]
        assert where[0] <= where[1]


@given(several())
def test_what_overlaps_in_time_overlaps_on_the_page(items: list[Item]) -> None:
    lines = lay_out(items, LANES)
    for a, b in combinations(items, 2):
        if a.start <= b.start < a.end:
            line = lines[line_of(a.key, lines)]
            assert line.boxes[a.key].x <= line.boxes[b.key].x <= line.boxes[a.key].right


@given(several())
def test_labels_of_the_axis_never_run_into_each_other(items: list[Item]) -> None:
    for line in lay_out(items, LANES):
        spans = [(tick.x, tick.x + TICK) for tick in line.ticks]
        spans += [(cut.x, cut.x + cut.width) for cut in line.breaks]
        assert all(right <= left for (_, right), (left, _) in pairwise(sorted(spans)))


@given(several())
def test_only_what_outlasts_a_silence_crosses_its_mark(items: list[Item]) -> None:
    by_key = {one.key: one for one in items}
    for line in lay_out(items, LANES):
        for cut in line.breaks:
            for key, box in line.boxes.items():
                if box.x < cut.x + cut.width and box.right > cut.x:
                    assert by_key[key].end - by_key[key].start >= cut.length


@given(st.integers(31, 10**7), st.integers(31, 10**7))
def test_a_day_of_silence_is_as_wide_as_a_minute(one: int, other: int) -> None:
    def gap(seconds: int) -> float:
        (line,) = lay_out([item("a", 0), item("b", seconds * 1000)], LANES)
        return line.boxes["b"].x - line.boxes["a"].right

    assert gap(one) == gap(other) >= BREAK


@given(st.integers(1, 12))
def test_a_silence_is_told_as_a_jump_where_the_clock_was_moved_in_it(hours: int) -> None:
    later = timedelta(hours=hours)
    items = [item("a", 0), item("b", hours * 3_600_000)]
    (moved,) = lay_out(items, LANES, [NOON + later])[0].breaks
    (idle,) = lay_out(items, LANES, [NOON, NOON + 2 * later])[0].breaks
    assert (moved.jumped, idle.jumped) == (True, False)
    assert moved.length == idle.length == later


def test_a_full_line_goes_on_in_the_next_after_the_silence_it_ends_with() -> None:
    lines = lay_out([item(str(day), day * 86_400_000, width=200) for day in range(9)], LANES, width=1000)
    assert [list(line.boxes) for line in lines] == [["0", "1", "2"], ["3", "4", "5"], ["6", "7", "8"]]
    assert [len(line.breaks) for line in lines] == [2, 3, 3]
    assert all(line.width == 1000 for line in lines)


def test_marks_at_nearly_the_same_moment_stand_one_below_the_other() -> None:
    (line,) = lay_out([item("a", 0), item("b", 2), item("c", 3)], LANES)
    assert line.boxes["a"].y < line.boxes["b"].y < line.boxes["c"].y
