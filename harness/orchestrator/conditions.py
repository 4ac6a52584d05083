"""The conditions of a Condition step."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from harness.model import Json
from harness.orchestrator.references import ReferenceFailure, Scope, resolve

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "GreaterThan": operator.gt,
    "GreaterThanOrEqualTo": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqualTo": operator.le,
}
CONDITION_TYPES = (*_COMPARE, "In", "Not", "Or", "And")


def holds(condition: Json, scope: Scope) -> bool:
    """Whether the condition is true. Raises ReferenceFailure where its values cannot be had or compared."""
    kind = condition["Type"]
    if kind == "Not":
        return not holds(condition["Expression"], scope)
    if kind == "Or":
        return any(holds(c, scope) for c in condition["Conditions"])
    if kind == "And":
        return all(holds(c, scope) for c in condition["Conditions"])
    if kind == "In":
        return resolve(condition["QueryValue"], scope) in resolve(condition["Values"], scope)
    left, right = resolve(condition["LeftValue"], scope), resolve(condition["RightValue"], scope)
    try:
        return _COMPARE[kind](left, right)
    except TypeError as error:
        raise ReferenceFailure(f"{kind} cannot compare {left!r} with {right!r}") from error
