"""An execution is started with text for its parameters; each becomes a value of its type."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.orchestrator.parameters import declared, values
from harness.orchestrator.parts import DefinitionError

DECLARED = declared(
    [
        {"Name": "S", "Type": "String", "DefaultValue": "s", "EnumValues": ["s", "t"]},
        {"Name": "I", "Type": "Integer", "DefaultValue": 1},
        {"Name": "F", "Type": "Float", "DefaultValue": 0.5},
        {"Name": "B", "Type": "Boolean", "DefaultValue": False},
    ]
)


def test_what_is_not_given_has_its_default() -> None:
    assert values(DECLARED, []) == {"S": "s", "I": 1, "F": 0.5, "B": False}


def test_what_is_given_is_converted() -> None:
    given_values = [("S", "t"), ("I", "-7"), ("F", "3"), ("B", "True")]
    assert values(DECLARED, given_values) == {"S": "t", "I": -7, "F": 3.0, "B": True}


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("Z", "1", "Parameter [Z] is not declared in the pipeline definition"),
        ("I", "1.5", "Parameter [I] takes Integer, not '1.5'"),
        ("F", "high", "Parameter [F] takes Float, not 'high'"),
        ("B", "yes", "Parameter [B] takes Boolean, not 'yes'"),
        ("S", "u", "has to be one of ['s', 't'], not 'u'"),
        ("S", "", '[string "" is too short (length: 0, required minimum: 1)]'),
    ],
)
def test_what_cannot_be_taken_is_refused(name: str, text: str, told: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        values(DECLARED, [(name, text)])
    assert told in str(refused.value)


def test_a_parameter_without_a_default_has_to_be_given() -> None:
    needed = declared(
        [{"Name": "A", "Type": "String"}, {"Name": "B", "Type": "String", "DefaultValue": None}]
    )
    with pytest.raises(DefinitionError, match=r"Parameters \[A, B\] have no value and no default"):
        values(needed, [])
    assert values(needed, [("A", "a"), ("B", "b")]) == {"A": "a", "B": "b"}


@given(st.integers() | st.floats(allow_nan=False) | st.booleans() | st.text(min_size=1))
def test_a_value_s_text_becomes_the_value(value: Any) -> None:
    kind = {int: "Integer", float: "Float", bool: "Boolean", str: "String"}[type(value)]
    assert values(declared([{"Name": "P", "Type": kind}]), [("P", str(value))]) == {"P": value}
