"""Channels of training data, and rows of requests, as matrices."""

import csv
import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

from .failure import CustomerError

CSV, LIBSVM = "csv", "libsvm"
_NAMES = {
    "csv": CSV,
    "text/csv": CSV,
    "libsvm": LIBSVM,
    "text/libsvm": LIBSVM,
    "text/x-libsvm": LIBSVM,
}

Floats = NDArray[np.float64]


def content_kind(content_type: str | None) -> str:
    """CSV or LIBSVM, the latter also for None, as in AWS's image; CustomerError for other types."""
    if content_type is None:
        return LIBSVM
    media, *parameters = (part.strip().lower() for part in content_type.split(";"))
    if media not in _NAMES:
        raise CustomerError(f"{content_type} is not an accepted ContentType: {', '.join(_NAMES)}.")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "label_size" and value.strip() != "1":
            raise CustomerError(
                f"{content_type} is not an accepted csv ContentType. "
                "Optional parameter label_size must be equal to 1"
            )
    return _NAMES[media]


def read_channel(folder: Path, kind: str, *, weights: bool = False) -> xgb.DMatrix:
    """All files under `folder` as one matrix, rows in the order of the files' paths.

    In CSV the label comes first, then the row's weight if `weights`; gaps are missing values. Raises
    CustomerError, naming file and row, when there is no data or a row cannot be read.
    """
    found = sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith((".", "_")))
    files = [path for path in found if path.stat().st_size]
    if not files:
        raise CustomerError(f"No data in channel path {folder}")
    return _csv_matrix(files, weights) if kind == CSV else _libsvm_matrix(files)


def _csv_matrix(files: Sequence[Path], weights: bool) -> xgb.DMatrix:
    rows = np.concatenate(_same_width([(path.name, csv_rows(_read(path), path.name)) for path in files]))
    first = 2 if weights else 1
    if rows.shape[1] <= first:
        raise CustomerError(f"{files[0].name}: {rows.shape[1]} columns, but {first} come before the features")
    if np.isnan(rows[:, :first]).any():
        raise CustomerError("A row has no label or no weight")
    weight = rows[:, 1] if weights else None
    return xgb.DMatrix(rows[:, first:], label=rows[:, 0], weight=weight, nthread=1)


def _same_width(parts: Sequence[tuple[str, Floats]]) -> list[Floats]:
    (first, leading), *others = parts
    for name, rows in others:
        if rows.shape[1] != leading.shape[1]:
            raise CustomerError(f"{name} has {rows.shape[1]} columns, {first} has {leading.shape[1]}")
    return [rows for _, rows in parts]


def csv_rows(text: str, source: str) -> Floats:
    """The rows of `text`, shape (rows, columns), gaps as NaN; CustomerError names the bad row of `source`.

    Blank lines are skipped; rows are counted from 1.
    """
    rows: list[list[float]] = []
    for number, fields in enumerate(filter(None, csv.reader(io.StringIO(text))), start=1):
        if rows and len(fields) != len(rows[0]):
            raise CustomerError(
                f"{source}, row {number}: {len(fields)} columns where {len(rows[0])} were expected"
            )
        rows.append([_number(field, f"{source}, row {number}") for field in fields])
    if not rows:
        raise CustomerError(f"{source} has no rows")
    return np.array(rows, dtype=np.float64)


def _number(field: str, where: str) -> float:
    if not field.strip():
        return np.nan
    try:
        return float(field)
    except ValueError as error:
        raise CustomerError(f"{where}: {field!r} is not a number") from error


def _libsvm_matrix(files: Iterable[Path]) -> xgb.DMatrix:
    lines = [(path.name, n, line) for path in files for n, line in enumerate(_read(path).splitlines(), 1)]
    labels: list[float] = []
    cells: list[tuple[int, int, float]] = []
    for name, number, line in lines:
        if not line.strip():
            continue
        label, *pairs = line.split()
        where = f"{name}, row {number}"
        labels.append(_number(label, where))
        cells += [(len(labels) - 1, *_pair(pair, where)) for pair in pairs]
    return xgb.DMatrix(_sparse(cells, len(labels)), label=labels, nthread=1)


def libsvm_rows(text: str, source: str, width: int) -> csr_matrix:
    """Rows of `index:value` pairs, at least `width` columns; CustomerError names the bad row.

    A label may come first, and is passed over.
    """
    lines = [line.split() for line in text.splitlines() if line.strip()]
    cells: list[tuple[int, int, float]] = []
    for row, pairs in enumerate(lines):
        where = f"{source}, row {row + 1}"
        if ":" not in pairs[0]:
            _number(pairs.pop(0), where)
        cells += [(row, *_pair(pair, where)) for pair in pairs]
    return _sparse(cells, len(lines), width)


def _pair(text: str, where: str) -> tuple[int, float]:
    index, _, value = text.partition(":")
    if not index.isdigit():
        raise CustomerError(f"{where}: {text!r} is not index:value")
    return int(index), _number(value, where)


def _sparse(cells: Sequence[tuple[int, int, float]], rows: int, width: int = 0) -> csr_matrix:
    """Indices count from 1 if none is 0, as in AWS's image."""
    if not cells:
        return csr_matrix((rows, width))
    row, column, value = (np.array(part) for part in zip(*cells, strict=True))
    column = column - 1 if column.min() >= 1 else column
    return csr_matrix((value, (row, column)), shape=(rows, max(width, int(column.max()) + 1)))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise CustomerError(f"{path.name} is not UTF-8 text, at byte {error.start}") from error


def cpu_count() -> int:
    """The processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
