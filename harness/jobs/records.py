"""A batch transform's records: split, batched, filtered, joined. Pure."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

MEGABYTE = 1024 * 1024
Row = list[str]


class RecordError(ValueError):
    """A record that doesn't fit, or a filter that is not understood."""


def split(body: bytes, split_type: str) -> list[bytes]:
    """Records with their line ends, so that a batch of all of them is the body again."""
    if split_type == "None":
        return [body]
    return [line for line in body.splitlines(keepends=True) if line.strip()]


def batches(records: Iterable[bytes], strategy: str, megabytes: int) -> Iterator[list[bytes]]:
    """As many records as fit in a payload, or one at a time. 0 megabytes is no limit."""
    limit = megabytes * MEGABYTE or None
    batch: list[bytes] = []
    size = 0
    for record in records:
        if limit and len(record) > limit:
            raise RecordError(f"A record of {len(record)} bytes is larger than MaxPayloadInMB ({megabytes})")
        if batch and (strategy == "SingleRecord" or (limit and size + len(record) > limit)):
            yield batch
            batch, size = [], 0
        batch.append(record)
        size += len(record)
    if batch:
        yield batch


def column_filter(expression: str) -> Callable[[Row], Row]:
    """The JSONPaths that pick columns of CSV: `$`, `$[0]`, `$[-1]`, `$[0,2]`, `$[1:]`, `$[0:-1]`."""
    if expression == "$":
        return lambda row: row
    if part := re.fullmatch(r"\$\[(-?\d*):(-?\d*)\]", expression):
        start, stop = (int(bound) if bound else None for bound in part.groups())
        return lambda row: row[start:stop]
    if re.fullmatch(r"\$\[-?\d+(,\s*-?\d+)*\]", expression):
        indexes = [int(index) for index in expression[2:-1].split(",")]
        return lambda row: [row[index] for index in indexes]
    raise RecordError(f"the filter {expression} (only columns of CSV: $[i], $[i,j], $[i:j])")


def rows(lines: bytes) -> list[Row]:
    return [row for row in csv.reader(io.StringIO(lines.decode(), newline="")) if row]


def csv_lines(table: Sequence[Row]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(table)
    return text.getvalue().encode()


def joined(inputs: Sequence[Row], outputs: Sequence[Row]) -> list[Row]:
    """JoinSource Input: each input row, followed by the row the model answered for it."""
    if len(inputs) != len(outputs):
        # AWS's own sentence.
        raise RecordError("Fail to join data: mismatched line count between the input and the output")
    return [[*before, *after] for before, after in zip(inputs, outputs, strict=True)]
