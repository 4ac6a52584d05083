"""A QualityCheck compares with the previous baseline, makes a new one, or both; see the table in quality_check.py."""

from __future__ import annotations

from typing import Any

import pytest

from harness.model import Json

from .cloud import Cloud
from .conftest import Bench
from .words import get, processing, quality_check

OUTPUT = "s3://a-sagemaker-bucket/Check/quality_check_output"
SUPPLIED = {
    "SuppliedBaselineStatistics": "s3://b/old/my-statistics.json",
    "SuppliedBaselineConstraints": "s3://b/old/my-constraints.json",
}
GROUP = "arn:aws:sagemaker:us-east-1:333333333333:model-package-group/mammo"
VIOLATIONS = {"ExitMessage": "CompletedWithViolations: Job completed successfully with 3 violations."}
CLEAN = {"ExitMessage": "Completed: Job completed successfully with no violations."}


def approved(cloud: Cloud, member: str = "ModelDataQuality") -> None:
    files = {
        what: {"S3Uri": f"s3://b/approved/{what.lower()}.json"} for what in ("Statistics", "Constraints")
    }
    cloud.packages["arn:package/7"] = {
        "ModelPackageArn": "arn:package/7",
        "DriftCheckBaselines": {member: files},
    }


def shown(bench: Bench) -> Json:
    metadata = bench.states[-1].metadata
    assert metadata is not None
    return metadata["QualityCheck"]  # type: ignore[no-any-return]


def checked(cloud: Cloud) -> Json:
    """The environment and inputs of the analyzer's job."""
    request = cloud.requests("CreateProcessingJob")[0]
    inputs = {i["InputName"]: i["S3Input"]["S3Uri"] for i in request.get("ProcessingInputs", [])}
    return {**request.get("Environment", {}), "inputs": inputs}


NEW = (f"{OUTPUT}/statistics.json", f"{OUTPUT}/constraints.json")
OLD = (SUPPLIED["SuppliedBaselineStatistics"], SUPPLIED["SuppliedBaselineConstraints"])


@pytest.mark.parametrize(
    ("skip", "register", "compares", "used"),
    [
        (False, False, True, OLD),
        (False, True, True, NEW),
        (True, False, False, OLD),
        (True, True, False, NEW),
    ],
)
def test_the_flags_decide_what_is_compared_and_which_baseline_counts_as_used(
    bench: Bench, cloud: Cloud, skip: bool, register: bool, compares: bool, used: tuple[str, str]
) -> None:
    seen = [get(f"Steps.Check.BaselineUsedForDriftCheck{w}") for w in ("Statistics", "Constraints")]
    seen += [get(f"Steps.Check.CalculatedBaseline{w}") for w in ("Statistics", "Constraints")]
    step = quality_check(SkipCheck=skip, RegisterNewBaseline=register, **SUPPLIED)
    bench.run(step, processing("After", arguments=seen))
    assert bool(checked(cloud)["inputs"]) is compares
    arguments = cloud.requests("CreateProcessingJob")[1]["AppSpecification"]["ContainerArguments"]
    assert tuple(arguments) == used + NEW


def test_the_analyzer_finds_the_baseline_through_its_environment(bench: Bench, cloud: Cloud) -> None:
    bench.run(quality_check(**SUPPLIED))
    assert checked(cloud) == {
        "baseline_statistics": "/opt/ml/processing/baseline/stats/my-statistics.json",
        "baseline_constraints": "/opt/ml/processing/baseline/constraints/my-constraints.json",
        "inputs": {"baseline_statistics": OLD[0], "baseline_constraints": OLD[1]},
    }


def test_what_the_definition_gives_the_analyzer_stays(bench: Bench, cloud: Cloud) -> None:
    step = quality_check(**SUPPLIED)
    source = {"S3Uri": "s3://b/in", "LocalPath": "/in", "S3DataType": "S3Prefix", "S3InputMode": "File"}
    step["Arguments"] |= {
        "Environment": {"a": "1"},
        "ProcessingInputs": [{"InputName": "in", "S3Input": source}],
    }
    bench.run(step)
    assert checked(cloud)["a"] == "1"
    assert checked(cloud)["inputs"]["in"] == "s3://b/in"


def test_without_a_supplied_baseline_the_group_s_latest_approved_one_is_used(
    bench: Bench, cloud: Cloud
) -> None:
    approved(cloud)
    bench.run(quality_check(ModelPackageGroupName=GROUP))
    asked = cloud.requests("ListModelPackages")[0]
    assert (asked["ModelPackageGroupName"], asked["ModelApprovalStatus"]) == (GROUP, "Approved")
    assert (asked["SortBy"], asked["SortOrder"]) == ("CreationTime", "Descending")
    assert checked(cloud)["inputs"]["baseline_statistics"] == "s3://b/approved/statistics.json"
    assert shown(bench)["BaselineUsedForDriftCheckConstraints"] == "s3://b/approved/constraints.json"


def test_a_supplied_baseline_goes_before_the_group_s(bench: Bench, cloud: Cloud) -> None:
    approved(cloud)
    bench.run(quality_check(ModelPackageGroupName=GROUP, **SUPPLIED))
    assert cloud.requests("ListModelPackages") == []


def test_model_quality_has_a_baseline_of_its_own(bench: Bench, cloud: Cloud) -> None:
    approved(cloud, "ModelQuality")
    assert bench.run(quality_check(CheckType="MODEL_QUALITY", ModelPackageGroupName=GROUP)).ran == {
        "Check": "Succeeded"
    }


@pytest.mark.parametrize("flags", [{}, {"SkipCheck": True}, {"RegisterNewBaseline": True}])
@pytest.mark.parametrize("group", [None, GROUP])
def test_a_baseline_that_is_needed_and_missing_fails_the_step(
    bench: Bench, cloud: Cloud, flags: Json, group: str | None
) -> None:
    last = bench.run(quality_check(ModelPackageGroupName=group, **flags)).last("Check")
    assert last.status == "Failed"
    assert last.reason.startswith("ClientError: There is no baseline of type DATA_QUALITY: ")
    assert cloud.requests("CreateProcessingJob") == []


def test_an_approved_version_without_that_baseline_is_none(bench: Bench, cloud: Cloud) -> None:
    approved(cloud, "ModelQuality")
    assert bench.run(quality_check(ModelPackageGroupName=GROUP)).ran == {"Check": "Failed"}


def test_the_first_baseline_needs_no_previous_one(bench: Bench, cloud: Cloud) -> None:
    run = bench.run(quality_check(SkipCheck=True, RegisterNewBaseline=True, ModelPackageGroupName=GROUP))
    assert run.ran == {"Check": "Succeeded"}
    assert cloud.requests("ListModelPackages") == []


# Violations ------------------------------------------------------------------------------------------------------


def test_violations_fail_the_step(bench: Bench, cloud: Cloud) -> None:
    cloud.ends["Check"] = VIOLATIONS
    run = bench.run(quality_check(**SUPPLIED), processing("After", "Check"))
    assert run.ran == {"Check": "Failed"}
    assert run.last("Check").reason == "ClientError: Quality check failed. See violation report"
    assert shown(bench)["ViolationReport"] == f"{OUTPUT}/constraint_violations.json"


@pytest.mark.parametrize("flags", [{"FailOnViolation": False}, {"SkipCheck": True}])
def test_violations_are_let_pass_where_the_step_says_so(bench: Bench, cloud: Cloud, flags: Json) -> None:
    cloud.ends["Check"] = VIOLATIONS
    assert bench.run(quality_check(**SUPPLIED, **flags)).ran == {"Check": "Succeeded"}


def test_a_clean_check_succeeds(bench: Bench, cloud: Cloud) -> None:
    cloud.ends["Check"] = CLEAN
    assert bench.run(quality_check(**SUPPLIED)).ran == {"Check": "Succeeded"}


@pytest.mark.parametrize("flag", ["SkipCheck", "RegisterNewBaseline", "FailOnViolation"])
def test_a_flag_may_be_a_parameter(bench: Bench, cloud: Cloud, flag: str) -> None:
    cloud.ends["Check"] = VIOLATIONS if flag == "FailOnViolation" else CLEAN
    declared = [{"Name": "Flag", "Type": "Boolean", "DefaultValue": False}]
    flags: dict[str, Any] = {"SkipCheck": True, "RegisterNewBaseline": True} | {flag: get("Parameters.Flag")}
    assert bench.run(quality_check(**SUPPLIED, **flags), parameters=declared).ran == {"Check": "Succeeded"}


# What it shows ---------------------------------------------------------------------------------------------------


def test_the_step_shows_its_check_and_not_a_processing_job(bench: Bench, cloud: Cloud) -> None:
    bench.run(quality_check(ModelPackageGroupName=None, **SUPPLIED))
    assert shown(bench) == {
        "CheckType": "DATA_QUALITY",
        "SkipCheck": False,
        "RegisterNewBaseline": False,
        "ViolationReport": f"{OUTPUT}/constraint_violations.json",
        "CalculatedBaselineStatistics": NEW[0],
        "CalculatedBaselineConstraints": NEW[1],
        "BaselineUsedForDriftCheckStatistics": OLD[0],
        "BaselineUsedForDriftCheckConstraints": OLD[1],
        "CheckJobArn": next(iter(cloud.jobs.values())).arn,
    }


def test_a_skipped_check_has_no_report(bench: Bench) -> None:
    bench.run(quality_check(SkipCheck=True, **SUPPLIED))
    assert "ViolationReport" not in shown(bench)


def test_the_job_is_shown_while_it_runs_and_when_it_failed(bench: Bench, cloud: Cloud) -> None:
    cloud.ends["Check"] = {"Status": "Failed", "FailureReason": "AlgorithmError: no"}
    last = bench.run(quality_check(**SUPPLIED)).last("Check")
    arn = next(iter(cloud.jobs.values())).arn
    assert last.reason == "ClientError: AlgorithmError: no"
    for state in (last, next(s for s in bench.states if s.metadata)):
        assert (state.metadata or {})["QualityCheck"]["CheckJobArn"] == arn


def test_a_stop_stops_the_check(bench: Bench, cloud: Cloud) -> None:
    cloud.hold("Check")
    ended = bench.begin(quality_check(**SUPPLIED))
    bench.until_job("Check")
    bench.ask_to_stop()
    assert ended().statuses("Check") == ["Starting", "Executing", "Stopping", "Stopped"]
