"""Jobs that go wrong: each says why in one line, and leaves nothing."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from harness.model import Json
from harness.stack import Stack
from tests.e2e.account import MONITOR, ROOT, SCIKIT_LEARN, Account

PREPROCESS = (ROOT / "pipelines/scripts/preprocess.py").read_text()


def preprocess(dev: Account, batch: str | bytes) -> Json:
    place = f"batches/{time.monotonic_ns()}"
    script, data = (
        dev.put(f"{place}/code/preprocess.py", PREPROCESS),
        dev.put(f"{place}/data/part.csv", batch),
    )
    return dev.process(
        AppSpecification={
            "ImageUri": SCIKIT_LEARN,
            "ContainerEntrypoint": ["python3", "/opt/ml/processing/input/code/preprocess.py"],
        },
        ProcessingInputs=[
            dev.input(script, "input/code", "code"),
            dev.input(data, "input", "data"),
        ],
        ProcessingOutputConfig=dev.output("train"),
    )


def monitor(dev: Account, batch: str | bytes) -> Json:
    data = dev.put(f"monitored/{time.monotonic_ns()}/part.csv", batch)
    return dev.process(
        AppSpecification={"ImageUri": MONITOR},
        Environment={
            "dataset_format": '{"csv": {"header": false}}',
            "dataset_source": "/opt/ml/processing/input/batch",
            "output_path": "/opt/ml/processing/output",
        },
        ProcessingInputs=[dev.input(data, "input/batch")],
        ProcessingOutputConfig=dev.output("output"),
    )


BATCHES = {
    "ragged rows": (
        b"1,2,3,4,5,0\n1,2,3\n",
        "part.csv, line 2: 3 values where 6 are expected",
        "row 2: 3 fields",
    ),
    "another encoding": ("é,2,3,4,5,0\n".encode("latin-1"), "part.csv is not UTF-8 text: byte 0", "UTF-8"),
    "no rows": (b"", "no rows in part.csv", "has no rows"),
    "binary rubbish": (bytes(range(256)) * 4, "part.csv is not UTF-8 text", "UTF-8"),
}


@pytest.mark.parametrize("batch", BATCHES)
def test_preprocessing_a_bad_batch_fails_with_its_reason_in_one_line(dev: Account, batch: str) -> None:
    body, reason, _ = BATCHES[batch]
    told = preprocess(dev, body)
    assert told["ProcessingJobStatus"] == "Failed"
    assert told["FailureReason"] == "AlgorithmError: , exit code: 1"
    assert reason in told["ExitMessage"]
    assert "\n" not in told["ExitMessage"]
    log = dev.logged("/aws/sagemaker/ProcessingJobs", told["ProcessingJobName"])
    assert reason in log
    assert "Traceback" not in log
    assert dev.keys(told["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"]) == []


@pytest.mark.parametrize("batch", BATCHES)
def test_monitoring_a_bad_batch_fails_with_its_reason_in_one_line(dev: Account, batch: str) -> None:
    body, _, reason = BATCHES[batch]
    told = monitor(dev, body)
    assert told["ProcessingJobStatus"] == "Failed"
    assert reason in told["ExitMessage"]
    assert "\n" not in told["ExitMessage"]
    assert "Traceback" not in dev.logged("/aws/sagemaker/ProcessingJobs", told["ProcessingJobName"])


def test_a_script_that_crashes_fails_its_job_and_its_traceback_is_in_the_log(dev: Account) -> None:
    told = dev.run("1/0")
    assert told["ProcessingJobStatus"] == "Failed"
    assert told["FailureReason"] == "AlgorithmError: , exit code: 1"
    assert "ZeroDivisionError" in dev.logged("/aws/sagemaker/ProcessingJobs", told["ProcessingJobName"])


def test_a_script_that_hangs_is_stopped_at_its_time_limit(dev: Account) -> None:
    began = time.monotonic()
    told = dev.run("import time; time.sleep(600)", StoppingCondition={"MaxRuntimeInSeconds": 1})
    assert told["ProcessingJobStatus"] == "Stopped"
    assert time.monotonic() - began < 10


def test_a_script_that_ignores_its_time_limit_is_killed(dev: Account) -> None:
    script = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
    began = time.monotonic()
    told = dev.run(script, StoppingCondition={"MaxRuntimeInSeconds": 1})
    assert told["ProcessingJobStatus"] == "Stopped"
    assert time.monotonic() - began < 15


def test_a_script_that_is_killed_fails_its_job_as_running_out_of_memory_would(dev: Account) -> None:
    told = dev.run("import os; os.kill(os.getpid(), 9)")
    assert told["ProcessingJobStatus"] == "Failed"
    assert told["FailureReason"] == "AlgorithmError: , exit code: 137"


def test_a_script_that_kills_all_it_can_reach_leaves_the_harness_standing(
    dev: Account, gateway: Stack
) -> None:
    told = dev.run("import os; os.kill(-1, 9)")
    assert told["ProcessingJobStatus"] == "Failed"
    assert gateway.alive()
    assert dev.run("print('next')")["ProcessingJobStatus"] == "Completed"


def test_a_script_that_writes_no_output_completes_with_nothing_uploaded(dev: Account) -> None:
    told = dev.run("pass", ProcessingOutputConfig=dev.output("out"))
    assert told["ProcessingJobStatus"] == "Completed"
    assert dev.keys(told["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"]) == []


@pytest.mark.parametrize(
    "uri", ["s3://e2e-sagemaker-data/no/such/object.csv", "s3://no-such-bucket-sagemaker/x"]
)
def test_an_input_that_is_not_there_fails_the_job_by_name(dev: Account, uri: str) -> None:
    told = dev.run("pass", ProcessingInputs=[dev.input(uri, "input")])
    assert told["ProcessingJobStatus"] == "Failed"
    assert told["FailureReason"].startswith("ClientError: ")
    assert uri.split("/")[2] in told["FailureReason"]
    assert "\n" not in told["FailureReason"]


def test_an_image_that_is_not_in_the_catalogue_fails_the_job_and_says_where_the_catalogue_is(
    dev: Account,
) -> None:
    told = dev.process(AppSpecification={"ImageUri": "111122223333.dkr.ecr.us-east-1.amazonaws.com/mine:1"})
    assert told["ProcessingJobStatus"] == "Failed"
    assert "mine:1 is not in the catalogue" in told["FailureReason"]
    assert "images/catalogue.toml" in told["FailureReason"]


def test_a_role_that_does_not_exist_is_refused_when_the_job_is_created(dev: Account) -> None:
    with pytest.raises(ClientError, match="nobody"):
        dev.process(RoleArn=dev.role.replace("worker", "nobody"))


def test_a_training_job_without_data_fails_with_its_reason(dev: Account) -> None:
    sagemaker, name = dev.client("sagemaker"), f"training-{time.monotonic_ns()}"
    sagemaker.create_training_job(
        TrainingJobName=name,
        RoleArn=dev.role,
        AlgorithmSpecification={
            "TrainingImage": "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1",
            "TrainingInputMode": "File",
        },
        InputDataConfig=[
            {
                "ChannelName": "train",
                "ContentType": "text/csv",
                "DataSource": {
                    "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{dev.bucket}/nothing/here"}
                },
            }
        ],
        OutputDataConfig={"S3OutputPath": f"s3://{dev.bucket}/models"},
        ResourceConfig={"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 10},
        StoppingCondition={"MaxRuntimeInSeconds": 60},
        HyperParameters={"num_round": "2"},
    )
    while True:
        told = sagemaker.describe_training_job(TrainingJobName=name)
        if told["TrainingJobStatus"] not in ("InProgress", "Stopping"):
            break
    assert told["TrainingJobStatus"] == "Failed"
    assert "nothing/here" in told["FailureReason"]


def test_no_job_leaves_a_folder_or_an_activity_behind(dev: Account, gateway: Stack) -> None:
    dev.run("open('/opt/ml/litter', 'w').write('x'); open('/tmp/e2e-litter', 'w').write('x')")
    assert gateway.client.settle() == []
    assert [f.name for f in (gateway.folder / "jobs").iterdir()] == ["functions"]  # where their code is kept
    assert not Path("/tmp/e2e-litter").exists()
