"""A pipeline definition, read and checked before it is stored: everything that could be known to fail, fails here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from graphlib import CycleError, TopologicalSorter
from typing import Any

import botocore.session
from botocore.model import ServiceModel, Shape

from harness.model import Json
from harness.orchestrator import references
from harness.orchestrator.conditions import CONDITION_TYPES
from harness.orchestrator.references import Reference, expression_kind

VERSION = "2020-12-01"
_NAME = re.compile(r"[A-Za-z0-9](?:-*[A-Za-z0-9_]){0,255}")
_PARAMETER_TYPES: dict[str, tuple[type, ...]] = {
    "String": (str,),
    "Integer": (int,),
    "Float": (float, int),
    "Boolean": (bool,),
}
# What a step of each type hands to its Create call (checked as far as it is literal), and whose output its
# properties are. None: the type has its own rules below.
_CALLS: dict[str, tuple[str, str] | None] = {
    "Processing": ("CreateProcessingJob", "DescribeProcessingJob"),
    "Training": ("CreateTrainingJob", "DescribeTrainingJob"),
    "Transform": ("CreateTransformJob", "DescribeTransformJob"),
    "Model": ("CreateModel", "DescribeModel"),
    "RegisterModel": ("CreateModelPackage", "DescribeModelPackage"),
    "QualityCheck": ("CreateProcessingJob", "DescribeProcessingJob"),
    "Condition": None,
    "Fail": None,
    "Lambda": None,
}
QUALITY_CHECK_PROPERTIES = (
    "CalculatedBaselineConstraints",
    "CalculatedBaselineStatistics",
    "BaselineUsedForDriftCheckConstraints",
    "BaselineUsedForDriftCheckStatistics",
)


class DefinitionError(Exception):
    """What is wrong with a definition, and in which step or parameter, in one sentence."""


@dataclass(frozen=True)
class Step:
    """One step. `needs` are the steps that have to end first; `branch` is (condition step, its outcome) or None."""

    name: str
    type: str
    arguments: Json
    body: Json
    needs: frozenset[str]
    branch: tuple[str, bool] | None


@dataclass(frozen=True)
class Definition:
    """`parameters` maps a name to its declaration; `steps` are in an order that respects `needs`."""

    parameters: dict[str, Json] = field(default_factory=dict)
    steps: dict[str, Step] = field(default_factory=dict)


def read(text: str) -> Definition:
    """Raises DefinitionError."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise DefinitionError(f"Unable to parse pipeline definition. It is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise DefinitionError("Unable to parse pipeline definition. It has to be a JSON object")
    if document.get("Version") != VERSION:
        raise DefinitionError(f"Pipeline definition version has to be {VERSION!r}, not {document.get('Version')!r}")
    parameters = _parameters(document.get("Parameters") or [])
    steps = document.get("Steps")
    if not isinstance(steps, list) or not steps:
        raise DefinitionError("Pipeline definition has no steps")
    found: dict[str, Step] = {}
    for body, branch in _walk(steps, None):
        step = _step(body, branch)
        if step.name in found:
            raise DefinitionError(f"Step name {step.name!r} is used by more than one step")
        found[step.name] = step
    for step in found.values():
        _check_references(step, parameters, found)
    return Definition(parameters, {name: found[name] for name in _order(found)})


def _parameters(declared: Any) -> dict[str, Json]:
    if not isinstance(declared, list):
        raise DefinitionError("Parameters has to be a list")
    found: dict[str, Json] = {}
    for parameter in declared:
        name, kind = parameter.get("Name"), parameter.get("Type")
        if not name or name in found:
            raise DefinitionError(f"Parameter name {name!r} is missing or used more than once")
        if kind not in _PARAMETER_TYPES:
            raise DefinitionError(f"Parameter {name!r} has type {kind!r}; it can be {', '.join(_PARAMETER_TYPES)}")
        if "DefaultValue" in parameter:
            check_value(parameter, parameter["DefaultValue"])
        found[name] = parameter
    return found


def check_value(parameter: Json, value: Any) -> None:
    """Raises DefinitionError where `value` is not of the parameter's type or not among its EnumValues."""
    kind = parameter["Type"]
    right = isinstance(value, _PARAMETER_TYPES[kind]) and (kind == "Boolean" or not isinstance(value, bool))
    if not right:
        raise DefinitionError(f"Parameter {parameter['Name']!r} takes {kind}, not {value!r}")
    choices = parameter.get("EnumValues")
    if choices and value not in choices:
        raise DefinitionError(f"Parameter {parameter['Name']!r} has to be one of {choices}, not {value!r}")


def _walk(steps: Any, branch: tuple[str, bool] | None) -> Iterator[tuple[Json, tuple[str, bool] | None]]:
    for body in steps:
        if not isinstance(body, dict):
            raise DefinitionError(f"A step has to be an object, not {body!r}")
        yield body, branch
        if body.get("Type") == "Condition":
            arguments = body.get("Arguments") or {}
            for key, outcome in (("IfSteps", True), ("ElseSteps", False)):
                yield from _walk(arguments.get(key) or [], (str(body.get("Name")), outcome))


def _step(body: Json, branch: tuple[str, bool] | None) -> Step:
    name, kind = body.get("Name"), body.get("Type")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise DefinitionError(f"Step name {name!r} is not valid: letters, digits, '-' and '_' only")
    if kind not in _CALLS:
        raise DefinitionError(
            f"Step {name!r} is of type {kind!r}, which the harness does not support yet; "
            f"it supports {', '.join(_CALLS)}"
        )
    if body.get("RetryPolicies"):
        raise DefinitionError(f"Step {name!r} has RetryPolicies, which the harness does not support yet")
    if (body.get("CacheConfig") or {}).get("Enabled"):
        raise DefinitionError(f"Step {name!r} has CacheConfig enabled, which the harness does not support yet")
    arguments = body.get("Arguments") or {}
    if not isinstance(arguments, dict):
        raise DefinitionError(f"Step {name!r}: Arguments has to be an object, not {arguments!r}")
    if kind == "Condition":
        _check_conditions(name, arguments.get("Conditions"))
    call = _CALLS[kind]
    if call:
        shape = _sagemaker().operation_model(call[0]).input_shape
        _check_types(name, shape, arguments, "Arguments")
    needs = {r.name for r in _references(name, _own(body)) if r.root == "Steps"}
    needs |= set(body.get("DependsOn") or [])
    if branch:
        needs.add(branch[0])
    return Step(name, kind, arguments, body, frozenset(needs), branch)


def _own(body: Json) -> Json:
    """The step without the steps inside it: their references are theirs."""
    if body.get("Type") != "Condition":
        return body
    return {**body, "Arguments": {"Conditions": (body.get("Arguments") or {}).get("Conditions")}}


def _references(step: str, value: Any) -> list[Reference]:
    try:
        return list(references.references(value))
    except ValueError as error:
        raise DefinitionError(f"Step {step!r}: {error}") from error


def _check_conditions(step: str, conditions: Any) -> None:
    if not isinstance(conditions, list):
        raise DefinitionError(f"Step {step!r}: Conditions has to be a list")
    for condition in conditions:
        kind = condition.get("Type") if isinstance(condition, dict) else condition
        if kind not in CONDITION_TYPES:
            raise DefinitionError(f"Step {step!r}: condition {kind!r} is not one of {', '.join(CONDITION_TYPES)}")
        if kind in ("Or", "And"):
            _check_conditions(step, condition.get("Conditions"))
        if kind == "Not":
            _check_conditions(step, [condition.get("Expression")])


def _check_references(step: Step, parameters: dict[str, Json], steps: dict[str, Step]) -> None:
    for needed in sorted(step.needs):
        if needed not in steps:
            raise DefinitionError(f"Step {step.name!r} refers to step {needed!r}, which is not in the pipeline")
    for reference in _references(step.name, _own(step.body)):
        where = f"Step {step.name!r}: {reference.text!r}"
        if reference.root == "Parameters" and reference.name not in parameters:
            raise DefinitionError(f"{where} refers to a parameter that is not declared")
        if reference.root == "Execution" and reference.name not in references.EXECUTION_VARIABLES:
            raise DefinitionError(f"{where} is none of {', '.join(references.EXECUTION_VARIABLES)}")
        if reference.root == "Steps" and not _has_property(steps[reference.name], reference.path):
            raise DefinitionError(
                f"{where} refers to a property that a {steps[reference.name].type} step does not have"
            )


def _has_property(step: Step, path: tuple[str | int, ...]) -> bool:
    if not path:
        return False
    if path[0] == "PropertyFiles":
        return path[-1] in {f.get("PropertyFileName") for f in step.body.get("PropertyFiles") or []}
    if step.type == "Lambda":
        declared = {o.get("OutputName") for o in step.body.get("OutputParameters") or []}
        return path[0] == "OutputParameters" and path[-1] in declared
    if step.type == "Condition":
        return path == ("Outcome",)
    if step.type == "QualityCheck" and path[0] in QUALITY_CHECK_PROPERTIES:
        return len(path) == 1
    call = _CALLS[step.type]
    if call is None:
        return False
    shape: Shape | None = _sagemaker().operation_model(call[1]).output_shape
    for segment in path:
        shape = _member(shape, segment)
        if shape is None:
            return False
    outputs = ((step.arguments.get("ProcessingOutputConfig") or {}).get("Outputs")) or []
    if path[:2] == ("ProcessingOutputConfig", "Outputs") and len(path) > 2 and isinstance(path[2], str):
        return path[2] in {o.get("OutputName") for o in outputs}
    return True


def _member(shape: Any, segment: str | int) -> Shape | None:
    if shape.type_name == "structure":
        return shape.members.get(segment)  # type: ignore[no-any-return]
    if shape.type_name == "list":
        return shape.member  # type: ignore[no-any-return]
    return shape.value if shape.type_name == "map" else None


_SCALARS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
}


def _check_types(step: str, shape: Any, value: Any, path: str) -> None:
    """Compares what is literal with the Create call's own shape."""
    kind = expression_kind(value)
    if kind:
        if kind not in references.SUPPORTED_EXPRESSIONS:
            raise DefinitionError(f"Step {step!r}: {path} uses {kind}, which the harness does not support yet")
        return
    if value is None:
        return
    wrong = DefinitionError(f"Step {step!r}: {path} takes {shape.type_name}, not {value!r}")
    if shape.type_name == "structure":
        if not isinstance(value, dict):
            raise wrong
        for key, inner in value.items():
            if key not in shape.members:
                raise DefinitionError(f"Step {step!r}: {path}.{key} is unknown; known are {', '.join(shape.members)}")
            _check_types(step, shape.members[key], inner, f"{path}.{key}")
    elif shape.type_name == "list":
        if not isinstance(value, list):
            raise wrong
        for i, inner in enumerate(value):
            _check_types(step, shape.member, inner, f"{path}[{i}]")
    elif shape.type_name == "map":
        if not isinstance(value, dict):
            raise wrong
        for key, inner in value.items():
            _check_types(step, shape.value, inner, f"{path}.{key}")
    elif shape.type_name in _SCALARS and not isinstance(value, _SCALARS[shape.type_name]):
        raise wrong


def _order(steps: dict[str, Step]) -> list[str]:
    try:
        return list(TopologicalSorter({s.name: s.needs for s in steps.values()}).static_order())
    except CycleError as error:
        raise DefinitionError(f"Pipeline definition has a cycle: {' -> '.join(reversed(error.args[1]))}") from error


@cache
def _sagemaker() -> ServiceModel:
    return botocore.session.get_session().get_service_model("sagemaker")
