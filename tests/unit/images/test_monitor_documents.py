"""The analyzer's documents have AWS's schema and say true things of the data."""

import json
from pathlib import Path

import pytest

from .monitor_runs import analyze, check


def test_a_numeric_column_has_every_statistic_of_the_schema(tmp_path: Path) -> None:
    outcome = analyze(tmp_path, {"data.csv": "1\n2\n\n3\n4\n"})
    assert outcome.statistics == {
        "version": 0.0,
        "dataset": {"item_count": 4},
        "features": [
            {
                "name": "_c0",
                "inferred_type": "Integral",
                "numerical_statistics": {
                    "common": {"num_present": 4, "num_missing": 0},
                    "mean": 2.5,
                    "sum": 10.0,
                    "std_dev": 1.118033988749895,
                    "min": 1.0,
                    "max": 4.0,
                    "distribution": {
                        "kll": {
                            "buckets": [
                                {"lower_bound": 1.0, "upper_bound": 1.3, "count": 1.0},
                                {"lower_bound": 1.3, "upper_bound": 1.6, "count": 0.0},
                                {"lower_bound": 1.6, "upper_bound": 1.9, "count": 0.0},
                                {"lower_bound": 1.9, "upper_bound": 2.2, "count": 1.0},
                                {"lower_bound": 2.2, "upper_bound": 2.5, "count": 0.0},
                                {"lower_bound": 2.5, "upper_bound": 2.8, "count": 0.0},
                                {"lower_bound": 2.8, "upper_bound": 3.1, "count": 1.0},
                                {"lower_bound": 3.1, "upper_bound": 3.4, "count": 0.0},
                                {"lower_bound": 3.4, "upper_bound": 3.7, "count": 0.0},
                                {"lower_bound": 3.7, "upper_bound": 4.0, "count": 1.0},
                            ],
                            "sketch": {
                                "parameters": {"c": 0.64, "k": 2048.0},
                                "data": [[1.0, 2.0, 3.0, 4.0]],
                            },
                        }
                    },
                },
            }
        ],
    }


def test_a_text_column_has_every_statistic_of_the_schema(tmp_path: Path) -> None:
    outcome = analyze(tmp_path, {"data.csv": "a,1\nb,1\na,1\n,1\n"})
    assert outcome.statistics
    assert outcome.statistics["features"][0] == {
        "name": "_c0",
        "inferred_type": "String",
        "string_statistics": {
            "common": {"num_present": 3, "num_missing": 1},
            "distinct_count": 2.0,
            "distribution": {
                "categorical": {"buckets": [{"value": "a", "count": 2}, {"value": "b", "count": 1}]}
            },
        },
    }


def test_suggested_constraints_have_the_schema_and_the_defaults_of_real_files(tmp_path: Path) -> None:
    outcome = analyze(tmp_path, {"data.csv": "1,-0.5,a,\n2,0.5,a,\n3,1.5,,\n4,2.5,b,\n5,2.5,b,\n"})
    assert outcome.constraints == {
        "version": 0.0,
        "features": [
            {
                "name": "_c0",
                "inferred_type": "Integral",
                "completeness": 1.0,
                "num_constraints": {"is_non_negative": True},
            },
            {
                "name": "_c1",
                "inferred_type": "Fractional",
                "completeness": 1.0,
                "num_constraints": {"is_non_negative": False},
            },
            {
                "name": "_c2",
                "inferred_type": "String",
                "completeness": 0.8,
                "string_constraints": {"domains": ["a", "b"]},
            },
            {"name": "_c3", "inferred_type": "Unknown", "completeness": 0.0},
        ],
        "monitoring_config": {
            "evaluate_constraints": "Enabled",
            "emit_metrics": "Enabled",
            "datatype_check_threshold": 1.0,
            "domain_content_threshold": 1.0,
            "distribution_constraints": {
                "perform_comparison": "Enabled",
                "comparison_threshold": 0.1,
                "comparison_method": "Robust",
                "categorical_comparison_threshold": 0.1,
                "categorical_drift_method": "LInfinity",
            },
        },
    }


def test_without_a_baseline_nothing_is_checked_and_no_violations_are_written(tmp_path: Path) -> None:
    outcome = analyze(tmp_path, {"data.csv": "1\n"})
    assert (outcome.code, outcome.violations) == (0, None)
    assert outcome.message == "Completed: Job completed successfully with no violations."


def test_a_check_also_writes_the_statistics_and_constraints_of_what_it_checked(tmp_path: Path) -> None:
    before = analyze(tmp_path / "before", {"data.csv": "1\n2\n"})
    outcome = check(tmp_path / "now", before, "7\n8\n9\n")
    assert outcome.statistics
    assert outcome.constraints
    assert outcome.statistics["dataset"] == {"item_count": 3}
    assert outcome.constraints["features"][0]["name"] == "_c0"


def test_constraints_alone_are_checked_without_drift(tmp_path: Path) -> None:
    before = analyze(tmp_path / "before", {"data.csv": "1\n" * 100})
    constraints = str(before.output / "constraints.json")
    outcome = analyze(tmp_path / "now", {"data.csv": "2\n" * 100}, baseline_constraints=constraints)
    assert outcome.violations == []


def test_baselines_written_by_an_older_analyzer_are_read(tmp_path: Path) -> None:
    """Settings of the files in sagemaker-python-sdk's tests/data/monitor, which newer ones no longer have."""
    constraints = {
        "version": 0.0,
        "features": [
            {
                "name": "_c0",
                "inferred_type": "String",
                "completeness": 1.0,
                "string_constraints": {"domains": ["a"]},
            }
        ],
        "monitoring_config": {
            "evaluate_constraints": "Enabled",
            "distribution_constraints": {"enable_comparisons": True, "min_domain_mass": 1.0},
        },
    }
    path = tmp_path / "constraints.json"
    path.write_text(json.dumps(constraints))
    outcome = analyze(tmp_path, {"data.csv": "a\nb\n"}, baseline_constraints=str(path))
    assert outcome.violations == [
        ["_c0", "categorical_values_check", "Value: 0.5 does not meet the constraint requirement! "]
    ]


def test_all_files_under_the_source_are_one_data_set_in_the_order_of_their_paths(tmp_path: Path) -> None:
    files = {"b.csv": "3\n", "a/part-1.csv": "1\n2\n", "_SUCCESS": "", ".hidden": "x,y"}
    outcome = analyze(tmp_path, files)
    assert outcome.statistics
    sketch = outcome.statistics["features"][0]["numerical_statistics"]["distribution"]["kll"]["sketch"]
    assert sketch["data"] == [[1.0, 2.0, 3.0]]


def test_a_header_is_read_in_every_file(tmp_path: Path) -> None:
    files = {"a.csv": "x\n1\n", "b.csv": "x\n2\n"}
    outcome = analyze(tmp_path, files, dataset_format='{"csv":{"header":"true"}}')
    assert outcome.statistics
    assert outcome.statistics["dataset"] == {"item_count": 2}


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (True, '{"a": 1, "b": "x"}\n\n{"a": 2.5, "b": null}\n{"b": ""}\n'),
        (False, '[{"a": 1, "b": "x"}, {"a": 2.5, "b": null}, {"b": ""}]'),
    ],
)
def test_json_records_are_columns_by_name_and_what_is_not_there_is_missing(
    lines: bool, text: str, tmp_path: Path
) -> None:
    outcome = analyze(tmp_path, {"data.json": text}, dataset_format=json.dumps({"json": {"lines": lines}}))
    assert outcome.statistics
    a, b = outcome.statistics["features"]
    assert (a["name"], a["inferred_type"]) == ("a", "Fractional")
    assert a["numerical_statistics"]["common"] == {"num_present": 2, "num_missing": 1}
    assert (b["name"], b["inferred_type"]) == ("b", "String")
    assert b["string_statistics"]["common"] == {"num_present": 1, "num_missing": 2}


def test_text_that_is_not_utf_8_is_refused_by_file_and_byte(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "data.csv").write_bytes(b"1\n\xff\n")
    outcome = analyze(tmp_path, {})
    assert outcome.code == 1
    assert outcome.message == "data.csv is not UTF-8 text: invalid start byte at byte 2"


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    outcome = analyze(tmp_path, {"data.csv": "\ufeffage\n1\n"}, dataset_format='{"csv":{"header":true}}')
    assert outcome.statistics
    assert outcome.statistics["features"][0]["name"] == "age"


def test_metrics_that_are_asked_for_are_said_to_be_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    analyze(tmp_path, {"data.csv": "1\n"}, publish_cloudwatch_metrics="Enabled")
    assert "this stand-in publishes none yet" in capsys.readouterr().out
