from __future__ import annotations

import json
import random
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.clock import Clock
from harness.journal import Journal


@pytest.fixture
def journal() -> Journal:
    return Journal(Clock(datetime(2026, 3, 1, tzinfo=UTC)))


def test_records_are_numbered_and_have_the_virtual_time(journal: Journal) -> None:
    first, second = journal.write("call", service="s3"), journal.write("mail", to="me")
    assert (first["n"], second["n"], journal.last()) == (1, 2, 2)
    assert first["time"].startswith("2026-03-01T00:00:0")


def test_reading_begins_after_a_number_and_keeps_to_kinds(journal: Journal) -> None:
    for kind in ("call", "mail", "call", "clock"):
        journal.write(kind)
    assert [r["n"] for r in journal.read(1)] == [2, 3, 4]
    assert [r["n"] for r in journal.read(1, "call", "clock")] == [3, 4]


def test_every_record_is_a_line_of_its_file_until_it_is_closed(tmp_path: Path) -> None:
    file = tmp_path / "journal.jsonl"
    journal = Journal(Clock(), file)
    journal.write("call", at=datetime(2026, 3, 1, tzinfo=UTC), path=Path("/x"))
    journal.close()
    journal.write("call", service="after the end")
    assert [json.loads(line)["n"] for line in file.read_text().splitlines()] == [1]
    assert journal.last() == 2


def test_waiting_finds_a_record_that_is_there_already(journal: Journal) -> None:
    journal.write("call", service="s3")
    found = journal.wait(lambda r: r["kind"] == "call", timeout=0)
    assert found
    assert found["service"] == "s3"


def test_waiting_finds_a_record_that_comes_later(journal: Journal) -> None:
    threading.Timer(0.05, lambda: journal.write("mail")).start()
    assert journal.wait(lambda r: r["kind"] == "mail", timeout=5)


def test_waiting_looks_only_beyond_the_given_number(journal: Journal) -> None:
    journal.write("mail")
    assert journal.wait(lambda r: r["kind"] == "mail", timeout=0.02, after=1) is None


def test_waiting_gives_up_in_time_however_much_is_written(journal: Journal) -> None:
    done = threading.Event()

    def chatter() -> None:
        while not done.is_set():
            journal.write("call")
            time.sleep(0.001)

    thread = threading.Thread(target=chatter)
    thread.start()
    began = time.monotonic()
    assert journal.wait(lambda r: r["kind"] == "mail", timeout=0.1) is None
    done.set()
    thread.join()
    assert time.monotonic() - began < 2


def test_settling_returns_at_once_where_nothing_runs(journal: Journal) -> None:
    assert journal.settle(0) == []


def test_settling_tells_what_still_runs_when_time_is_up(journal: Journal) -> None:
    journal.begin("b")
    journal.begin("a")
    assert journal.settle(0.02) == ["a", "b"]


def test_two_activities_of_one_name_are_two(journal: Journal) -> None:
    journal.begin("a")
    journal.begin("a")
    journal.end("a")
    assert journal.running() == ["a"]
    journal.end("a")
    assert journal.settle(0) == []


def test_an_activity_ends_whatever_ends_it(journal: Journal) -> None:
    with pytest.raises(RuntimeError), journal.activity("a"):
        raise RuntimeError
    assert journal.running() == []


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_settling_never_returns_between_an_end_and_what_it_sets_off(
    widths: list[int], chance: random.Random
) -> None:
    """Each activity begins those that follow it before it ends, on threads of their own."""
    journal = Journal(Clock())
    begun: list[int] = []
    pauses = [chance.uniform(0, 0.003) for _ in range(50)]

    def run(depth: int) -> None:
        time.sleep(pauses[(7 * depth + len(begun)) % len(pauses)])
        for _ in range(widths[depth] if depth < len(widths) else 0):
            begin(depth + 1)
        journal.write("execution", depth=depth)
        journal.end(f"level {depth}")

    def begin(depth: int) -> None:
        begun.append(depth)
        journal.begin(f"level {depth}")
        threading.Thread(target=run, args=(depth,)).start()

    begin(0)
    assert journal.settle(10) == []
    assert len(journal.read(0, "execution")) == len(begun)
    time.sleep(0.01)
    assert len(journal.read(0, "execution")) == len(begun)
