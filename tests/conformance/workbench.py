"""Jobs of an account beside processing, and what jobs have left in S3."""

from __future__ import annotations

import io
import tarfile
import time
from typing import Any

from harness.model import Json
from tests.e2e.account import SCIKIT_LEARN, Account
from tests.e2e.callers import own_name

XGBOOST = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
INSTANCE = {"InstanceCount": 1, "InstanceType": "ml.m5.large"}


PATIENCE = 120
CODE = "/opt/ml/processing/code"


def script_request(dev: Account, text: str, *arguments: str, **changes: Any) -> Json:
    """CreateProcessingJob's, of a Python text that is an input from S3."""
    uri = dev.put(f"{own_name('code')}/script.py", text)
    application: Json = {"ImageUri": SCIKIT_LEARN, "ContainerEntrypoint": ["python3", f"{CODE}/script.py"]}
    if arguments:
        application["ContainerArguments"] = list(arguments)
    inputs = [dev.input(uri, "code", "code"), *changes.pop("ProcessingInputs", [])]
    return dev.processing_request(AppSpecification=application, ProcessingInputs=inputs, **changes)


def process(dev: Account, **request: Any) -> Json:
    """The description of a processing job that has ended."""
    dev.client("sagemaker").create_processing_job(**request)
    return ended(dev, "Processing", request["ProcessingJobName"])


def run(dev: Account, text: str, *arguments: str, **changes: Any) -> Json:
    """As `process`, of a Python text."""
    return process(dev, **script_request(dev, text, *arguments, **changes))


def ended(dev: Account, kind: str, name: str) -> Json:
    """The description of a job (kind: Processing, Training, Transform) that has ended."""
    describe = getattr(dev.client("sagemaker"), f"describe_{kind.lower()}_job")
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        told: Json = describe(**{f"{kind}JobName": name})
        if told[f"{kind}JobStatus"] not in ("InProgress", "Stopping"):
            return told
        time.sleep(0.05)
    raise AssertionError(f"{name} has not ended after {PATIENCE} s")


def under(dev: Account, uri: str) -> dict[str, bytes]:
    """The objects under a URI, by what follows it."""
    prefix = uri.removeprefix(f"s3://{dev.bucket}/").rstrip("/") + "/"
    read = dev.client("s3").get_object
    keys = dev.keys(prefix)
    return {key.removeprefix(prefix): read(Bucket=dev.bucket, Key=key)["Body"].read() for key in keys}


def key_of(dev: Account, uri: str) -> str:
    """The KMS key that the one object under a URI is encrypted with; empty without one."""
    (key,) = dev.keys(uri)
    return str(dev.client("s3").head_object(Bucket=dev.bucket, Key=key).get("SSEKMSKeyId", ""))


def written(dev: Account, job: Json) -> dict[str, bytes]:
    """What a processing job's one output has."""
    (output,) = job["ProcessingOutputConfig"]["Outputs"]
    return under(dev, output["S3Output"]["S3Uri"])


def unpacked(archive: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        files = {member.name: tar.extractfile(member) for member in tar.getmembers() if member.isfile()}
        return {name.removeprefix("./"): file.read() for name, file in files.items() if file}


def channel(dev: Account, name: str, *rows: str, file: str = "part.csv", **members: Any) -> Json:
    """A training job's channel with one file of these rows."""
    uri = dev.put(f"channels/{own_name(name)}/{file}", "".join(f"{row}\n" for row in rows))
    source = {"S3DataType": "S3Prefix", "S3Uri": uri, "S3DataDistributionType": "FullyReplicated"}
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}, **members}


def training_request(dev: Account, script: str = "", image: str = XGBOOST, **changes: Any) -> Json:
    """CreateTrainingJob's, of a Python text that is a channel of its own, or of the image's own program."""
    algorithm: Json = {"TrainingImage": image, "TrainingInputMode": "File"}
    channels = list(changes.pop("InputDataConfig", []))
    if script:
        algorithm["ContainerEntrypoint"] = ["python3", "/opt/ml/input/data/code/script.py"]
        channels.append(channel(dev, "code", script, file="script.py"))
    return {
        "TrainingJobName": own_name("train"),
        "RoleArn": dev.role,
        "AlgorithmSpecification": algorithm,
        **({"InputDataConfig": channels} if channels else {}),
        "OutputDataConfig": {"S3OutputPath": f"s3://{dev.bucket}/models"},
        "ResourceConfig": {**INSTANCE, "VolumeSizeInGB": 10},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
        **changes,
    }


def train(dev: Account, script: str = "", image: str = XGBOOST, **changes: Any) -> Json:
    """The description of a training job that has ended."""
    request = training_request(dev, script, image, **changes)
    dev.client("sagemaker").create_training_job(**request)
    return ended(dev, "Training", request["TrainingJobName"])


def make_model(dev: Account, image: str, artifact: str, **container: Any) -> str:
    """Its name."""
    name = own_name("model")
    dev.client("sagemaker").create_model(
        ModelName=name,
        ExecutionRoleArn=dev.role,
        PrimaryContainer={"Image": image, "ModelDataUrl": artifact, **container},
    )
    return name


def transform_request(dev: Account, model: str, *files: str, **changes: Any) -> Json:
    """CreateTransformJob's, of files with these texts: 0.csv, 1.csv, ... `given` and `wanted` change its input and its
    output."""
    place = own_name("batch")
    for number, text in enumerate(files):
        dev.put(f"{place}/{number}.csv", text)
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{dev.bucket}/{place}/"}
    given = {"DataSource": {"S3DataSource": source}, "ContentType": "text/csv", "SplitType": "Line"}
    wanted = {"S3OutputPath": f"s3://{dev.bucket}/{place}-out", "AssembleWith": "Line"}
    return {
        "TransformJobName": own_name("transform"),
        "ModelName": model,
        "TransformInput": given | changes.pop("given", {}),
        "TransformOutput": wanted | changes.pop("wanted", {}),
        "TransformResources": INSTANCE,
        **changes,
    }


def transform(dev: Account, model: str, *files: str, **changes: Any) -> Json:
    """A batch transform; its description once it has ended."""
    request = transform_request(dev, model, *files, **changes)
    dev.client("sagemaker").create_transform_job(**request)
    return ended(dev, "Transform", request["TransformJobName"])


def predictions(dev: Account, job: Json) -> dict[str, str]:
    """What a batch transform has written, by the name of the file."""
    found = under(dev, job["TransformOutput"]["S3OutputPath"])
    return {name: body.decode() for name, body in found.items()}
