"""Checks a call's parameters against botocore's model, and refuses them in AWS's words.

The wording is that of AWS's own answers, as recorded in public issues: aws/amazon-sagemaker-examples#4843
(pattern, nested path), #2289 (pattern), CreateTrainingJob and CreateEndpointConfig with a wrong instance type
(enum; list index as `productionVariants.1.member.instanceType`), DynamoDB and Lambda for null, length, lists
and maps of scalars. Each shape is compiled once, to functions; a call then costs some microseconds.

Members that the model does not know are ignored, as AWS's JSON protocols ignore them; the SDKs refuse them
before they send. AWS names an enum's values in no order of use; here they come in the model's.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import regex  # reads Java's \p{L}, which re does not
from botocore.model import ServiceModel, Shape

from harness.model import AwsError, Json

Check = Callable[[Any, str, list[str]], None]
Constraint = tuple[Callable[[Any], bool], str]

_NESTED = ("structure", "list", "map")
# What Java's regexes write otherwise than Python's: the surrogates that stand for all beyond the BMP, and a
# repeated end-of-text.
_JAVA = ((r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF"), ("${1,128}", "$"), ("${1,256}", "$"))


def refused(message: str) -> AwsError:
    """SageMaker's error for most of what is wrong with a call."""
    return AwsError("ValidationException", message)


class Validator:
    """Validates calls to one service's operations."""

    def __init__(self, model: ServiceModel) -> None:
        self._model = model
        self._lock = threading.Lock()
        self._operations: dict[str, Check] = {}
        self._structures: dict[str, Check] = {}

    def check(self, operation: str, params: Json) -> None:
        """Raises AwsError ValidationException with all that is wrong, or SerializationException for a wrong
        type."""
        errors: list[str] = []
        (self._operations.get(operation) or self._operation(operation))(params, "", errors)
        if errors:
            count = len(errors)
            noun = "error" if count == 1 else "errors"
            raise refused(f"{count} validation {noun} detected: {'; '.join(errors)}")

    def _operation(self, operation: str) -> Check:
        with self._lock:  # a half compiled structure must not be met by another call
            shape = self._model.operation_model(operation).input_shape
            made = self._operations[operation] = self._compiled(shape) if shape else _anything
        return made

    def _compiled(self, shape: Shape) -> Check:
        make = {"structure": self._structure, "list": self._list, "map": self._map}.get(shape.type_name)
        return make(shape) if make else _scalar(shape)

    def _structure(self, shape: Any) -> Check:
        members: list[tuple[str, str, bool, Check]] = []
        required = frozenset(shape.required_members)

        def check(value: Any, path: str, errors: list[str]) -> None:
            if not isinstance(value, dict):
                raise _wrong_type(value, "Structure")
            for name, camel, must, inner in members:
                item = value.get(name)
                if item is not None or must:
                    where = f"{path}.{camel}" if path else camel
                    (_null if item is None else inner)(item, where, errors)

        # Shapes can hold themselves, so a structure is known by its name before its members are compiled.
        known = self._structures.setdefault(shape.name, check)
        if known is not check:
            return known
        members += [
            (name, name[0].lower() + name[1:], name in required, self._compiled(member))
            for name, member in shape.members.items()
        ]
        return check

    def _list(self, shape: Any) -> Check:
        size = _length(shape)
        nested = shape.member.type_name in _NESTED
        inner = self._compiled(shape.member)
        sentence = _together(shape.member, "Member must satisfy constraint")

        def check(value: Any, path: str, errors: list[str]) -> None:
            if not isinstance(value, list):
                raise _wrong_type(value, "List")
            _report(size, value, path, errors)
            broken: list[str] = []
            for index, item in enumerate(value, 1):
                where = f"{path}.{index}.member"
                (_null if item is None else inner)(item, where, errors if nested else broken)
            if broken:
                errors.append(_failed(value, path, sentence))

        return check

    def _map(self, shape: Any) -> Check:
        size = _length(shape)
        nested = shape.value.type_name in _NESTED
        key_check, inner = self._compiled(shape.key), self._compiled(shape.value)
        key_sentence = _together(shape.key, "Map keys must satisfy constraint")
        sentence = _together(shape.value, "Map value must satisfy constraint")

        def check(value: Any, path: str, errors: list[str]) -> None:
            if not isinstance(value, dict):
                raise _wrong_type(value, "Map")
            _report(size, value, path, errors)
            broken_keys: list[str] = []
            broken: list[str] = []
            for key, item in value.items():
                key_check(key, path, broken_keys)
                (_null if item is None else inner)(item, f"{path}.{key}.member", errors if nested else broken)
            if broken_keys:
                errors.append(_failed(value, path, key_sentence))
            if broken:
                errors.append(_failed(value, path, sentence))

        return check


def _null(value: Any, path: str, errors: list[str]) -> None:
    errors.append(f"Value null at '{path}' failed to satisfy constraint: Member must not be null")


def _anything(value: Any, path: str, errors: list[str]) -> None:
    """An operation without parameters."""


def _scalar(shape: Shape) -> Check:
    types, java = _TYPES.get(shape.type_name, ((str,), "String"))
    rules = _constraints(shape)
    hidden = bool(shape.metadata.get("sensitive"))
    boolean = bool in types

    def check(value: Any, path: str, errors: list[str]) -> None:
        if not isinstance(value, types) or isinstance(value, bool) is not boolean:
            raise _wrong_type(value, java)
        _report(rules, value, path, errors, hidden)

    return check


_TYPES: dict[str, tuple[tuple[type, ...], str]] = {
    "string": ((str,), "String"),
    "boolean": ((bool,), "Boolean"),
    "integer": ((int,), "Integer"),
    "long": ((int,), "Long"),
    "float": ((int, float), "Float"),
    "double": ((int, float), "Double"),
    "timestamp": ((int, float, str, datetime), "Date"),
    "blob": ((str, bytes), "Blob"),
}


def _constraints(shape: Shape) -> list[Constraint]:
    """What a value of a scalar shape must satisfy, in the order in which AWS tells it."""
    if shape.type_name == "string":
        return [*_pattern(shape), *_length(shape), *_enum(shape)]
    if shape.type_name in ("integer", "long", "float", "double"):
        return _bounds(shape, "Member must have value", lambda value: value)
    return []


def _length(shape: Shape) -> list[Constraint]:
    return _bounds(shape, "Member must have length", len)


def _bounds(shape: Shape, sentence: str, measure: Callable[[Any], Any]) -> list[Constraint]:
    rules: list[Constraint] = []
    most, least = shape.metadata.get("max"), shape.metadata.get("min")
    if most is not None:
        rules.append((lambda value: measure(value) <= most, f"{sentence} less than or equal to {most}"))
    if least is not None:
        rules.append((lambda value: measure(value) >= least, f"{sentence} greater than or equal to {least}"))
    return rules


def _pattern(shape: Shape) -> list[Constraint]:
    pattern = shape.metadata.get("pattern")
    if not pattern or pattern == r"[\S\s]*":
        return []
    python = pattern
    for java, ours in _JAVA:
        python = python.replace(java, ours)
    matches = regex.compile(python).fullmatch
    return [
        (
            lambda value: matches(value) is not None,
            f"Member must satisfy regular expression pattern: {pattern}",
        )
    ]


def _enum(shape: Any) -> list[Constraint]:
    if not shape.enum:
        return []
    values = frozenset(shape.enum)
    return [(values.__contains__, f"Member must satisfy enum value set: [{', '.join(shape.enum)}]")]


def _together(shape: Shape, sentence: str) -> str:
    """How AWS tells that a list's or map's scalars are wrong: all that they must satisfy, the lengths
    first."""
    told = sorted(
        (text for _, text in _constraints(shape)), key=lambda text: not text.startswith("Member must have")
    )
    return f"{sentence}: [{', '.join([*told, 'Member must not be null'])}]"


def _report(rules: list[Constraint], value: Any, path: str, errors: list[str], hidden: bool = False) -> None:
    for holds, sentence in rules:
        if not holds(value):
            errors.append(_failed(value, path, sentence, hidden))


def _failed(value: Any, path: str, sentence: str, hidden: bool = False) -> str:
    shown = "" if hidden else f" '{_java(value)}'"
    return f"Value{shown} at '{path}' failed to satisfy constraint: {sentence}"


def _java(value: Any) -> str:
    """A value as Java prints it, and so AWS's messages."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(_java, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={_java(item)}" for key, item in value.items()) + "}"
    return str(value)


def _wrong_type(value: Any, expected: str) -> AwsError:
    # DynamoDB's wording, which speaks the same protocol; SageMaker's own is not recorded.
    if isinstance(value, dict | list):
        return AwsError("SerializationException", "Start of structure or map found where not expected.")
    kind = {bool: f"{str(value).upper()}_VALUE", str: "STRING_VALUE"}.get(type(value), "NUMBER_VALUE")
    return AwsError("SerializationException", f"{kind} can not be converted to {expected}")
