"""The conditions of a Condition step."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from harness.model import Json
from harness.orchestrator.resolving import ReferenceFailure, Scope, resolve

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "GreaterThan": operator.gt,
    "GreaterThanOrEqualTo": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqualTo": operator.le,
}
# The members that a condition of each type has to have.
MEMBERS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(_COMPARE, ("LeftValue", "RightValue")),
    "In": ("QueryValue", "Values"),
    "Not": ("Expression",),
    "Or": ("Conditions",),
    "And": ("Conditions",),
}


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


def faults(conditions: Any) -> str:
    """What is wrong with a list of conditions as it stands in a definition; empty where nothing is."""
    if not isinstance(conditions, list) or not conditions:
        return f"Conditions has to be a list of at least one, not {conditions!r}"
    for condition in conditions:
        kind = condition.get("Type") if isinstance(condition, dict) else condition
        if not isinstance(kind, str) or kind not in MEMBERS:
            return f"condition {kind!r} is not one of {', '.join(MEMBERS)}"
        missing = [name for name in MEMBERS[kind] if name not in condition]
        if missing:
            return f"condition {kind!r} has no {missing[0]}"
        if kind == "In" and not isinstance(condition["Values"], list):
            return f"condition 'In' takes a list of Values, not {condition['Values']!r}"
        inner = condition["Conditions"] if kind in ("Or", "And") else None
        found = faults([condition["Expression"]] if kind == "Not" else inner) if kind in _NESTED else ""
        if found:
            return found
    return ""


_NESTED = ("Not", "Or", "And")
