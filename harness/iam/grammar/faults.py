"""A fault in a policy document, and where it is."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, NoReturn

from harness.model import Json


class Malformed(Exception):
    """A policy document that AWS refuses.

    `place` is like `Statement[2].Condition.StringEqual` (from 0) or `line 3, column 5`; empty for the whole document.
    `what` explains the fault; `sentence` is what AWS says of it.
    """

    def __init__(self, place: str, what: str, sentence: str = "") -> None:
        self.place = place
        self.what = what
        self.sentence = sentence or what
        super().__init__(self.said(self.sentence))

    def said(self, sentence: str) -> str:
        """AWS's sentence, as the service says it, with the place and the fault in parentheses."""
        where = f"at {self.place}" if self.place else ""
        what = "" if self.what == sentence else self.what
        explained = ": ".join(part for part in (where, what) if part)
        return f"{sentence} ({explained})" if explained else sentence


def refuse(sentence: str, place: str, what: str = "") -> NoReturn:
    raise Malformed(place, what or sentence, sentence)


def unknown(kind: str, name: str, known: tuple[str, ...]) -> str:
    """`there is no element Resources; did you mean Resource?`"""
    near = [one for one in known if one.lower() == name.lower()] or get_close_matches(name, known, n=1)
    return f"there is no {kind} {name}" + (f"; did you mean {near[0]}?" if near else "")


def each(element: Any, place: str) -> list[tuple[str, Any]]:
    """The values of an element that may be a single one, each with its place."""
    if isinstance(element, list):
        return [(f"{place}[{number}]", value) for number, value in enumerate(element)]
    return [(place, element)]


def values(statements: list[tuple[str, Json]], *elements: str) -> list[tuple[str, Any]]:
    """All values of these elements of the statements, each with its place."""
    return [
        found
        for place, statement in statements
        for element in elements
        if element in statement
        for found in each(statement[element], f"{place}.{element}")
    ]
