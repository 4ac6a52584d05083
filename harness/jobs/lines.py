"""What programs write, line by line."""

from __future__ import annotations

from collections.abc import Callable


class Lines:
    """Cuts a stream of bytes into lines for a log."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log = log
        self._rest = b""

    def feed(self, data: bytes) -> bool:
        """False at the end of the stream, when the last line may lack its newline."""
        *complete, self._rest = (self._rest + data).split(b"\n")
        if not data and self._rest:
            complete.append(self._rest)
            self._rest = b""
        for line in complete:
            self._log(line.decode("utf-8", "replace").rstrip("\r"))
        return bool(data)
