"""What a backend elsewhere has told, kept until a call that passes may have changed it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

_Fact = TypeVar("_Fact")

# The operations after which every fact is as it was; any other's end makes all of its service be asked for again. Of
# S3 the facts that are kept are the buckets': what objects are is asked for each time.
_CHANGE_NOTHING = {
    "s3": r"(Get|Head|List|Select).*|(Put|Copy|Delete|Restore|Write).*Objects?|UploadPart(Copy)?"
    r"|(Create|Complete|Abort)MultipartUpload|(Put|Delete)Object(Tagging|Acl|LegalHold|Retention)",
    "kms": r"(Describe|Get|List|Generate|Verify).*|Encrypt|Decrypt|ReEncrypt|Sign",
    "sns": r"(Get|List|Publish|Check).*",
    "sqs": r"(Get|List|SendMessage|ReceiveMessage|DeleteMessage|ChangeMessageVisibility).*",
}


def changes(service: str, operation: str) -> bool:
    """Whether facts may be others after the operation."""
    return re.fullmatch(_CHANGE_NOTHING[service], operation) is None


class Known:
    """One service's facts. What is not there is asked for again: a backend makes some things by itself."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, ...], Any] = {}

    def forget(self) -> None:
        """Who is asking right now keeps the answer in what is forgotten here: it may be from before the change."""
        self._held = {}

    def get(self, name: tuple[str, ...], ask: Callable[[], _Fact | None]) -> _Fact | None:
        held = self._held
        found: _Fact | None = held.get(name)
        if found is None:
            found = ask()
            if found is not None:
                held[name] = found
        return found
