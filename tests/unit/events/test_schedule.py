"""Schedules fall due when AWS's do, and are refused where AWS refuses them."""

from __future__ import annotations

import calendar
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from harness.events.schedule import next_after, validate
from harness.model import AwsError

CASES = Path(__file__).parents[2] / "cases" / "schedules"


def cases(kind: str) -> list[Any]:
    found = json.loads((CASES / f"{kind}.json").read_text())
    return [pytest.param(case, id=f"{case['expression']}: {case['name']}") for case in found]


@pytest.mark.parametrize("case", cases("cron"))
def test_a_cron_expression_falls_due_one_time_after_another(case: Any) -> None:
    moment = datetime.fromisoformat(case["after"])
    for expected in case["next"]:
        found = next_after(case["expression"], moment, since=moment)
        assert found == (expected and datetime.fromisoformat(expected))
        moment = found or moment


@pytest.mark.parametrize("case", cases("rate"))
def test_a_rate_counts_from_when_its_rule_was_made(case: Any) -> None:
    since, after = datetime.fromisoformat(case["since"]), datetime.fromisoformat(case["after"])
    assert next_after(case["expression"], after, since) == datetime.fromisoformat(case["next"])


@pytest.mark.parametrize("case", cases("invalid"))
def test_what_aws_refuses_is_refused_in_its_words(case: Any) -> None:
    with pytest.raises(AwsError) as refused:
        validate(case["expression"])
    assert refused.value.code == "ValidationException"
    assert refused.value.message == "Parameter ScheduleExpression is not valid."


def test_a_rate_beyond_the_end_of_the_calendar_never_falls_due() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert next_after("rate(9999999 days)", now, since=now) is None


moments = st.datetimes(datetime(2024, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))
days_of_month = st.sampled_from(["*", "1", "15", "31", "L", "L-3", "1W", "15W", "31W", "1/9", "10-20"])
days_of_week = st.sampled_from(["*", "MON", "2-6", "SAT,SUN", "6L", "SUN#1", "3#5", "L"])
day_fields = st.one_of(days_of_month.map(lambda day: (day, "?")), days_of_week.map(lambda day: ("?", day)))
hours = st.sampled_from(["*", "0", "23", "8-17", "0/6"])
months = st.sampled_from(["*", "2", "FEB-MAR", "1,6,12"])


@settings(max_examples=300)
@given(moment=moments, hour=hours, month=months, days=day_fields)
def test_the_next_time_is_strictly_later_matches_and_none_is_between(
    moment: datetime, hour: str, month: str, days: tuple[str, str]
) -> None:
    assume(not (month == "2" and days[0] in ("31", "31W")))  # never
    found = next_after(f"cron(30 {hour} {days[0]} {month} {days[1]} *)", moment, since=moment)
    assert found is not None
    assert found > moment
    assert is_due(found, hour, month, *days)
    half_past = moment.replace(minute=30, second=0, microsecond=0)
    between = half_past if half_past > moment else half_past + timedelta(hours=1)
    while between < found and between < moment + timedelta(days=120):
        assert not is_due(between, hour, month, *days)
        between += timedelta(hours=1)


@given(moment=moments, ahead=st.timedeltas(timedelta(0), timedelta(days=40)), every=st.integers(2, 500))
def test_a_rate_falls_due_within_an_interval_and_on_its_beat(
    moment: datetime, ahead: timedelta, every: int
) -> None:
    now, interval = moment + ahead, timedelta(minutes=every)
    found = next_after(f"rate({every} minutes)", now, since=moment)
    assert found is not None
    assert timedelta(0) < found - now <= interval
    assert (found - moment) % interval == timedelta(0)


def is_due(moment: datetime, hour: str, month: str, day: str, weekday: str) -> bool:
    """The User Guide's words once more, in another way than the code's: by looking at a moment, not for one."""
    sets_of_hours = {"*": range(24), "0": [0], "23": [23], "8-17": range(8, 18), "0/6": [0, 6, 12, 18]}
    sets_of_months = {"*": range(1, 13), "2": [2], "FEB-MAR": [2, 3], "1,6,12": [1, 6, 12]}
    return (
        moment.minute == 30
        and moment.hour in sets_of_hours[hour]
        and moment.month in sets_of_months[month]
        and (day == "?" or moment.day in days_told(day, moment))
        and (weekday == "?" or moment.day in weekdays_told(weekday, moment))
    )


def days_told(day: str, moment: datetime) -> list[int]:
    last = calendar.monthrange(moment.year, moment.month)[1]
    if day.endswith("W"):
        wanted = int(day[:-1])
        working = [d for d in range(1, last + 1) if moment.replace(day=d).weekday() < 5]
        return [min(working, key=lambda d: abs(d - wanted))] if wanted <= last else []
    told = {"*": range(1, 32), "L": [last], "L-3": [last - 3], "1/9": [1, 10, 19, 28], "10-20": range(10, 21)}
    return list(told.get(day) or [int(day)])


def weekdays_told(weekday: str, moment: datetime) -> list[int]:
    last = calendar.monthrange(moment.year, moment.month)[1]
    by_name = {
        "*": "0123456",
        "MON": "0",
        "2-6": "01234",
        "SAT,SUN": "56",
        "6L": "4",
        "SUN#1": "6",
        "3#5": "1",
        "L": "5",
    }
    days = [d for d in range(1, last + 1) if str(moment.replace(day=d).weekday()) in by_name[weekday]]
    pick = {"6L": days[-1:], "SUN#1": days[:1], "3#5": days[4:5]}
    return pick.get(weekday, days)
