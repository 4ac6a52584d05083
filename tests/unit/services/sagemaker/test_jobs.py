"""Jobs start at once, tell what becomes of them, and can be stopped."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from harness.model import AwsError, HarnessError, JobResult

JOBS = ("processing", "training", "transform")
NOUN = {"processing": "ProcessingJob", "training": "TrainingJob", "transform": "TransformJob"}


def start(bench, kind, name="one", **more):
    """Creates a job of the kind; its ARN."""
    if kind == "transform" and not bench.call("ListModels")["Models"]:
        bench.create_model()
    made = getattr(bench, f"create_{kind}_job")(name, **more)
    return made[f"{NOUN[kind]}Arn"]


def describe(bench, kind, name="one"):
    return bench.call(f"Describe{NOUN[kind]}", **{f"{NOUN[kind]}Name": name})


@pytest.mark.parametrize("kind", JOBS)
def test_a_job_is_in_progress_until_its_program_has_ended(bench, kind):
    finish = threading.Event()
    bench.job = lambda spec, stop, log: finish.wait(10) and JobResult("Completed")
    start(bench, kind)
    assert describe(bench, kind)[f"{NOUN[kind]}Status"] == "InProgress"
    finish.set()
    bench.settle()
    assert describe(bench, kind)[f"{NOUN[kind]}Status"] == "Completed"


@pytest.mark.parametrize("kind", JOBS)
def test_a_jobs_arn_keeps_the_case_of_its_name(bench, kind):
    assert start(bench, kind, "pipelines-abc-MyStep") == (
        f"arn:aws:sagemaker:us-east-1:{bench.dev}:{kind}-job/pipelines-abc-MyStep"
    )


@pytest.mark.parametrize("kind", JOBS)
def test_a_name_is_used_once(bench, kind):
    arn = start(bench, kind)
    with pytest.raises(AwsError) as caught:
        start(bench, kind)
    assert caught.value.code == "ResourceInUse"
    assert caught.value.message.endswith(f"a job with this name already exists ({arn})")


@pytest.mark.parametrize("kind", JOBS)
def test_when_the_journal_tells_the_end_describe_has_it(bench, kind):
    arn = start(bench, kind)
    record = bench.journal.wait(lambda r: r["kind"] == "job" and r["status"] == "Completed", timeout=10)
    assert describe(bench, kind)[f"{NOUN[kind]}Status"] == "Completed"
    assert (record["arn"], record["job_type"], record["account"]) == (arn, kind, bench.dev)


@pytest.mark.parametrize("kind", JOBS)
def test_a_failed_job_says_why(bench, kind):
    bench.job = lambda spec, stop, log: JobResult(
        "Failed", failure_reason="AlgorithmError: x", log_tail=("a", "b")
    )
    start(bench, kind)
    bench.settle()
    assert describe(bench, kind)["FailureReason"] == "AlgorithmError: x"
    record = bench.journal.read(0, "job")[-1]
    assert (record["status"], record["reason"], record["log_tail"]) == (
        "Failed",
        "AlgorithmError: x",
        ["a", "b"],
    )


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (AwsError("AccessDenied", "may not read s3://b"), "ClientError: may not read s3://b"),
        (HarnessError("no such image"), "InternalServerError: no such image"),
        (KeyError("bug"), "InternalServerError: KeyError('bug')"),
    ],
)
def test_a_job_ends_whatever_its_runner_raises(bench, error, reason):
    def job(spec, stop, log):
        raise error

    bench.job = job
    bench.create_processing_job("one")
    bench.settle()
    description = describe(bench, "processing")
    assert (description["ProcessingJobStatus"], description["FailureReason"]) == ("Failed", reason)


@pytest.mark.parametrize("kind", JOBS)
def test_a_job_can_be_stopped(bench, kind):
    bench.job = lambda spec, stop, log: stop.wait(10) and JobResult("Stopped")
    start(bench, kind)
    name = {f"{NOUN[kind]}Name": "one"}
    bench.call(f"Stop{NOUN[kind]}", **name)
    bench.settle()
    assert describe(bench, kind)[f"{NOUN[kind]}Status"] == "Stopped"
    told = [record["status"] for record in bench.journal.read(0, "job")]
    assert told == ["InProgress", "Stopping", "Stopped"]
    assert bench.refusal(f"Stop{NOUN[kind]}", **name) == (
        "ValidationException",
        f"The request was rejected because the {kind} job is in status Stopped.",
    )


def test_stopping_a_job_twice_is_no_error(bench):
    finish = threading.Event()
    bench.job = lambda spec, stop, log: finish.wait(10) and JobResult("Stopped")
    bench.create_processing_job("one")
    bench.call("StopProcessingJob", ProcessingJobName="one")
    bench.call("StopProcessingJob", ProcessingJobName="one")
    finish.set()
    bench.settle()


@pytest.mark.parametrize(
    ("kind", "described", "stopped"),
    [
        ("processing", *["Could not find requested job with name: one"] * 2),
        ("training", *["Requested resource not found."] * 2),
        (
            "transform",
            "Could not find requested job with name: one",
            "Could not find job to update with name: one",
        ),
    ],
)
def test_a_job_that_is_not_there_is_told_in_awss_words(bench, kind, described, stopped):
    name = {f"{NOUN[kind]}Name": "one"}
    assert bench.refusal(f"Describe{NOUN[kind]}", **name) == ("ValidationException", described)
    assert bench.refusal(f"Stop{NOUN[kind]}", **name) == ("ValidationException", stopped)


def test_another_account_does_not_see_the_job(bench):
    bench.create_processing_job("one")
    assert (
        bench.refusal("DescribeProcessingJob", bench.registry, ProcessingJobName="one")[0]
        == "ValidationException"
    )
    assert bench.call("ListProcessingJobs", bench.registry) == {"ProcessingJobSummaries": []}


def test_the_job_runs_in_its_role_and_gets_its_request_whole(bench, a_processing_job):
    bench.call("CreateProcessingJob", **a_processing_job("one", Environment={"A": "1"}))
    bench.settle()
    job = "arn:aws:sagemaker:us-east-1:111111111111:processing-job/one"
    assert bench.wire.assumed == [(bench.role, "sagemaker.amazonaws.com", "SageMaker", "us-east-1", job)]
    assert bench.specs[0].request == a_processing_job("one", Environment={"A": "1"})


def test_a_role_that_does_not_trust_sagemaker_is_refused_and_no_job_is_made(bench):
    bench.wire.untrusted.add(bench.role)
    with pytest.raises(AwsError) as caught:
        bench.create_processing_job("one")
    assert caught.value.message == (
        f"Could not assume role {bench.role}. Please ensure that the role exists and allows principal "
        "'sagemaker.amazonaws.com' to assume the role."
    )
    assert bench.call("ListProcessingJobs") == {"ProcessingJobSummaries": []}


def test_a_processing_jobs_description_has_awss_defaults_and_the_programs_message(bench):
    bench.job = lambda spec, stop, log: JobResult("Completed", exit_message="CompletedWithViolations: 3")
    bench.create_processing_job(
        "one",
        ProcessingInputs=[
            {"InputName": "in", "S3Input": {"S3Uri": "s3://sagemaker-b/x", "S3DataType": "S3Prefix"}}
        ],
        Tags=[{"Key": "a", "Value": "b"}],
    )
    bench.settle()
    description = describe(bench, "processing")
    assert description["ExitMessage"] == "CompletedWithViolations: 3"
    assert description["StoppingCondition"] == {"MaxRuntimeInSeconds": 86400}
    assert description["ProcessingInputs"][0]["AppManaged"] is False
    assert "Tags" not in description
    assert (
        description["CreationTime"] <= description["ProcessingStartTime"] <= description["ProcessingEndTime"]
    )


def test_a_training_job_tells_its_phases_its_artifacts_and_its_time(bench):
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    artifacts = "s3://sagemaker-b/models/one/output/model.tar.gz"
    bench.job = lambda spec, stop, log: JobResult(
        "Completed",
        started=begin,
        ended=begin + timedelta(seconds=3),
        outputs={"S3ModelArtifacts": artifacts},
    )
    bench.create_training_job("one")
    bench.settle()
    description = describe(bench, "training")
    assert description["ModelArtifacts"] == {"S3ModelArtifacts": artifacts}
    assert description["SecondaryStatus"] == "Completed"
    assert description["BillableTimeInSeconds"] == description["TrainingTimeInSeconds"] == 1
    assert description["FinalMetricDataList"] == []
    phases = description["SecondaryStatusTransitions"]
    assert [p["Status"] for p in phases] == ["Starting", "Downloading", "Training", "Uploading", "Completed"]
    assert phases[-1]["StatusMessage"] == "Training job completed"
    assert all("EndTime" in phase for phase in phases)


def test_a_training_job_that_ran_too_long_is_stopped_and_says_so(bench):
    outputs = {"SecondaryStatus": "MaxRuntimeExceeded"}
    bench.job = lambda spec, stop, log: JobResult("Stopped", outputs=outputs)
    bench.create_training_job("one")
    bench.settle()
    description = describe(bench, "training")
    assert (description["TrainingJobStatus"], description["SecondaryStatus"]) == (
        "Stopped",
        "MaxRuntimeExceeded",
    )


def test_a_transform_job_needs_a_model_and_runs_in_its_role(bench):
    with pytest.raises(
        AwsError, match='Could not find model "arn:aws:sagemaker:us-east-1:111111111111:model/severity"'
    ):
        bench.create_transform_job("one")
    bench.create_model()
    bench.create_transform_job("one")
    bench.settle()
    assert bench.specs[0].model["PrimaryContainer"]["ModelDataUrl"] == "s3://sagemaker-b/model.tar.gz"
    assert bench.wire.assumed[-1][0] == bench.role
    assert "LastModifiedTime" not in describe(bench, "transform")
    assert "LastModifiedTime" in bench.call("ListTransformJobs")["TransformJobSummaries"][0]


@pytest.mark.parametrize("kind", JOBS)
def test_events_tell_each_status_with_times_in_milliseconds(bench, kind):
    arn = start(bench, kind, Tags=[{"Key": "team", "Value": "mammo"}])
    bench.settle()
    told = bench.told(f"SageMaker {kind.capitalize()} Job State Change")
    assert [detail[f"{NOUN[kind]}Status"] for detail in told] == ["InProgress", "Completed"]
    assert told[-1][f"{kind.capitalize()}EndTime"] == int(
        describe(bench, kind)[f"{kind.capitalize()}EndTime"].timestamp() * 1000
    )
    assert told[-1].get("Tags") == (None if kind == "processing" else {"team": "mammo"})
    event = bench.events[-1]
    assert (event.source, event.resources, event.account) == ("aws.sagemaker", (arn,), bench.dev)


def test_jobs_are_listed_by_status_name_and_time(bench):
    for name in ("train-a", "train-b", "other"):
        bench.create_training_job(name)
    bench.settle()

    def names(**params):
        found = bench.call("ListTrainingJobs", **params)["TrainingJobSummaries"]
        return [job["TrainingJobName"] for job in found]

    assert names() == ["train-a", "train-b", "other"]
    assert names(SortBy="Name", SortOrder="Descending") == ["train-b", "train-a", "other"]
    assert names(NameContains="train", StatusEquals="Completed") == ["train-a", "train-b"]
    assert names(StatusEquals="Failed") == []
    assert names(CreationTimeAfter=bench.clock.now() + timedelta(days=1)) == []


def test_stop_by_arn_is_for_whoever_has_nothing_else(bench):
    from harness.services.sagemaker.jobs import stop

    bench.job = lambda spec, event, log: event.wait(10) and JobResult("Stopped")
    stop(bench.context, start(bench, "training"))
    bench.settle()
    assert describe(bench, "training")["TrainingJobStatus"] == "Stopped"
    stop(bench.context, f"arn:aws:sagemaker:us-east-1:{bench.dev}:training-job/none")
