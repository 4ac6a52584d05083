"""Wildcards: `*` stands for any characters, `?` for one; `${*}`, `${?}` and `${$}` are the characters themselves.

Variables have to be resolved before, see harness.iam.variables.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

Match = Callable[[str], object]

_TOKEN = re.compile(r"\$\{([*?$])\}|(\*+)|(\?)|([^*?$]+|\$)")
_SPECIAL = re.compile(r"[*?$]")
_ESCAPED = re.compile(r"\$\{([*?$])\}")
_FIELDS = 6
_ANY, _WITHIN = ".*", "[^:]*"


def escape(text: str) -> str:
    """A pattern that matches the text only."""
    return _SPECIAL.sub(r"${\g<0>}", text)


def unescape(pattern: str) -> str:
    """The pattern as a plain string, whose `*` and `?` are no wildcards: what StringEquals compares with."""
    return _ESCAPED.sub(r"\1", pattern) if "${" in pattern else pattern


@lru_cache(maxsize=16384)
def glob(pattern: str) -> Match:
    """Over the whole string, as StringLike and action names match. Case matters."""
    return _compiled(_regex(_parts(pattern, _ANY)))


@lru_cache(maxsize=16384)
def resources(patterns: tuple[str, ...]) -> Match:
    """Any of a Resource element's patterns.

    Wildcards stay within their segment, except that a `*` at the end of one also matches beyond its colon ("IAM JSON
    policy elements: Resource"). What follows the fifth colon is one segment: object keys have colons, too. Missing
    segments are `*` ("IAM identifiers": `arn:aws:sqs` is `arn:aws:sqs:*:*:*`; said of identity-based policies only).
    """
    return _compiled("|".join(map(_resource, patterns))) if patterns else _nothing


@lru_cache(maxsize=16384)
def arn(pattern: str) -> Match:
    """As ArnLike and ArnEquals: the six parts of an ARN are matched one by one ("ARN condition operators").

    AWS does not say what a pattern with fewer parts matches; here it matches nothing.
    """
    parts = pattern.split(":", _FIELDS - 1)
    if len(parts) < _FIELDS:
        return _nothing
    *head, last = parts
    return _compiled(_regex(_joined([*(_parts(part, _WITHIN) for part in head), _parts(last, _ANY)])))


def _resource(pattern: str) -> str:
    if pattern == "*":
        return _ANY
    segments = pattern.split(":", _FIELDS - 1)
    *head, last = segments + ["*"] * (_FIELDS - len(segments))
    return _regex(_joined([*(_open_ended(segment) for segment in head), _parts(last, _ANY)]))


def _open_ended(segment: str) -> list[str]:
    parts = _parts(segment, _WITHIN)
    return [*parts[:-2], _ANY, ""] if segment.endswith("*") else parts


def _parts(pattern: str, run: str) -> list[str]:
    """The pattern as regular expressions: what stands for itself (`?` is one character), a run, what stands for itself,
    and so on."""
    parts = [""]
    for escaped, star, one, text in _TOKEN.findall(pattern):
        if star:
            parts += [run, ""]
        else:
            parts[-1] += run[:-1] if one else re.escape(escaped or text)
    return parts


def _joined(segments: list[list[str]]) -> list[str]:
    parts, *rest = segments
    for segment in rest:
        parts = [*parts[:-1], f"{parts[-1]}:{segment[0]}", *segment[1:]]
    return parts


def _regex(parts: list[str]) -> str:
    """A run is as short as it can be and never tried again longer, but for the last: what comes after it is found at
    the earliest place, and nowhere would leave more to the rest. Else many `*` would take more than a lifetime.
    """
    blocks = [[parts[0]]]
    for run, piece in zip(parts[1::2], parts[2::2], strict=True):
        if run == _ANY:
            blocks.append([piece])
        else:
            blocks[-1].append(piece)
    *free, last = blocks
    begun = "".join(f"(?>{f'{_ANY}?' if number else ''}{_block(block)})" for number, block in enumerate(free))
    *before, end = last
    return begun + (_ANY if free else "") + (f"{_block(before)}{_WITHIN}{end}" if before else end)


def _block(pieces: list[str]) -> str:
    first, *rest = pieces
    return first + "".join(f"(?>{_WITHIN}?{piece})" for piece in rest)


def _compiled(regex: str) -> Match:
    return re.compile(regex, re.DOTALL).fullmatch


def _nothing(_: str) -> object:
    return None
