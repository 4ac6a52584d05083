"""What can be wrong with a step by itself, and with what it refers to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.model import Json
from harness.orchestrator import conditions, shapes
from harness.orchestrator.parts import DefinitionError, Step
from harness.orchestrator.references import EXECUTION_VARIABLES, Reference, references

_QUALITY_CHECK_PROPERTIES = (
    "CalculatedBaselineConstraints",
    "CalculatedBaselineStatistics",
    "BaselineUsedForDriftCheckConstraints",
    "BaselineUsedForDriftCheckStatistics",
)
CHECK_TYPES = ("DATA_QUALITY", "MODEL_QUALITY")


def check_step(name: str, kind: str, body: Json) -> None:
    """Raises DefinitionError where the step's own members are wrong, whatever it refers to."""
    shapes.check_arguments(name, kind, body["Arguments"])
    wrong = _OWN_RULES.get(kind, _no_rule)(body)
    if wrong:
        raise DefinitionError(f"Step {name!r}: {wrong}")


def found_references(step: str, value: Any) -> list[Reference]:
    """Raises DefinitionError at a malformed expression."""
    try:
        return list(references(value))
    except ValueError as error:
        raise DefinitionError(f"Step {step!r}: {error}") from error


def check_references(step: Step, parameters: dict[str, Json], steps: dict[str, Step]) -> None:
    """Raises DefinitionError where the step needs or refers to what the pipeline does not have."""
    for needed in sorted(step.needs):
        if needed not in steps:
            raise DefinitionError(
                f"Step {step.name!r} refers to step {needed!r}, which is not in the pipeline"
            )
        if steps[needed].type == "Fail":
            # AWS's own words (aws/sagemaker-python-sdk, tests/integ/.../test_fail_steps.py).
            raise DefinitionError(f"{step.name} can not depends on {needed}")
    for reference in found_references(step.name, step.own):
        where = f"Step {step.name!r}: {reference.text}"
        if reference.root == "Parameters" and (reference.name not in parameters or reference.path):
            raise DefinitionError(f"{where} refers to a parameter that is not declared")
        if reference.root == "Execution" and (reference.name not in EXECUTION_VARIABLES or reference.path):
            raise DefinitionError(f"{where} is none of {', '.join(EXECUTION_VARIABLES)}")
        if reference.root == "Steps" and not _has_property(steps[reference.name], reference.path):
            kind = steps[reference.name].type
            raise DefinitionError(f"{where} refers to a property that this {kind} step does not have")


def _has_property(step: Step, path: tuple[str | int, ...]) -> bool:
    if not path:
        return False
    if path[0] == "PropertyFiles":
        return len(path) == 2 and path[1] in _named(step.body.get("PropertyFiles"), "PropertyFileName")
    if step.type == "Lambda":
        declared = _named(step.body.get("OutputParameters"), "OutputName")
        return len(path) == 2 and path[0] == "OutputParameters" and path[1] in declared
    if step.type == "Condition":
        return path == ("Outcome",)
    if step.type == "QualityCheck" and path[0] in _QUALITY_CHECK_PROPERTIES:
        return len(path) == 1
    if path[:2] == ("ProcessingOutputConfig", "Outputs") and len(path) > 2 and isinstance(path[2], str):
        return path[2] in _outputs(step.arguments) and shapes.has_property(step.type, path)
    return shapes.has_property(step.type, path)


# Each type's own rules: what is wrong, or nothing ---------------------------------------------------------------


def _no_rule(body: Json) -> str:
    return ""


def _condition(body: Json) -> str:
    return conditions.faults(body["Arguments"].get("Conditions"))


def _lambda(body: Json) -> str:
    if not body.get("FunctionArn"):
        return "a Lambda step has to have a FunctionArn"
    return _list_of_objects(body, "OutputParameters", "OutputName")


def _processing(body: Json) -> str:
    wrong = _list_of_objects(body, "PropertyFiles", "PropertyFileName", "OutputName", "FilePath")
    if wrong:
        return wrong
    outputs = _outputs(body["Arguments"])
    lost = [f for f in body.get("PropertyFiles") or [] if f["OutputName"] not in outputs]
    if lost:
        return f"property file {lost[0]['PropertyFileName']!r} is of output {lost[0]['OutputName']!r}, not declared"
    return ""


def _quality_check(body: Json) -> str:
    if body.get("CheckType") not in CHECK_TYPES:
        return f"CheckType has to be one of {', '.join(CHECK_TYPES)}, not {body.get('CheckType')!r}"
    if not _outputs(body["Arguments"]):
        return "a QualityCheck step has to have an output"
    return ""


_OWN_RULES: dict[str, Callable[[Json], str]] = {
    "Condition": _condition,
    "Lambda": _lambda,
    "Processing": _processing,
    "QualityCheck": _quality_check,
}


def _list_of_objects(body: Json, member: str, *names: str) -> str:
    rows = body.get(member) or []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return f"{member} has to be a list of objects, not {rows!r}"
    missing = [name for name in names for row in rows if not isinstance(row.get(name), str)]
    return f"{member} has an entry without {missing[0]}" if missing else ""


def _named(rows: Any, name: str) -> set[Any]:
    return {row.get(name) for row in rows if isinstance(row, dict)} if isinstance(rows, list) else set()


def _outputs(arguments: Json) -> set[Any]:
    return _named((arguments.get("ProcessingOutputConfig") or {}).get("Outputs"), "OutputName")
