"""The virtual clock. Timestamps and schedules read it; nothing sleeps on it."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta


def next_time_of_day(now: datetime, hour: int, minute: int = 0) -> datetime:
    """When it is next that time of day, strictly later than `now`. Raises ValueError where there is no such time."""
    then = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return then if then > now else then + timedelta(days=1)


class Clock:
    """Real time plus an offset that only grows.

    Time flows at its real pace between jumps, so durations and the order of timestamps stay true.
    """

    def __init__(self, start: datetime | None = None) -> None:
        """`start` (UTC) is the time it shows now; the default is the real one."""
        self._lock = threading.Lock()
        self._offset = (start.timestamp() - time.time()) if start else 0.0

    def now(self) -> datetime:
        """Now, in UTC, with milliseconds: the precision of AWS's timestamps."""
        stamp = time.time() + self._offset
        return datetime.fromtimestamp(int(stamp * 1000) / 1000, UTC)

    def advance(self, by: timedelta) -> datetime:
        """Jumps ahead. What falls due on the way is the caller's to fire (see harness.app)."""
        if by < timedelta(0):
            raise ValueError(f"the clock cannot go back by {-by}")
        with self._lock:
            self._offset += by.total_seconds()
        return self.now()

    def advance_to(self, moment: datetime) -> datetime:
        """Jumps to `moment` (UTC), or stays where it is when that has passed."""
        ahead = moment - self.now()
        return self.advance(ahead) if ahead > timedelta(0) else self.now()
