"""What the job was asked to do, from its environment variables.

Source: "Container Contract Inputs" in SageMaker's guide, and DESIGN.md, "Model Monitor analyzer".
Variables that only matter to the service (start_time, end_time) are not read.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .failure import AnalysisError

DRIFT_METHOD = "LInfinity"
NOT_YET = (
    "record_preprocessor_script",
    "post_analytics_processor_script",
    "problem_type",
    "ground_truth_attribute",
    "inference_attribute",
    "probability_attribute",
    "probability_threshold_attribute",
)


@dataclass(frozen=True)
class Config:
    """One analysis: where the data lies and how it is written, where results go, what to compare with.

    `kind` is "csv" or "json"; `header` and `lines` are the options of each. Both baseline paths None means
    that a baseline is to be suggested.
    """

    kind: str
    header: bool
    lines: bool
    source: Path
    output: Path
    baseline_statistics: Path | None
    baseline_constraints: Path | None
    publish_metrics: bool


def read_config(environ: Mapping[str, str]) -> Config:
    """The settings in `environ`; AnalysisError names a variable that is missing, wrong or not supported."""
    _refuse_what_is_not_supported(environ)
    kind, options = _dataset_format(_required(environ, "dataset_format"))
    statistics = environ.get("baseline_statistics")
    constraints = environ.get("baseline_constraints")
    if statistics and not constraints:
        raise AnalysisError("baseline_statistics is set but baseline_constraints is not: a check needs both")
    return Config(
        kind=kind,
        header=_flag(options.get("header", False), "dataset_format csv.header"),
        lines=_flag(options.get("lines", True), "dataset_format json.lines"),
        source=Path(_required(environ, "dataset_source")),
        output=Path(_required(environ, "output_path")),
        baseline_statistics=Path(statistics) if statistics else None,
        baseline_constraints=Path(constraints) if constraints else None,
        publish_metrics=environ.get("publish_cloudwatch_metrics", "Disabled") == "Enabled",
    )


def _required(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name)
    if not value:
        raise AnalysisError(f"Environment variable {name} is not set")
    return value


def _refuse_what_is_not_supported(environ: Mapping[str, str]) -> None:
    for name in NOT_YET:
        if environ.get(name):
            raise AnalysisError(f"{name} is not supported yet by this stand-in of the analyzer")
    analysis = environ.get("analysis_type") or "DATA_QUALITY"
    if analysis != "DATA_QUALITY":
        raise AnalysisError(f"analysis_type {analysis} is not supported yet: only DATA_QUALITY is")
    method = environ.get("categorical_drift_method") or DRIFT_METHOD
    if method != DRIFT_METHOD:
        raise AnalysisError(f"categorical_drift_method {method} is not supported yet: only {DRIFT_METHOD} is")


def _dataset_format(text: str) -> tuple[str, dict[str, Any]]:
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise AnalysisError(f"dataset_format is not JSON: {error}") from error
    if not isinstance(document, dict) or len(document) != 1:
        raise AnalysisError(f'dataset_format must be an object with one key such as "csv", not {text}')
    kind, options = next(iter(document.items()))
    if kind not in ("csv", "json"):
        raise AnalysisError(f"dataset_format {kind} is not supported yet: only csv and json are")
    if not isinstance(options, dict):
        raise AnalysisError(f"dataset_format {kind} must hold an object of options, not {options!r}")
    return kind, options


def _flag(value: Any, name: str) -> bool:
    """The SDK writes true and false; hand-written job definitions often write them as strings."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise AnalysisError(f"{name} must be true or false, not {value!r}")
