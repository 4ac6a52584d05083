"""A QualityCheck step: a processing job of the Model Monitor analyzer, and what its result means.

| SkipCheck | RegisterNewBaseline | drift is checked         | BaselineUsedForDriftCheck...        |
| --------- | ------------------- | ------------------------ | ----------------------------------- |
| False     | False               | against the previous one | the previous one                    |
| False     | True                | against the previous one | the newly calculated one            |
| True      | False               | no                       | the previous one                    |
| True      | True                | no                       | the newly calculated one            |

The previous baseline is the supplied one, else that of the group's latest approved version. Wherever the table needs
one it has to be there: so says the API reference of QualityCheckStepMetadata, of both flags.
Source: "Baseline calculation, drift detection and lifecycle with ClarifyCheck and QualityCheck steps".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from harness.model import Json
from harness.orchestrator.job_steps import PROCESSING, run_job
from harness.orchestrator.step import StepContext, StepFailure, StepResult, without_nulls

# Where a check's job finds the baselines it is given. AWS does not document these paths: a job only sees them
# through its environment.
_FOLDERS = {
    "statistics": "/opt/ml/processing/baseline/stats",
    "constraints": "/opt/ml/processing/baseline/constraints",
}
# The member of a model package's DriftCheckBaselines that a check of each type reads.
_BASELINES_OF = {"DATA_QUALITY": "ModelDataQuality", "MODEL_QUALITY": "ModelQuality"}
_VIOLATED = "CompletedWithViolations"


@dataclass(frozen=True)
class Baseline:
    """Two files, by their S3 URIs."""

    statistics: str
    constraints: str

    def members(self, prefix: str) -> Json:
        return {f"{prefix}Statistics": self.statistics, f"{prefix}Constraints": self.constraints}


def quality_check(context: StepContext) -> StepResult:
    """Raises StepFailure, ClientError, ReferenceFailure."""
    skip = bool(context.resolved("SkipCheck", False))
    register = bool(context.resolved("RegisterNewBaseline", False))
    arguments = context.arguments()
    output = arguments["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"].rstrip("/")
    calculated = Baseline(f"{output}/statistics.json", f"{output}/constraints.json")
    previous = None if skip and register else _previous(context)
    used = calculated if register or previous is None else previous
    if previous is not None and not skip:
        arguments = _with_baseline(arguments, previous)
    shown = calculated.members("CalculatedBaseline") | used.members("BaselineUsedForDriftCheck")
    details: Json = without_nulls(
        {
            "CheckType": context.step.body["CheckType"],
            "ModelPackageGroupName": context.resolved("ModelPackageGroupName"),
            "SkipCheck": skip,
            "RegisterNewBaseline": register,
            "ViolationReport": None if skip else f"{output}/constraint_violations.json",
            **shown,
        }
    )
    ended = _run(context, arguments, details)
    metadata = {"QualityCheck": {**details, "CheckJobArn": ended["ProcessingJobArn"]}}
    violated = str(ended.get("ExitMessage", "")).startswith(_VIOLATED)
    if violated and not skip and context.resolved("FailOnViolation", True):
        raise StepFailure("ClientError: Quality check failed. See violation report", metadata)
    return StepResult({**ended, **shown}, metadata)


def _run(context: StepContext, arguments: Json, details: Json) -> Json:
    """The analyzer's job, shown in the step's metadata as the check's, not as a processing job of its own."""

    def as_check(made: Json) -> Json:
        return {"QualityCheck": {**details, "CheckJobArn": made["ProcessingJob"]["Arn"]}}

    inner = replace(context, started=lambda made: context.started(as_check(made)))
    try:
        return run_job(PROCESSING, inner, arguments)
    except StepFailure as failure:
        raise StepFailure(failure.reason, as_check(failure.metadata), stopped=failure.stopped) from failure


def _previous(context: StepContext) -> Baseline:
    statistics = context.resolved("SuppliedBaselineStatistics")
    constraints = context.resolved("SuppliedBaselineConstraints")
    if statistics and constraints:
        return Baseline(statistics, constraints)
    group = context.resolved("ModelPackageGroupName")
    found = _approved(context, group) if group else None
    if found is None:
        where = (
            f"model package group {group} has no approved version with one" if group else "none is supplied"
        )
        # AWS's words for this are not known.
        raise StepFailure(
            f"ClientError: There is no baseline of type {context.step.body['CheckType']}: {where}"
        )
    return found


def _approved(context: StepContext, group: str) -> Baseline | None:
    sagemaker = context.caller.client("sagemaker")
    approved = sagemaker.list_model_packages(
        ModelPackageGroupName=group,
        ModelApprovalStatus="Approved",
        SortBy="CreationTime",
        SortOrder="Descending",
        MaxResults=1,
    )["ModelPackageSummaryList"]
    if not approved:
        return None
    package = sagemaker.describe_model_package(ModelPackageName=approved[0]["ModelPackageArn"])
    found = package.get("DriftCheckBaselines", {}).get(_BASELINES_OF[context.step.body["CheckType"]], {})
    if "Statistics" not in found or "Constraints" not in found:
        return None
    return Baseline(found["Statistics"]["S3Uri"], found["Constraints"]["S3Uri"])


def _with_baseline(arguments: Json, baseline: Baseline) -> Json:
    inputs = list(arguments.get("ProcessingInputs", []))
    environment = dict(arguments.get("Environment", {}))
    for what, folder in _FOLDERS.items():
        uri = getattr(baseline, what)
        source = {"S3Uri": uri, "LocalPath": folder, "S3DataType": "S3Prefix", "S3InputMode": "File"}
        inputs.append({"InputName": f"baseline_{what}", "S3Input": source})
        environment[f"baseline_{what}"] = f"{folder}/{urlsplit(uri).path.rsplit('/', 1)[-1]}"
    return {**arguments, "ProcessingInputs": inputs, "Environment": environment}
