"""The analysis from end to end: environment in, three files and a message out."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .baseline import read_constraints, read_distributions
from .config import Config, read_config
from .constraints import suggest
from .dataset import read_table
from .failure import AnalysisError
from .statistics import describe
from .violations import check


def main(root: Path = Path("/opt/ml"), environ: Mapping[str, str] = os.environ) -> int:
    """Analyze as `environ` says and leave the exit message in `root`/output/message.

    Returns the exit code: 0 when the analysis ran, with violations or without; 1 on a user's mistake.
    """
    try:
        message, code = _analyze(read_config(environ)), 0
    except AnalysisError as mistake:
        message, code = " ".join(str(mistake).split()), 1
    (root / "output").mkdir(parents=True, exist_ok=True)
    (root / "output" / "message").write_text(message, encoding="utf-8")
    print(message, flush=True)
    return code


def _analyze(config: Config) -> str:
    if config.publish_metrics:
        print("publish_cloudwatch_metrics is Enabled: this stand-in publishes none yet", flush=True)
    expected = read_constraints(config.baseline_constraints) if config.baseline_constraints else None
    baseline = read_distributions(config.baseline_statistics) if config.baseline_statistics else {}
    statistics = describe(read_table(config))
    _write(config.output, "statistics.json", statistics.to_json())
    _write(config.output, "constraints.json", suggest(statistics).to_json())
    violations = check(statistics, expected, baseline) if expected else []
    if expected:
        _write(config.output, "constraint_violations.json", {"violations": [asdict(v) for v in violations]})
    if violations:
        return f"CompletedWithViolations: Job completed successfully with {len(violations)} violations."
    return "Completed: Job completed successfully with no violations."


def _write(folder: Path, name: str, document: dict[str, Any]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(document, indent=2), encoding="utf-8")
    except OSError as error:
        raise AnalysisError(f"output_path {folder} cannot be written: {error.strerror}") from error
