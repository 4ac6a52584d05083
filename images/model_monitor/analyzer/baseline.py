"""Baselines: the two files of an earlier analysis, or hand-edited ones."""

import json
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from .constraints import Constraint, Constraints, MonitoringConfig
from .failure import AnalysisError
from .profile import TYPES
from .sketch import Sketch

T = TypeVar("T")

_NUMBERS = frozenset(f.name for f in fields(MonitoringConfig) if f.type is float)
_CHOICES = {
    "evaluate_constraints": ("Enabled", "Disabled"),
    "emit_metrics": ("Enabled", "Disabled"),
    "perform_comparison": ("Enabled", "Disabled"),
    "comparison_method": ("Robust", "Simple"),
    "categorical_drift_method": ("LInfinity",),
}


@dataclass(frozen=True)
class Distribution:
    """How a baseline column was distributed: a sketch if numeric, frequencies if text, or neither."""

    sketch: Sketch | None
    frequencies: dict[str, int] | None


def read_constraints(path: Path) -> Constraints:
    """The constraints at `path`; AnalysisError says which file is not a constraints.json, and where."""
    return _read(path, _constraints)


def read_distributions(path: Path) -> dict[str, Distribution]:
    """The distributions in the statistics at `path`, by column; AnalysisError as for constraints."""
    return _read(path, lambda document: {f["name"]: _distribution(f) for f in document["features"]})


def _read(path: Path, parse: Callable[[Any], T]) -> T:
    try:
        return parse(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise AnalysisError(f"Baseline file {path} does not exist") from error
    except IsADirectoryError as error:
        raise AnalysisError(f"Baseline file {path} is a directory") from error
    except KeyError as error:
        raise AnalysisError(f"Baseline file {path} is malformed: {error} is missing") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise AnalysisError(f"Baseline file {path} is malformed: {error}") from error


def _constraints(document: Any) -> Constraints:
    config = _config(MonitoringConfig(), document.get("monitoring_config") or {})
    return Constraints({f["name"]: _constraint(f, config) for f in document["features"]}, config)


def _constraint(feature: dict[str, Any], config: MonitoringConfig) -> Constraint:
    if feature["inferred_type"] not in TYPES:
        raise ValueError(f"inferred_type {feature['inferred_type']!r} is not one of {', '.join(TYPES)}")
    completeness = feature.get("completeness")
    domain = (feature.get("string_constraints") or {}).get("domains")
    return Constraint(
        name=feature["name"],
        inferred_type=feature["inferred_type"],
        completeness=None if completeness is None else float(completeness),
        non_negative=(feature.get("num_constraints") or {}).get("is_non_negative"),
        domain=None if domain is None else tuple(str(value) for value in domain),
        config=_config(config, feature.get("monitoringConfigOverrides") or {}),
    )


def _config(base: MonitoringConfig, document: dict[str, Any]) -> MonitoringConfig:
    """`base` with the settings that `document` names; unknown ones are passed over, as they may be newer."""
    given = {**document, **(document.get("distribution_constraints") or {})}
    for name, choices in _CHOICES.items():
        if name in given and given[name] not in choices:
            raise ValueError(f"{name} is {given[name]!r}, not one of {', '.join(choices)}")
    settings: dict[str, Any] = {name: float(given[name]) for name in _NUMBERS & given.keys()}
    settings |= {name: given[name] for name in _CHOICES.keys() & given.keys()}
    return replace(base, **settings)


def _distribution(feature: dict[str, Any]) -> Distribution:
    numerical = feature.get("numerical_statistics") or {}
    kll = (numerical.get("distribution") or {}).get("kll")
    textual = feature.get("string_statistics") or {}
    categorical = (textual.get("distribution") or {}).get("categorical")
    return Distribution(
        sketch=Sketch(levels=[[float(v) for v in level] for level in kll["sketch"]["data"]]) if kll else None,
        frequencies={b["value"]: int(b["count"]) for b in categorical["buckets"] if int(b["count"])}
        if categorical
        else None,
    )
