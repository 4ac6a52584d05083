"""A pipeline's parameters: their declarations, and the values that an execution is started with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from harness.model import Json
from harness.orchestrator.parts import DefinitionError

_TYPES: dict[str, tuple[type, ...]] = {
    "String": (str,),
    "Integer": (int,),
    "Float": (float, int),
    "Boolean": (bool,),
}
# StartPipelineExecution takes every value as text.
_FROM_TEXT: dict[str, Callable[[str], Any]] = {
    "String": str,
    "Integer": int,
    "Float": float,
    "Boolean": lambda text: {"true": True, "false": False}[text.lower()],
}


def declared(document: Any) -> dict[str, Json]:
    """The declarations by name. Raises DefinitionError."""
    if not isinstance(document, list):
        raise DefinitionError("Parameters has to be a list")
    found: dict[str, Json] = {}
    for parameter in document:
        if not isinstance(parameter, dict):
            raise DefinitionError(f"A parameter has to be an object, not {parameter!r}")
        name, kind = parameter.get("Name"), parameter.get("Type")
        if not isinstance(name, str) or not name or name in found:
            raise DefinitionError(f"Parameter name {name!r} is missing or used more than once")
        if not isinstance(kind, str) or kind not in _TYPES:
            raise DefinitionError(f"Parameter {name!r} has type {kind!r}; it can be {', '.join(_TYPES)}")
        if parameter.get("DefaultValue") is not None:
            _check(parameter, parameter["DefaultValue"])
        found[name] = parameter
    return found


def values(declarations: dict[str, Json], given: Iterable[tuple[str, str]]) -> Json:
    """Every parameter's value: the given text, converted, or the default.

    Raises DefinitionError. AWS's words are known for the empty text alone (aws/sagemaker-python-sdk#4016).
    """
    found = {name: p["DefaultValue"] for name, p in declarations.items() if p.get("DefaultValue") is not None}
    for name, text in given:
        if name not in declarations:
            raise DefinitionError(f"Parameter [{name}] is not declared in the pipeline definition")
        if text == "":
            raise DefinitionError('[string "" is too short (length: 0, required minimum: 1)]')
        kind = declarations[name]["Type"]
        try:
            found[name] = _FROM_TEXT[kind](text)
        except (ValueError, KeyError) as error:
            raise DefinitionError(f"Parameter [{name}] takes {kind}, not {text!r}") from error
        _check(declarations[name], found[name])
    missing = sorted(declarations.keys() - found.keys())
    if missing:
        raise DefinitionError(f"Parameters [{', '.join(missing)}] have no value and no default")
    return found


def _check(parameter: Json, value: Any) -> None:
    """Raises DefinitionError where `value` is not of the parameter's type or not among its EnumValues."""
    kind = parameter["Type"]
    right = isinstance(value, _TYPES[kind]) and (kind == "Boolean" or not isinstance(value, bool))
    if not right:
        raise DefinitionError(f"Parameter {parameter['Name']!r} takes {kind}, not {value!r}")
    choices = parameter.get("EnumValues")
    if choices and value not in choices:
        raise DefinitionError(f"Parameter {parameter['Name']!r} has to be one of {choices}, not {value!r}")
