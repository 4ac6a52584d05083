"""Puts a build's log into CloudWatch Logs, line by line."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from harness.log_events import batches, pieces
from harness.model import HarnessError, Json


def publish(file: Path, group: str, stream: str, session: boto3.Session) -> int:
    """Puts a text file's lines into a stream, which is made where there is none, after what is in it already.

    The last line gets the present time and each line before it a millisecond less: in which order events of one time
    come is not documented. An empty line becomes a space, for CloudWatch takes no empty messages; a line that is too
    long for an event becomes several.

    Args:
        file: UTF-8; bytes that are not are replaced.
        group: The log group, which has to be there.
        stream: The log stream.
        session: Whose account and region the group is in.

    Returns:
        How many events were put.

    Raises:
        HarnessError: The file cannot be read, the group is not there, or AWS refuses; with AWS's message.
    """
    messages = [piece for line in _lines(file) for piece in pieces(line or " ")]
    logs = session.client("logs")
    try:
        _make_stream(logs, group, stream)
        for batch in batches(_events(messages, time.time_ns() // 1_000_000)):
            answer = logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=batch)
            if rejected := answer.get("rejectedLogEventsInfo"):
                raise HarnessError(f"CloudWatch Logs refused lines of {file} for their time: {rejected}")
    except logs.exceptions.ResourceNotFoundException as error:
        raise HarnessError(
            f"there is no log group {group} in {session.region_name} of this account; apply the root that makes it"
        ) from error
    except (BotoCoreError, ClientError) as error:
        raise HarnessError(f"{file} was not published to {group}: {error}") from error
    return len(messages)


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise HarnessError(f"the log {file} cannot be read: {error.strerror}") from error


def _make_stream(logs: Any, group: str, stream: str) -> None:
    with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_stream(logGroupName=group, logStreamName=stream)


def _events(messages: list[str], now: int) -> Iterator[Json]:
    for place, message in enumerate(messages, start=1):
        yield {"timestamp": now - len(messages) + place, "message": message}
