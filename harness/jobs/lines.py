"""What programs write, line by line."""

from __future__ import annotations

from collections.abc import Callable

# Longer ones are cut (bytes), as CloudWatch Logs' agents cut them: a program may write without end and no newline.
LONGEST = 256 * 1024


class Lines:
    """Cuts a stream of bytes into lines for a log."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log = log
        self._rest = bytearray()

    def feed(self, data: bytes) -> bool:
        """False at the end of the stream, when the last line may lack its newline."""
        *complete, rest = data.split(b"\n")
        for line in complete:
            self._add(line)
            self._end_line()
        self._add(rest)
        if not data and self._rest:
            self._end_line()
        return bool(data)

    def _add(self, piece: bytes) -> None:
        self._rest += piece
        while len(self._rest) > LONGEST:
            cut = _between_characters(self._rest, LONGEST)
            self._tell(self._rest[:cut])
            del self._rest[:cut]

    def _end_line(self) -> None:
        self._tell(self._rest)
        self._rest.clear()

    def _tell(self, line: bytearray) -> None:
        self._log(line.decode("utf-8", "replace").rstrip("\r"))


def _between_characters(text: bytearray, place: int) -> int:
    """The place, or up to three bytes before it, where a character of UTF-8 begins."""
    return next((at for at in range(place, place - 4, -1) if text[at] & 0xC0 != 0x80), place)
