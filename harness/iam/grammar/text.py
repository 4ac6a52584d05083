"""A policy document's JSON, read strictly."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NoReturn

from harness.iam.grammar.faults import refuse
from harness.model import Json


class _Object(dict[str, Any]):
    """A JSON object; `repeated` is a key that it has more than once."""

    repeated = ""


def read(text: str, sentence: str) -> Json:
    """The JSON object that the text is. Raises Malformed, with AWS's sentence, where it is none.

    "Individual elements must not contain multiple instances of the same key" (the grammar's notes); which sentence
    AWS has for that is not known.
    """
    try:
        document = json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
        if "\\u" in text:
            json.dumps(document, ensure_ascii=False).encode()  # half of a surrogate pair is no character
    except json.JSONDecodeError as error:
        refuse(sentence, f"line {error.lineno}, column {error.colno}", f"invalid JSON: {error.msg}")
    except (ValueError, RecursionError) as error:
        refuse(sentence, "", f"invalid JSON: {error}")
    if not isinstance(document, dict):
        refuse(sentence, "", "a policy is a JSON object")
    for place, repeated in _repetitions(document, ""):
        refuse(sentence, place, f"{repeated} is there twice")
    return document


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    made = _Object(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        made.repeated = next(key for key in keys if keys.count(key) > 1)
    return made


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _repetitions(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, _Object):
        if value.repeated:
            yield place, value.repeated
        for key, inner in value.items():
            yield from _repetitions(inner, f"{place}.{key}" if place else key)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _repetitions(inner, f"{place}[{number}]")
