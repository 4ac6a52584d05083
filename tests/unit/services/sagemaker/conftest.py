"""A SageMaker of its own for each test, with fakes for what runs jobs and for the wire."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from harness.clock import Clock
from harness.journal import Journal
from harness.model import ApiCall, AwsError, Credentials, Event, JobResult, JobSpec, Json, Principal
from harness.services.sagemaker import SageMaker
from harness.services.sagemaker.context import Context

DEV, REGISTRY, REGION = "111111111111", "333333333333", "us-east-1"
ROLE = f"arn:aws:iam::{DEV}:role/sagemaker-execution"
IMAGE = f"{DEV}.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1"


class Refusing:
    """An AWS client all of whose calls are denied."""

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def refuse(**_: Any) -> None:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, operation)

        return refuse


class Logs:
    """CloudWatch Logs, recording what it was asked; it knows no group at first."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.groups: set[str] = set()
        self.streams: dict[str, list[str]] = {}

    def create_log_group(self, logGroupName: str) -> None:  # noqa: N803 - boto3's names
        self.calls.append("create_log_group")
        self.groups.add(logGroupName)

    def create_log_stream(self, logGroupName: str, logStreamName: str) -> None:  # noqa: N803
        self.calls.append("create_log_stream")
        if logGroupName not in self.groups:
            raise ClientError(
                {"Error": {"Code": "ResourceNotFoundException", "Message": "none"}}, "CreateLogStream"
            )
        self.streams[logStreamName] = []

    def put_log_events(self, logGroupName: str, logStreamName: str, logEvents: list[Json]) -> None:  # noqa: N803
        self.calls.append("put_log_events")
        self.streams[logStreamName] += [event["message"] for event in logEvents]


class Objects:
    """S3, with objects that can be looked at."""

    def __init__(self) -> None:
        self.keys: set[tuple[str, str]] = set()

    def head_object(self, Bucket: str, Key: str) -> None:  # noqa: N803 - boto3's names
        if (Bucket, Key) not in self.keys:
            raise ClientError({"Error": {"Code": "403", "Message": "Forbidden"}}, "HeadObject")


class Caller:
    credentials = Credentials("AKIA", "secret")
    principal = Principal(DEV, ROLE, "assumed-role", role_arn=ROLE)

    def __init__(self, clients: dict[str, Any]) -> None:
        self._clients = clients

    def client(self, service: str) -> Any:
        return self._clients[service]


class Wire:
    endpoint = "http://127.0.0.1:1"

    def __init__(self) -> None:
        self.logs = Logs()
        self.s3 = Objects()
        self.clients: dict[str, Any] = {"logs": self.logs, "s3": self.s3}
        self.untrusted: set[str] = set()
        self.assumed: list[tuple[str, ...]] = []

    def as_role(
        self, role_arn: str, service: str, session_name: str, region: str, source_arn: str = ""
    ) -> Caller:
        if role_arn in self.untrusted:
            raise AwsError("AccessDenied", "not trusted", 403)
        self.assumed.append((role_arn, service, session_name, region, source_arn))
        return Caller(self.clients)

    def as_service(self, service: str, account: str, region: str, source_arn: str = "") -> Caller:
        return Caller(self.clients)

    def as_harness(self, account: str, region: str) -> Caller:
        return Caller(self.clients)


class Bench:
    """A SageMaker under test. `job` is what a job does: (spec, stop, log) to its result."""

    dev, registry, region, role, image = DEV, REGISTRY, REGION, ROLE, IMAGE

    def __init__(self) -> None:
        self.clock = Clock()
        self.journal = Journal(self.clock)
        self.events: list[Event] = []
        self.wire = Wire()
        self.specs: list[JobSpec] = []
        self.job: Callable[..., JobResult] = lambda spec, stop, log: JobResult("Completed")
        self.context = Context(self.clock, self.journal, self.events.append, self.wire, self._run_job)
        self.sagemaker = SageMaker(self.context)

    def _run_job(self, spec: JobSpec, caller: Any, stop: Any, log: Callable[[str], None]) -> JobResult:
        self.specs.append(spec)
        return self.job(spec, stop, log)

    def call(self, operation: str, account: str = DEV, **params: Any) -> Json:
        """One call, made by a user of the account."""
        user = Principal(account, f"arn:aws:iam::{account}:user/ann", "user", "AIDAANN")
        request_id = str(uuid.uuid4())
        return self.sagemaker.handle(
            ApiCall("sagemaker", operation, params, user, account, REGION, request_id)
        )

    def refusal(self, operation: str, account: str = DEV, **params: Any) -> tuple[str, str]:
        """The code and message with which the call is refused."""
        with pytest.raises(AwsError) as caught:
            self.call(operation, account, **params)
        return caught.value.code, caught.value.message

    def settle(self) -> None:
        """Waits until every job has ended."""
        assert self.journal.settle(10) == []

    def told(self, detail_type: str) -> list[Json]:
        """The details of the events of this type, in their order."""
        return [event.detail for event in self.events if event.detail_type == detail_type]

    # The smallest valid request of each Create, with what a test adds.

    def create_processing_job(self, name: str = "prepare", **more: Any) -> Json:
        return self.call("CreateProcessingJob", **processing_job(name, **more))

    def create_training_job(self, name: str = "train", **more: Any) -> Json:
        request: Json = {
            "TrainingJobName": name,
            "RoleArn": ROLE,
            "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
            "InputDataConfig": [
                {
                    "ChannelName": "train",
                    "DataSource": {
                        "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://sagemaker-b/train"}
                    },
                }
            ],
            "OutputDataConfig": {"S3OutputPath": "s3://sagemaker-b/models"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
        }
        return self.call("CreateTrainingJob", **(request | more))

    def create_model(self, name: str = "severity", **more: Any) -> Json:
        self.wire.s3.keys.add(("sagemaker-b", "model.tar.gz"))
        request: Json = {
            "ModelName": name,
            "ExecutionRoleArn": ROLE,
            "PrimaryContainer": {"Image": IMAGE, "ModelDataUrl": "s3://sagemaker-b/model.tar.gz"},
        }
        return self.call("CreateModel", **(request | more))

    def create_transform_job(self, name: str = "predict", **more: Any) -> Json:
        source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://sagemaker-b/batch"}}
        request: Json = {
            "TransformJobName": name,
            "ModelName": "severity",
            "TransformInput": {"DataSource": source, "ContentType": "text/csv"},
            "TransformOutput": {"S3OutputPath": "s3://sagemaker-b/predictions"},
            "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
        }
        return self.call("CreateTransformJob", **(request | more))

    def create_version(self, group: str, account: str = DEV, **more: Any) -> str:
        """A model package in a group; its ARN."""
        request: Json = {"ModelPackageGroupName": group, "InferenceSpecification": specification()}
        return str(self.call("CreateModelPackage", account, **(request | more))["ModelPackageArn"])


def processing_job(name: str = "prepare", **more: Any) -> Json:
    request: Json = {
        "ProcessingJobName": name,
        "RoleArn": ROLE,
        "AppSpecification": {"ImageUri": IMAGE, "ContainerEntrypoint": ["python3", "prepare.py"]},
        "ProcessingResources": {
            "ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}
        },
    }
    return request | more


def specification() -> Json:
    container = {"Image": IMAGE, "ModelDataUrl": "s3://sagemaker-b/model.tar.gz", "Environment": {"A": "1"}}
    return {
        "Containers": [container],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
    }


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def refusing() -> Refusing:
    return Refusing()


@pytest.fixture
def a_processing_job() -> Callable[..., Json]:
    """Makes a valid CreateProcessingJob request, with what a test adds."""
    return processing_job
