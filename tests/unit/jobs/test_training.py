"""Training jobs follow SageMaker's contract."""

from __future__ import annotations

import io
import json
import tarfile
import threading

import pytest

BUCKET = "job-data"

MODEL = "models/the-job/output/model.tar.gz"


def channel(name, **members):
    s3_source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/{name}/"}
    return {"ChannelName": name, "DataSource": {"S3DataSource": s3_source}, **members}


@pytest.fixture
def train(jobs):
    """Runs a training job; with a script, that in place of the image's program."""

    def run(script=None, **changes):
        jobs.put("train/a.csv", "1,2")
        jobs.put("validation/b.csv", "3,4")
        algorithm = {"TrainingImage": "registry/stand-in:1", "TrainingInputMode": "File"}
        if script is not None:
            algorithm["ContainerEntrypoint"] = ["python3", "-c", script]
        request = {
            "TrainingJobName": "the-job",
            "AlgorithmSpecification": algorithm,
            "HyperParameters": {
                "eta": "0.2",
                "objective": '"binary:logistic"',
                "sagemaker_program": '"train.py"',
            },
            "InputDataConfig": [channel("train", ContentType="text/csv"), channel("validation")],
            "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/models/"},
            "ResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 30},
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
            **changes,
        }
        return jobs("training", request)

    return run


def unpacked(archive):
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return {name: tar.extractfile(name).read().decode() for name in tar.getnames()}


def test_the_model_and_the_output_go_to_s3(jobs, train):
    result = train()
    assert (result.status, result.failure_reason) == ("Completed", "")
    assert result.outputs == {"S3ModelArtifacts": f"s3://{BUCKET}/{MODEL}"}
    assert unpacked(jobs.get(MODEL)) == {"model.bin": 'trained on ["train", "validation"]'}
    assert unpacked(jobs.get("models/the-job/output/output.tar.gz")) == {"notes.txt": "notes"}


def test_the_same_model_gives_the_same_bytes(jobs, train):
    train()
    first = jobs.get(MODEL)
    train()
    assert jobs.get(MODEL) == first


def test_the_program_finds_its_configuration(jobs, train):
    train()
    hyperparameters, inputs, resources = (json.loads(line) for line in jobs.log[:3])
    assert hyperparameters == {
        "eta": "0.2",
        "objective": '"binary:logistic"',
        "sagemaker_program": '"train.py"',
    }
    assert inputs["train"] == {
        "ContentType": "text/csv",
        "TrainingInputMode": "File",
        "S3DistributionType": "FullyReplicated",
        "RecordWrapperType": "None",
    }
    assert (resources["current_host"], resources["hosts"]) == ("algo-1", ["algo-1"])


def test_the_environment_is_script_modes(jobs, train):
    train(Environment={"MINE": "1"})
    environment = json.loads(jobs.log[3])
    expected = {
        "SM_CHANNEL_TRAIN": "/opt/ml/input/data/train",
        "SM_CHANNEL_VALIDATION": "/opt/ml/input/data/validation",
        "SM_MODEL_DIR": "/opt/ml/model",
        "SM_OUTPUT_DATA_DIR": "/opt/ml/output/data",
        "SM_HPS": '{"eta": 0.2, "objective": "binary:logistic"}',
        "SM_HP_OBJECTIVE": "binary:logistic",
        "SM_USER_ARGS": '["--eta", "0.2", "--objective", "binary:logistic"]',
        "SM_USER_ENTRY_POINT": "train.py",
        "SM_MODULE_NAME": "train",
        "SM_CURRENT_HOST": "algo-1",
        "SM_HOSTS": '["algo-1"]',
        "SM_NUM_GPUS": "0",
        "TRAINING_JOB_NAME": "the-job",
        "TRAINING_JOB_ARN": "arn:aws:sagemaker:us-east-1:111111111111:training-job/the-job",
        "AWS_REGION": "us-east-1",
        "MINE": "1",
    }
    assert {name: environment.get(name) for name in expected} == expected


def test_artifacts_are_encrypted_with_the_key(jobs, train):
    key = "arn:aws:kms:us-east-1:111111111111:key/1234"
    train(OutputDataConfig={"S3OutputPath": f"s3://{BUCKET}/models", "KmsKeyId": key})
    head = jobs.s3.head_object(Bucket=BUCKET, Key=MODEL)
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key)


def test_an_uncompressed_model_goes_file_by_file(jobs, train):
    result = train(OutputDataConfig={"S3OutputPath": f"s3://{BUCKET}/models", "CompressionType": "NONE"})
    assert result.outputs["S3ModelArtifacts"] == f"s3://{BUCKET}/models/the-job/output/model/"
    assert jobs.get("models/the-job/output/model/model.bin").startswith(b"trained")


def test_a_program_that_saves_nothing_completes_without_artifact(jobs, train):
    assert train("pass").status == "Completed"
    assert jobs.keys("models/") == []


def test_the_failure_file_is_the_reason(train):
    result = train("open('/opt/ml/output/failure', 'w').write('no label column'); raise SystemExit(1)")
    assert result.failure_reason == "AlgorithmError: no label column, exit code: 1"


def test_a_long_failure_is_cut(train):
    result = train("open('/opt/ml/output/failure', 'w').write('x' * 5000); raise SystemExit(1)")
    assert len(result.failure_reason) == 1024


def test_a_crash_without_failure_file(jobs, train):
    result = train("1/0")
    assert (result.status, result.failure_reason) == ("Failed", "AlgorithmError: , exit code: 1")
    assert jobs.keys("models/") == []


def test_a_job_out_of_time_is_stopped_and_keeps_what_it_saved(jobs, train):
    result = train(
        "import time; open('/opt/ml/model/half', 'w').close(); time.sleep(60)",
        StoppingCondition={"MaxRuntimeInSeconds": 1},
    )
    assert result.status == "Stopped"
    assert result.outputs["SecondaryStatus"] == "MaxRuntimeExceeded"
    assert unpacked(jobs.get(MODEL)) == {"half": ""}


def test_a_stopped_job_may_save_its_model_at_sigterm(jobs, train):
    jobs.on_line = lambda _: threading.Timer(0.05, jobs.stop.set).start()
    result = train(
        "import signal, sys, time\n"
        "def save(*_): open('/opt/ml/model/half', 'w').close(); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, save); print('up'); time.sleep(60)"
    )
    assert result.status == "Stopped"
    assert unpacked(jobs.get(MODEL)) == {"half": ""}


def test_missing_data_fails_the_download(train):
    result = train(InputDataConfig=[channel("nothing")])
    assert result.failure_reason.startswith("ClientError: Data download failed:No S3 objects found under")


def test_an_output_bucket_that_is_missing_fails_the_upload(train):
    result = train(OutputDataConfig={"S3OutputPath": "s3://no-such-bucket/models"})
    assert result.failure_reason.startswith("ClientError: Artifact upload failed:Unable to upload object")


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"InputDataConfig": [channel("train", InputMode="Pipe")]}, "input mode Pipe (channel train)"),
        ({"InputDataConfig": [channel("t", CompressionType="Gzip")]}, "CompressionType Gzip (channel t)"),
        ({"CheckpointConfig": {"S3Uri": "s3://x/y"}}, "CheckpointConfig"),
        ({"ResourceConfig": {"InstanceCount": 3, "InstanceType": "ml.m5.large"}}, "(InstanceCount 3)"),
        ({"ResourceConfig": {"InstanceGroups": []}}, "InstanceGroups"),
    ],
)
def test_what_is_not_supported_fails_and_says_so(train, changes, what):
    result = train(**changes)
    assert result.failure_reason.startswith("ClientError: The harness does not support")
    assert what in result.failure_reason
