"""Batch transform jobs follow SageMaker's contract."""

from __future__ import annotations

import gzip
import threading

import pytest

from harness.jobs import transform
from harness.jobs.s3data import pack

BUCKET = "job-data"


@pytest.fixture
def predict(jobs, tmp_path):
    """Runs a transform of what is under in/; members of the request's parts can be changed."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "model.bin").write_text("weights")
    pack(folder, tmp_path / "model.tar.gz")
    artifact = jobs.put("model.tar.gz", (tmp_path / "model.tar.gz").read_bytes())

    def run(given=(), wanted=(), container=(), **changes):
        s3_source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/in/"}
        request = {
            "TransformJobName": "the-job",
            "ModelName": "the-model",
            "TransformInput": {
                "DataSource": {"S3DataSource": s3_source},
                "ContentType": "text/csv",
                "SplitType": "Line",
                **dict(given),
            },
            "TransformOutput": {"S3OutputPath": f"s3://{BUCKET}/out", "AssembleWith": "Line", **dict(wanted)},
            "TransformResources": {"InstanceCount": 1, "InstanceType": "ml.m5.large"},
            **changes,
        }
        primary = {"Image": "registry/stand-in:1", "ModelDataUrl": artifact, **dict(container)}
        return jobs("transform", request, {"ModelName": "the-model", "PrimaryContainer": primary})

    return run


def test_each_object_gets_its_predictions(jobs, predict):
    jobs.put("in/a.csv", "1,2,3\n4,5\n")
    jobs.put("in/deep/b.csv", "6\n")
    result = predict()
    assert (result.status, result.failure_reason) == ("Completed", "")
    assert jobs.get("out/a.csv.out") == b"3\n2\n"
    assert jobs.get("out/deep/b.csv.out") == b"1\n"
    assert jobs.log[0] == "model: ['model.bin']"
    assert jobs.log[1].endswith(
        "[sagemaker logs]: MaxConcurrentTransforms=1, MaxPayloadInMB=6, BatchStrategy=MULTI_RECORD"
    )
    assert jobs.log[2] == "text/csv 2 rows"


def test_a_single_object_keeps_its_own_name(jobs, predict):
    uri = jobs.put("in/a.csv", "1\n")
    predict(given={"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}}})
    assert jobs.keys("out/") == ["out/a.csv.out"]


def test_single_records_go_one_by_one(jobs, predict):
    jobs.put("in/a.csv", "1,2\n3\n")
    predict(BatchStrategy="SingleRecord")
    assert jobs.get("out/a.csv.out") == b"2\n1\n"
    assert jobs.log[-2:] == ["text/csv 1 rows", "text/csv 1 rows"]


def test_without_split_the_object_goes_whole(jobs, predict):
    jobs.put("in/a.csv", "1,2\n3\n")
    predict(given={"SplitType": "None"}, wanted={"AssembleWith": "None"})
    assert jobs.get("out/a.csv.out") == b"2\n1"


def test_a_compressed_object_is_unpacked(jobs, predict):
    jobs.put("in/a.csv.gz", gzip.compress(b"1,2\n"))
    predict(given={"CompressionType": "Gzip"})
    assert jobs.get("out/a.csv.gz.out") == b"2\n"


def test_rows_are_filtered_and_joined(jobs, predict):
    jobs.put("in/a.csv", "id1,2,3\nid2,5,6\n")
    predict(DataProcessing={"InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"})
    assert jobs.get("out/a.csv.out") == b"id1,2\nid2,2\n"


def test_predictions_are_encrypted_with_the_key(jobs, predict):
    jobs.put("in/a.csv", "1\n")
    key = "arn:aws:kms:us-east-1:111111111111:key/1234"
    predict(wanted={"KmsKeyId": key})
    head = jobs.s3.head_object(Bucket=BUCKET, Key="out/a.csv.out")
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key)


@pytest.mark.parametrize(
    ("row", "reason", "said"),
    [
        ("bad", "ClientError: See job logs for more information", ["ClientError: 415", "", "Message:"]),
        (
            "broken",
            "AlgorithmError: See job logs for more information",
            ["Bad HTTP status received from algorithm: 500", "", "Message:"],
        ),
    ],
)
def test_what_the_model_refuses_fails_the_job_and_its_log_has_the_answer(jobs, predict, row, reason, said):
    jobs.put("in/a.csv", f"{row}\n")
    result = predict()
    assert (result.status, result.failure_reason) == ("Failed", reason)
    told = [line.split(f"{BUCKET}/in/a.csv: ", 1)[-1] for line in jobs.log[-4:]]
    assert told[:3] == said
    assert told[3] in ("I can't read this", "oops")
    assert jobs.keys("out/") == []


def test_a_server_that_dies_on_a_record_fails_the_job(jobs, predict):
    jobs.put("in/a.csv", "die\n")
    assert predict().failure_reason == "AlgorithmError: See job logs for more information"


def test_a_server_that_never_starts_fails_the_job(jobs, predict):
    jobs.put("in/a.csv", "1\n")
    result = predict(Environment={"PING": "die"})
    assert result.failure_reason == "AlgorithmError: See job logs for more information"
    assert result.log_tail == ("no model here",)


def test_a_server_that_answers_no_ping_fails_the_job(jobs, predict, monkeypatch):
    monkeypatch.setattr(transform, "PING_DEADLINE", 0.5)
    jobs.put("in/a.csv", "1\n")
    assert (
        "failed to respond to ping" in predict(container={"Environment": {"PING": "refuse"}}).failure_reason
    )


def test_a_slow_record_can_be_stopped(jobs, predict):
    jobs.put("in/a.csv", "sleep\n")
    jobs.on_line = lambda line: "sagemaker logs" in line and threading.Timer(0.2, jobs.stop.set).start()
    assert predict().status == "Stopped"


def test_a_record_over_the_payload_fails(jobs, predict):
    jobs.put("in/a.csv", "x" * 1024 * 1024 + "y\n")
    result = predict(MaxPayloadInMB=1)
    assert result.failure_reason == "ClientError: See job logs for more information"
    assert "larger than MaxPayloadInMB" in jobs.log[-1]


def test_a_missing_artifact_fails_with_its_name(jobs, predict):
    jobs.put("in/a.csv", "1\n")
    url = f"s3://{BUCKET}/gone.tar.gz"
    result = predict(container={"ModelDataUrl": url})
    assert (
        f'Failed to download model data for container "container_1" from URL: "{url}"'
        in result.failure_reason
    )
    assert "NoSuchKey" in result.failure_reason


def test_missing_input_fails(predict):
    assert "No S3 objects found" in predict().failure_reason


@pytest.mark.parametrize(
    ("given", "changes", "what"),
    [
        ({"SplitType": "RecordIO"}, {}, "SplitType RecordIO"),
        ({}, {"DataProcessing": {"InputFilter": "$.features"}}, "the filter $.features"),
        (
            {"ContentType": "application/json"},
            {"DataProcessing": {"JoinSource": "Input"}},
            "DataProcessing of",
        ),
        ({}, {"TransformResources": {"InstanceCount": 2}}, "more than one instance"),
    ],
)
def test_what_is_not_supported_fails_and_says_so(jobs, predict, given, changes, what):
    jobs.put("in/a.csv", "1\n")
    result = predict(given=given, **changes)
    assert result.failure_reason.startswith("ClientError: The harness does not support")
    assert what in result.failure_reason
