"""A program's output becomes lines, whatever pieces it comes in."""

from __future__ import annotations

import time

import pytest

from harness.jobs.lines import LONGEST, Lines


def lines_of(*pieces: bytes) -> list[str]:
    told: list[str] = []
    lines = Lines(told.append)
    for piece in (*pieces, b""):
        lines.feed(piece)
    return told


@pytest.mark.parametrize(
    ("pieces", "told"),
    [
        ((), []),
        ((b"one\ntwo\n",), ["one", "two"]),
        ((b"on", b"e\ntw", b"o"), ["one", "two"]),
        ((b"\n\n",), ["", ""]),
        ((b"one\r\n", b"\xff\n"), ["one", "\N{REPLACEMENT CHARACTER}"]),
        ((b"f\xc3", b"\xbcnf\n"), ["fünf"]),
    ],
)
def test_output_is_cut_at_its_newlines(pieces: tuple[bytes, ...], told: list[str]) -> None:
    assert lines_of(*pieces) == told


def test_a_line_without_end_is_cut_between_characters() -> None:
    told = lines_of("ü€😀".encode() * 100_000, b"\nnext\n")
    assert told.pop() == "next"
    assert "".join(told) == "ü€😀" * 100_000
    assert {len(line.encode()) > LONGEST for line in told} == {False}


def test_bytes_that_are_no_text_are_cut_all_the_same() -> None:
    assert lines_of(b"\x80" * (LONGEST + 10)) == ["\N{REPLACEMENT CHARACTER}" * n for n in (LONGEST, 10)]


def test_a_hundred_megabytes_without_a_newline_take_seconds() -> None:
    begun = time.monotonic()
    told = lines_of(*[b"x" * 16_384] * 6_400)
    assert sum(map(len, told)) == 16_384 * 6_400
    assert time.monotonic() - begun < 20
