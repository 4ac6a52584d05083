"""What each step type does: calls of the pipeline's role, through the gateway like anyone's.

A step function takes the resolved arguments and answers how the step ended. It raises StepFailure with the reason
that the step shall show.
"""

from __future__ import annotations

import json
import re
import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from harness.journal import Journal
from harness.model import Caller, Json, Stop
from harness.orchestrator.conditions import holds
from harness.orchestrator.definition import Step
from harness.orchestrator.references import ReferenceFailure, Scope, resolve

_ALPHABET = string.ascii_letters + string.digits
TERMINAL = ("Completed", "Failed", "Stopped")


class StepFailure(Exception):
    """The step failed; the text is its failure reason. `metadata` is what is known of it all the same."""

    def __init__(self, reason: str, metadata: Json | None = None, *, stopped: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.metadata = metadata or {}
        self.stopped = stopped


@dataclass(frozen=True)
class StepContext:
    """A step's surroundings. `started` records early what the step made (its job's ARN) while it still runs."""

    step: Step
    execution_id: str
    caller: Caller
    journal: Journal
    scope: Scope
    stop: Stop
    started: Callable[[Json], None]


@dataclass(frozen=True)
class StepResult:
    """`properties` is what other steps can refer to; `metadata` what ListPipelineExecutionSteps shows."""

    properties: Json = field(default_factory=dict)
    metadata: Json = field(default_factory=dict)


def run(context: StepContext) -> StepResult:
    """Raises StepFailure."""
    try:
        return _RUN[context.step.type](context)
    except ReferenceFailure as error:
        raise StepFailure(str(error)) from error
    except ClientError as error:
        raise StepFailure(f"ClientError: {error.response['Error']['Message']}") from error


def resource_name(context: StepContext) -> str:
    """As Pipelines names what it makes: pipelines-<execution id>-<step, cut>-<random>; 63 characters at most."""
    tail = "".join(secrets.choice(_ALPHABET) for _ in range(10))
    step = context.step.name[: 63 - len(f"pipelines-{context.execution_id}--{tail}")].rstrip("-_")
    return re.sub(r"[^A-Za-z0-9-]", "-", f"pipelines-{context.execution_id}-{step}-{tail}")


@dataclass(frozen=True)
class JobKind:
    """How the three kinds of jobs differ for a step."""

    create: str
    describe: str
    stop: str
    name: str
    arn: str
    metadata: str
    status: str


PROCESSING = JobKind(
    "create_processing_job",
    "describe_processing_job",
    "stop_processing_job",
    "ProcessingJobName",
    "ProcessingJobArn",
    "ProcessingJob",
    "ProcessingJobStatus",
)
TRAINING = JobKind(
    "create_training_job",
    "describe_training_job",
    "stop_training_job",
    "TrainingJobName",
    "TrainingJobArn",
    "TrainingJob",
    "TrainingJobStatus",
)
TRANSFORM = JobKind(
    "create_transform_job",
    "describe_transform_job",
    "stop_transform_job",
    "TransformJobName",
    "TransformJobArn",
    "TransformJob",
    "TransformJobStatus",
)


def _job(kind: JobKind) -> Callable[[StepContext], StepResult]:
    def run_step(context: StepContext) -> StepResult:
        arguments = without_nulls(resolve(context.step.arguments, context.scope))
        described = run_job(kind, context, arguments)
        return StepResult(described, {kind.metadata: {"Arn": described[kind.arn]}})

    return run_step


def run_job(kind: JobKind, context: StepContext, arguments: Json, **metadata: Any) -> Json:
    """Creates the job, waits for its end, answers its description. Raises StepFailure where it did not complete."""
    sagemaker = context.caller.client("sagemaker")
    name = resource_name(context)
    before = context.journal.last()
    arn = getattr(sagemaker, kind.create)(**{**arguments, kind.name: name})[kind.arn]
    made = {kind.metadata: {"Arn": arn}, **metadata}
    context.started(made)
    _wait(kind, context, name, arn, before)
    described: Json = getattr(sagemaker, kind.describe)(**{kind.name: name})
    described.pop("ResponseMetadata", None)
    status = described[kind.status]
    if status != "Completed":
        reason = described.get("FailureReason") or described.get("ExitMessage") or f"The job was {status.lower()}"
        raise StepFailure(f"ClientError: {reason}", made, stopped=status == "Stopped")
    return described


def _wait(kind: JobKind, context: StepContext, name: str, arn: str, after: int) -> None:
    """Until the job has ended; a stop of the execution stops the job first."""
    asked = False
    while True:
        if context.stop.is_set() and not asked:
            asked = True
            getattr(context.caller.client("sagemaker"), kind.stop)(**{kind.name: name})
        record = context.journal.wait(
            lambda r: (
                (r["kind"] == "job" and r["arn"] == arn and r["status"] in TERMINAL)
                or (r["kind"] == "execution" and r["status"] == "Stopping" and not asked)
            ),
            after=after,
        )
        if record and record["kind"] == "job":
            return
        after = record["n"] if record else after


def without_nulls(value: Any) -> Any:
    """The SDK writes null for what is not given; the APIs want it left out."""
    if isinstance(value, dict):
        return {k: without_nulls(v) for k, v in value.items() if v is not None}
    return [without_nulls(v) for v in value if v is not None] if isinstance(value, list) else value


def _model(context: StepContext) -> StepResult:
    sagemaker = context.caller.client("sagemaker")
    arguments = without_nulls(resolve(context.step.arguments, context.scope))
    name = resource_name(context)
    arn = sagemaker.create_model(**{**arguments, "ModelName": name})["ModelArn"]
    return StepResult(_described(sagemaker.describe_model(ModelName=name)), {"Model": {"Arn": arn}})


def _register_model(context: StepContext) -> StepResult:
    sagemaker = context.caller.client("sagemaker")
    arguments = without_nulls(resolve(context.step.arguments, context.scope))
    arn = sagemaker.create_model_package(**arguments)["ModelPackageArn"]
    described = _described(sagemaker.describe_model_package(ModelPackageName=arn))
    return StepResult(described, {"RegisterModel": {"Arn": arn}})


def _described(answer: Json) -> Json:
    return {k: v for k, v in answer.items() if k != "ResponseMetadata"}


def _condition(context: StepContext) -> StepResult:
    conditions = context.step.arguments["Conditions"]
    outcome = all(holds(c, context.scope) for c in conditions)
    return StepResult({"Outcome": outcome}, {"Condition": {"Outcome": str(outcome)}})


def _fail(context: StepContext) -> StepResult:
    message = str(resolve(context.step.arguments.get("ErrorMessage", ""), context.scope))
    raise StepFailure(message, {"Fail": {"ErrorMessage": message}})


def _lambda(context: StepContext) -> StepResult:
    function = context.step.body["FunctionArn"]
    payload = json.dumps(resolve(context.step.arguments, context.scope))
    client = context.caller.client("lambda")
    metadata: Json = {"Lambda": {"Arn": function, "OutputParameters": []}}
    context.started(metadata)
    answer = client.invoke(FunctionName=function, InvocationType="RequestResponse", Payload=payload)
    said = json.loads(answer["Payload"].read() or b"null")
    if answer.get("FunctionError"):
        raise StepFailure(
            f"ClientError: Lambda function {function} failed: {said.get('errorType')}: {said.get('errorMessage')}",
            metadata,
        )
    declared = [o["OutputName"] for o in context.step.body.get("OutputParameters") or []]
    given = said if isinstance(said, dict) else {}
    missing = [name for name in declared if name not in given]
    if missing:
        raise StepFailure(
            f"ClientError: Lambda function {function} did not answer the output parameters {', '.join(missing)}",
            metadata,
        )
    outputs = {name: given[name] for name in declared}
    metadata["Lambda"]["OutputParameters"] = [{"Name": k, "Value": str(v)} for k, v in outputs.items()]
    return StepResult({"OutputParameters": outputs}, metadata)


# Where a check's job finds the baselines it is given. AWS does not document these paths: a job only sees them
# through its environment.
_BASELINES = {
    "statistics": "/opt/ml/processing/baseline/stats",
    "constraints": "/opt/ml/processing/baseline/constraints",
}


def _quality_check(context: StepContext) -> StepResult:
    """A check is a processing job of the analyzer. With SkipCheck it only makes a new baseline.

    Source: "Baseline calculation, drift detection and lifecycle with ClarifyCheck and QualityCheck steps".
    """
    body = context.step.body
    arguments = without_nulls(resolve(context.step.arguments, context.scope))
    skip = bool(resolve(body.get("SkipCheck", False), context.scope))
    register = bool(resolve(body.get("RegisterNewBaseline", False), context.scope))
    used = _baselines(context, skip)
    group = resolve(body.get("ModelPackageGroupName"), context.scope)
    output = arguments["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"].rstrip("/")
    calculated = {
        "CalculatedBaselineConstraints": f"{output}/constraints.json",
        "CalculatedBaselineStatistics": f"{output}/statistics.json",
    }
    details: Json = {
        "CheckType": body.get("CheckType"),
        "ModelPackageGroupName": group,
        "SkipCheck": skip,
        "RegisterNewBaseline": register,
        **({} if skip else {"ViolationReport": f"{output}/constraint_violations.json"}),
        **calculated,
    }
    if used and not skip:
        details["BaselineUsedForDriftCheckStatistics"] = used["statistics"]
        details["BaselineUsedForDriftCheckConstraints"] = used["constraints"]
        arguments = _with_baselines(arguments, used)
    metadata = {"QualityCheck": without_nulls(details)}
    described = run_checked_job(context, arguments, metadata["QualityCheck"])
    metadata["QualityCheck"]["CheckJobArn"] = described["ProcessingJobArn"]
    found = str(described.get("ExitMessage", "")).startswith("CompletedWithViolations")
    if found and not skip and resolve(body.get("FailOnViolation", True), context.scope):
        raise StepFailure("ClientError: Quality check failed. See violation report", metadata)
    # The baselines a later step sees as used: where a check is skipped, the freshly calculated ones stand in.
    baselines = used or {
        "statistics": calculated["CalculatedBaselineStatistics"],
        "constraints": calculated["CalculatedBaselineConstraints"],
    }
    return StepResult(
        {
            **described,
            **calculated,
            "BaselineUsedForDriftCheckStatistics": baselines["statistics"],
            "BaselineUsedForDriftCheckConstraints": baselines["constraints"],
        },
        metadata,
    )


def run_checked_job(context: StepContext, arguments: Json, details: Json) -> Json:
    """The analyzer's job, shown in the step's metadata as the check's, not as a processing job of its own."""

    def started(made: Json) -> None:
        details["CheckJobArn"] = made["ProcessingJob"]["Arn"]
        context.started({"QualityCheck": details})

    inner = StepContext(**{**context.__dict__, "started": started})
    try:
        return run_job(PROCESSING, inner, arguments)
    except StepFailure as failure:
        raise StepFailure(failure.reason, {"QualityCheck": details}, stopped=failure.stopped) from failure


def _baselines(context: StepContext, skip: bool) -> dict[str, str]:
    """The supplied baselines, else those of the group's latest approved version; none where there are none."""
    body = context.step.body
    supplied = {
        "statistics": resolve(body.get("SuppliedBaselineStatistics"), context.scope),
        "constraints": resolve(body.get("SuppliedBaselineConstraints"), context.scope),
    }
    if all(supplied.values()):
        return supplied
    group = resolve(body.get("ModelPackageGroupName"), context.scope)
    if not group or skip:
        return {}
    sagemaker = context.caller.client("sagemaker")
    approved = sagemaker.list_model_packages(
        ModelPackageGroupName=group, ModelApprovalStatus="Approved", SortBy="CreationTime", SortOrder="Descending"
    )["ModelPackageSummaryList"]
    if not approved:
        return {}
    package = sagemaker.describe_model_package(ModelPackageName=approved[0]["ModelPackageArn"])
    member = "ModelDataQuality" if body.get("CheckType") == "DATA_QUALITY" else "ModelQuality"
    found = package.get("DriftCheckBaselines", {}).get(member, {})
    if "Statistics" not in found or "Constraints" not in found:
        return {}
    return {"statistics": found["Statistics"]["S3Uri"], "constraints": found["Constraints"]["S3Uri"]}


def _with_baselines(arguments: Json, used: dict[str, str]) -> Json:
    inputs = list(arguments.get("ProcessingInputs", []))
    environment = dict(arguments.get("Environment", {}))
    for what, uri in used.items():
        inputs.append(
            {
                "InputName": f"baseline_{what}",
                "S3Input": {
                    "S3Uri": uri,
                    "LocalPath": _BASELINES[what],
                    "S3DataType": "S3Prefix",
                    "S3InputMode": "File",
                },
            }
        )
        environment[f"baseline_{what}"] = f"{_BASELINES[what]}/{urlsplit(uri).path.rsplit('/', 1)[-1]}"
    return {**arguments, "ProcessingInputs": inputs, "Environment": environment}


_RUN: dict[str, Callable[[StepContext], StepResult]] = {
    "Processing": _job(PROCESSING),
    "Training": _job(TRAINING),
    "Transform": _job(TRANSFORM),
    "Model": _model,
    "RegisterModel": _register_model,
    "QualityCheck": _quality_check,
    "Lambda": _lambda,
    "Condition": _condition,
    "Fail": _fail,
}
