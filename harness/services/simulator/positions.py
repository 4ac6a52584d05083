"""Where a policy's statements are in its text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from harness.model import Json

_DECODE = json.JSONDecoder().raw_decode
_BETWEEN = re.compile(r"[\s,:]*")
Span = tuple[int, int]


@lru_cache(maxsize=1024)
def positions(text: str) -> tuple[Json, ...]:
    """StartPosition and EndPosition of each statement, in their order; `text` is a JSON object.

    Lines and columns count from 1. Recorded: a statement begins where the one before it ended, the first of a list
    after the bracket, one that is not in a list after its own brace; it ends after its brace.
    """
    return tuple(
        {"StartPosition": _place(text, start), "EndPosition": _place(text, end)}
        for start, end in _spans(text)
    )


def _spans(text: str) -> Iterator[Span]:
    begin = next(at for name, at in _members(text) if name == "Statement")
    if text[begin] != "[":
        yield begin + 1, _DECODE(text, begin)[1]
        return
    start = begin + 1
    while text[_skip(text, start)] != "]":
        end = _DECODE(text, _skip(text, start))[1]
        yield start, end
        start = end


def _members(text: str) -> Iterator[tuple[Any, int]]:
    """Each name of the object with where its value begins."""
    at = _skip(text, text.index("{") + 1)
    while text[at] != "}":
        name, at = _DECODE(text, at)
        value = _skip(text, at)
        yield name, value
        at = _skip(text, _DECODE(text, value)[1])


def _skip(text: str, at: int) -> int:
    found = _BETWEEN.match(text, at)
    return found.end() if found else at


def _place(text: str, at: int) -> Json:
    before = text[:at]
    return {"Line": before.count("\n") + 1, "Column": at - before.rfind("\n")}
