"""A batch transform's records."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from harness.jobs.records import RecordError, batches, column_filter, csv_lines, joined, rows, split


@given(some.lists(some.binary(max_size=50).filter(lambda line: b"\n" not in line and line.strip())))
def test_the_batches_of_all_lines_are_the_body_again(lines):
    body = b"".join(line + b"\n" for line in lines if b"\r" not in line)
    assert (
        b"".join(record for batch in batches(split(body, "Line"), "MultiRecord", 6) for record in batch)
        == body
    )


def test_blank_lines_are_no_records():
    assert split(b"a\n\nb\n \n", "Line") == [b"a\n", b"b\n"]


def test_a_batch_takes_what_fits_in_the_payload():
    record = b"x" * 400_000 + b"\n"
    assert [len(batch) for batch in batches([record] * 5, "MultiRecord", 1)] == [2, 2, 1]
    assert [len(batch) for batch in batches([record] * 5, "MultiRecord", 0)] == [5]


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("$", ["a", "b", "c"]),
        ("$[0]", ["a"]),
        ("$[-1]", ["c"]),
        ("$[2,0]", ["c", "a"]),
        ("$[1:]", ["b", "c"]),
        ("$[:-1]", ["a", "b"]),
        ("$[0:1]", ["a"]),
    ],
)
def test_a_filter_keeps_its_columns(path, kept):
    assert column_filter(path)(["a", "b", "c"]) == kept


def test_other_filters_are_not_understood():
    with pytest.raises(RecordError, match=r"\$\.features"):
        column_filter("$.features")


def test_quoted_cells_stay_whole():
    assert csv_lines(rows(b'"a,b",c\n')) == b'"a,b",c\n'


def test_a_join_takes_a_row_for_a_row():
    assert joined([["a"], ["b"]], [["1"], ["2"]]) == [["a", "1"], ["b", "2"]]
    with pytest.raises(RecordError, match="mismatched line count"):
        joined([["a"]], [])
