"""A definition is refused for the reasons in tests/cases/definitions, each case named by its rule."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.orchestrator.definition import DefinitionError, read

from .words import condition, equals, fail, function, get, json_get, pipeline, processing, quality_check

CASES = Path(__file__).parents[2] / "cases" / "definitions"
ALL = [(path.stem, case) for path in sorted(CASES.glob("*.json")) for case in json.loads(path.read_text())]


@pytest.mark.parametrize(("table", "case"), ALL, ids=[f"{table}: {case['rule']}" for table, case in ALL])
def test_the_rules_of_definitions(table: str, case: dict[str, Any]) -> None:
    definition = case["definition"]
    text = definition if isinstance(definition, str) else json.dumps(definition)
    if "error" not in case:
        read(text)
        return
    with pytest.raises(DefinitionError) as refused:
        read(text)
    assert case["error"] in str(refused.value)


def test_steps_come_in_an_order_that_respects_their_needs() -> None:
    found = read(
        pipeline(
            condition(
                "C", [equals(get("Steps.L.OutputParameters['x']"), 1)], [processing("B", "A")], [fail("F")]
            ),
            processing("A"),
            function("L", "A", outputs=("x",)),
        )
    )
    assert found.steps["C"].needs == {"L"}
    assert (found.steps["B"].needs, found.steps["B"].branch) == (frozenset({"A", "C"}), ("C", True))
    assert (found.steps["F"].needs, found.steps["F"].branch) == (frozenset({"C"}), ("C", False))
    order = list(found.steps)
    assert all(
        order.index(needed) < order.index(name) for name in order for needed in found.steps[name].needs
    )


def test_a_step_needs_the_step_whose_property_file_it_reads() -> None:
    file = {"PropertyFileName": "R", "OutputName": "o", "FilePath": "r.json"}
    evaluation = processing("Eval", outputs=("o",), PropertyFiles=[file])
    found = read(pipeline(condition("C", [equals(json_get("Eval", "R", "a"), 1)], [], []), evaluation))
    assert found.steps["C"].needs == {"Eval"}


def test_a_step_needs_what_its_body_refers_to_outside_its_arguments() -> None:
    check = quality_check(SuppliedBaselineStatistics=get("Steps.L.OutputParameters['s']"))
    assert read(pipeline(check, function("L", outputs=("s",)))).steps["Check"].needs == {"L"}


WORDS = (
    "Name Type Arguments DependsOn Get Std:Join Std:JsonGet Values On Path PropertyFile Conditions IfSteps"
)
MORE_WORDS = "Expression LeftValue RightValue PropertyFiles OutputParameters CacheConfig"
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from(["A", "Steps.A.x", "Not"])
)
KEYS = st.sampled_from([word for words in (WORDS, MORE_WORDS) for word in words.split()])
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
KINDS = ["Processing", "Condition", "Lambda", "Fail", "QualityCheck", "Model"]
MEMBERS = ("DependsOn", "PropertyFiles", "OutputParameters", "CacheConfig", "FunctionArn")
STEPS = st.fixed_dictionaries(
    {"Name": st.just("A"), "Type": st.sampled_from(KINDS), "Arguments": JSON},
    optional=dict.fromkeys(MEMBERS, JSON),
)


@given(st.lists(STEPS, max_size=2), JSON)
def test_whatever_is_in_it_a_definition_is_read_or_refused_and_never_breaks_the_reader(
    steps: Any, parameters: Any
) -> None:
    for more in ({}, {"Parameters": parameters}):
        with contextlib.suppress(DefinitionError):
            read(json.dumps({"Version": "2020-12-01", "Steps": steps, **more}))
