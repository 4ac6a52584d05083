"""Pre-processing: all CSVs under the input prefix become train, validation and test splits, and a baseline.

Input has no header, the label last, `?` or nothing for a gap. Splits have no header and the label first, as
XGBoost wants it; the baseline has all rows' features alone, as a batch has, for Model Monitor to compare.
Runs in AWS's scikit-learn image (Python 3.10) and needs only the standard library and pandas.
"""

import csv
import math
import sys
from pathlib import Path

import pandas as pd

FEATURES = ["bi_rads", "age", "shape", "margin", "density"]
LABEL = "severity"
COLUMNS = [*FEATURES, LABEL]
SEED = 42
TRAIN_SHARE, VALIDATION_SHARE = 0.70, 0.15


class BadInputError(Exception):
    """The input can't be used; the message tells its owner why."""


def read(folder: Path) -> pd.DataFrame:
    """The rows of all CSV files under a folder, in the order of the files' names."""
    paths = sorted(folder.rglob("*.csv"))
    if not paths:
        raise BadInputError(f"no CSV file under {folder}")
    rows = [row for path in paths for row in _rows(path)]
    if not rows:
        raise BadInputError(f"no rows in {', '.join(path.name for path in paths)}")
    return pd.DataFrame(rows, columns=COLUMNS)


def _rows(path: Path) -> list[list[float]]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        return [_numbers(row, f"{path.name}, line {n}") for n, row in enumerate(csv.reader(lines), 1) if row]
    except UnicodeDecodeError as error:
        raise BadInputError(f"{path.name} is not UTF-8 text: byte {error.start} is no character") from error
    except csv.Error as error:
        raise BadInputError(f"{path.name} is not CSV: {error}") from error


def _numbers(row: list[str], where: str) -> list[float]:
    if len(row) != len(COLUMNS):
        raise BadInputError(f"{where}: {len(row)} values where {len(COLUMNS)} are expected")
    values = [_number(cell.strip(), f"{where}, {name}") for cell, name in zip(row, COLUMNS, strict=True)]
    if values[-1] not in (0, 1):
        raise BadInputError(f"{where}: the label is {row[-1]!r}, not 0 or 1")
    return values


def _number(cell: str, where: str) -> float:
    if cell in ("?", ""):
        return math.nan
    try:
        value = float(cell)
    except ValueError:
        value = math.inf
    if not math.isfinite(value):
        raise BadInputError(f"{where}: {cell!r} is neither a number nor a gap (?)")
    return value


def fill_gaps(frame: pd.DataFrame) -> pd.DataFrame:
    """Gaps become the column's lower median, a value that occurs, so integral columns stay integral. They
    are written as integers (`3`, not `3.0`), so that Model Monitor finds one type in baseline and batch.
    """
    empty = [str(name) for name in frame.columns if frame[name].isna().all()]
    if empty:
        raise BadInputError(f"no value at all in column {', '.join(empty)}")
    filled = frame.fillna(frame.quantile(0.5, interpolation="lower"))
    integral = [name for name in filled.columns if (filled[name] % 1 == 0).all()]
    return filled.astype(dict.fromkeys(integral, "int64"))


def split(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """70% to train, 15% to validate and 15% to test, label first."""
    shuffled = frame[[LABEL, *FEATURES]].sample(frac=1, random_state=SEED)
    first = int(len(frame) * TRAIN_SHARE)
    second = int(len(frame) * (TRAIN_SHARE + VALIDATION_SHARE))
    parts = {
        "train": shuffled.iloc[:first],
        "validation": shuffled.iloc[first:second],
        "test": shuffled.iloc[second:],
    }
    if any(part.empty for part in parts.values()):
        raise BadInputError(f"{len(frame)} rows are too few to split 70/15/15")
    return parts


def main(root: Path = Path("/opt/ml")) -> int:
    """Run under SageMaker's directory; what is wrong goes to stderr and the job's exit message."""
    processing = root / "processing"
    try:
        frame = fill_gaps(read(processing / "input"))
        outputs = {**split(frame), "baseline": frame[FEATURES]}
    except BadInputError as error:
        print(f"error: {error}", file=sys.stderr)
        (root / "output").mkdir(parents=True, exist_ok=True)
        (root / "output" / "message").write_text(str(error))
        return 1
    for name, rows in outputs.items():
        folder = processing / name
        folder.mkdir(parents=True, exist_ok=True)
        rows.to_csv(folder / f"{name}.csv", header=False, index=False)
        print(f"{name}: {len(rows)} rows")
    return 0


if __name__ == "__main__":
    sys.exit(main())
