"""What the expressions of a pipeline definition come to, while it runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from harness.model import Json
from harness.orchestrator.references import expression_kind, parse, path_segments, unrooted


class ReferenceFailure(Exception):
    """An expression that could not be evaluated; its text is for the step's failure reason."""


@dataclass(frozen=True)
class Scope:
    """What expressions can see: `steps` holds the properties of the steps that have ended.

    `read_property_file` gives the parsed JSON of a step's property file, by the step's name and the file's.
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
    found = _descend_all(scope.steps.get(reference.name), reference.path)
    if found is None:
        raise ReferenceFailure(f"{text} has no value: step {reference.name} did not produce it")
    return found


def _join(arguments: Json, scope: Scope) -> str:
    return str(arguments.get("On", "")).join(as_text(resolve(v, scope)) for v in arguments["Values"])


def _json_get(arguments: Json, scope: Scope) -> Any:
    file = parse(arguments["PropertyFile"]["Get"])
    document = scope.read_property_file(file.name, str(file.path[-1]))
    found = _descend_all(document, path_segments(unrooted(arguments["Path"])))
    if found is None:
        raise ReferenceFailure(
            f"property file {file.path[-1]} of step {file.name} has nothing at {arguments['Path']}"
        )
    return found


_EVALUATE: dict[str, Callable[[Any, Scope], Any]] = {
    "Get": _get,
    "Std:Join": _join,
    "Std:JsonGet": _json_get,
}


def _descend_all(found: Any, path: tuple[str | int, ...]) -> Any:
    for segment in path:
        found = descend(found, segment)
    return found


def descend(found: Any, segment: str | int) -> Any:
    """One step into a property; None where it leads nowhere.

    AWS's lists of named members (Outputs['train']) are read by the member's name.
    """
    if isinstance(found, dict):
        return found.get(str(segment))
    if isinstance(found, list):
        if isinstance(segment, int):
            return found[segment] if segment < len(found) else None
        named = (m for m in found if isinstance(m, dict) and segment in (m.get("OutputName"), m.get("Name")))
        return next(named, None)
    return None


def as_text(value: Any) -> str:
    """A value as text, as the service writes it into a Join: JSON's spelling of all but strings.

    A condition's outcome reads `false` there (aws/sagemaker-python-sdk, tests/integ/.../test_fail_steps.py).
    """
    return value if isinstance(value, str) else json.dumps(value, default=str)
