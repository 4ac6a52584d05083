"""The constraints a data set suggests, and constraints.json.

Schema: "Schema for Constraints" in SageMaker's guide; default values as in real files (DESIGN.md).
"""

from dataclasses import dataclass
from typing import Any

from .profile import STRING
from .statistics import Feature, Numerical, Statistics, Textual

# deequ's CategoricalRangeRule: a column is categorical when at most this share of its distinct values is seen
# only once. When AWS's analyzer suggests domains is not documented.
MOST_SINGLETONS = 0.1


@dataclass(frozen=True)
class MonitoringConfig:
    """The thresholds of the checks; the defaults are those of real constraints.json files."""

    evaluate_constraints: str = "Enabled"
    emit_metrics: str = "Enabled"
    datatype_check_threshold: float = 1.0
    domain_content_threshold: float = 1.0
    perform_comparison: str = "Enabled"
    comparison_threshold: float = 0.1
    comparison_method: str = "Robust"
    categorical_comparison_threshold: float = 0.1
    categorical_drift_method: str = "LInfinity"

    def to_json(self) -> dict[str, Any]:
        """The "monitoring_config" object."""
        return {
            "evaluate_constraints": self.evaluate_constraints,
            "emit_metrics": self.emit_metrics,
            "datatype_check_threshold": self.datatype_check_threshold,
            "domain_content_threshold": self.domain_content_threshold,
            "distribution_constraints": {
                "perform_comparison": self.perform_comparison,
                "comparison_threshold": self.comparison_threshold,
                "comparison_method": self.comparison_method,
                "categorical_comparison_threshold": self.categorical_comparison_threshold,
                "categorical_drift_method": self.categorical_drift_method,
            },
        }


@dataclass(frozen=True)
class Constraint:
    """What is expected of one column; `domain` None means any text, `config` holds the column's thresholds.

    `non_negative` is suggested and kept, but no check reads it: AWS documents no violation for it.
    """

    name: str
    inferred_type: str
    completeness: float | None
    non_negative: bool | None
    domain: tuple[str, ...] | None
    config: MonitoringConfig

    def to_json(self) -> dict[str, Any]:
        """One of "features"."""
        document: dict[str, Any] = {"name": self.name, "inferred_type": self.inferred_type}
        if self.completeness is not None:
            document["completeness"] = self.completeness
        if self.non_negative is not None:
            document["num_constraints"] = {"is_non_negative": self.non_negative}
        if self.domain is not None:
            document["string_constraints"] = {"domains": list(self.domain)}
        return document


@dataclass(frozen=True)
class Constraints:
    """What is expected of a data set, by column name."""

    features: dict[str, Constraint]
    config: MonitoringConfig

    def to_json(self) -> dict[str, Any]:
        """The document constraints.json."""
        features = [feature.to_json() for feature in self.features.values()]
        return {"version": 0.0, "features": features, "monitoring_config": self.config.to_json()}


def suggest(statistics: Statistics) -> Constraints:
    """The constraints that the data itself meets."""
    config = MonitoringConfig()
    features = {name: _suggestion(feature, config) for name, feature in statistics.features.items()}
    return Constraints(features, config)


def _suggestion(feature: Feature, config: MonitoringConfig) -> Constraint:
    profile, statistics = feature.profile, feature.statistics
    return Constraint(
        name=profile.name,
        inferred_type=profile.inferred_type,
        completeness=profile.completeness,
        non_negative=statistics.minimum >= 0 if isinstance(statistics, Numerical) else None,
        domain=_domain(statistics)
        if profile.inferred_type == STRING and isinstance(statistics, Textual)
        else None,
        config=config,
    )


def _domain(statistics: Textual) -> tuple[str, ...] | None:
    if statistics.frequencies is None:
        return None
    singletons = sum(count == 1 for count in statistics.frequencies.values())
    return tuple(statistics.frequencies) if singletons / statistics.distinct <= MOST_SINGLETONS else None
