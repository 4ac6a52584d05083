from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from harness.clock import Clock

START = datetime(2026, 3, 1, 9, tzinfo=UTC)


def test_it_begins_where_it_is_told_to() -> None:
    assert timedelta(0) <= Clock(START).now() - START < timedelta(seconds=5)


def test_without_a_start_it_shows_the_real_time() -> None:
    assert abs(Clock().now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_it_flows_with_real_time() -> None:
    clock = Clock(START)
    before = clock.now()
    time.sleep(0.02)
    assert timedelta(milliseconds=15) <= clock.now() - before < timedelta(seconds=5)


def test_it_jumps_ahead_and_flows_on_from_there() -> None:
    clock = Clock(START)
    clock.advance(timedelta(days=30))
    assert timedelta(days=30) <= clock.now() - START < timedelta(days=30, seconds=5)


def test_it_jumps_to_a_moment_and_stays_where_the_moment_has_passed() -> None:
    clock = Clock(START)
    clock.advance_to(START + timedelta(hours=2))
    clock.advance_to(START + timedelta(hours=1))
    assert timedelta(hours=2) <= clock.now() - START < timedelta(hours=2, seconds=5)


def test_it_never_goes_back() -> None:
    with pytest.raises(ValueError, match="cannot go back"):
        Clock(START).advance(timedelta(seconds=-1))


def test_it_has_milliseconds_as_awss_timestamps_do() -> None:
    assert Clock(START).now().microsecond % 1000 == 0
