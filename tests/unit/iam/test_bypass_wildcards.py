"""Wildcards match as a search without any cleverness would, and many of them cost no more."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.iam import matching

patterns = st.text("ab*?:", max_size=14)
texts = st.text("ab:", max_size=14)


def plain(pattern: str, run: str) -> str:
    return "".join(run if c == "*" else run[:-1] if c == "?" else re.escape(c) for c in pattern)


def tried(regex: str, text: str) -> bool:
    return re.fullmatch(regex, text, re.DOTALL) is not None


@given(patterns, texts)
def test_a_glob_matches_what_plain_backtracking_does(pattern: str, text: str) -> None:
    assert bool(matching.glob(pattern)(text)) == tried(plain(pattern, ".*"), text)


@given(st.lists(st.text("ab*?", max_size=4), min_size=6, max_size=6), texts)
def test_an_arn_matches_part_by_part(parts: list[str], text: str) -> None:
    *head, last = parts
    regex = ":".join([*(plain(part, "[^:]*") for part in head), plain(last, ".*")])
    assert bool(matching.arn(":".join(parts))(text)) == tried(regex, text)


@given(st.lists(st.text("ab*?", max_size=4), min_size=6, max_size=6), texts)
def test_a_resource_matches_part_by_part_and_an_open_end_beyond(parts: list[str], text: str) -> None:
    *head, last = parts
    ends = [".*" if part.endswith("*") else "" for part in head]
    regex = ":".join(
        [*(plain(p, "[^:]*") + end for p, end in zip(head, ends, strict=True)), plain(last, ".*")]
    )
    assert bool(matching.resources((":".join(parts),))(text)) == tried(regex, text)


@pytest.mark.parametrize("pattern", ["*a" * 200 + "b", "arn:aws:s3:::" + "*a" * 200 + "b", "arn:*:*:*:*:x"])
def test_a_pattern_of_many_wildcards_is_decided(pattern: str) -> None:
    """Plain backtracking would take longer than anybody lives."""
    for text in ("a" * 1000, "arn:aws:s3:::" + "a" * 1000, "arn" + ":" * 1000):
        assert not matching.resources((pattern,))(text)
        assert not matching.glob(pattern)(text)
