"""Job contract: training."""

from __future__ import annotations

import json
import random
from typing import Any

from tests.conformance.test_processing import FOREVER
from tests.conformance.workbench import (
    channel,
    ended,
    key_of,
    train,
    training_request,
    under,
    unpacked,
)
from tests.e2e.account import Account

LEAVE = """
import json, os, sys
from pathlib import Path
def leave(what): Path("/opt/ml/model/told.json").write_text(json.dumps(what))
"""


def archive(dev: Account, job: Any, name: str = "model") -> dict[str, bytes]:
    """The files of a job's model.tar.gz (or output.tar.gz)."""
    folder = job["ModelArtifacts"]["S3ModelArtifacts"].rpartition("/")[0]
    return unpacked(under(dev, folder)[f"{name}.tar.gz"])


def left_by(dev: Account, script: str, **changes: Any) -> Any:
    """What a script `leave`s as its model."""
    job = train(dev, LEAVE + script, **changes)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    return json.loads(archive(dev, job)["told.json"])


def test_channels(dev: Account) -> None:
    """A job finds each channel's files in /opt/ml/input/data"""
    script = "leave({p.parent.name: p.read_text() for p in Path('/opt/ml/input/data').glob('*/part.csv')})"
    channels = [channel(dev, "train", "1,2"), channel(dev, "validation", "3,4")]
    assert left_by(dev, script, InputDataConfig=channels) == {"train": "1,2\n", "validation": "3,4\n"}


def test_the_jobs_configuration(dev: Account) -> None:
    """A job finds its hyperparameters as text, its channels and its resources in /opt/ml/input/config"""
    script = """
names = ("hyperparameters", "inputdataconfig", "resourceconfig")
leave([json.loads(Path(f"/opt/ml/input/config/{name}.json").read_text()) for name in names])
"""
    channels = [channel(dev, "train", "1", ContentType="text/csv")]
    hyperparameters, inputs, resources = left_by(
        dev, script, InputDataConfig=channels, HyperParameters={"eta": "0.2", "rounds": "50"}
    )
    assert hyperparameters == {"eta": "0.2", "rounds": "50"}
    assert inputs["train"] == {
        "ContentType": "text/csv",
        "TrainingInputMode": "File",
        "S3DistributionType": "FullyReplicated",
        "RecordWrapperType": "None",
    }
    assert (resources["current_host"], resources["hosts"]) == ("algo-1", ["algo-1"])


def test_the_environment(dev: Account) -> None:
    """A job knows its own name and ARN, and has the request's environment"""
    script = "leave([os.environ[n] for n in ('TRAINING_JOB_NAME', 'TRAINING_JOB_ARN', 'STAGE')])"
    name, arn, stage = left_by(dev, script, Environment={"STAGE": "dev"})
    assert (arn.endswith(f":training-job/{name}"), stage) == (True, "dev")


def test_the_model_and_the_output(dev: Account) -> None:
    """What a job writes to /opt/ml/model is its model.tar.gz; /opt/ml/output/data, its output.tar.gz"""
    job = train(dev, f"{LEAVE}leave(1); Path('/opt/ml/output/data/auc.txt').write_text('0.9')")
    assert job["ModelArtifacts"]["S3ModelArtifacts"].endswith(
        f"/{job['TrainingJobName']}/output/model.tar.gz"
    )
    assert archive(dev, job) == {"told.json": b"1"}
    assert archive(dev, job, "output") == {"auc.txt": b"0.9"}


def test_the_failure_file(dev: Account) -> None:
    """What a failing job writes to /opt/ml/output/failure is in its failure reason, with the exit code"""
    job = train(dev, "open('/opt/ml/output/failure', 'w').write('no rows'); raise SystemExit(2)")
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"] == "AlgorithmError: no rows, exit code: 2"


def test_an_encrypted_model(dev: Account) -> None:
    """A model is encrypted with the key that the request names"""
    key = dev.client("kms").create_key()["KeyMetadata"]["Arn"]
    output = {"S3OutputPath": f"s3://{dev.bucket}/models", "KmsKeyId": key}
    job = train(dev, f"{LEAVE}leave(1)", OutputDataConfig=output)
    assert key_of(dev, job["ModelArtifacts"]["S3ModelArtifacts"]) == key


def test_a_missing_channel(dev: Account) -> None:
    """A job whose channel has no data fails before it begins"""
    nothing = channel(dev, "train", "1")
    nothing["DataSource"]["S3DataSource"]["S3Uri"] = f"s3://{dev.bucket}/nowhere/"
    job = train(dev, "pass", InputDataConfig=[nothing])
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("ClientError: ")


def test_a_job_that_is_stopped(dev: Account) -> None:
    """A job that is stopped ends as Stopped"""
    request = training_request(dev, FOREVER)
    sagemaker, name = dev.client("sagemaker"), request["TrainingJobName"]
    sagemaker.create_training_job(**request)
    sagemaker.stop_training_job(TrainingJobName=name)
    assert ended(dev, "Training", name)["TrainingJobStatus"] == "Stopped"
    assert dev.stack.client.settle(timeout=30) == []


def test_the_time_limit(dev: Account) -> None:
    """A job is stopped at its time limit, and its model up to then is kept"""
    script = f"{LEAVE}leave(1)\n{FOREVER}"
    job = train(dev, script, StoppingCondition={"MaxRuntimeInSeconds": 2})
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")
    assert archive(dev, job) == {"told.json": b"1"}


def test_xgboost(dev: Account) -> None:
    """The XGBoost image's built-in algorithm trains a model, and logs its metric"""
    dice = random.Random(1)
    rows = [f"{int(x > 0.5)},{x},{dice.random()}" for x in (dice.random() for _ in range(200))]
    csv = {"ContentType": "text/csv"}
    job = train(
        dev,
        InputDataConfig=[channel(dev, "train", *rows, **csv), channel(dev, "validation", *rows, **csv)],
        HyperParameters={"objective": "binary:logistic", "eval_metric": "auc", "num_round": "5"},
    )
    assert job["TrainingJobStatus"] == "Completed"
    assert list(archive(dev, job)) == ["xgboost-model"]
    assert "validation-auc:" in dev.logged("/aws/sagemaker/TrainingJobs", job["TrainingJobName"])
