"""The constraints of a service's model on a call's parameters, and AWS's sentences about them.

The lengths, ranges, patterns and values come from botocore's service models; the sentences are recorded (for
one: LocalStack's test_put_target_id_validation).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import regex  # reads Java's \p{L}, which re does not
from moto.core.utils import get_service_model

from harness.model import ApiCall, AwsError


def check(call: ApiCall, code: str) -> None:
    """Raises AwsError with this code, "1 validation error detected: Value 'x' at 'name' failed to satisfy ..."."""
    shape = get_service_model(call.service).operation_model(call.operation).input_shape
    wrong = list(_violations(shape, call.params, "")) if shape else []
    if wrong:
        plural = "s" if len(wrong) > 1 else ""
        raise AwsError(code, f"{len(wrong)} validation error{plural} detected: {'; '.join(wrong)}")


def _violations(shape: Any, value: Any, path: str) -> Iterator[str]:
    if shape.type_name == "structure" and isinstance(value, dict):
        yield from _structure(shape, value, path)
    elif shape.type_name == "list" and isinstance(value, list):
        yield from _failed(_LENGTHS, shape, value, len(value), path)
        for number, item in enumerate(value, 1):
            yield from _violations(shape.member, item, f"{path}.{number}.member")
    elif isinstance(value, str):
        yield from _failed(_STRINGS, shape, value, value, path)
        yield from _failed(_LENGTHS, shape, value, len(value), path)
    elif shape.type_name in ("integer", "long") and isinstance(value, int):
        yield from _failed(_RANGES, shape, value, value, path)


def _structure(shape: Any, value: dict[str, Any], path: str) -> Iterator[str]:
    for name, member in shape.members.items():
        here = f"{path}.{name[0].lower()}{name[1:]}".lstrip(".")
        if name in value:
            yield from _violations(member, value[name], here)
        elif name in shape.required_members:
            yield f"Value null at '{here}' failed to satisfy constraint: Member must not be null"


_Rule = tuple[str, Callable[[Any, Any], bool], Callable[[Any], str]]
_STRINGS: list[_Rule] = [
    (
        "pattern",
        lambda value, pattern: regex.fullmatch(pattern, value) is not None,
        lambda pattern: f"satisfy regular expression pattern: {pattern}",
    ),
    (
        "enum",
        lambda value, values: value in values,
        lambda values: f"satisfy enum value set: [{', '.join(values)}]",
    ),
]
_LENGTHS: list[_Rule] = [
    ("min", lambda n, least: n >= least, lambda least: f"have length greater than or equal to {least}"),
    ("max", lambda n, most: n <= most, lambda most: f"have length less than or equal to {most}"),
]
_RANGES: list[_Rule] = [
    ("min", lambda n, least: n >= least, lambda least: f"have value greater than or equal to {least}"),
    ("max", lambda n, most: n <= most, lambda most: f"have value less than or equal to {most}"),
]


def _failed(rules: list[_Rule], shape: Any, value: Any, measured: Any, path: str) -> Iterator[str]:
    for key, holds, sentence in rules:
        limit = shape.metadata.get(key)
        if limit is not None and not holds(measured, limit):
            shown = "***" if shape.metadata.get("sensitive") else value
            yield f"Value '{shown}' at '{path}' failed to satisfy constraint: Member must {sentence(limit)}"
