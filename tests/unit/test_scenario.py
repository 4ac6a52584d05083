from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from harness import scenario
from harness.model import HarnessError
from harness.scenario import Execution, ExpectationFailed, Telling


def told(telling: Telling) -> str:
    file = telling.console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


@pytest.fixture
def telling() -> Telling:
    return Telling(console=Console(file=io.StringIO(), highlight=False, soft_wrap=True))


FAILURE = ExpectationFailed("a mail", "none came", ["no rule matched", "    and more"])


def test_a_failed_expectation_says_what_was_expected_what_happened_and_why() -> None:
    assert str(FAILURE).splitlines() == [
        "expected: a mail",
        "instead:  none came",
        "why:      no rule matched",
        "              and more",
    ]


def test_a_failed_expectation_that_nothing_explains_says_so() -> None:
    assert str(ExpectationFailed("a", "b", [])).endswith("why:      nothing in the journal explains it")


def test_people_are_told_numbered_moments_with_their_evidence(telling: Telling) -> None:
    telling.moment("It begins")
    telling.line("evidence [not markup]")
    telling.ended(1.234)
    telling.result("small", None, 2.0)
    assert told(telling).splitlines() == [
        "",
        " 1. It begins",
        "      evidence [not markup]",
        "      (1.2 s)",
        "",
        "✓ small: 1 moments in 2.0 s",
    ]


def test_people_are_told_why_a_scenario_failed(telling: Telling) -> None:
    telling.result("small", FAILURE, 2.0)
    assert told(telling).splitlines()[1:3] == ["✗ small failed after 2.0 s", "expected: a mail"]


def test_programs_are_told_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    telling = Telling(as_json=True)
    telling.moment("It begins")
    telling.line("evidence")
    telling.ended(1.2345)
    telling.result("small", FAILURE, 2.0, [{"action": "s3:GetObject"}])
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [
        {"moment": 1, "title": "It begins"},
        {"evidence": "evidence", "moment": 1},
        {"moment": 1, "seconds": 1.234},
        {
            "scenario": "small",
            "passed": False,
            "seconds": 2.0,
            "refused": [{"action": "s3:GetObject"}],
            "moment": "It begins",
            "expected": "a mail",
            "instead": "none came",
            "why": ["no rule matched", "    and more"],
        },
    ]


def test_the_projects_scenarios_are_known_by_name_with_a_title_each() -> None:
    assert scenario.names() == ["approval", "clean", "outliers", "permissions", "promotion", "quality-gate"]
    for name in scenario.names():
        assert scenario.title(name)
        assert callable(scenario.load(name))


def test_an_unknown_scenario_is_told_with_those_that_there_are() -> None:
    with pytest.raises(
        HarnessError,
        match="no scenario 'outlier'; there are: approval, clean, outliers, permissions, promotion, qual",
    ):
        scenario.find("outlier")


def test_a_file_of_ones_own_is_a_scenario(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text('"""Mine.\n\nAnd more."""\n\ndef scenario_mine(world):\n    return world\n')
    assert scenario.title(str(file)) == "Mine."
    assert scenario.load(str(file))("the world") == "the world"  # type: ignore[func-returns-value,arg-type]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [(None, "there is no file"), ("x = 1", "has no function scenario_mine"), (b"\xff", "is not UTF-8 text")],
)
def test_a_file_that_is_no_scenario_is_refused(
    tmp_path: Path, text: str | bytes | None, sentence: str
) -> None:
    file = tmp_path / "mine.py"
    if text is not None:
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(HarnessError, match=sentence):
        scenario.find(str(file))


def test_an_execution_knows_its_steps_by_the_beginning_of_their_names() -> None:
    steps = [
        {"StepName": "Train-x", "StepStatus": "Succeeded"},
        {"StepName": "Check", "StepStatus": "Failed"},
    ]
    run = Execution("arn:aws:sagemaker:us-east-1:1:pipeline/p/execution/abc", "Failed", "", steps)
    assert (run.id, run.pipeline) == ("abc", "p")
    assert run.step("Train") == steps[0]
    assert run.failed_step == steps[1]
    with pytest.raises(KeyError, match="Later did not run; these did: Train-x, Check"):
        run.step("Later")
