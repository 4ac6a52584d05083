"""Nothing that opens a door is shown: whatever a record, a log or an error carries of tokens and secrets is hidden."""

from __future__ import annotations

import re
from typing import Any

HIDDEN = "(hidden)"

_SECRET_KEY = re.compile(r"token$|secret|password|credential$|signature$", re.IGNORECASE)
# `AWS_SESSION_TOKEN=…`, `"password": "…"`, a presigned link's `X-Amz-Signature=…`, a confirmation's `Token=…`
_SECRET_TEXT = re.compile(
    r"""((?:token|secret|password|x-amz-credential|signature)[\w-]*["']?\s*[=:]\s*["']?)[^\s"'&,;}]{8,}""",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\b(bearer\s+)\S{8,}", re.IGNORECASE)


def redact(value: Any) -> Any:
    """A copy of JSON data with what is secret in it hidden: members named like a secret, and secrets inside text."""
    if isinstance(value, dict):
        return {k: HIDDEN if _is_secret(k, v) else redact(v) for k, v in value.items()}
    if isinstance(value, list):
        return [redact(one) for one in value]
    return redact_text(value) if isinstance(value, str) else value


def redact_text(text: str) -> str:
    return _BEARER.sub(rf"\1{HIDDEN}", _SECRET_TEXT.sub(rf"\1{HIDDEN}", text))


def _is_secret(key: str, value: Any) -> bool:
    return isinstance(value, str) and bool(value) and bool(_SECRET_KEY.search(key))
