"""Expressions come to the values in tests/cases/references, each case named by its rule."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.orchestrator.conditions import holds
from harness.orchestrator.references import Reference, parse, references
from harness.orchestrator.resolving import ReferenceFailure, Scope, as_text, resolve

CASES = Path(__file__).parents[2] / "cases" / "references"
TABLES = {path.stem: json.loads(path.read_text()) for path in sorted(CASES.glob("*.json"))}
ALL = [(table["scope"], case) for table in TABLES.values() for case in table["cases"]]
IDS = [f"{name}: {case['rule']}" for name, table in TABLES.items() for case in table["cases"]]


def scope(of: dict[str, Any]) -> Scope:
    return Scope(
        of.get("parameters", {}),
        lambda name: f"<{name}>",
        of.get("steps", {}),
        lambda step, file: of["files"][f"{step}/{file}"],
    )


@pytest.mark.parametrize(("of", "case"), ALL, ids=IDS)
def test_what_expressions_come_to(of: dict[str, Any], case: dict[str, Any]) -> None:
    if "gives" in case:
        result = resolve(case["value"], scope(of))
        assert json.dumps(result) == json.dumps(case["gives"])
        return
    with pytest.raises(ReferenceFailure) as failed:
        resolve(case["value"], scope(of))
    assert case["fails"] in str(failed.value)


NO_REFERENCES = (
    """Steps|Steps.|Parameters|.x|Steps..A|Steps.A.|Steps.A[|Steps.A['x|Steps.A[x]|Steps[0].x|Step.A.x"""
)


@pytest.mark.parametrize("text", ["", "Steps.A.b c", "Steps.A[-1]", "Steps.A['']", *NO_REFERENCES.split("|")])
def test_what_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"cannot be read|is not a reference"):
        parse(text)


def test_references_are_found_in_the_order_they_stand() -> None:
    value = {"a": [{"Get": "Parameters.P"}, {"Std:Join": {"Values": [{"Get": "Steps.A.x"}, "Steps.B.y"]}}]}
    assert [r.text for r in references(value)] == ["Parameters.P", "Steps.A.x"]


NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,8}", fullmatch=True)
SEGMENTS = st.one_of(
    NAMES, st.integers(0, 99), st.text(min_size=1, max_size=8).filter(lambda t: "'" not in t)
)


def written(reference: Reference) -> str:
    path = "".join(f"[{s}]" if isinstance(s, int) else f"['{s}']" for s in reference.path)
    return f"{reference.root}.{reference.name}{path}"


@given(st.sampled_from(["Parameters", "Execution", "Steps"]), NAMES, st.lists(SEGMENTS, max_size=4))
def test_a_reference_that_is_written_is_read_as_it_was(root: str, name: str, path: list[str | int]) -> None:
    meant = Reference(root, name, tuple(path), "")
    found = parse(written(meant))
    assert (found.root, found.name, found.path) == (root, name, tuple(path))


@given(NAMES, st.lists(NAMES, min_size=1, max_size=4))
def test_dots_and_quotes_mean_the_same(step: str, path: list[str]) -> None:
    assert (
        parse(f"Steps.{step}." + ".".join(path)).path
        == parse(f"Steps.{step}" + "".join(f"['{p}']" for p in path)).path
    )


LITERALS = (
    st.text(max_size=5) | st.integers() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False)
)


@given(st.lists(LITERALS, max_size=6), st.text(max_size=3))
def test_a_join_is_its_resolved_parts_with_what_is_between(parts: list[Any], on: str) -> None:
    named = {f"P{i}": part for i, part in enumerate(parts)}
    by_name = {"Std:Join": {"On": on, "Values": [{"Get": f"Parameters.{name}"} for name in named]}}
    direct = {"Std:Join": {"On": on, "Values": parts}}
    expected = on.join(as_text(part) for part in parts)
    assert resolve(by_name, scope({"parameters": named})) == resolve(direct, scope({})) == expected


PLAIN = st.recursive(
    LITERALS | st.none(), lambda i: st.lists(i, max_size=3) | st.dictionaries(st.text("abc"), i, max_size=3)
)


@given(PLAIN)
def test_what_holds_no_expression_resolves_to_itself(value: Any) -> None:
    assert resolve(value, scope({})) == value
    assert list(references(value)) == []


# Conditions ------------------------------------------------------------------------------------------------------

NUMBERS = st.integers(-5, 5) | st.sampled_from([0.5, 2.0])


def compare(kind: str, left: Any, right: Any) -> bool:
    return holds({"Type": kind, "LeftValue": left, "RightValue": right}, scope({}))


@given(NUMBERS, NUMBERS)
def test_comparisons_agree_with_each_other(left: Any, right: Any) -> None:
    greater, less, same = (compare(kind, left, right) for kind in ("GreaterThan", "LessThan", "Equals"))
    assert greater + less + same == 1
    assert compare("GreaterThanOrEqualTo", left, right) == (greater or same)
    assert compare("LessThanOrEqualTo", left, right) == (less or same)


@given(st.lists(st.booleans(), min_size=1, max_size=4))
def test_not_or_and_are_logic_s(values: list[bool]) -> None:
    conditions = [{"Type": "Equals", "LeftValue": v, "RightValue": True} for v in values]
    assert holds({"Type": "Or", "Conditions": conditions}, scope({})) == any(values)
    assert holds({"Type": "And", "Conditions": conditions}, scope({})) == all(values)
    assert holds({"Type": "Not", "Expression": conditions[0]}, scope({})) == (not values[0])


def test_in_looks_among_resolved_values() -> None:
    of = scope({"parameters": {"P": "b"}})
    condition = {"Type": "In", "QueryValue": "b", "Values": ["a", {"Get": "Parameters.P"}]}
    assert holds(condition, of)
    assert not holds({**condition, "QueryValue": "c"}, of)


def test_what_cannot_be_compared_is_told() -> None:
    with pytest.raises(ReferenceFailure, match="LessThan cannot compare 1 with 'a'"):
        compare("LessThan", 1, "a")
    assert compare("Equals", 1, "1") is False
