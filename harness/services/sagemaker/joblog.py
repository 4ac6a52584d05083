"""A job's lines on their way to CloudWatch Logs, under the job's role."""

from __future__ import annotations

import threading
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from harness.clock import Clock
from harness.log_events import batches, pieces
from harness.model import AwsError, Caller, Json

_EVERY = 0.5  # real seconds between two batches of a job that goes on


class JobLog:
    """Collects lines from any thread and sends them in batches: each half second while the job runs, the rest
    at `close`. The stream is made with the first line, as on AWS; a job without lines makes no call at all.

    A refused call ends the sending and nothing else: on AWS, too, a job runs on when its role may not write
    logs.
    """

    def __init__(self, caller: Caller, group: str, stream: str, clock: Clock) -> None:
        self._caller = caller
        self._group = group
        self._stream = stream
        self._clock = clock
        self._lines: list[Json] = []
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._closed = threading.Event()
        self._sender: threading.Thread | None = None
        self._made = False
        self._refused = False

    def __call__(self, line: str) -> None:
        if not line:
            return  # an event needs a character
        stamp = int(self._clock.now().timestamp() * 1000)
        with self._lock:
            self._lines.append({"timestamp": stamp, "message": next(pieces(line))})
            if self._sender is None:
                self._sender = threading.Thread(target=self._send_now_and_then, daemon=True)
                self._sender.start()

    def close(self) -> None:
        """Sends what is left."""
        self._closed.set()
        self._send()

    def _send_now_and_then(self) -> None:
        while not self._closed.wait(_EVERY):
            self._send()

    def _send(self) -> None:
        with self._sending:
            with self._lock:
                lines, self._lines = self._lines, []
            if not lines or self._refused:
                return
            try:
                logs = self._caller.client("logs")
                self._make_stream(logs)
                for batch in batches(lines):
                    logs.put_log_events(logGroupName=self._group, logStreamName=self._stream, logEvents=batch)
            except (ClientError, BotoCoreError, AwsError):
                self._refused = True  # the journal has the call and why it was refused

    def _make_stream(self, logs: Any) -> None:
        if self._made:
            return
        stream = {"logGroupName": self._group, "logStreamName": self._stream}
        try:
            logs.create_log_stream(**stream)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            _make_group(logs, self._group)
            logs.create_log_stream(**stream)
        self._made = True


def _make_group(logs: Any, group: str) -> None:
    try:
        logs.create_log_group(logGroupName=group)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceAlreadyExistsException":  # another job's, just now
            raise
