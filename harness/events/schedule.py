"""Schedule expressions of rules, `cron(...)` and `rate(...)`, in UTC.

Sources: EventBridge User Guide, "Creating a rule that runs on a schedule"; LocalStack's recordings of
test_events_schedule on AWS.

Why aws-croniter, not pyawscron: on the same 45 expressions pyawscron accepts what AWS refuses (day-of-month
and day-of-week both `*`), never returns from `0/0`, and raises on 29 February and on FRI-MON; aws-croniter
refuses, wraps and answers (30 us a call). What it leaves open is closed here: `L` alone as day-of-week
(Saturday, the last day of the week), a zero step, and occurrences more than ten months' leaps apart, for
which it gives up.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from aws_croniter import AwsCroniter

from harness.model import AwsError

_RATE = re.compile(r"rate\(([0-9]+) (minute|hour|day)(s?)\)")
_CRON = re.compile(r"cron\((.*)\)")
_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_LAST_YEAR = 2199


def validate(expression: str) -> None:
    """Raises AwsError ValidationException, "Parameter ScheduleExpression is not valid.", unless AWS accepts
    it."""
    if _RATE.match(expression):
        _interval(expression)
    else:
        _cron(expression)


def next_after(expression: str, moment: datetime, since: datetime) -> datetime | None:
    """The first time strictly after `moment` that the schedule falls due; None when it never will again.

    A rate counts from `since`, when its rule was made or enabled: first one interval later. A cron expression
    falls due on whole minutes of UTC, whatever `since`. Raises as `validate` does.
    """
    if _RATE.match(expression):
        return _next_beat(_interval(expression), moment, since)
    return _next_cron(_cron(expression), moment)


def _interval(expression: str) -> timedelta:
    found = _RATE.fullmatch(expression)
    if not found or int(found[1]) < 1 or (int(found[1]) == 1) != (found[3] == ""):
        raise _invalid()
    try:
        return int(found[1]) * _UNITS[found[2]]
    except OverflowError:
        raise _invalid() from None


def _next_beat(interval: timedelta, moment: datetime, since: datetime) -> datetime | None:
    try:
        return since + interval * (max(moment - since, timedelta(0)) // interval + 1)
    except OverflowError:
        return None


@lru_cache(maxsize=256)
def _cron(expression: str) -> AwsCroniter:
    found = _CRON.fullmatch(expression)
    fields = found[1].split(" ") if found else []
    if len(fields) != 6 or any(re.search(r"/0+(,|$)", field) for field in fields):
        raise _invalid()
    if fields[4].upper() == "L":
        fields[4] = "SAT"
    try:
        return AwsCroniter(" ".join(fields))
    except ValueError:
        # Its own errors are ValueErrors, and so is what its parser says to `*-5` and `LW`, which its
        # grammar lets through and AWS does not document.
        raise _invalid() from None


def _next_cron(cron: AwsCroniter, moment: datetime) -> datetime | None:
    """Starts afresh at each new year until something is found, for the library gives up on rare dates."""
    starts = [
        moment,
        *(datetime(year, 12, 31, 23, 59, tzinfo=UTC) for year in range(moment.year, _LAST_YEAR)),
    ]
    for start in starts:
        found: datetime | None = cron.get_next(start)[0]
        if found is not None:
            return found
    return None


def _invalid() -> AwsError:
    return AwsError("ValidationException", "Parameter ScheduleExpression is not valid.")
