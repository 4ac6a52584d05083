"""The journal: every call, transition, event, delivery, mail and clock step, in one append-only record.

The CLI's progress, the report, assertions and post-mortems read it; nothing else is asked what happened.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from harness.clock import Clock
from harness.model import Json

Record = Json


class Journal:
    """Records are JSON objects: `n` (1, 2, ...), `time` (virtual, ISO 8601), `kind`, and the kind's own fields.

    | kind      | fields                                                                    |
    |-----------|---------------------------------------------------------------------------|
    | call      | service, operation, principal, identity (whose policies it has), account, region, request_id, |
    |           | status, error, decision, permissions (of each: action, resource, by), denial (a lesson, or {}) |
    | policy    | place (stays when the name changes), name, document: new or changed; {} for AWS's managed ones |
    | execution | arn, pipeline, account, status, reason                                    |
    | step      | execution, step, type, status, reason, account                            |
    | job       | arn, job_type, account, status, reason, log_tail                          |
    | package   | arn, status, account                                                      |
    | event     | event (the envelope), bus                                                 |
    | delivery  | rule, target, event, status (delivered, failed), reason, account          |
    | mail      | to, subject, path, topic                                                  |
    | clock     | to                                                                        |
    | invoke    | function, account, status, reason, log_tail                               |
    """

    def __init__(self, clock: Clock, path: Path | None = None) -> None:
        """`path`: also append every record there, one JSON object a line."""
        self._clock = clock
        self._records: list[Record] = []
        self._open: Counter[str] = Counter()
        self._changed = threading.Condition()
        self._file: IO[str] | None = path.open("a", buffering=1) if path else None

    def write(self, kind: str, **fields: Any) -> Record:
        with self._changed:
            record = {
                "n": len(self._records) + 1,
                "time": self._clock.now().isoformat(),
                "kind": kind,
                **fields,
            }
            self._records.append(record)
            if self._file:
                with suppress(OSError):  # a disk that is full; the record is kept in memory
                    self._file.write(json.dumps(record, default=str) + "\n")
            self._changed.notify_all()
        return record

    def read(self, after: int = 0, *kinds: str) -> list[Record]:
        """Records with `n` over `after`; of these kinds only, where any are named."""
        with self._changed:
            return [r for r in self._records[after:] if not kinds or r["kind"] in kinds]

    def last(self) -> int:
        """The number of the newest record; what comes later has a higher one."""
        with self._changed:
            return len(self._records)

    def wait(
        self, matches: Callable[[Record], bool], timeout: float | None = None, after: int = 0
    ) -> Record | None:
        """The first record after `after` that matches, waiting for it; None when `timeout` (real s) passes."""
        deadline = None if timeout is None else time.monotonic() + timeout
        seen = after
        with self._changed:
            while True:
                while seen < len(self._records):
                    record = self._records[seen]
                    seen += 1
                    if matches(record):
                        return record
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    return None
                self._changed.wait(left)

    @contextmanager
    def activity(self, what: str) -> Iterator[None]:
        """Marks that something runs or is undelivered; `settle` waits for it to end."""
        self.begin(what)
        try:
            yield
        finally:
            self.end(what)

    def begin(self, what: str) -> None:
        """Opens an activity that another thread will `end`: no gap between handing over and taking on."""
        with self._changed:
            self._open[what] += 1

    def end(self, what: str) -> None:
        with self._changed:
            self._open[what] -= 1
            if not self._open[what]:
                del self._open[what]
            self._changed.notify_all()

    def running(self) -> list[str]:
        """What runs or is undelivered at this moment."""
        with self._changed:
            return sorted(self._open)

    def settle(self, timeout: float) -> list[str]:
        """Returns once nothing runs and nothing is undelivered: []. After `timeout` (real s): what still is."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while self._open:
                left = deadline - time.monotonic()
                if left <= 0:
                    return sorted(self._open)
                self._changed.wait(left)
        return []

    def close(self) -> None:
        """What is still written is kept in memory only."""
        with self._changed:
            if self._file:
                with suppress(OSError):
                    self._file.close()
            self._file = None
