"""Executions are started, run, watched, told of, listed and stopped as on AWS."""

from __future__ import annotations

import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from harness.model import AwsError, Json

EXECUTION_CHANGE = "SageMaker Model Building Pipeline Execution Status Change"
STEP_CHANGE = "SageMaker Model Building Pipeline Execution Step Status Change"
TRUE = {"Type": "Equals", "LeftValue": 1, "RightValue": 1}
PARAMETERS = [
    {"Name": "Url", "Type": "String"},
    {"Name": "Count", "Type": "Integer", "DefaultValue": 1},
]


def condition(name: str = "C", conditions: list[Json] | None = None) -> Json:
    return {"Name": name, "Type": "Condition", "Arguments": {"Conditions": conditions or [TRUE]}}


def failing(message: str = "no") -> Json:
    return {"Name": "F", "Type": "Fail", "Arguments": {"ErrorMessage": message}}


class Runs:
    """A bench with one pipeline of the given steps."""

    def __init__(self, bench: Any) -> None:
        self.bench = bench
        self.clients = bench.wire.clients
        self.clients["sagemaker"] = _Client(bench)

    def pipeline(self, *steps: Json, parameters: list[Json] | None = None, **more: Any) -> str:
        definition = {"Version": "2020-12-01", "Parameters": parameters or [], "Steps": list(steps)}
        answer = self.bench.call(
            "CreatePipeline",
            PipelineName="P",
            PipelineDefinition=json.dumps(definition),
            RoleArn=self.bench.role,
            ClientRequestToken="t" * 32,
            **more,
        )
        return str(answer["PipelineArn"])

    def start(self, token: str = "s", **more: Any) -> str:
        answer = self.bench.call(
            "StartPipelineExecution", PipelineName="P", ClientRequestToken=token.ljust(32, "x"), **more
        )
        return str(answer["PipelineExecutionArn"])

    def run(self, *steps: Json, **more: Any) -> str:
        self.pipeline(*steps, **more)
        arn = self.start()
        self.bench.settle()
        return arn

    def describe(self, arn: str) -> Json:
        described: Json = self.bench.call("DescribePipelineExecution", PipelineExecutionArn=arn)
        return described

    def steps(self, arn: str, **more: Any) -> list[Json]:
        answer = self.bench.call("ListPipelineExecutionSteps", PipelineExecutionArn=arn, **more)
        return list(answer["PipelineExecutionSteps"])


class _Client:
    """A boto3 client of SageMaker, as the pipeline's role has one: calls go to the same bench."""

    def __init__(self, bench: Any) -> None:
        self._bench = bench

    def __getattr__(self, method: str) -> Any:
        operation = "".join(part.title() for part in method.split("_"))
        return lambda **params: self._bench.call(operation, **params)


@pytest.fixture
def runs(bench: Any) -> Runs:
    return Runs(bench)


def job(name: str = "A", *after: str) -> Json:
    resources = {"ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}}
    image = "111111111111.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1"
    role = "arn:aws:iam::111111111111:role/sagemaker-execution"
    arguments = {"RoleArn": role, "AppSpecification": {"ImageUri": image}, "ProcessingResources": resources}
    return {"Name": name, "Type": "Processing", "Arguments": arguments, "DependsOn": list(after)}


# Starting --------------------------------------------------------------------------------------------------------


def test_an_execution_s_arn_is_its_pipeline_s_and_twelve_letters_or_digits(runs: Runs) -> None:
    pipeline = runs.pipeline(condition())
    assert re.fullmatch(re.escape(pipeline) + r"/execution/[a-z0-9]{12}", runs.start())


def test_an_execution_runs_to_its_end(runs: Runs) -> None:
    described = runs.describe(runs.run(condition()))
    assert described["PipelineExecutionStatus"] == "Succeeded"
    assert re.fullmatch(r"execution-\d{13}", described["PipelineExecutionDisplayName"])
    assert "FailureReason" not in described
    assert "StartTime" not in described


def test_an_execution_that_fails_says_that_a_step_did(runs: Runs) -> None:
    described = runs.describe(runs.run(failing()))
    assert described["PipelineExecutionStatus"] == "Failed"
    assert described["FailureReason"] == "Step failure: One or multiple steps failed."


def test_a_role_that_cannot_be_assumed_fails_the_execution(runs: Runs) -> None:
    runs.bench.wire.untrusted.add(runs.bench.role)
    described = runs.describe(runs.run(condition()))
    assert described["FailureReason"] == "Unable to assume the pipeline's role: not trusted"


def test_the_role_is_assumed_by_sagemaker_for_the_execution(runs: Runs) -> None:
    arn = runs.run(condition())
    assert runs.bench.wire.assumed[-1] == (
        runs.bench.role,
        "sagemaker.amazonaws.com",
        "SageMaker",
        "us-east-1",
        arn,
    )


def test_the_same_token_starts_once(runs: Runs) -> None:
    runs.pipeline(condition())
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(runs.start, ["s"] * 8))) == 1
    assert runs.start("another") != runs.start("s")
    runs.bench.settle()


def test_parameters_are_given_as_text_and_kept_as_given(runs: Runs) -> None:
    runs.pipeline(
        condition(conditions=[{"Type": "Equals", "LeftValue": {"Get": "Parameters.Count"}, "RightValue": 3}]),
        parameters=PARAMETERS,
    )
    given = [{"Name": "Url", "Value": "s3://b"}, {"Name": "Count", "Value": "3"}]
    arn = runs.start(PipelineParameters=given)
    runs.bench.settle()
    assert runs.steps(arn)[0]["Metadata"] == {"Condition": {"Outcome": "True"}}
    listed = runs.bench.call("ListPipelineParametersForExecution", PipelineExecutionArn=arn)
    assert listed == {"PipelineParameters": given}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"Mood": "good", "Url": "u"}, "Parameter [Mood] is not declared"),
        ({"Url": "u", "Count": "many"}, "Parameter [Count] takes Integer, not 'many'"),
        ({"Url": ""}, '[string "" is too short (length: 0, required minimum: 1)]'),
        ({}, "Parameters [Url] have no value and no default"),
    ],
)
def test_wrong_parameters_are_refused_before_anything_starts(
    runs: Runs, given: dict[str, str], told: str
) -> None:
    runs.pipeline(condition(), parameters=PARAMETERS)
    pairs = [{"Name": name, "Value": value} for name, value in given.items()]
    code, message = runs.bench.refusal(
        "StartPipelineExecution", PipelineName="P", ClientRequestToken="s" * 32, PipelineParameters=pairs
    )
    assert code == "ValidationException"
    assert told in message
    assert runs.bench.call("ListPipelineExecutions", PipelineName="P") == {"PipelineExecutionSummaries": []}


def test_what_would_run_otherwise_than_asked_is_refused(runs: Runs) -> None:
    runs.pipeline(condition())
    selective = {"SelectedSteps": [{"StepName": "C"}]}
    assert runs.bench.refusal(
        "StartPipelineExecution",
        PipelineName="P",
        ClientRequestToken="s" * 32,
        SelectiveExecutionConfig=selective,
    ) == ("UnsupportedOperation", "The harness does not support SelectiveExecutionConfig yet")


def test_an_execution_keeps_the_definition_it_was_started_with(runs: Runs) -> None:
    arn = runs.run(condition())
    new = json.dumps({"Version": "2020-12-01", "Steps": [failing()]})
    runs.bench.call("UpdatePipeline", PipelineName="P", PipelineDefinition=new)
    kept = runs.bench.call("DescribePipelineDefinitionForExecution", PipelineExecutionArn=arn)[
        "PipelineDefinition"
    ]
    assert json.loads(kept)["Steps"] == [condition()]


def test_the_execution_s_own_parallelism_goes_before_the_pipeline_s(runs: Runs) -> None:
    runs.pipeline(condition(), ParallelismConfiguration={"MaxParallelExecutionSteps": 5})
    own = runs.start(ParallelismConfiguration={"MaxParallelExecutionSteps": 2})
    other = runs.start("u")
    runs.bench.settle()
    assert runs.describe(own)["ParallelismConfiguration"] == {"MaxParallelExecutionSteps": 2}
    assert runs.describe(other)["ParallelismConfiguration"] == {"MaxParallelExecutionSteps": 5}


# Steps -----------------------------------------------------------------------------------------------------------


def test_steps_are_listed_the_newest_first(runs: Runs) -> None:
    arn = runs.run(condition("First"), job("Second", "First"))
    assert [s["StepName"] for s in runs.steps(arn)] == ["Second", "First"]
    assert [s["StepName"] for s in runs.steps(arn, SortOrder="Ascending")] == ["First", "Second"]


def test_a_step_shows_its_names_times_and_what_it_made(runs: Runs) -> None:
    step = runs.steps(runs.run({**job(), "DisplayName": "The job", "Description": "does it"}))[0]
    assert step.pop("StartTime") <= step.pop("EndTime")
    name = runs.bench.specs[0].name
    assert step == {
        "StepName": "A",
        "StepDisplayName": "The job",
        "StepDescription": "does it",
        "StepStatus": "Succeeded",
        "Metadata": {
            "ProcessingJob": {"Arn": f"arn:aws:sagemaker:us-east-1:111111111111:processing-job/{name}"}
        },
        "AttemptCount": 1,
    }


def test_a_failed_step_shows_its_reason(runs: Runs) -> None:
    assert runs.steps(runs.run(failing("because")))[0]["FailureReason"] == "because"
    runs.bench.call("DeletePipeline", PipelineName="P", ClientRequestToken="t" * 32)
    assert "FailureReason" not in runs.steps(runs.run(failing("")))[0]


def test_many_steps_come_page_by_page(runs: Runs) -> None:
    arn = runs.run(*(condition(f"C{n}") for n in range(5)))
    seen: list[str] = []
    token: Json = {}
    while True:
        page = runs.bench.call("ListPipelineExecutionSteps", PipelineExecutionArn=arn, MaxResults=2, **token)
        seen += [s["StepName"] for s in page["PipelineExecutionSteps"]]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert sorted(seen) == ["C0", "C1", "C2", "C3", "C4"]


# What is told ----------------------------------------------------------------------------------------------------


def test_an_execution_s_changes_are_events(runs: Runs) -> None:
    arn = runs.run(failing())
    began, ended = runs.bench.told(EXECUTION_CHANGE)
    assert (began["currentPipelineExecutionStatus"], "previousPipelineExecutionStatus" in began) == (
        "Executing",
        False,
    )
    assert "executionEndTime" not in began
    assert ended == {
        "pipelineExecutionDisplayName": runs.describe(arn)["PipelineExecutionDisplayName"],
        "currentPipelineExecutionStatus": "Failed",
        "previousPipelineExecutionStatus": "Executing",
        "executionStartTime": ended["executionStartTime"],
        "executionEndTime": ended["executionEndTime"],
        "pipelineArn": arn.split("/execution/")[0],
        "pipelineExecutionArn": arn,
    }
    event = next(e for e in runs.bench.events if e.detail_type == EXECUTION_CHANGE)
    assert event.resources == (arn.split("/execution/")[0], arn)


def test_a_step_s_changes_are_events(runs: Runs) -> None:
    runs.run(failing("because"))
    told = runs.bench.told(STEP_CHANGE)
    assert [(e.get("previousStepStatus"), e["currentStepStatus"]) for e in told] == [
        (None, "Starting"),
        ("Starting", "Executing"),
        ("Executing", "Failed"),
    ]
    assert (told[-1]["failureReason"], told[-1]["stepType"]) == ("because", "Fail")
    assert told[-1]["metadata"] == {"fail": {"errorMessage": "because"}}


def test_the_journal_has_the_execution_and_its_steps_in_their_order(runs: Runs) -> None:
    arn = runs.run(condition())
    records = runs.bench.journal.read(0, "execution", "step")
    assert [(r["kind"], r["status"]) for r in records] == [
        ("execution", "Executing"),
        ("step", "Starting"),
        ("step", "Executing"),
        ("step", "Succeeded"),
        ("execution", "Succeeded"),
    ]
    assert {r.get("arn", r.get("execution")) for r in records} == {arn}
    assert records[0]["pipeline"] == "P"


def test_an_execution_is_under_way_in_the_journal_until_all_is_told(runs: Runs) -> None:
    runs.pipeline(condition())
    arn = runs.start()
    runs.bench.settle()
    assert runs.bench.journal.running() == []
    assert runs.describe(arn)["PipelineExecutionStatus"] == "Succeeded"


def test_a_mistake_of_ours_ends_the_execution(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("harness.services.sagemaker.execution_life.execute", broken)
    described = runs.describe(runs.run(condition()))
    assert described["PipelineExecutionStatus"] == "Failed"
    assert described["FailureReason"].startswith("InternalServerError: ZeroDivisionError")


# Stopping --------------------------------------------------------------------------------------------------------


def test_a_stop_stops_the_job_and_then_the_execution(runs: Runs) -> None:
    started = threading.Event()

    def until_stopped(spec: Any, stop: Any, log: Any) -> Any:
        from harness.model import JobResult

        started.set()
        assert stop.wait(10)
        return JobResult("Stopped")

    runs.bench.job = until_stopped
    runs.pipeline(job(), job("B", "A"))
    arn = runs.start()
    assert started.wait(10)
    assert runs.bench.call(
        "StopPipelineExecution", PipelineExecutionArn=arn, ClientRequestToken="x" * 32
    ) == {"PipelineExecutionArn": arn}
    assert runs.describe(arn)["PipelineExecutionStatus"] in ("Stopping", "Stopped")
    runs.bench.settle()
    assert runs.describe(arn)["PipelineExecutionStatus"] == "Stopped"
    assert "FailureReason" not in runs.describe(arn)
    assert [(s["StepName"], s["StepStatus"]) for s in runs.steps(arn)] == [("A", "Stopped")]
    statuses = [e["currentPipelineExecutionStatus"] for e in runs.bench.told(EXECUTION_CHANGE)]
    assert statuses == ["Executing", "Stopping", "Stopped"]


def test_a_second_stop_is_no_matter(runs: Runs) -> None:
    go_on = threading.Event()
    as_role = runs.bench.wire.as_role
    runs.bench.wire.as_role = lambda *arguments: go_on.wait(10) and as_role(*arguments)
    runs.pipeline(condition())
    arn = runs.start()
    for _ in range(2):
        runs.bench.call("StopPipelineExecution", PipelineExecutionArn=arn, ClientRequestToken="x" * 32)
    go_on.set()
    runs.bench.settle()
    assert runs.describe(arn)["PipelineExecutionStatus"] == "Stopped"
    assert runs.steps(arn) == []


def test_what_has_ended_cannot_be_stopped(runs: Runs) -> None:
    arn = runs.run(condition())
    code, message = runs.bench.refusal(
        "StopPipelineExecution", PipelineExecutionArn=arn, ClientRequestToken="x" * 32
    )
    assert code == "ValidationException"
    assert message.endswith("has ended with status Succeeded.")
    assert runs.describe(arn)["PipelineExecutionStatus"] == "Succeeded"


def test_an_execution_stopped_at_any_moment_ends_once_and_is_told_in_order(runs: Runs) -> None:
    runs.pipeline(condition("A"), condition("B"))
    for n in range(20):
        runs.bench.events.clear()
        arn = runs.start(str(n))
        refused = False
        try:
            runs.bench.call("StopPipelineExecution", PipelineExecutionArn=arn, ClientRequestToken="x" * 32)
        except AwsError:
            refused = True
        runs.bench.settle()
        told = [e["currentPipelineExecutionStatus"] for e in runs.bench.told(EXECUTION_CHANGE)]
        ended = ["Executing", "Succeeded"] if refused else ["Executing", "Stopping", "Stopped"]
        assert told == ended
        assert runs.describe(arn)["PipelineExecutionStatus"] == ended[-1]


# Listing and changing --------------------------------------------------------------------------------------------


def test_executions_are_listed_the_newest_first(runs: Runs) -> None:
    runs.pipeline(failing())
    arns = [runs.start(token) for token in ("1", "2", "3")]
    runs.bench.settle()
    listed = runs.bench.call("ListPipelineExecutions", PipelineName="P")["PipelineExecutionSummaries"]
    assert [e["PipelineExecutionArn"] for e in listed] == arns[::-1]
    assert listed[0]["PipelineExecutionStatus"] == "Failed"
    assert listed[0]["PipelineExecutionFailureReason"] == "Step failure: One or multiple steps failed."


def test_an_execution_may_be_renamed(runs: Runs) -> None:
    arn = runs.run(condition())
    runs.bench.call(
        "UpdatePipelineExecution", PipelineExecutionArn=arn, PipelineExecutionDisplayName="nightly"
    )
    assert runs.describe(arn)["PipelineExecutionDisplayName"] == "nightly"


@pytest.mark.parametrize(
    "operation",
    ["DescribePipelineExecution", "ListPipelineExecutionSteps", "ListPipelineParametersForExecution"],
)
def test_an_execution_that_is_not_there_is_told_so(runs: Runs, operation: str) -> None:
    arn = "arn:aws:sagemaker:us-east-1:111111111111:pipeline/P/execution/abcdefghijkl"
    assert runs.bench.refusal(operation, PipelineExecutionArn=arn) == (
        "ResourceNotFound",
        f"Pipeline execution with ARN {arn} does not exist.",
    )


def test_another_account_finds_an_execution_by_its_arn(runs: Runs) -> None:
    arn = runs.run(condition())
    described = runs.bench.call("DescribePipelineExecution", runs.bench.registry, PipelineExecutionArn=arn)
    assert described["PipelineExecutionArn"] == arn
