"""Event patterns: which events a rule is for.

Sources: EventBridge User Guide, "Event patterns" and "Comparison operators"; github.com/aws/event-ruler for
what the guide leaves open (dots in names, arrays of objects, the order of `$or`); LocalStack's recordings
of TestEventPattern on AWS. Deviation: AWS follows the reason with Jackson's line and column; we do not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from harness.events.operators import OPERATORS, BadPattern, Test, compile_test, exact
from harness.model import AwsError, Json

_RESERVED_IN_OR = frozenset(OPERATORS) | {
    "=", "<", "<=", ">", ">=", "regex", "not-wildcard", "not-equals-ignore-case", "date-after",
    "date-on-or-after", "date-before", "date-on-or-before", "in-date-range", "ip-address-in-range",
    "ip-address-not-in-range",
}  # fmt: skip
_MAX_ALTERNATIVES = 1000


@dataclass(frozen=True)
class _Field:
    """What one field may be: any of the tests, or (`exists: false`) not there at all."""

    tests: tuple[Test, ...]
    absent: bool


@dataclass(frozen=True)
class _Leaf:
    """A value of the event, and which element of which array it came from."""

    value: Any
    places: Mapping[int, int]


_Alternative = dict[str, _Field]
_Leaves = dict[str, list[_Leaf]]


@dataclass(frozen=True)
class Pattern:
    """A compiled pattern: alternatives of fields, each told by its dotted path."""

    alternatives: tuple[_Alternative, ...]

    def matches(self, event: Json) -> bool:
        leaves: _Leaves = {}
        for path, leaf in _flatten(event, "", {}, iter(range(1 << 30))):
            leaves.setdefault(path, []).append(leaf)
        return any(_fits(list(fields.items()), leaves, {}) for fields in self.alternatives)


@lru_cache(maxsize=1024)
def compile_pattern(text: str) -> Pattern:
    """The pattern that this JSON says.

    Raises AwsError InvalidEventPatternException, "Event pattern is not valid. Reason: ...".
    """
    try:
        return Pattern(tuple(_object(_parse(text), "", [{}], inside_or=False)))
    except BadPattern as reason:
        raise AwsError(
            "InvalidEventPatternException", f"Event pattern is not valid. Reason: {reason}"
        ) from None


def _parse(text: str) -> Json:
    try:
        pattern = json.loads(text)
    except ValueError:
        # AWS repeats Jackson's complaint here, which names tokens of its own.
        raise BadPattern("Invalid JSON") from None
    if not isinstance(pattern, dict):
        raise BadPattern("Filter is not an object")
    return pattern


def _object(node: Json, path: str, so_far: list[_Alternative], inside_or: bool) -> list[_Alternative]:
    """The alternatives so far, with this object's fields. In AWS's order: a later field of a path replaces it."""
    if not node:
        raise BadPattern("Empty objects are not allowed")
    for name, inner in node.items():
        if name == "$or":
            so_far = _either(inner, path, so_far)
            continue
        if inside_or and name in _RESERVED_IN_OR:
            raise BadPattern(f"{name} is Ruler reserved fieldName which cannot be used inside $or.")
        here = f"{path}.{name}" if path else name
        if isinstance(inner, dict):
            so_far = _object(inner, here, so_far, inside_or)
        elif isinstance(inner, list):
            field = _field(inner)
            so_far = [{**alternative, here: field} for alternative in so_far]
        else:
            raise BadPattern(f'"{name}" must be an object or an array')
    return so_far


def _either(choices: Any, path: str, so_far: list[_Alternative]) -> list[_Alternative]:
    if not isinstance(choices, list):
        raise BadPattern("It must be an Array followed with $or.")
    if any(not isinstance(choice, dict) for choice in choices):
        raise BadPattern("Only JSON object is allowed in array of $or relationship.")
    if len(choices) < 2:
        raise BadPattern("There must have at least 2 Objects in $or relationship.")
    found = [fields for choice in choices for fields in _object(choice, path, so_far, inside_or=True)]
    if len(found) > _MAX_ALTERNATIVES:
        # The guide gives the limit ("less than 1000 combinations"), not the sentence.
        raise BadPattern(f"More than {_MAX_ALTERNATIVES} combinations of $or")
    return found


def _field(values: list[Any]) -> _Field:
    if not values:
        raise BadPattern("Empty arrays are not allowed")
    tests = tuple(compile_test(value) if isinstance(value, dict) else exact(value) for value in values)
    return _Field(tests, absent=any(value == {"exists": False} for value in values))


def _flatten(
    node: Any, path: str, places: Mapping[int, int], ids: Iterator[int]
) -> Iterator[tuple[str, _Leaf]]:
    """Every leaf of the event under its dotted path: `exists` sees leaves only, so an empty array is not there."""
    if isinstance(node, dict):
        for name, inner in node.items():
            yield from _flatten(inner, f"{path}.{name}" if path else name, places, ids)
    elif isinstance(node, list):
        array = next(ids)
        for index, inner in enumerate(node):
            yield from _flatten(inner, path, {**places, array: index}, ids)
    else:
        yield path, _Leaf(node, places)


def _fits(fields: list[tuple[str, _Field]], leaves: _Leaves, chosen: Mapping[int, int]) -> bool:
    """Whether every field has a leaf, no two from different elements of one array (AWS: "array
    consistency")."""
    if not fields:
        return True
    (path, field), rest = fields[0], fields[1:]
    if path not in leaves:
        return field.absent and _fits(rest, leaves, chosen)
    return any(
        any(test(leaf.value) for test in field.tests)
        and all(chosen.get(array, index) == index for array, index in leaf.places.items())
        and _fits(rest, leaves, {**chosen, **leaf.places})
        for leaf in leaves[path]
    )
