"""A pipeline definition, read and checked before it is stored: everything that could be known to fail, fails here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from typing import Any

from harness.model import Json
from harness.orchestrator import checks, parameters
from harness.orchestrator.parts import Definition, DefinitionError, Step, own
from harness.orchestrator.shapes import CALLS

__all__ = ["Definition", "DefinitionError", "Step", "read"]

VERSION = "2020-12-01"
_NAME = re.compile(r"[A-Za-z0-9](?:-*[A-Za-z0-9_]){0,255}")
_UNSUPPORTED = "which the harness does not support yet"


def read(text: str) -> Definition:
    """Raises DefinitionError."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DefinitionError(f"It is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise DefinitionError("It has to be a JSON object")
    if document.get("Version") != VERSION:
        raise DefinitionError(f"Its version has to be {VERSION!r}, not {document.get('Version')!r}")
    declared = parameters.declared(document.get("Parameters") or [])
    found: dict[str, Step] = {}
    for body, branch in _walk(document.get("Steps"), "Steps", None):
        step = _step(body, branch)
        if step.name in found:
            raise DefinitionError(f"Step name {step.name!r} is used by more than one step")
        found[step.name] = step
    if not found:
        raise DefinitionError("It has no steps")
    for step in found.values():
        checks.check_references(step, declared, found)
    return Definition(declared, {name: found[name] for name in _order(found)})


def _walk(
    steps: Any, where: str, branch: tuple[str, bool] | None
) -> Iterator[tuple[Json, tuple[str, bool] | None]]:
    """Every step with its branch, those inside a condition after it."""
    if not isinstance(steps, list):
        raise DefinitionError(f"{where} has to be a list, not {steps!r}")
    for body in steps:
        if not isinstance(body, dict):
            raise DefinitionError(f"A step has to be an object, not {body!r}")
        yield body, branch
        if body.get("Type") == "Condition":
            for key, outcome in (("IfSteps", True), ("ElseSteps", False)):
                inner = body["Arguments"].get(key) or []
                yield from _walk(inner, f"Step {body['Name']!r}: {key}", (body["Name"], outcome))


def _step(body: Json, branch: tuple[str, bool] | None) -> Step:
    """Raises DefinitionError where the step by itself is wrong."""
    name, kind = body.get("Name"), body.get("Type")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise DefinitionError(f"Step name {name!r} is not valid: letters, digits, '-' and '_' only")
    if not isinstance(kind, str) or kind not in CALLS:
        raise DefinitionError(
            f"Step {name!r} is of type {kind!r}, {_UNSUPPORTED}; it supports {', '.join(CALLS)}"
        )
    if body.get("RetryPolicies"):
        raise DefinitionError(f"Step {name!r} has RetryPolicies, {_UNSUPPORTED}")
    cache = body.get("CacheConfig")
    if cache and not (isinstance(cache, dict) and cache.get("Enabled") is False):
        raise DefinitionError(f"Step {name!r} has CacheConfig enabled, {_UNSUPPORTED}")
    arguments = body["Arguments"] = {} if body.get("Arguments") is None else body["Arguments"]
    if not isinstance(arguments, dict):
        raise DefinitionError(f"Step {name!r}: Arguments has to be an object, not {arguments!r}")
    depends_on = body.get("DependsOn") or []
    if not isinstance(depends_on, list) or not all(isinstance(needed, str) for needed in depends_on):
        raise DefinitionError(f"Step {name!r}: DependsOn has to be a list of names, not {depends_on!r}")
    checks.check_step(name, kind, body)
    needs = {r.name for r in checks.found_references(name, own(body)) if r.root == "Steps"} | set(depends_on)
    if branch:
        needs.add(branch[0])
    return Step(name, kind, arguments, body, frozenset(needs), branch)


def _order(steps: dict[str, Step]) -> list[str]:
    try:
        return list(TopologicalSorter({s.name: s.needs for s in steps.values()}).static_order())
    except CycleError as error:
        raise DefinitionError(f"Its steps form a cycle: {' -> '.join(reversed(error.args[1]))}") from error
