"""The three kinds of job: how each is named, where it is kept, and what Describe adds to the request."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from harness.model import Json
from harness.services.sagemaker.pagination import Listing
from harness.services.sagemaker.store import Store, Table


@dataclass(frozen=True)
class Kind:
    """`noun` begins the names of operations and members (ProcessingJobName), `verb` those of its times
    (ProcessingStartTime). `missing` and `unstoppable` begin AWS's sentences where Describe and Stop find no
    job. `described` completes a request to a Describe."""

    name: str
    noun: str
    verb: str
    arn: str
    log_group: str
    table: Callable[[Store], Table]
    missing: str
    unstoppable: str
    described: Callable[[Json], Json]
    listing: Listing
    log_stream: Callable[[], str]

    @property
    def status(self) -> str:
        return f"{self.noun}Status"

    @property
    def detail_type(self) -> str:
        return f"SageMaker {self.verb} Job State Change"

    def record_arn(self, record: Json) -> str:
        return str(record[f"{self.noun}Arn"])


def _listing(noun: str, times: tuple[str, ...], *more: str, order: str = "Ascending") -> Listing:
    return Listing(
        output=f"{noun}Summaries",
        summary=(
            f"{noun}Name",
            f"{noun}Arn",
            "CreationTime",
            *times,
            "LastModifiedTime",
            f"{noun}Status",
            *more,
        ),
        name=f"{noun}Name",
        sorts={"Name": f"{noun}Name", "CreationTime": "CreationTime", "Status": f"{noun}Status"},
        default_order=order,
        equals=(("StatusEquals", f"{noun}Status"),),
    )


def _algorithm() -> str:
    return "algo-1"


def _instance() -> str:
    return f"i-{secrets.token_hex(9)[:17]}"


def _processing(request: Json) -> Json:
    """With the defaults that AWS's answers show."""
    record = {"StoppingCondition": {"MaxRuntimeInSeconds": 86400}, **request}
    if "ProcessingInputs" in record:
        record["ProcessingInputs"] = [{"AppManaged": False, **i} for i in record["ProcessingInputs"]]
    if "ProcessingOutputConfig" in record:
        outputs = record["ProcessingOutputConfig"]
        made = [{"AppManaged": False, **output} for output in outputs["Outputs"]]
        record["ProcessingOutputConfig"] = {**outputs, "Outputs": made}
    return record


def _training(request: Json) -> Json:
    record = {
        "StoppingCondition": {"MaxRuntimeInSeconds": 86400},
        "EnableNetworkIsolation": False,
        "EnableInterContainerTrafficEncryption": False,
        "EnableManagedSpotTraining": False,
        "FinalMetricDataList": [],
        **request,
        "OutputDataConfig": {"KmsKeyId": "", **request["OutputDataConfig"]},
    }
    if "InputDataConfig" in record:
        none = {"CompressionType": "None", "RecordWrapperType": "None"}
        record["InputDataConfig"] = [{**none, **channel} for channel in record["InputDataConfig"]]
    return record


def _transform(request: Json) -> Json:
    return {
        "DataProcessing": {"InputFilter": "$", "OutputFilter": "$", "JoinSource": "None"},
        **request,
        "TransformInput": {"CompressionType": "None", "SplitType": "None", **request["TransformInput"]},
        "TransformOutput": {"AssembleWith": "None", "KmsKeyId": "", **request["TransformOutput"]},
    }


# The sentences: aws-controllers-k8s/sagemaker-controller's generator.yaml matches those of Describe, the
# SageMaker Jupyter scheduler and public clients those of Stop.
PROCESSING = Kind(
    name="processing",
    noun="ProcessingJob",
    verb="Processing",
    arn="processing-job",
    log_group="/aws/sagemaker/ProcessingJobs",
    table=lambda store: store.processing_jobs,
    missing="Could not find requested job with name: {name}",
    unstoppable="Could not find requested job with name: {name}",
    described=_processing,
    listing=_listing("ProcessingJob", ("ProcessingEndTime",), "FailureReason", "ExitMessage"),
    log_stream=_algorithm,
)
TRAINING = Kind(
    name="training",
    noun="TrainingJob",
    verb="Training",
    arn="training-job",
    log_group="/aws/sagemaker/TrainingJobs",
    table=lambda store: store.training_jobs,
    missing="Requested resource not found.",
    unstoppable="Requested resource not found.",
    described=_training,
    listing=_listing("TrainingJob", ("TrainingEndTime",), "SecondaryStatus"),
    log_stream=_algorithm,
)
TRANSFORM = Kind(
    name="transform",
    noun="TransformJob",
    verb="Transform",
    arn="transform-job",
    log_group="/aws/sagemaker/TransformJobs",
    table=lambda store: store.transform_jobs,
    missing="Could not find requested job with name: {name}",
    unstoppable="Could not find job to update with name: {name}",
    described=_transform,
    listing=_listing("TransformJob", ("TransformEndTime",), "FailureReason", order="Descending"),
    log_stream=_instance,
)
KINDS = {kind.arn: kind for kind in (PROCESSING, TRAINING, TRANSFORM)}
