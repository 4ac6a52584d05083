"""The data comes from the first place that has it, and a stand-in never passes for the real thing."""

import io
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from pipelines import source as sources
from pipelines.errors import BadDataError
from pipelines.sample import CLASS_SIZES, GAPS, sample_rows
from pipelines.source import COLUMNS, UCI_URL, Source, load, parse


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine with no data, no cache and no network."""
    monkeypatch.delenv("MAMMOGRAPHY_DATA", raising=False)
    monkeypatch.setenv("MAMMOGRAPHY_OFFLINE", "1")
    monkeypatch.setattr(sources, "CACHE", tmp_path / "data" / "mammographic_masses.data")
    return tmp_path


def test_a_file_of_the_users_comes_first(monkeypatch: pytest.MonkeyPatch, elsewhere: Path) -> None:
    mine = elsewhere / "mine.data"
    mine.write_text("5,67,3,5,3,1\r\n4,,1,?,3,0\r\n")
    monkeypatch.setenv("MAMMOGRAPHY_DATA", str(mine))
    assert load() == Source([("5", "67", "3", "5", "3", "1"), ("4", "?", "1", "?", "3", "0")], str(mine))


def test_a_file_of_the_users_that_is_not_there_is_an_error_and_not_a_sample(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MAMMOGRAPHY_DATA", "/nowhere/mammographic_masses.data")
    with pytest.raises(BadDataError, match=r"/nowhere/mammographic_masses\.data"):
        load()


def test_uci_is_asked_once_and_cached(monkeypatch: pytest.MonkeyPatch, real_source: Source) -> None:
    asked: list[str] = []
    _answer_with(monkeypatch, "\n".join(",".join(row) for row in real_source.rows), asked)
    monkeypatch.setenv("MAMMOGRAPHY_OFFLINE", "0")
    assert load() == Source(real_source.rows, UCI_URL)
    assert load() == Source(real_source.rows, str(sources.CACHE))
    assert asked == [UCI_URL]


@pytest.mark.parametrize("answer", ["<html>moved</html>", "", "5,67,3,5,3,1\n"])
def test_what_is_not_the_data_set_is_not_taken_for_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], answer: str
) -> None:
    _answer_with(monkeypatch, answer, [])
    monkeypatch.setenv("MAMMOGRAPHY_OFFLINE", "0")
    assert load().is_sample
    assert not sources.CACHE.exists()
    assert "UCI" in capsys.readouterr().err


def test_offline_never_asks_uci(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    _answer_with(monkeypatch, "", asked)
    load()
    assert asked == []


def test_the_sample_is_announced_loudly(capsys: pytest.CaptureFixture[str]) -> None:
    source = load()
    assert source.is_sample
    assert "sample" in source.origin
    assert "!!! STAND-IN SAMPLE" in capsys.readouterr().err


def test_the_sample_has_the_real_datas_size_balance_and_gaps() -> None:
    rows = sample_rows()
    assert {len(row) for row in rows} == {len(COLUMNS)}
    assert Counter(row[-1] for row in rows) == CLASS_SIZES
    assert tuple(column.count("?") for column in zip(*rows, strict=True)) == (*GAPS, 0)
    assert rows == sample_rows()


def test_the_sample_counts_as_the_real_data_does(real_source: Source) -> None:
    gaps = [
        [column.count("?") for column in zip(*rows, strict=True)]
        for rows in (sample_rows(), real_source.rows)
    ]
    assert gaps[0] == gaps[1]


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("4,43", "mine: row 2 has 2 values, not 6"),
        ("BI-RADS,Age,Shape,Margin,Density,Severity", "mine: row 2 has 'BI-RADS' for BI-RADS"),
        ("4,43.5,1,1,3,1", "mine: row 2 has '43.5' for Age"),
        ("4,43,1,1,3,?", "mine: row 2 has '?' for Severity"),
    ],
)
def test_a_row_that_is_not_of_the_data_set_is_named(row: str, complaint: str) -> None:
    with pytest.raises(BadDataError) as raised:
        parse(f"5,67,3,5,3,1\n{row}\n", "mine")
    assert str(raised.value) == complaint


def _answer_with(monkeypatch: pytest.MonkeyPatch, text: str, asked: list[str]) -> None:
    def urlopen(url: str, timeout: float) -> Any:
        asked.append(url)
        return io.BytesIO(text.encode())

    monkeypatch.setattr("urllib.request.urlopen", urlopen)
