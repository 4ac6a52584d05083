"""The platform's four data files: one source, split in a fixed way, uploaded to where pipelines read it.

Training parts keep UCI's format: no header, label last, `?` for a gap. Batches have no header and no label.
The clean one has its gaps filled; the one with outliers keeps them, as empty fields, which is what a gap is
to Model Monitor's analyzer.

    python -m pipelines.data prepare --out DIR
    python -m pipelines.data upload --environment dev [--data DIR] [--profile dev] [--plan] [--json]
"""

import argparse
import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median_low

import boto3

from pipelines import objects
from pipelines.environment import PREFIX, Environment
from pipelines.errors import BadDataError
from pipelines.sample import Row
from pipelines.source import Source, load
from pipelines.telling import Item, add_arguments, carry_out, failed, run

SEED = 42
BATCH_SHARE = 0.05
PART_2_SHARE = 0.10
GAP = "?"

TRAIN_PREFIX = f"{PREFIX}/data/train-dataset"
BATCH_PREFIX = f"{PREFIX}/data/batch-dataset"

FILES: dict[str, tuple[str, tuple[str, ...]]] = {
    "mammo-train-dataset-part1.csv": (TRAIN_PREFIX, ("dev", "prod")),
    "mammo-train-dataset-part2.csv": (TRAIN_PREFIX, ("prod",)),
    "mammo-batch-dataset.csv": (BATCH_PREFIX, ("dev", "prod")),
    "mammo-batch-dataset-outliers.csv": (BATCH_PREFIX, ("dev", "prod")),
}
"""Each file, the prefix it is read under, and the environments that hold it."""

OUTLIERS: dict[int, tuple[int, Callable[[str], str]]] = {
    0: (9, lambda _: "55"),  # BI-RADS: a doubled key, as in one row of the original
    1: (2, lambda age: f"1{age:0>2}"),  # Age: a century too old, in half the rows: drift
    2: (4, lambda shape: f"{shape}.5"),  # Shape: between two codes, so no longer Integral
    3: (5, lambda _: "spiculated"),  # Margin: the word for a code, so String
    4: (6, lambda density: f"-{density}"),  # Density: negative
}
"""Per column: every how many rows, and what becomes of the value there."""


@dataclass(frozen=True)
class Split:
    """The source's rows, each in exactly one part."""

    part_1: list[Row]
    part_2: list[Row]
    batch: list[Row]


@dataclass(frozen=True)
class DataFile:
    """A file that was written: its rows, and where it is now."""

    name: str
    rows: int
    place: str


def split(rows: Sequence[Row]) -> Split:
    """The batch is a 5% sample of all rows, part 2 a 10% sample of the rest, part 1 what remains."""
    rng = random.Random(SEED)
    batch, rest = _draw(rows, BATCH_SHARE, rng)
    part_2, part_1 = _draw(rest, PART_2_SHARE, rng)
    return Split(part_1, part_2, batch)


def clean(batch: Sequence[Row], rows: Sequence[Row]) -> list[Row]:
    """The batch without its label, gaps filled with the column's median over all rows: the lower one,
    a value that occurs, so an integral column stays integral.
    """
    features = list(zip(*rows, strict=True))[:-1]
    medians = [str(median_low(int(value) for value in column if value != GAP)) for column in features]
    return [
        tuple(m if value == GAP else value for value, m in zip(row[:-1], medians, strict=True))
        for row in batch
    ]


def with_outliers(batch: Sequence[Row]) -> list[Row]:
    """The batch without its label, gaps left as empty fields, and outliers in every column."""
    return [
        tuple(_outlier(at, column, value) for column, value in enumerate(row[:-1]))
        for at, row in enumerate(batch)
    ]


def prepare(out: Path, source: Source | None = None) -> list[DataFile]:
    """Write the four files to `out`."""
    source = source or load()
    parts = split(source.rows)
    contents = {
        "mammo-train-dataset-part1.csv": parts.part_1,
        "mammo-train-dataset-part2.csv": parts.part_2,
        "mammo-batch-dataset.csv": clean(parts.batch, source.rows),
        "mammo-batch-dataset-outliers.csv": with_outliers(parts.batch),
    }
    out.mkdir(parents=True, exist_ok=True)
    return [_write(out / name, rows) for name, rows in contents.items()]


def upload(environment: Environment, session: boto3.Session, directory: Path | None = None) -> list[Item]:
    """Upload the files that the environment holds from `directory`; without one they are prepared for it.

    Raises:
        PlatformError: A file is missing, the credentials are another account's, or its bucket is out of their reach.
        ClientError, BotoCoreError: AWS refuses a call, or can't be reached.
    """
    return list(carry_out(environment, session, items(environment, session, directory)))


def items(environment: Environment, session: boto3.Session, directory: Path | None = None) -> Iterator[Item]:
    """An item for each file that the environment holds; the stand-in sample replaces nothing that is not one."""
    if directory is None:
        source = load()
        with tempfile.TemporaryDirectory(prefix="mammo-data-") as prepared:
            prepare(Path(prepared), source)
            for item in items(environment, session, Path(prepared)):
                if source.is_sample and item.change == "updated":
                    raise BadDataError(
                        f"{environment.bucket_name} has another {item.name}, which the stand-in sample would replace: "
                        "name the data in MAMMOGRAPHY_DATA"
                    )
                yield item
        return
    s3 = session.client("s3", region_name=environment.region)
    for name, (prefix, environments) in FILES.items():
        if environment.name in environments:
            body = _content(directory / name)
            yield objects.put(environment, s3, kind="file", key=f"{prefix}/{name}", body=body)


def _draw(rows: Sequence[Row], share: float, rng: random.Random) -> tuple[list[Row], list[Row]]:
    drawn = set(rng.sample(range(len(rows)), round(len(rows) * share)))
    return [rows[at] for at in sorted(drawn)], [row for at, row in enumerate(rows) if at not in drawn]


def _outlier(at: int, column: int, value: str) -> str:
    every, change = OUTLIERS[column]
    if value == GAP:
        return ""
    return change(value) if at % every == 0 else value


def _write(path: Path, rows: Sequence[Row]) -> DataFile:
    path.write_text("".join(",".join(row) + "\n" for row in rows), encoding="utf-8")
    return DataFile(path.name, len(rows), str(path))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadDataError(f"{path}: {error.strerror}; make it with `pipelines.data prepare`") from error


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m pipelines.data", description=(__doc__ or "").partition("\n")[0]
    )
    commands = parser.add_subparsers(dest="command", required=True)
    preparing = commands.add_parser("prepare", help="write the four data files")
    preparing.add_argument("--out", type=Path, required=True, help="the directory to write to")
    uploading = commands.add_parser("upload", help="upload an environment's data files to its bucket")
    uploading.add_argument("--data", type=Path, help="a directory that `prepare` wrote to; else made for it")
    add_arguments(uploading)
    chosen = parser.parse_args(arguments)
    if chosen.command == "upload":
        return run(chosen, Environment, lambda environment, session: items(environment, session, chosen.data))
    try:
        files = prepare(chosen.out)
    except BadDataError as error:
        return failed(error)
    for file in files:
        print(f"{file.name:34}{file.rows:5} rows  {file.place}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
