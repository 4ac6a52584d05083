"""The six checks, and constraint_violations.json.

Descriptions, from real outputs: data types and missing columns (DESIGN.md); drift ("distance: X exceeds
threshold: Y", which AWS's own samples parse); completeness and categorical values ("Value: X does not meet
the constraint requirement! ", in sagemaker-python-sdk's tests/data/monitor, its last blank included). Extra
columns are told like missing ones. The order of violations is not documented: columns first, then features.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .baseline import Distribution
from .constraints import Constraint, Constraints
from .drift import categorical_distance, numerical_distance, robust
from .profile import UNKNOWN, Profile
from .statistics import Feature, Numerical, Statistics


@dataclass(frozen=True)
class Violation:
    """One constraint that the data does not meet."""

    feature_name: str
    constraint_check_type: str
    description: str


def check(
    statistics: Statistics, constraints: Constraints, baseline: Mapping[str, Distribution]
) -> list[Violation]:
    """Every violation of `constraints`, and of the distributions in `baseline` (which may be empty)."""
    if constraints.config.evaluate_constraints == "Disabled":
        return []
    found = list(_columns(statistics, constraints))
    for constraint in constraints.features.values():
        feature = statistics.features.get(constraint.name)
        if feature is not None and constraint.config.evaluate_constraints == "Enabled":
            found += _data_type(feature.profile, constraint)
            found += _completeness(feature.profile, constraint)
            found += _categorical_values(feature.profile, constraint)
            found += _baseline_drift(feature, constraint, baseline.get(constraint.name))
    return found


def _columns(statistics: Statistics, constraints: Constraints) -> Iterator[Violation]:
    """By name: what the guide says of counts, and also a column that was renamed."""
    current, expected = statistics.features.keys(), constraints.features.keys()
    for kind, differing in (("missing", expected - current), ("extra", current - expected)):
        if differing:
            yield Violation(
                f"{kind.capitalize()} columns",
                f"{kind}_column_check",
                f"There are {kind} columns in current dataset. "
                f"Number of columns in current dataset: {len(current)}, "
                f"Number of columns in baseline constraints: {len(expected)}",
            )


def _data_type(profile: Profile, constraint: Constraint) -> Iterator[Violation]:
    expected, threshold = constraint.inferred_type, constraint.config.datatype_check_threshold
    share = profile.share_of(expected)
    if expected != UNKNOWN and share < threshold:
        yield Violation(
            profile.name,
            "data_type_check",
            f"Data type match requirement is not met. Expected data type: {expected}, "
            f"Expected match: {threshold * 100}%. Observed: Only {share * 100}% of data is {expected}.",
        )


def _completeness(profile: Profile, constraint: Constraint) -> Iterator[Violation]:
    if constraint.completeness is not None and profile.completeness < constraint.completeness:
        yield Violation(profile.name, "completeness_check", _unmet(profile.completeness))


def _categorical_values(profile: Profile, constraint: Constraint) -> Iterator[Violation]:
    """Share of rows within the domain; a gap is within any, as in deequ's isContainedIn."""
    if constraint.domain is None:
        return
    domain = frozenset(constraint.domain)
    rows = len(profile.values) + profile.missing
    share = (profile.missing + sum(value in domain for value in profile.values)) / rows
    if share < constraint.config.domain_content_threshold:
        yield Violation(profile.name, "categorical_values_check", _unmet(share))


def _unmet(value: float) -> str:
    return f"Value: {value} does not meet the constraint requirement! "


def _baseline_drift(
    feature: Feature, constraint: Constraint, baseline: Distribution | None
) -> Iterator[Violation]:
    """Only where both sides have a distribution of one kind; a column that changed kind fails its type check.

    That the robust correction also serves categories is deequ's doing; the guide does not say.
    """
    config = constraint.config
    if baseline is None or config.perform_comparison == "Disabled":
        return
    statistics = feature.statistics
    if isinstance(statistics, Numerical):
        if not baseline.sketch or not baseline.sketch.count:
            return
        distance = numerical_distance(statistics.sketch, baseline.sketch)
        n, m, threshold = statistics.sketch.count, baseline.sketch.count, config.comparison_threshold
    else:
        if not statistics.frequencies or not baseline.frequencies:
            return
        distance = categorical_distance(statistics.frequencies, baseline.frequencies)
        n, m = sum(statistics.frequencies.values()), sum(baseline.frequencies.values())
        threshold = config.categorical_comparison_threshold
    if config.comparison_method == "Robust":
        distance = robust(distance, n, m)
    if distance > threshold:
        yield Violation(
            feature.profile.name,
            "baseline_drift_check",
            f"Baseline drift distance: {distance} exceeds threshold: {threshold}",
        )
