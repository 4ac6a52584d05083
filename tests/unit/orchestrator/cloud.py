"""A cloud whose jobs end as the test says."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from harness.clock import Clock
from harness.journal import Journal
from harness.model import Credentials, Json, Principal

from .words import ROLE


def client_error(operation: str, message: str, code: str = "ValidationException") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


@dataclass
class Job:
    """A job of a step. `ends` is what its end adds to its description; without `held` it ends at once."""

    step: str
    kind: str
    request: Json
    arn: str
    ends: Json
    stopped: threading.Event = field(default_factory=threading.Event)
    status: str = "InProgress"


class Cloud:
    """Everything that steps call. `ends`, `held` and `refused` are by step."""

    credentials = Credentials("AKIA", "s")
    principal = Principal("111111111111", ROLE, "assumed-role")

    def __init__(self) -> None:
        self.clock = Clock()
        self.journal = Journal(self.clock)
        self.jobs: dict[str, Job] = {}
        self.calls: list[tuple[str, Json]] = []
        self.ends: dict[str, Json] = {}
        self.held: dict[str, threading.Event] = {}
        self.refused: dict[str, ClientError] = {}
        self.objects: dict[tuple[str, str], bytes] = {}
        self.function: Callable[[Json], tuple[Any, bool]] = lambda payload: ({}, False)
        self.packages: dict[str, Json] = {}
        self.stops_are_refused = False
        self.steps: list[str] = []
        self.step_of: Callable[[str], str] = self._step_of
        self._lock = threading.Lock()

    def client(self, service: str) -> Any:
        return self

    def hold(self, step: str) -> threading.Event:
        """The step's job runs until this is set."""
        self.held[step] = threading.Event()
        return self.held[step]

    def _step_of(self, name: str) -> str:
        return next(s for s in sorted(self.steps, key=len, reverse=True) if f"-{s}-" in name)

    # Jobs

    def _create(self, kind: str, request: Json) -> Json:
        name = request[f"{kind}JobName"]
        step = self.step_of(name)
        with self._lock:
            self.calls.append((f"Create{kind}Job", request))
        if step in self.refused:
            raise self.refused[step]
        arn = f"arn:aws:sagemaker:us-east-1:111111111111:{kind.lower()}-job/{name}"
        job = self.jobs[name] = Job(step, kind, request, arn, self.ends.get(step, {}))
        threading.Thread(target=self._live, args=(job,), daemon=True).start()
        return {f"{kind}JobArn": arn}

    def _live(self, job: Job) -> None:
        gate = self.held.get(job.step)
        while gate and not gate.wait(0.005) and not job.stopped.is_set():
            pass
        job.status = "Stopped" if job.stopped.is_set() else job.ends.get("Status", "Completed")
        self.journal.write("job", arn=job.arn, status=job.status)

    def _describe(self, kind: str, name: str) -> Json:
        job = self.jobs[name]
        ends = {k: v for k, v in job.ends.items() if k != "Status"}
        return {
            **job.request,
            f"{kind}JobArn": job.arn,
            f"{kind}JobStatus": job.status,
            **ends,
            "ResponseMetadata": {},
        }

    def _stop(self, name: str) -> Json:
        self.calls.append(("Stop", {"name": name}))
        if self.stops_are_refused:
            raise client_error("StopProcessingJob", "not allowed", "AccessDeniedException")
        self.jobs[name].stopped.set()
        return {}

    def create_processing_job(self, **request: Any) -> Json:
        return self._create("Processing", request)

    def create_training_job(self, **request: Any) -> Json:
        return self._create("Training", request)

    def create_transform_job(self, **request: Any) -> Json:
        return self._create("Transform", request)

    def describe_processing_job(self, ProcessingJobName: str) -> Json:  # noqa: N803 - boto3's names
        return self._describe("Processing", ProcessingJobName)

    def describe_training_job(self, TrainingJobName: str) -> Json:  # noqa: N803
        return self._describe("Training", TrainingJobName)

    def describe_transform_job(self, TransformJobName: str) -> Json:  # noqa: N803
        return self._describe("Transform", TransformJobName)

    def stop_processing_job(self, ProcessingJobName: str) -> Json:  # noqa: N803
        return self._stop(ProcessingJobName)

    # What is made at once

    def create_model(self, **request: Any) -> Json:
        self.calls.append(("CreateModel", request))
        if "Model" in self.refused:
            raise self.refused["Model"]
        return {"ModelArn": f"arn:model/{request['ModelName']}"}

    def describe_model(self, ModelName: str) -> Json:  # noqa: N803
        return {"ModelName": ModelName, "ModelArn": f"arn:model/{ModelName}", "ResponseMetadata": {}}

    def create_model_package(self, **request: Any) -> Json:
        self.calls.append(("CreateModelPackage", request))
        return {"ModelPackageArn": "arn:package/1"}

    def describe_model_package(self, ModelPackageName: str) -> Json:  # noqa: N803
        return self.packages.get(ModelPackageName, {"ModelPackageArn": ModelPackageName})

    def list_model_packages(self, **request: Any) -> Json:
        self.calls.append(("ListModelPackages", request))
        return {"ModelPackageSummaryList": [{"ModelPackageArn": arn} for arn in self.packages]}

    def invoke(self, FunctionName: str, InvocationType: str, Payload: str) -> Json:  # noqa: N803
        self.calls.append(("Invoke", json.loads(Payload)))
        if "Invoke" in self.refused:
            raise self.refused["Invoke"]
        said, failed = self.function(json.loads(Payload))
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        return {"Payload": io.BytesIO(body), **({"FunctionError": "Unhandled"} if failed else {})}

    def get_object(self, Bucket: str, Key: str) -> Json:  # noqa: N803
        if (Bucket, Key) not in self.objects:
            raise client_error("GetObject", "The specified key does not exist.", "NoSuchKey")
        return {"Body": io.BytesIO(self.objects[Bucket, Key])}

    # What a test asks

    def requests(self, operation: str) -> list[Json]:
        return [request for called, request in self.calls if called == operation]
