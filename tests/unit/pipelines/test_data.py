"""The split loses no row, the clean batch is like the baseline, and the outliers are not."""

import re
from collections import Counter
from math import sqrt
from pathlib import Path

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import data
from pipelines.data import clean, items, main, prepare, split, upload, with_outliers
from pipelines.environment import PREFIX, Environment
from pipelines.errors import BadDataError
from pipelines.sample import Row
from pipelines.source import Source
from pipelines.telling import carry_out

COMPARISON_THRESHOLD = 0.1


@given(st.lists(st.tuples(st.text(), st.sampled_from("01"))))
def test_a_split_loses_no_row_and_repeats_none(rows: list[Row]) -> None:
    parts = split(rows)
    assert Counter(parts.part_1 + parts.part_2 + parts.batch) == Counter(rows)


@given(st.integers(0, 3000))
def test_a_split_has_the_platforms_shares(size: int) -> None:
    parts = split([(str(number),) for number in range(size)])
    assert len(parts.batch) == round(0.05 * size)
    assert len(parts.part_2) == round(0.10 * (size - len(parts.batch)))


def test_the_split_is_the_same_every_time(source: Source) -> None:
    assert split(source.rows) == split(source.rows)
    parts = split(source.rows)
    assert (len(parts.part_1), len(parts.part_2), len(parts.batch)) == (822, 91, 48)


def test_the_clean_batch_is_the_batch_without_label_and_gaps(source: Source) -> None:
    batch = split(source.rows).batch
    cleaned = clean(batch, source.rows)
    assert len(cleaned) == len(batch)
    for before, after in zip(batch, cleaned, strict=True):
        assert all(new.isdigit() and old in (new, "?") for old, new in zip(before[:-1], after, strict=True))


def test_the_clean_batch_does_not_drift_from_part_1(source: Source) -> None:
    parts = split(source.rows)
    assert _drifting(clean(parts.part_1, source.rows), clean(parts.batch, source.rows)) == []


def test_the_batch_with_outliers_breaks_completeness_types_and_drift(source: Source) -> None:
    parts = split(source.rows)
    outliers = with_outliers(parts.batch)
    birads, age, shape, margin, density = zip(*outliers, strict=True)
    assert "" in density
    assert any(re.fullmatch(r"\d\.5", text) for text in shape)
    assert "spiculated" in margin
    assert "-3" in density
    assert "55" in birads
    before: list[Row] = [row[1:2] for row in clean(parts.part_1, source.rows)]
    after: list[Row] = [(text,) for text in age if text]
    assert _drifting(before, after) == [0]


def test_every_gap_of_the_batch_is_an_empty_field_among_the_outliers(source: Source) -> None:
    batch = split(source.rows).batch
    for before, after in zip(batch, with_outliers(batch), strict=True):
        assert [old == "?" for old in before[:-1]] == [new == "" for new in after]


def test_prepare_writes_the_four_files(tmp_path: Path, source: Source) -> None:
    files = prepare(tmp_path / "data", source)
    assert [(file.name, file.rows) for file in files] == [
        ("mammo-train-dataset-part1.csv", 822),
        ("mammo-train-dataset-part2.csv", 91),
        ("mammo-batch-dataset.csv", 48),
        ("mammo-batch-dataset-outliers.csv", 48),
    ]
    lines = {file.name: Path(file.place).read_text().splitlines() for file in files}
    assert {name: {line.count(",") for line in of_file} for name, of_file in lines.items()} == {
        "mammo-train-dataset-part1.csv": {5},
        "mammo-train-dataset-part2.csv": {5},
        "mammo-batch-dataset.csv": {4},
        "mammo-batch-dataset-outliers.csv": {4},
    }


def test_dev_holds_part_1_and_the_batches(
    tmp_path: Path, sample_source: Source, environment: Environment, account: boto3.Session
) -> None:
    prepare(tmp_path, sample_source)
    assert [str(item).split() for item in upload(environment, account, tmp_path)] == [
        ["created", "file", "mammo-train-dataset-part1.csv"],
        ["created", "file", "mammo-batch-dataset.csv"],
        ["created", "file", "mammo-batch-dataset-outliers.csv"],
    ]
    assert _keys(environment, account) == [
        "data/batch-dataset/mammo-batch-dataset-outliers.csv",
        "data/batch-dataset/mammo-batch-dataset.csv",
        "data/train-dataset/mammo-train-dataset-part1.csv",
    ]


def test_prod_holds_part_2_as_well(
    tmp_path: Path, sample_source: Source, account: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    prod = Environment.named("prod")
    monkeypatch.setenv("MOTO_ACCOUNT_ID", prod.account_id)
    account.client("s3").create_bucket(Bucket=prod.bucket_name)
    prepare(tmp_path, sample_source)
    assert len(upload(prod, account, tmp_path)) == 4
    assert "data/train-dataset/mammo-train-dataset-part2.csv" in _keys(prod, account)


def test_without_a_directory_the_files_are_prepared(
    sample_source: Source,
    environment: Environment,
    account: boto3.Session,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(data, "load", lambda: sample_source)
    assert {item.change for item in upload(environment, account)} == {"created"}
    assert len(_keys(environment, account)) == 3
    assert {item.change for item in upload(environment, account)} == {"unchanged"}


def test_the_stand_in_sample_replaces_no_other_data(
    sample_source: Source,
    environment: Environment,
    account: boto3.Session,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(data, "load", lambda: Source(sample_source.rows[:100], "the data"))
    upload(environment, account)
    monkeypatch.setattr(data, "load", lambda: sample_source)
    with pytest.raises(BadDataError, match="which the stand-in sample would replace: name the data in MAMMO"):
        upload(environment, account)


def test_uploading_again_changes_nothing(
    tmp_path: Path,
    sample_source: Source,
    environment: Environment,
    account: boto3.Session,
    calls: list[str],
) -> None:
    prepare(tmp_path, sample_source)
    upload(environment, account, tmp_path)
    calls.clear()
    assert {item.change for item in upload(environment, account, tmp_path)} == {"unchanged"}
    assert set(calls) == {"GetCallerIdentity", "HeadObject"}


def test_a_file_with_another_content_is_updated_whoever_put_it(
    tmp_path: Path, sample_source: Source, environment: Environment, account: boto3.Session
) -> None:
    prepare(tmp_path, sample_source)
    upload(environment, account, tmp_path)
    (tmp_path / "mammo-batch-dataset.csv").write_text("5,67,3,5,3\n")
    part_1 = f"{PREFIX}/data/train-dataset/mammo-train-dataset-part1.csv"
    account.client("s3").put_object(Bucket=environment.bucket_name, Key=part_1, Body=b"somebody else's")
    again = upload(environment, account, tmp_path)
    assert [item.change for item in again] == ["updated", "updated", "unchanged"]
    assert "+" in again[0].diff
    stored = account.client("s3").get_object(Bucket=environment.bucket_name, Key=part_1)["Body"].read()
    assert stored == (tmp_path / "mammo-train-dataset-part1.csv").read_bytes()


def test_a_plan_uploads_nothing_and_needs_no_bucket(
    tmp_path: Path, sample_source: Source, environment: Environment, account: boto3.Session
) -> None:
    prepare(tmp_path, sample_source)
    account.client("s3").delete_bucket(Bucket=environment.bucket_name)
    planned = list(carry_out(environment, account, items(environment, account, tmp_path), plan=True))
    assert [item.change for item in planned] == ["created"] * 3
    assert planned[0].diff == f"+{environment.s3('data', 'train-dataset', 'mammo-train-dataset-part1.csv')}"


def test_uploading_what_was_not_prepared_says_what_to_do(
    tmp_path: Path, environment: Environment, account: boto3.Session
) -> None:
    with pytest.raises(BadDataError, match=r"part1\.csv: No such file or directory; make it with"):
        upload(environment, account, tmp_path)


def test_the_command_prints_each_file_its_rows_and_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, source: Source
) -> None:
    monkeypatch.setattr("pipelines.data.load", lambda: source)
    assert main(["prepare", "--out", str(tmp_path)]) == 0
    first, *_ = capsys.readouterr().out.splitlines()
    assert first.split() == [
        "mammo-train-dataset-part1.csv",
        "822",
        "rows",
        str(tmp_path / "mammo-train-dataset-part1.csv"),
    ]


def test_a_mistake_is_one_line_and_exit_code_1(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAMMOGRAPHY_DATA", "/nowhere")
    assert main(["prepare", "--out", "/nowhere"]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def _keys(environment: Environment, account: boto3.Session) -> list[str]:
    objects = account.client("s3").list_objects_v2(Bucket=environment.bucket_name)["Contents"]
    return [found["Key"].removeprefix(f"{PREFIX}/") for found in objects]


def _drifting(baseline: list[Row], batch: list[Row]) -> list[int]:
    """The columns that Model Monitor's robust comparison finds drifted."""
    n, m = len(baseline), len(batch)
    pairs = enumerate(zip(zip(*baseline, strict=True), zip(*batch, strict=True), strict=True))
    return [
        column
        for column, (before, after) in pairs
        if max(0.0, _cdf_difference(before, after) - 1.8 * sqrt((n + m) / (n * m))) > COMPARISON_THRESHOLD
    ]


def _cdf_difference(before: Row, after: Row) -> float:
    ours, theirs = [int(text) for text in before], [int(text) for text in after]
    return max(
        abs(sum(v <= x for v in ours) / len(ours) - sum(v <= x for v in theirs) / len(theirs))
        for x in {*ours, *theirs}
    )
