"""The XGBoost image trains like AWS's built-in algorithm."""

import json
import re
from pathlib import Path

import pytest
from algorithm.hyperparameters import RULES, validate
from algorithm.training import main

from .xgboost_runs import model_of, rows, train


def test_training_writes_a_model_that_xgboost_loads(tmp_path: Path) -> None:
    assert train(tmp_path) == (0, "")
    booster = model_of(tmp_path)
    assert booster.num_boosted_rounds() == 5
    assert booster.num_features() == 2


def test_each_round_is_logged_as_aws_logs_show_it(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    train(tmp_path, eval_metric="auc,error")
    lines = [line for line in capfd.readouterr().out.splitlines() if line.startswith("[")]
    assert len(lines) == 5
    number = r"[01]\.\d{5}"
    data = ["train", "validation"]
    pattern = "".join(f"#011{name}-{metric}:{number}" for name in data for metric in ("auc", "error"))
    for at, line in enumerate(lines):
        assert re.fullmatch(rf"\[{at}\]{pattern}", line)


def test_the_same_data_gives_the_same_model_byte_for_byte(tmp_path: Path) -> None:
    models = []
    for name in ("one", "two"):
        train(tmp_path / name)
        models.append((tmp_path / name / "model" / "xgboost-model").read_bytes())
    assert models[0] == models[1]


def test_another_seed_gives_another_model(tmp_path: Path) -> None:
    train(tmp_path / "one")
    train(tmp_path / "two", seed="7")
    assert (tmp_path / "one/model/xgboost-model").read_bytes() != (
        tmp_path / "two/model/xgboost-model"
    ).read_bytes()


def test_a_channel_is_all_its_files_in_folders_too(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    files = {"a.csv": rows(30), "deep/er/b.csv": rows(40), "_SUCCESS": "", ".part.crc": "x"}
    assert train(tmp_path, {"train": files})[0] == 0
    assert "Train matrix has 70 rows and 2 columns" in capfd.readouterr().out


def test_training_stops_early_when_validation_no_longer_gets_better(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    channels = {"train": {"a.csv": rows(200)}, "validation": {"a.csv": rows(5, 9)}}
    assert train(tmp_path, channels, num_round="200", early_stopping_rounds="3")[0] == 0
    logged = sum(line.startswith("[") for line in capfd.readouterr().out.splitlines())
    kept = model_of(tmp_path).num_boosted_rounds()
    assert logged < 200
    assert kept == logged - 3


def test_gaps_are_missing_values(tmp_path: Path) -> None:
    text = rows(50) + "1,,0.5\n0,0.1,\n"
    assert train(tmp_path, {"train": {"a.csv": text}}) == (0, "")


def test_weights_stand_after_the_label(tmp_path: Path) -> None:
    text = "".join(f"{i % 2},1.5,{i % 2}.5,{i}\n" for i in range(40))
    assert train(tmp_path, {"train": {"a.csv": text}}, csv_weights="1") == (0, "")
    assert model_of(tmp_path).num_features() == 2


@pytest.mark.parametrize("content_type", ["text/libsvm", "libsvm", None])
def test_libsvm_is_read_and_is_the_default(content_type: str | None, tmp_path: Path) -> None:
    text = "".join(f"{i % 2} 1:{i % 2}.5 3:{i}\n" for i in range(40))
    assert train(tmp_path, {"train": {"a.libsvm": text}}, content_type) == (0, "")
    assert model_of(tmp_path).num_features() == 3


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"num_round": ""}, "Missing required hyperparameter: num_round"),
        ({"depth": "3"}, "Extraneous hyperparameter found: depth"),
        ({"max_depth": "deep"}, "Hyperparameter max_depth: could not parse value 'deep'"),
        ({"num_round": "5.5"}, "Hyperparameter num_round: could not parse value '5.5'"),
        ({"num_round": "0"}, "Hyperparameter num_round: value 0 not in range [1, +inf)"),
        ({"eta": "1.5"}, "Hyperparameter eta: value 1.5 not in range [0, 1]"),
        ({"learning_rate": "-1"}, "Hyperparameter eta: value -1.0 not in range [0, 1]"),
        ({"subsample": "0"}, "Hyperparameter subsample: value 0.0 not in range (0, 1]"),
        (
            {"booster": "gbforest"},
            "Hyperparameter booster: value gbforest not in range ['gbtree', 'gblinear', 'dart']",
        ),
        (
            {"objective": "multi:softmax", "eval_metric": "merror"},
            "Require input for parameter 'num_class' for multi-classification",
        ),
        (
            {"objective": "reg:squarederror"},
            "Metric 'auc' can only be applied for classification and ranking problems.",
        ),
        ({"eval_metric": "error@much"}, "Threshold value 't' in 'error@t' expects float input."),
    ],
)
def test_a_bad_hyperparameter_is_the_customers_error(
    parameters: dict[str, str], reason: str, tmp_path: Path
) -> None:
    assert train(tmp_path, **parameters) == (1, f"Customer Error: {reason}")
    assert not (tmp_path / "model" / "xgboost-model").exists()


@pytest.mark.parametrize(
    ("channels", "reason"),
    [
        ({"train": {"a.csv": "1,2\n0,3,4\n"}}, "a.csv, row 2: 3 columns where 2 were expected"),
        ({"train": {"a.csv": "label,x\n1,2\n"}}, "a.csv, row 1: 'label' is not a number"),
        ({"train": {"a.csv": "1,2\n", "b.csv": "1,2,3\n"}}, "b.csv has 3 columns, a.csv has 2"),
        ({"train": {"a.csv": "1\n0\n"}}, "a.csv: 1 columns, but 1 come before the features"),
        ({"train": {"a.csv": ",2\n"}}, "A row has no label or no weight"),
        ({"validation": {"a.csv": "1,2\n"}}, "Missing required channel: train"),
        ({"train": {"a.csv": "1,2\n"}, "test": {"a.csv": "1,2\n"}}, "Extraneous channel found: test"),
        (
            {"train": {"a.csv": "1,2\n0,1\n"}, "validation": {"a.csv": "1,2,3\n"}},
            "The validation channel has 2 features, the train channel 1",
        ),
    ],
)
def test_bad_data_is_the_customers_error(
    channels: dict[str, dict[str, str]], reason: str, tmp_path: Path
) -> None:
    assert train(tmp_path, channels) == (1, f"Customer Error: {reason}")


def test_an_empty_channel_is_the_customers_error(tmp_path: Path) -> None:
    folder = tmp_path / "input" / "data" / "train"
    assert train(tmp_path, {"train": {}}) == (1, f"Customer Error: No data in channel path {folder}")


def test_labels_out_of_range_are_told_in_xgboosts_words(tmp_path: Path) -> None:
    code, reason = train(tmp_path, {"train": {"a.csv": "0,1\n0,2\n0,3\n0,4\n2,5\n"}})
    assert code == 1
    assert reason.startswith("Customer Error: ")
    assert "label must be in (0, 1) for logistic regression" in reason
    assert "\n" not in reason


@pytest.mark.parametrize(
    ("content_type", "reason"),
    [
        ("text/csv; label_size=2", "Optional parameter label_size must be equal to 1"),
        ("application/json", "application/json is not an accepted ContentType"),
    ],
)
def test_a_bad_content_type_is_the_customers_error(content_type: str, reason: str, tmp_path: Path) -> None:
    code, told = train(tmp_path, content_type=content_type)
    assert code == 1
    assert reason in told


def test_a_missing_configuration_is_told_by_its_path(tmp_path: Path) -> None:
    assert main(tmp_path) == 1
    assert "hyperparameters.json does not exist" in (tmp_path / "output" / "failure").read_text()


def test_several_instances_are_refused_rather_than_quietly_made_one(tmp_path: Path) -> None:
    train(tmp_path)
    hosts = {"current_host": "algo-1", "hosts": ["algo-1", "algo-2"]}
    (tmp_path / "input" / "config" / "resourceconfig.json").write_text(json.dumps(hosts))
    assert main(tmp_path) == 1
    assert "2 instances" in (tmp_path / "output" / "failure").read_text()


def test_the_platforms_own_hyperparameters_are_known() -> None:
    given = {
        "objective": "binary:logistic",
        "eval_metric": "auc",
        "num_round": "50",
        "max_depth": "5",
        "eta": "0.2",
        "gamma": "4",
        "min_child_weight": "6",
        "subsample": "0.7",
    }
    assert validate(given)["min_child_weight"] == 6.0
    assert given.keys() <= RULES.keys()
