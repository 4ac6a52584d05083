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


def escape(text: str) -> str:
    """A pattern that matches the text only."""
    return _SPECIAL.sub(r"${\g<0>}", text)


def unescape(pattern: str) -> str:
    """The pattern as a plain string, whose `*` and `?` are no wildcards: what StringEquals compares with."""
    return _ESCAPED.sub(r"\1", pattern) if "${" in pattern else pattern


@lru_cache(maxsize=16384)
def glob(pattern: str) -> Match:
    """Over the whole string, as StringLike and action names match. Case matters."""
    return _compiled(_regex(pattern, any_run=".*", any_one="."))


@lru_cache(maxsize=16384)
def resource(pattern: str) -> Match:
    """A Resource element's pattern.

    Wildcards stay within their segment, except that a `*` at the end of one also matches beyond its colon ("IAM JSON
    policy elements: Resource"). What follows the fifth colon is one segment: object keys have colons, too. Missing
    segments are `*` ("IAM identifiers": `arn:aws:sqs` is `arn:aws:sqs:*:*:*`; said of identity-based policies only).
    """
    if pattern == "*":
        return glob(pattern)
    segments = pattern.split(":", _FIELDS - 1)
    *head, last = segments + ["*"] * (_FIELDS - len(segments))
    return _compiled(":".join([*(_open_ended(segment) for segment in head), _regex(last, ".*", ".")]))


@lru_cache(maxsize=16384)
def arn(pattern: str) -> Match:
    """As ArnLike and ArnEquals: the six parts of an ARN are matched one by one ("ARN condition operators").

    AWS does not say what a pattern with fewer parts matches; here it matches nothing.
    """
    parts = pattern.split(":", _FIELDS - 1)
    if len(parts) < _FIELDS:
        return _nothing
    *head, last = parts
    return _compiled(":".join([*(_regex(part, "[^:]*", "[^:]") for part in head), _regex(last, ".*", ".")]))


def _open_ended(segment: str) -> str:
    if segment.endswith("*"):
        return _regex(segment.rstrip("*"), "[^:]*", "[^:]") + ".*"
    return _regex(segment, "[^:]*", "[^:]")


def _regex(pattern: str, any_run: str, any_one: str) -> str:
    def translated(token: re.Match[str]) -> str:
        escaped, run, one, text = token.groups()
        return any_run if run else any_one if one else re.escape(escaped or text)

    return _TOKEN.sub(translated, pattern)


def _compiled(regex: str) -> Match:
    return re.compile(regex, re.DOTALL).fullmatch


def _nothing(_: str) -> object:
    return None
