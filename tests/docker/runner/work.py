"""An account whose jobs and functions are containers."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable
from typing import Any

from harness.model import Json
from tests.e2e.account import TRUST, Account

ONE = {"InstanceCount": 1, "InstanceType": "ml.m5.large"}


class Work(Account):
    """Each Create's name is its own; each answer is Describe's of the end."""

    def create(self, script: str, **changes: Any) -> str:
        """Starts a processing job of a Python text; answers its name."""
        application = {"ContainerEntrypoint": ["python3", "-c", script]}
        request = self.processing_request()
        request["AppSpecification"] |= application
        self.client("sagemaker").create_processing_job(**{**request, **changes})
        name: str = request["ProcessingJobName"]
        return name

    def ended(self, name: str) -> Json:
        """A processing job's description, once it has ended."""
        describe = self.client("sagemaker").describe_processing_job
        return _ended(lambda: describe(ProcessingJobName=name), "ProcessingJobStatus")

    def log(self, name: str) -> str:
        """All that a processing job said, once nothing runs."""
        return self.logged("/aws/sagemaker/ProcessingJobs", name)

    def until_logged(self, name: str, text: str, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while text not in self.output_of(name):
            assert time.monotonic() < deadline, f"{name} never said {text!r}"
            time.sleep(0.05)

    def output_of(self, name: str) -> str:
        """The last of what a processing job has said so far, whatever else runs."""
        logs, group = self.client("logs"), "/aws/sagemaker/ProcessingJobs"
        try:
            streams = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=name)["logStreams"]
        except logs.exceptions.ResourceNotFoundException:
            return ""
        where = [{"logGroupName": group, "logStreamName": stream["logStreamName"]} for stream in streams]
        return "\n".join(e["message"] for w in where for e in logs.get_log_events(**w)["events"])

    def train(self, image: str, **changes: Any) -> Json:
        sagemaker, name = self.client("sagemaker"), f"training-{time.monotonic_ns()}"
        data = self.put(f"{name}/part.csv", "1,2\n")
        request = {
            "TrainingJobName": name,
            "RoleArn": self.role,
            "AlgorithmSpecification": {"TrainingImage": image, "TrainingInputMode": "File"},
            "InputDataConfig": [
                {
                    "ChannelName": "train",
                    "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": data}},
                }
            ],
            "OutputDataConfig": {"S3OutputPath": f"s3://{self.bucket}/models"},
            "ResourceConfig": {**ONE, "VolumeSizeInGB": 1},
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
            **changes,
        }
        sagemaker.create_training_job(**request)
        return _ended(lambda: sagemaker.describe_training_job(TrainingJobName=name), "TrainingJobStatus")

    def transform(self, image: str, artifact: str, rows: str, **environment: str) -> Json:
        """Rows of CSV by a model; `artifact` is a training job's."""
        sagemaker, name = self.client("sagemaker"), f"transform-{time.monotonic_ns()}"
        container = {"Image": image, "ModelDataUrl": artifact, "Environment": environment}
        sagemaker.create_model(ModelName=name, ExecutionRoleArn=self.role, PrimaryContainer=container)
        source = {"S3DataType": "S3Prefix", "S3Uri": self.put(f"{name}/part.csv", rows)}
        sagemaker.create_transform_job(
            TransformJobName=name,
            ModelName=name,
            TransformInput={
                "DataSource": {"S3DataSource": source},
                "ContentType": "text/csv",
                "SplitType": "Line",
            },
            TransformOutput={"S3OutputPath": f"s3://{self.bucket}/{name}/out", "AssembleWith": "Line"},
            TransformResources=ONE,
        )
        return _ended(lambda: sagemaker.describe_transform_job(TransformJobName=name), "TransformJobStatus")

    def text(self, uri: str) -> str:
        key = uri.removeprefix(f"s3://{self.bucket}/")
        body: bytes = self.client("s3").get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return body.decode()

    def function(self, source: str, **changes: Any) -> str:
        """Creates a function whose handler is index.handler; answers its name."""
        name, iam = f"function-{time.monotonic_ns()}", self.client("iam")
        service = {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "lambda.amazonaws.com"},
        }
        role = iam.create_role(
            RoleName=name, AssumeRolePolicyDocument=json.dumps({**TRUST, "Statement": service})
        )
        iam.attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("index.py", source)
        self.client("lambda").create_function(
            **{
                "FunctionName": name,
                "Runtime": "python3.11",
                "Role": role["Role"]["Arn"],
                "Handler": "index.handler",
                "Code": {"ZipFile": archive.getvalue()},
                "Timeout": 20,
                **changes,
            }
        )
        return name

    def invoke(self, name: str, event: Any = None) -> tuple[Any, str]:
        """The function's answer, and FunctionError or nothing."""
        told = self.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
        return json.loads(told["Payload"].read()), told.get("FunctionError", "")


def _ended(describe: Callable[[], Json], status: str) -> Json:
    """The gateway holds a Describe of boto3's waiters until there is news; this one asks again."""
    while (told := describe())[status] in ("InProgress", "Stopping"):
        time.sleep(0.05)
    return told
