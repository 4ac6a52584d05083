"""The page shows what others wrote: it runs none of it, fetches nothing, and hides what opens doors."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.report import render
from harness.report.redact import HIDDEN, redact

from .page import Node

Records = list[dict[str, Any]]
EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'--></style>"
# Members that tie records together or that the harness alone writes.
OURS = {"kind", "time", "n", "to", "status", "arn", "execution", "event", "id", "account"}


def poisoned(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {k: poisoned(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [poisoned(one, key) for one in value]
    return f"{value}{EVIL}" if isinstance(value, str) and key not in OURS else value


def test_whatever_a_record_says_is_text(shown: Callable[..., Node], records: Records) -> None:
    page = shown([poisoned(record) for record in records], EVIL)
    assert len(page.all("script")) == 1
    assert not page.all("img")
    assert not [name for node in page.walk() for name in node.attrs if name.startswith("on")]
    assert EVIL.split(" ")[0] in page.text


def test_the_title_is_text(records: Records) -> None:
    assert "<script>alert" not in render(records, EVIL, EVIL)


def test_the_page_needs_nothing_from_elsewhere(shown: Callable[..., Node], records: Records) -> None:
    page = shown()
    assert not [node for node in page.walk() if {"src", "srcset", "xlink:href", "action"} & set(node.attrs)]
    assert not page.all("link")
    style = page.all("style")[0].text
    assert set(re.findall(r"url\((.)", style)) <= {"#"}
    assert "@import" not in style


def test_no_token_reaches_the_page(records: Records) -> None:
    job = next(r for r in records if r["kind"] == "job" and r["log_tail"])
    job["log_tail"] = [
        "AWS_SESSION_TOKEN=IQoJb3JpZ2luX2VjE",
        "http://127.0.0.1/?Action=Confirm&Token=4f5e6d7c8b9a",
    ]
    step = next(r for r in reversed(records) if r["kind"] == "step" and r["metadata"])
    step["metadata"] = {"Callback": {"CallbackToken": "q4w5e6r7t8", "SqsQueueUrl": "http://queue"}}
    html = render(records, "t", "why: X-Amz-Signature=0a1b2c3d4e")
    assert HIDDEN in html
    assert not [s for s in ("IQoJb3", "4f5e6d7c", "q4w5e6r7", "0a1b2c3d") if s in html]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7", "AWS_SECRET_ACCESS_KEY=(hidden)"),
        ('{"sessionToken": "FwoGZXIvYXdzEBYaD", "a": 1}', '{"sessionToken": "(hidden)", "a": 1}'),
        ("Authorization: Bearer abcdefghijkl", "Authorization: Bearer (hidden)"),
        ("s3://b/k?X-Amz-Security-Token=FwoGZXIvYX&X-Amz-Date=1", "s3://b/k?X-Amz-Security-Token=(hidden)&X-Amz-Date=1"),
        ("The security token in the request is expired", "The security token in the request is expired"),
        ("train-auc:0.90933 tokens: 12", "train-auc:0.90933 tokens: 12"),
    ],
)  # fmt: skip
def test_secrets_are_hidden_and_plain_words_are_not(text: str, shown: str) -> None:
    assert redact(text) == shown


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(json)
def test_hiding_twice_hides_no_more(value: Any) -> None:
    once = redact(value)
    assert redact(once) == once
