"""Event patterns match what AWS's match, and are refused where AWS refuses them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.events.pattern import compile_pattern
from harness.model import AwsError

CASES = Path(__file__).parents[2] / "cases" / "patterns"


def cases(*, invalid: bool) -> list[Any]:
    files = [path for path in sorted(CASES.glob("*.json")) if (path.stem == "invalid") is invalid]
    return [
        pytest.param(case, id=f"{path.stem}: {case['name']}")
        for path in files
        for case in json.loads(path.read_text())
    ]


def matches(pattern: Any, event: Any) -> bool:
    return compile_pattern(json.dumps(pattern)).matches(event)


@pytest.mark.parametrize("case", cases(invalid=False))
def test_an_event_matches_a_pattern_or_does_not(case: Any) -> None:
    assert matches(case["pattern"], case["event"]) is case["matches"]


@pytest.mark.parametrize("case", cases(invalid=True))
def test_a_pattern_that_aws_refuses_is_refused_in_its_words(case: Any) -> None:
    with pytest.raises(AwsError) as refused:
        compile_pattern(json.dumps(case["pattern"]))
    assert refused.value.code == "InvalidEventPatternException"
    assert refused.value.message == f"Event pattern is not valid. Reason: {case['reason']}"


def test_what_is_no_json_is_no_pattern() -> None:
    with pytest.raises(AwsError, match="Reason: Invalid JSON"):
        compile_pattern("{source: [aws]}")


def test_alternatives_without_end_are_refused() -> None:
    either = {"$or": [{"x": ["1"]}, {"x": ["2"]}]}
    pattern = dict.fromkeys("abcdefghij", either)
    with pytest.raises(AwsError, match="combinations"):
        compile_pattern(json.dumps(pattern))


texts = st.text(max_size=6)
scalars = texts | st.integers(-9, 9) | st.booleans() | st.none()
numbers = st.integers(-100, 100) | st.floats(-100, 100)
tests = (
    texts
    | st.integers(-9, 9)
    | st.none()
    | st.booleans()
    | st.builds(lambda t: {"prefix": t}, texts)
    | st.builds(lambda t: {"suffix": t}, texts)
    | st.builds(lambda t: {"equals-ignore-case": t}, texts)
    | st.builds(lambda n: {"numeric": ["<", n]}, st.integers(-9, 9))
    | st.builds(lambda b: {"exists": b}, st.booleans())
)
events = st.dictionaries(
    st.sampled_from("abc"),
    scalars | st.lists(scalars, max_size=3) | st.dictionaries(st.sampled_from("xy"), scalars),
)


@given(wanted=texts | st.integers(), value=scalars)
def test_anything_but_is_the_negation_of_exact(wanted: Any, value: Any) -> None:
    event = {"a": value}
    assert matches({"a": [{"anything-but": wanted}]}, event) is not matches({"a": [wanted]}, event)


@given(kind=st.sampled_from(["prefix", "suffix"]), wanted=st.text(min_size=1, max_size=3), value=scalars)
def test_anything_but_an_affix_is_the_negation_of_the_affix(kind: str, wanted: str, value: Any) -> None:
    event = {"a": value}
    assert matches({"a": [{"anything-but": {kind: wanted}}]}, event) is not matches(
        {"a": [{kind: wanted}]}, event
    )


@given(
    event=events, some=st.lists(tests, min_size=1, max_size=3), another=tests, field=st.sampled_from("abc")
)
def test_another_alternative_never_unmatches(event: Any, some: list[Any], another: Any, field: str) -> None:
    if matches({field: some}, event):
        assert matches({field: [*some, another]}, event)


@given(event=events, one=tests, other=tests)
def test_another_field_never_makes_match(event: Any, one: Any, other: Any) -> None:
    if matches({"a": [one], "b": [other]}, event):
        assert matches({"a": [one]}, event)
        assert matches({"b": [other]}, event)


@given(event=events, one=tests, other=tests)
def test_or_is_what_either_of_two_patterns_matches(event: Any, one: Any, other: Any) -> None:
    either = matches({"$or": [{"a": [one]}, {"b": [other]}]}, event)
    assert either is (matches({"a": [one]}, event) or matches({"b": [other]}, event))


@given(event=events)
def test_a_field_exists_or_does_not(event: Any) -> None:
    assert matches({"a": [{"exists": True}]}, event) is not matches({"a": [{"exists": False}]}, event)


@given(value=numbers, bound=numbers)
def test_a_number_is_below_a_bound_or_at_least_that(value: float, bound: float) -> None:
    event = {"n": value}
    assert matches({"n": [{"numeric": ["<", bound]}]}, event) is not matches(
        {"n": [{"numeric": [">=", bound]}]}, event
    )


@given(before=texts, after=texts, between=texts)
def test_a_star_stands_for_whatever_is_between(before: str, after: str, between: str) -> None:
    escaped = [part.replace("\\", "\\\\").replace("*", "\\*") for part in (before, after)]
    assert matches({"a": [{"wildcard": "*".join(escaped)}]}, {"a": before + between + after})
