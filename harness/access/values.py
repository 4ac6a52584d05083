"""Condition keys and how their values are written."""

from __future__ import annotations

from datetime import datetime
from typing import Any

# Condition keys, lower-case, with their values: a tuple is a multivalued key's.
Values = dict[str, str | tuple[str, ...]]


def text(value: Any) -> str:
    """A parameter as policies compare it: `true`, `2026-11-22T09:00:00Z` (of a moment in UTC), `10`."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value.isoformat()[:19]}Z" if isinstance(value, datetime) else str(value)
