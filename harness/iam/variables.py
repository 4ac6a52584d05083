"""Policy variables. Source: "IAM policy elements: Variables and tags" in the IAM User Guide."""

from __future__ import annotations

import re
from functools import lru_cache

from harness.iam import matching
from harness.iam.documents import WITH_VARIABLES
from harness.iam.model import Context

# ${aws:username}, or with a default: ${aws:PrincipalTag/team, 'company-wide'}.
_VARIABLE = re.compile(r"\$\{\s*([^\s{}*?$,'][^{},']*?)\s*(?:,\s*'([^']*)'\s*)?\}")

# A text in pieces: a pattern, a variable's key, its default, a pattern, …
_Pieces = tuple[str | None, ...]


def resolve(text: str, context: Context, version: str) -> str | None:
    """A pattern for harness.iam.matching: the text with the values of its variables, in which nothing is a wildcard.

    None where a variable has no value: then nothing is equal to the text or like it. In a document of another version
    than 2012-10-17 `${...}` is plain text.
    """
    if "$" not in text:
        return text
    return _filled(_pieces(text), context) if version == WITH_VARIABLES else _plain(text)


def resolve_resource(text: str, context: Context, version: str) -> str | None:
    """The same for a Resource: variables count only after the fifth colon ("Resource element"), else they are text."""
    if "$" not in text:
        return text
    return _filled(_resource_pieces(text), context) if version == WITH_VARIABLES else _plain(text)


def variables(text: str, version: str) -> tuple[str, ...]:
    """The keys of the text's variables, as they are written."""
    return tuple(_VARIABLE.split(text)[1::3]) if version == WITH_VARIABLES else ()


def _filled(pieces: _Pieces, context: Context) -> str | None:
    filled = [pieces[0] or ""]
    for key, default, pattern in zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True):
        value = context.get(key or "")
        # A multivalued key cannot be a variable, and an empty value is none.
        value = value if value and isinstance(value, str) else default
        if value is None:
            return None
        filled += (matching.escape(value), pattern or "")
    return "".join(filled)


@lru_cache(maxsize=16384)
def _pieces(text: str) -> _Pieces:
    pieces: list[str | None] = _VARIABLE.split(text)
    pieces[1::3] = [key.lower() for key in pieces[1::3] if key]
    return tuple(pieces)


@lru_cache(maxsize=16384)
def _resource_pieces(text: str) -> _Pieces:
    *head, last = text.split(":", 5)
    first, *rest = _pieces(last)
    return (":".join([*(_plain(segment) for segment in head), first or ""]), *rest)


def _plain(text: str) -> str:
    """The text with its `$` for themselves; `*` and `?` stay wildcards."""
    return text.replace("$", "${$}")
