"""The jobs' scripts do their work under /opt/ml alone, and tell a user's mistake in one line."""

import json
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xgboost
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from pipelines.data import prepare
from pipelines.scripts import evaluate, preprocess
from pipelines.source import Source
from pipelines.train import HYPERPARAMETERS

SCRIPTS = Path(preprocess.__file__).parent
RUN_UNDER = (
    "import pathlib, runpy, sys; sys.exit(runpy.run_path(sys.argv[1])['main'](pathlib.Path(sys.argv[2])))"
)


@pytest.fixture(scope="module")
def preprocessed(source: Source, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A job directory after pre-processing part 1 and part 2."""
    root = tmp_path_factory.mktemp("ml")
    folder = root / "processing" / "input"
    prepare(folder, source)
    for batch in folder.glob("mammo-batch-*.csv"):
        batch.unlink()
    result = _run("preprocess.py", root)
    assert (result.returncode, result.stderr) == (0, "")
    return root


@pytest.fixture(scope="module")
def trained(preprocessed: Path) -> Path:
    """The job directory with a model that the platform's hyperparameters made, as the algorithm leaves it."""
    parameters = {name: value for name, value in HYPERPARAMETERS.items() if name != "num_round"}
    train = _read(preprocessed, "train")
    booster = xgboost.train(
        parameters | {"seed": 0},
        xgboost.DMatrix(train.iloc[:, 1:].to_numpy(), train[0]),
        num_boost_round=int(str(HYPERPARAMETERS["num_round"])),
    )
    _pack(booster, preprocessed)
    return preprocessed


def test_the_splits_are_70_15_15_of_all_the_files_rows(preprocessed: Path) -> None:
    sizes = [len(_read(preprocessed, name)) for name in ("train", "validation", "test", "baseline")]
    assert sizes == [639, 137, 137, 913]


def test_splits_have_the_label_first_and_the_baseline_has_none(preprocessed: Path) -> None:
    for name in ("train", "validation", "test"):
        assert set(_read(preprocessed, name)[0]) == {0, 1}
        assert _read(preprocessed, name).shape[1] == 6
    assert _read(preprocessed, "baseline").shape[1] == 5


def test_the_baseline_is_complete_and_integral_as_the_clean_batch_is(
    preprocessed: Path, source: Source, tmp_path: Path
) -> None:
    prepare(tmp_path, source)
    for text in (
        (preprocessed / "processing" / "baseline" / "baseline.csv").read_text(),
        (tmp_path / "mammo-batch-dataset.csv").read_text(),
    ):
        assert all(re.fullmatch(r"\d+(,\d+){4}", line) for line in text.splitlines())


def test_preprocessing_again_gives_the_same_files(preprocessed: Path, tmp_path: Path) -> None:
    (tmp_path / "processing").mkdir()
    (tmp_path / "processing" / "input").symlink_to(preprocessed / "processing" / "input")
    assert preprocess.main(tmp_path) == 0
    for name in ("train", "validation", "test", "baseline"):
        path = Path("processing") / name / f"{name}.csv"
        assert (tmp_path / path).read_bytes() == (preprocessed / path).read_bytes()


def test_the_model_of_the_platform_is_good_on_the_data(trained: Path, source: Source) -> None:
    result = _run("evaluate.py", trained)
    assert (result.returncode, result.stderr) == (0, "")
    auc = json.loads((trained / "processing" / "evaluation" / "evaluation.json").read_text())
    assert auc["binary_classification_metrics"]["auc"]["standard_deviation"] == "NaN"
    assert auc["binary_classification_metrics"]["auc"]["value"] > (0.7 if source.is_sample else 0.8)


def test_the_auc_is_of_probabilities_and_not_of_rounded_predictions(trained: Path) -> None:
    booster = evaluate.load_model(trained / "processing" / "model" / "model.tar.gz")
    test = _read(trained, "test")
    probabilities = booster.predict(xgboost.DMatrix(test.iloc[:, 1:].to_numpy()))
    score = evaluate.auc(booster, test)
    assert score == roc_auc_score(test[0], probabilities)
    assert score > roc_auc_score(test[0], np.round(probabilities))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"5,67,3,5,3,1\n4,43,1\n", "bad.csv, line 2: 3 values where 6 are expected"),
        (b"5,67,3,5,3,1\n4,4\xe9,1,1,3,1\n", "bad.csv is not UTF-8 text: byte 16 is no character"),
        (b"", "no rows in bad.csv"),
        (b"\n\n", "no rows in bad.csv"),
        (b"5,old,3,5,3,1\n", "bad.csv, line 1, age: 'old' is neither a number nor a gap (?)"),
        (b"5,inf,3,5,3,1\n", "bad.csv, line 1, age: 'inf' is neither a number nor a gap (?)"),
        (b"5,67,3,5,3,2\n", "bad.csv, line 1: the label is '2', not 0 or 1"),
        (b"5,67,3,5,3,?\n", "bad.csv, line 1: the label is '?', not 0 or 1"),
        (b"5,67,3,5,?,1\n" * 9, "no value at all in column density"),
        (b"5,67,3,5,3,1\n" * 3, "3 rows are too few to split 70/15/15"),
    ],
)
def test_a_bad_input_is_one_clear_line_and_the_jobs_exit_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, message: str
) -> None:
    (tmp_path / "processing" / "input").mkdir(parents=True)
    (tmp_path / "processing" / "input" / "bad.csv").write_bytes(content)
    assert preprocess.main(tmp_path) == 1
    assert capsys.readouterr().err == f"error: {message}\n"
    assert (tmp_path / "output" / "message").read_text() == message


def test_a_mistake_has_no_traceback(tmp_path: Path) -> None:
    result = _run("preprocess.py", tmp_path)
    assert result.returncode == 1
    assert result.stderr == f"error: no CSV file under {tmp_path}/processing/input\n"


def test_a_missing_model_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate.main(tmp_path) == 1
    assert capsys.readouterr().err == f"error: no model at {tmp_path}/processing/model/model.tar.gz\n"


def test_a_test_split_of_one_class_is_told(trained: Path) -> None:
    booster = evaluate.load_model(trained / "processing" / "model" / "model.tar.gz")
    with pytest.raises(evaluate.BadInputError, match="one class only"):
        evaluate.auc(booster, pd.DataFrame([[1, 5, 67, 3, 5, 3]] * 4))


numbers = st.one_of(st.integers(-1000, 1000).map(float), st.just(float("nan")))


@given(st.lists(st.tuples(*[numbers] * 6), min_size=1))
def test_filling_gaps_keeps_what_is_known_and_keeps_integers_integers(rows: list[tuple[float, ...]]) -> None:
    frame = pd.DataFrame(rows, columns=preprocess.COLUMNS)
    if frame.isna().all().any():
        return
    filled = preprocess.fill_gaps(frame)
    assert not filled.isna().any().any()
    assert set(filled.dtypes.astype(str)) == {"int64"}
    assert (filled.where(frame.notna()).fillna(0) == frame.fillna(0)).all().all()


@given(st.integers(7, 500))
def test_the_splits_share_out_every_row_once(size: int) -> None:
    frame = pd.DataFrame({name: range(size) for name in preprocess.COLUMNS})
    parts = preprocess.split(frame)
    ages = [age for part in parts.values() for age in part["age"]]
    assert sorted(ages) == list(range(size))


def _run(script: str, root: Path) -> subprocess.CompletedProcess[str]:
    """A script as a process of its own, which can import nothing of this project."""
    command = [sys.executable, "-I", "-c", RUN_UNDER, str(SCRIPTS / script), str(root)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=root)


def _read(root: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(root / "processing" / name / f"{name}.csv", header=None)


def _pack(booster: xgboost.Booster, root: Path) -> None:
    folder = root / "processing" / "model"
    folder.mkdir()
    (folder / "xgboost-model").write_bytes(booster.save_raw("ubj"))  # the format of a file without extension
    with tarfile.open(folder / "model.tar.gz", "w:gz") as archive:
        archive.add(folder / "xgboost-model", "xgboost-model")
