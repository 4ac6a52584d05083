"""Job contract: batch transform."""

from __future__ import annotations

import gzip

import pytest

from tests.conformance.workbench import (
    XGBOOST,
    channel,
    key_of,
    make_model,
    predictions,
    train,
    transform,
    transform_request,
)
from tests.e2e.account import Account
from tests.e2e.callers import refused


@pytest.fixture(scope="module")
def artifact(dev: Account) -> str:
    """The URI of a model that tells large from small first columns."""
    rows = channel(dev, "train", *(f"{int(n >= 50)},{n},0" for n in range(100)), ContentType="text/csv")
    settings = {"objective": "binary:logistic", "num_round": "10", "eta": "1"}
    job = train(dev, InputDataConfig=[rows], HyperParameters=settings)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    return str(job["ModelArtifacts"]["S3ModelArtifacts"])


@pytest.fixture(scope="module")
def model(dev: Account, artifact: str) -> str:
    return make_model(dev, XGBOOST, artifact)


def rounded(text: str) -> list[int]:
    return [round(float(line)) for line in text.splitlines()]


def test_each_file_gets_its_predictions(dev: Account, model: str) -> None:
    """Each file of the input gets a file of predictions, NAME.out, a line for each row"""
    job = transform(dev, model, "0,0\n99,0\n", "98,0\n")
    assert (job["TransformJobStatus"], job.get("FailureReason")) == ("Completed", None)
    found = predictions(dev, job)
    assert {name: rounded(text) for name, text in found.items()} == {"0.csv.out": [0, 1], "1.csv.out": [1]}


def test_records_one_by_one(dev: Account, model: str) -> None:
    """Rows are sent one by one under BatchStrategy SingleRecord, with the same predictions"""
    rows = "0,0\n99,0\n1,0\n"
    jobs = [transform(dev, model, rows, BatchStrategy=name) for name in ("MultiRecord", "SingleRecord")]
    many, one = (predictions(dev, job) for job in jobs)
    assert many == one
    assert rounded(one["0.csv.out"]) == [0, 1, 0]


def test_predictions_joined_with_their_rows(dev: Account, model: str) -> None:
    """Predictions are joined with their rows, and columns are filtered on the way in and out"""
    processing = {"InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"}
    job = transform(dev, model, "ann,99,0\nbob,0,0\n", DataProcessing=processing)
    rows = [line.split(",") for line in predictions(dev, job)["0.csv.out"].splitlines()]
    assert [(name, round(float(value))) for name, value in rows] == [("ann", 1), ("bob", 0)]


def test_compressed_input(dev: Account, model: str) -> None:
    """A compressed file is unpacked first"""
    uri = dev.put("compressed/batch.csv.gz", gzip.compress(b"99,0\n"))
    source = {"S3DataType": "S3Prefix", "S3Uri": uri}
    given = {"DataSource": {"S3DataSource": source}, "CompressionType": "Gzip"}
    job = transform(dev, model, given=given)
    (text,) = predictions(dev, job).values()
    assert rounded(text) == [1]


def test_encrypted_predictions(dev: Account, model: str) -> None:
    """Predictions are encrypted with the key that the request names"""
    key = dev.client("kms").create_key()["KeyMetadata"]["Arn"]
    request = transform_request(dev, model)
    output = {"S3OutputPath": request["TransformOutput"]["S3OutputPath"], "KmsKeyId": key}
    transform(dev, model, "1,0\n", wanted=output)
    assert key_of(dev, output["S3OutputPath"]) == key


def test_rows_that_the_model_refuses(dev: Account, model: str) -> None:
    """A row that the model refuses fails the job, and the log tells which file and why"""
    job = transform(dev, model, "not,a,number\n")
    assert job["TransformJobStatus"] == "Failed"
    assert job["FailureReason"] == "ClientError: See job logs for more information"
    assert "0.csv: " in dev.logged("/aws/sagemaker/TransformJobs", job["TransformJobName"])


def test_a_missing_model(dev: Account) -> None:
    """A model is not made of an artifact that is not there; where it has gone since, the job fails and names it"""
    uri = f"s3://{dev.bucket}/gone/model.tar.gz"
    code, _, message = refused(make_model, dev=dev, image=XGBOOST, artifact=uri)
    assert (code, uri in message) == ("ValidationException", True)
    model = make_model(dev, XGBOOST, dev.put("gone/model.tar.gz", "x"))
    dev.client("s3").delete_object(Bucket=dev.bucket, Key="gone/model.tar.gz")
    job = transform(dev, model, "1,0\n")
    assert job["TransformJobStatus"] == "Failed"
    assert uri in job["FailureReason"]


def test_a_models_life(dev: Account, artifact: str) -> None:
    """A model is described and listed, until it is deleted"""
    sagemaker, name = dev.client("sagemaker"), make_model(dev, XGBOOST, artifact, Environment={"A": "1"})
    container = sagemaker.describe_model(ModelName=name)["PrimaryContainer"]
    assert (container["ModelDataUrl"], container["Environment"]) == (artifact, {"A": "1"})
    listed = sagemaker.get_paginator("list_models").paginate()
    assert name in [m["ModelName"] for page in listed for m in page["Models"]]
    sagemaker.delete_model(ModelName=name)
    assert name not in [m["ModelName"] for page in listed for m in page["Models"]]
