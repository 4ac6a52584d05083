"""The analyzer keeps the rules in tests/cases/monitor; each case's name says which."""

import json
from pathlib import Path
from typing import Any

import pytest

from .monitor_runs import analyze, check, csv_text

CASES = Path(__file__).parents[2] / "cases" / "monitor"
CHECKS = sorted(path.stem for path in CASES.glob("*_check*.json"))


def cases(*stems: str) -> list[Any]:
    return [
        pytest.param(case, id=f"{stem}: {case['name']}")
        for stem in stems
        for case in json.loads((CASES / f"{stem}.json").read_text(encoding="utf-8"))
    ]


def merge(document: Any, change: Any) -> Any:
    if isinstance(change, dict):
        return {**document, **{key: merge(document.get(key, {}), value) for key, value in change.items()}}
    if isinstance(change, list):
        return [merge(old, new) for old, new in zip(document, change, strict=True)]
    return change


@pytest.mark.parametrize("case", cases(*CHECKS))
def test_a_check_reports_exactly_these_violations(case: dict[str, Any], tmp_path: Path) -> None:
    form = json.dumps({"csv": {"header": case.get("header", False)}})
    before = analyze(tmp_path / "before", {"data.csv": csv_text(case["baseline"])}, dataset_format=form)
    changed = merge(before.constraints, case.get("constraints", {}))
    (before.output / "constraints.json").write_text(json.dumps(changed))

    outcome = check(tmp_path / "now", before, csv_text(case["input"]), dataset_format=form)

    assert outcome.violations == case["expected"]["violations"]
    assert outcome.message == case["expected"].get("message", outcome.message)
    assert outcome.code == 0


@pytest.mark.parametrize("case", cases("inferred_types"))
def test_a_column_has_the_type_of_its_text(case: dict[str, Any], tmp_path: Path) -> None:
    form = json.dumps({"csv": {"header": case.get("header", False)}})
    outcome = analyze(tmp_path, {"data.csv": csv_text(case["input"])}, dataset_format=form)
    assert outcome.statistics
    assert outcome.constraints
    for document in (outcome.statistics, outcome.constraints):
        assert {f["name"]: f["inferred_type"] for f in document["features"]} == case["expected"]["types"]


@pytest.mark.parametrize("case", cases("bad_input"))
def test_a_mistake_is_told_in_one_line_and_exit_code_1(
    case: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = analyze(tmp_path, case["files"], **case.get("environ", {}))
    assert outcome.message == case["message"].replace("{source}", str(tmp_path / "source"))
    assert outcome.code == 1
    assert outcome.violations is None
    assert "Traceback" not in "".join(capsys.readouterr())
