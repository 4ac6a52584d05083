"""Policy documents, parsed.

Lenient, since what is stored has passed harness.iam.grammar: a single value may stand for a list everywhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from harness.iam import operators
from harness.model import Json

# The version of the policy language that knows policy variables; the other, 2008-10-17, is what no version means.
WITH_VARIABLES = "2012-10-17"
WITHOUT_VARIABLES = "2008-10-17"

# A Principal element: the names of each type (AWS, Service, Federated, CanonicalUser). "*" is {"AWS": ["*"]}.
Principals = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Condition:
    """One operator with one key: `key` as written; the request has it under `key.lower()`."""

    operator: str
    key: str
    values: tuple[str, ...]
    version: str = WITH_VARIABLES


@dataclass(frozen=True, eq=False)
class Statement:
    """One statement; () and None are elements that it does not have. `number` counts from 1.

    Statements and documents are compared by identity, so that what is derived from them can be cached.
    """

    number: int
    sid: str
    effect: str
    version: str
    source: Json
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    not_resources: tuple[str, ...] = ()
    principals: Principals | None = None
    not_principals: Principals | None = None
    conditions: tuple[Condition, ...] = ()

    @property
    def label(self) -> str:
        """What it is called in its policy: its Sid, or its number where it has none."""
        return self.sid or str(self.number)

    @property
    def allows(self) -> bool:
        return self.effect == "Allow"


@dataclass(frozen=True, eq=False)
class Document:
    version: str = WITHOUT_VARIABLES
    statements: tuple[Statement, ...] = ()


@lru_cache(maxsize=4096)
def parse(text: str) -> Document:
    """The document that a JSON text holds. Raises ValueError where it holds none."""
    document = json.loads(text)
    if not isinstance(document, dict):
        raise ValueError("a policy document is a JSON object")
    version = str(document.get("Version", WITHOUT_VARIABLES))
    statements = enumerate(_list(document.get("Statement", [])), start=1)
    return Document(version, tuple(_statement(number, source, version) for number, source in statements))


def _statement(number: int, source: Any, version: str) -> Statement:
    if not isinstance(source, dict):
        raise ValueError(f"statement {number} is not a JSON object")
    effect = source.get("Effect")
    if effect not in ("Allow", "Deny"):
        raise ValueError(f"the Effect of statement {number} is {effect}, not Allow or Deny")
    return Statement(
        number=number,
        sid=str(source.get("Sid", "")),
        effect=effect,
        version=version,
        source=source,
        actions=_texts(source.get("Action", [])),
        not_actions=_texts(source.get("NotAction", [])),
        resources=_texts(source.get("Resource", [])),
        not_resources=_texts(source.get("NotResource", [])),
        principals=_principals(source.get("Principal")),
        not_principals=_principals(source.get("NotPrincipal")),
        conditions=_conditions(source.get("Condition", {}), version),
    )


def _principals(element: Any) -> Principals | None:
    if element is None:
        return None
    if not isinstance(element, dict):
        return {"AWS": _texts(element)}
    return {type_: _texts(names) for type_, names in element.items()}


def _conditions(element: Any, version: str) -> tuple[Condition, ...]:
    if not isinstance(element, dict) or not all(isinstance(keys, dict) for keys in element.values()):
        raise ValueError("a Condition is an object of operators, each with an object of keys")
    for operator, keys in element.items():
        if keys:  # without any, IAM takes every operator
            operators.named(operator)
    return tuple(
        Condition(operator, key, _texts(values), version)
        for operator, keys in element.items()
        for key, values in keys.items()
    )


def _texts(element: Any) -> tuple[str, ...]:
    """The strings of an element; JSON's true, 10 and 1.5 are strings, too, to policies."""
    return tuple(value if isinstance(value, str) else json.dumps(value) for value in _list(element))


def _list(element: Any) -> list[Any]:
    return element if isinstance(element, list) else [element]
