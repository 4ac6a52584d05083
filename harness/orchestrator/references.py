"""The expressions of a pipeline definition: which steps they need, and what they come to.

Source: "Pipeline definition JSON schema" (aws-sagemaker-mlops.github.io/sagemaker-model-building-pipeline-definition-
JSON-schema): `Get`, `Std:Join`, `Std:JsonGet`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from harness.model import Json

EXECUTION_VARIABLES = (
    "StartDateTime",
    "CurrentDateTime",
    "PipelineName",
    "PipelineArn",
    "PipelineExecutionId",
    "PipelineExecutionArn",
)
_SEGMENT = re.compile(r"\.?([A-Za-z_][\w-]*)|\['([^']*)'\]|\[\"([^\"]*)\"\]|\[(\d+)\]")


class ReferenceFailure(Exception):
    """An expression that could not be evaluated; its text is for the step's failure reason."""


@dataclass(frozen=True)
class Reference:
    """One `Get`: `root` is Parameters, Execution or Steps; `name` a parameter, variable or step.

    `path` leads on into the step's properties: names, quoted keys and list indexes in their order.
    """

    root: str
    name: str
    path: tuple[str | int, ...]
    text: str


def expression_kind(value: Any) -> str | None:
    """`Get`, `Std:Join` or `Std:JsonGet` where `value` is that expression."""
    if isinstance(value, dict) and len(value) == 1:
        kind = next(iter(value))
        if kind == "Get" or kind.startswith("Std:"):
            return str(kind)
    return None


def parse(text: str) -> Reference:
    """Raises ValueError where `text` is no reference."""
    root, _, rest = text.partition(".")
    segments = _segments(rest)
    if root not in ("Parameters", "Execution", "Steps") or not segments or not isinstance(segments[0], str):
        raise ValueError(f"{text!r} is not a reference to Parameters, Execution or Steps")
    return Reference(root, segments[0], segments[1:], text)


def _segments(text: str) -> tuple[str | int, ...]:
    found: list[str | int] = []
    at = 0
    while at < len(text):
        match = _SEGMENT.match(text, at)
        if not match:
            raise ValueError(f"{text!r} cannot be read from {text[at:]!r} on")
        plain, single, double, index = match.groups()
        found.append(int(index) if index is not None else plain or single or double or "")
        at = match.end()
    return tuple(found)


def references(value: Any) -> Iterator[Reference]:
    """Every `Get` in a piece of the definition. Raises ValueError at a malformed one."""
    if isinstance(value, dict):
        if expression_kind(value) == "Get":
            if not isinstance(value["Get"], str):
                raise ValueError(f"Get takes a string, not {value['Get']!r}")
            yield parse(value["Get"])
            return
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


@dataclass(frozen=True)
class Scope:
    """What expressions can see: `steps` holds the properties of the steps that have ended.

    `read_property_file` gives the parsed JSON of a step's property file.
    """

    parameters: Json
    execution: Callable[[str], Any]
    steps: Json
    read_property_file: Callable[[str, str], Any]


def resolve(value: Any, scope: Scope) -> Any:
    """`value` with every expression replaced by what it comes to. Raises ReferenceFailure."""
    kind = expression_kind(value)
    if kind:
        return _EVALUATE[kind](value[kind], scope)
    if isinstance(value, dict):
        return {k: resolve(v, scope) for k, v in value.items()}
    if isinstance(value, list):
        return [resolve(v, scope) for v in value]
    return value


def _get(text: str, scope: Scope) -> Any:
    reference = parse(text)
    if reference.root == "Parameters":
        return scope.parameters[reference.name]
    if reference.root == "Execution":
        return scope.execution(reference.name)
    found: Any = scope.steps.get(reference.name)
    for segment in reference.path:
        found = descend(found, segment)
    if found is None:
        raise ReferenceFailure(f"{text} has no value: step {reference.name} did not produce it")
    return found


def descend(found: Any, segment: str | int) -> Any:
    """One step into a property. AWS's lists of named members (Outputs['train']) are read by the member's name."""
    if isinstance(found, dict) and isinstance(segment, str):
        return found.get(segment)
    if isinstance(found, list):
        if isinstance(segment, int):
            return found[segment] if segment < len(found) else None
        named = (m for m in found if isinstance(m, dict) and segment in (m.get("OutputName"), m.get("Name")))
        return next(named, None)
    return None


def as_text(value: Any) -> str:
    """A value inside Std:Join, as the service writes it: JSON's booleans, numbers without a needless fraction."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _join(arguments: Json, scope: Scope) -> str:
    return str(arguments.get("On", "")).join(as_text(resolve(v, scope)) for v in arguments.get("Values", []))


def _json_get(arguments: Json, scope: Scope) -> Any:
    file = parse(arguments["PropertyFile"]["Get"])
    document = scope.read_property_file(file.name, str(file.path[-1]))
    path = str(arguments["Path"]).removeprefix("$").removeprefix(".")
    found = document
    for segment in _segments(path):
        found = descend(found, segment)
    if found is None:
        raise ReferenceFailure(f"property file {file.path[-1]} of step {file.name} has nothing at {path}")
    return found


_EVALUATE: dict[str, Callable[[Any, Scope], Any]] = {
    "Get": _get,
    "Std:Join": _join,
    "Std:JsonGet": _json_get,
}
SUPPORTED_EXPRESSIONS = tuple(_EVALUATE)
