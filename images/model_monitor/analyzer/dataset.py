"""The data set as text: what every later step starts from, as deequ does on Spark's string columns."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .config import Config
from .failure import AnalysisError

Cell = str | None  # None is a gap: an empty CSV field, a JSON null, a key that is not there


@dataclass(frozen=True)
class Table:
    """Columns of equal length, by name, in the order of the file."""

    rows: int
    columns: dict[str, list[Cell]]


def read_table(config: Config) -> Table:
    """All files under `config.source` as one table, in the order of their paths.

    Raises AnalysisError, naming file and row, when there is nothing to read or a file is not what
    `dataset_format` says. What AWS's analyzer does with ragged rows is not documented; here they are refused,
    because padding them would shift values between columns unseen.
    """
    files = _files(config.source)
    table = _csv_table(files, config) if config.kind == "csv" else _json_table(files, config)
    if not table.rows:
        raise AnalysisError(f"The data set at {config.source} has no rows")
    return table


def _files(source: Path) -> list[Path]:
    if not source.exists():
        raise AnalysisError(f"dataset_source {source} does not exist")
    if source.is_file():
        return [source]
    # Spark, which AWS's analyzer reads with, skips names that start with "_" or ".".
    found = sorted(p for p in source.rglob("*") if p.is_file() and not p.name.startswith(("_", ".")))
    if not found:
        raise AnalysisError(f"dataset_source {source} holds no files")
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise AnalysisError(f"{path.name} is not UTF-8 text: {error.reason} at byte {error.start}") from error


def _csv_table(files: Sequence[Path], config: Config) -> Table:
    names: list[str] | None = None
    records: list[list[str]] = []
    for path in files:
        lines = _csv_lines(path)
        first = next(lines, None)
        if first is None:
            continue
        here = _header(path, first[1]) if config.header else [f"_c{i}" for i in range(len(first[1]))]
        names = names or here
        if config.header and here != names:
            raise AnalysisError(f"{path.name} has columns {here}, other files have {names}")
        body = lines if config.header else _prepend(first, lines)
        for number, fields in body:
            if len(fields) != len(names):
                raise AnalysisError(
                    f"{path.name}, row {number}: {len(fields)} fields where {len(names)} were expected"
                )
            records.append(fields)
    columns = zip(*records, strict=True)
    return Table(
        len(records),
        {
            name: [field or None for field in column]
            for name, column in zip(names or (), columns, strict=False)
        },
    )


def _csv_lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Line number and fields of each line that is not blank."""
    reader = csv.reader(io.StringIO(_text(path), newline=""), strict=True)
    try:
        for fields in reader:
            if fields:
                yield reader.line_num, fields
    except csv.Error as error:
        raise AnalysisError(f"{path.name}, row {reader.line_num}: not CSV: {error}") from error


def _prepend(
    first: tuple[int, list[str]], rest: Iterator[tuple[int, list[str]]]
) -> Iterator[tuple[int, list[str]]]:
    yield first
    yield from rest


def _header(path: Path, fields: list[str]) -> list[str]:
    repeated = {name for name in fields if fields.count(name) > 1}
    if repeated:
        raise AnalysisError(f"{path.name}: the header names a column twice: {', '.join(sorted(repeated))}")
    return fields


def _json_table(files: Sequence[Path], config: Config) -> Table:
    records = [record for path in files for record in _json_records(path, config.lines)]
    names = dict.fromkeys(name for record in records for name in record)
    return Table(len(records), {name: [record.get(name) for record in records] for name in names})


def _json_records(path: Path, lines: bool) -> Iterator[dict[str, Cell]]:
    texts = _text(path).splitlines() if lines else [_text(path)]
    for number, text in enumerate(texts, start=1):
        if not text.strip():
            continue
        where = f"{path.name}, row {number}" if lines else path.name
        try:
            document = json.loads(text)
        except json.JSONDecodeError as error:
            raise AnalysisError(f"{where}: not JSON: {error.msg} at column {error.colno}") from error
        for record in document if isinstance(document, list) and not lines else [document]:
            if not isinstance(record, dict):
                raise AnalysisError(f"{where}: expected an object, found {json.dumps(record)[:50]}")
            yield {name: _json_cell(value, name, where) for name, value in record.items()}


def _json_cell(value: Any, name: str, where: str) -> Cell:
    """A JSON value as the text it would have in a CSV; only flat records, as the guide says of JSON input."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, dict | list):
        raise AnalysisError(f"{where}: {name} is nested: only flat JSON can be analyzed")
    return json.dumps(value)
