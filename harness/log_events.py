"""Log events on their way to CloudWatch Logs, in batches that PutLogEvents takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from harness.model import Json

# Of one PutLogEvents: events, and bytes of their messages with the overhead of each.
# Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
MAX_EVENTS = 10_000
MAX_BYTES = 1_048_576
OVERHEAD = 26
# A batch may hold one message of this size, and a message may have 1 MB (256 KB until 2025): so the batch is the bound.
MAX_MESSAGE = MAX_BYTES - OVERHEAD


def batches(events: Iterable[Json]) -> Iterator[list[Json]]:
    """The events, in their order. No batch is empty; that none spans more than 24 hours is the caller's to see to."""
    batch: list[Json] = []
    size = 0
    for event in events:
        cost = len(event["message"].encode()) + OVERHEAD
        if batch and (len(batch) == MAX_EVENTS or size + cost > MAX_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(event)
        size += cost
    if batch:
        yield batch


def pieces(line: str) -> Iterator[str]:
    """A line in pieces of MAX_MESSAGE bytes at most, cut between characters."""
    rest = line.encode()
    while len(rest) > MAX_MESSAGE:
        piece = rest[:MAX_MESSAGE].decode(errors="ignore")
        yield piece
        rest = rest[len(piece.encode()) :]
    yield rest.decode()
