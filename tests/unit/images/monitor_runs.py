"""Running the analyzer on small data sets, as a processing job does."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analyzer.run import main

Rows = list[str | list[Any]]


@dataclass(frozen=True)
class Outcome:
    """What a run left behind; a document that was not written is None."""

    code: int
    message: str
    statistics: dict[str, Any] | None
    constraints: dict[str, Any] | None
    violations: list[list[str]] | None
    output: Path


def csv_text(rows: Rows) -> str:
    """Lines of CSV from rows, each a line or `[line, times]`."""
    lines = [row if isinstance(row, list) else [row, 1] for row in rows]
    return "".join((line + "\n") * times for line, times in lines)


def analyze(folder: Path, files: dict[str, str], **environ: str) -> Outcome:
    """Run the analyzer in `folder` on `files`; `{source}` in a setting stands for the data's directory."""
    source, output = folder / "source", folder / "output"
    for name, text in files.items():
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    source.mkdir(parents=True, exist_ok=True)
    settings = {
        "dataset_format": '{"csv":{"header":false,"output_columns_position":"START"}}',
        "dataset_source": str(source),
        "output_path": str(output),
        "publish_cloudwatch_metrics": "Disabled",
        **{name: value.replace("{source}", str(source)) for name, value in environ.items()},
    }
    code = main(folder / "ml", settings)
    violations = _document(output / "constraint_violations.json")
    return Outcome(
        code,
        (folder / "ml" / "output" / "message").read_text(encoding="utf-8"),
        _document(output / "statistics.json"),
        _document(output / "constraints.json"),
        None if violations is None else [list(violation.values()) for violation in violations["violations"]],
        output,
    )


def check(folder: Path, baseline: Outcome, text: str, **environ: str) -> Outcome:
    """Run the analyzer on one CSV against the files of an earlier run."""
    return analyze(
        folder,
        {"data.csv": text},
        baseline_statistics=str(baseline.output / "statistics.json"),
        baseline_constraints=str(baseline.output / "constraints.json"),
        **environ,
    )


def _document(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
