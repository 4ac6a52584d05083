"""Where the Mammographic Mass data comes from: the user's file, the cache, UCI, or else a stand-in sample."""

import os
import sys
import urllib.request
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import BadDataError
from pipelines.sample import CLASS_SIZES, Row, sample_rows

COLUMNS = ("BI-RADS", "Age", "Shape", "Margin", "Density", "Severity")
CACHE = Path(__file__).parents[1] / "data" / "mammographic_masses.data"
UCI_URL = (
    "https://archive.ics.uci.edu/ml/machine-learning-databases/mammographic-masses/mammographic_masses.data"
)
TIMEOUT_SECONDS = 5

SAMPLE_WARNING = """\
!!! STAND-IN SAMPLE: these rows are generated, not the UCI Mammographic Mass data. Results mean nothing.
!!! For the real data, set MAMMOGRAPHY_DATA to a copy of mammographic_masses.data, or let UCI be reached."""


@dataclass(frozen=True)
class Source:
    """The data's rows and, in words, where they come from."""

    rows: list[Row]
    origin: str
    is_sample: bool = False


def load() -> Source:
    """The data, from the first place that has it: $MAMMOGRAPHY_DATA, the cache, UCI (not when
    $MAMMOGRAPHY_OFFLINE is 1), else the stand-in sample, which is announced on stderr.
    """
    if chosen := os.environ.get("MAMMOGRAPHY_DATA"):
        return _read(Path(chosen))
    if CACHE.exists():
        return _read(CACHE)
    if os.environ.get("MAMMOGRAPHY_OFFLINE") != "1" and (fetched := _fetch()):
        return fetched
    print(SAMPLE_WARNING, file=sys.stderr)
    return Source(sample_rows(), "stand-in sample", is_sample=True)


def parse(text: str, name: str) -> list[Row]:
    """The rows of a text in UCI's format: comma-separated, no header, label last, `?` for a gap."""
    lines = [line.strip() for line in text.splitlines()]
    rows = [tuple(cell.strip() or "?" for cell in line.split(",")) for line in lines if line]
    if not rows:
        raise BadDataError(f"{name}: no rows")
    for number, row in enumerate(rows, start=1):
        if len(row) != len(COLUMNS):
            raise BadDataError(f"{name}: row {number} has {len(row)} values, not {len(COLUMNS)}")
        for column, value in zip(COLUMNS, row, strict=True):
            if not (value in ("0", "1") if column == "Severity" else value.isdecimal() or value == "?"):
                raise BadDataError(f"{name}: row {number} has {value!r} for {column}")
    return rows


def _read(path: Path) -> Source:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadDataError(f"{path}: {error}") from error
    return Source(parse(text, str(path)), str(path))


def _fetch() -> Source | None:
    """UCI's copy, kept in the cache; None when UCI can't be reached or answers with something else."""
    try:
        with urllib.request.urlopen(UCI_URL, timeout=TIMEOUT_SECONDS) as answer:
            text = answer.read().decode("utf-8")
        rows = parse(text, UCI_URL)
    except (OSError, ValueError) as error:
        print(f"UCI's data can't be had: {error}", file=sys.stderr)
        return None
    if Counter(row[-1] for row in rows) != CLASS_SIZES:
        print(f"{UCI_URL} is not the data set of 516 benign and 445 malignant rows", file=sys.stderr)
        return None
    CACHE.parent.mkdir(exist_ok=True)
    CACHE.write_text(text, encoding="utf-8")
    return Source(rows, UCI_URL)
