"""The table of what passes where, and the calls that the suite has to make."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.model import HarnessError
from tests.conformance import table
from tests.conformance.calls import listed, unlisted
from tests.conformance.combination import Combination
from tests.conformance.differences import Difference, known
from tests.conformance.results import Row, Run

HOLDS, DIFFERS = "A key encrypts", "A key is deleted"
MOTO = Run(
    "moto, process",
    {"boto3": "1.44", "moto": "5.2"},
    (Row("KMS", HOLDS, "passed"), Row("KMS", DIFFERS, "fails", "moto does not delete")),
)
DOCKER = Run("moto, docker", {}, skipped="no Docker engine answers")


@pytest.fixture(autouse=True)
def no_differences(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "DIFFERENCES", ())


def test_the_table_has_a_row_for_each_claim_and_a_column_for_each_combination() -> None:
    page = table.markdown([MOTO, DOCKER]).splitlines()
    assert "With boto3 1.44, moto 5.2." in page
    assert "| moto, process | 1 | 1 | 0 | 0 |" in page
    assert "| moto, docker |  |  | all: no Docker engine answers |  |" in page
    assert page[page.index("## KMS") :] == [
        "## KMS",
        "",
        "| | moto, process | moto, docker |",
        "|---|---|---|",
        f"| {HOLDS} | passed | not run |",
        f"| {DIFFERS} | fails: moto does not delete | not run |",
    ]


def test_the_table_of_nothing_is_refused() -> None:
    with pytest.raises(HarnessError, match="no combination was run"):
        table.markdown([DOCKER])


def test_a_known_difference_from_a_claim_that_nobody_makes_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(table, "DIFFERENCES", (Difference("A key sings", "it has no voice"),))
    with pytest.raises(HarnessError, match="A key sings"):
        table.markdown([MOTO])


def test_results_are_read_as_they_were_written(tmp_path: Path) -> None:
    for run in (MOTO, DOCKER):
        run.write(tmp_path / "results" / "run.json")
        assert Run.read(tmp_path / "results" / "run.json") == run


def test_a_difference_concerns_its_own_combinations() -> None:
    differences = [
        Difference("C", "moto only", backends=("moto",)),
        Difference("D", "docker only", runners=("docker",)),
    ]
    moto, localstack = Combination("process", "moto"), Combination("docker", "localstack=http://127.0.0.1:1")
    assert [known(claim, moto, differences) for claim in "CD"] == ["moto only", ""]
    assert [known(claim, localstack, differences) for claim in "CD"] == ["", "docker only"]


def test_a_localstack_without_a_url_is_the_one_that_runs() -> None:
    wanted = Combination.wanted(
        {"HARNESS_BACKEND": "localstack", "LOCALSTACK_ENDPOINT": "http://127.0.0.1:1"}
    )
    assert (wanted.backend, wanted.name) == ("localstack=http://127.0.0.1:1", "localstack, process")


def test_a_call_that_the_list_lacks_is_told_if_it_succeeded() -> None:
    service, (first, *_) = next(iter(listed().items()))
    record = {"kind": "call", "service": service, "operation": first, "status": 200}
    new, failed = {**record, "operation": "Sing"}, {**record, "operation": "Dance", "status": 501}
    assert unlisted([record, new, failed, {"kind": "mail"}]) == [f"{service}:Sing"]
