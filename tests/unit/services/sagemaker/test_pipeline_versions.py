"""A pipeline keeps each definition that it has had, and executions run the one that they are asked to."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.model import Json


def definition(step: str) -> str:
    return json.dumps({"Version": "2020-12-01", "Steps": [{"Name": step, "Type": "Fail", "Arguments": {}}]})


@pytest.fixture
def pipeline(bench: Any) -> str:
    """The ARN of one that has had two definitions."""
    arn: str = bench.call(
        "CreatePipeline",
        PipelineName="P",
        PipelineDefinition=definition("First"),
        RoleArn=bench.role,
        ClientRequestToken="t" * 32,
    )["PipelineArn"]
    bench.call("UpdatePipeline", PipelineName="P", PipelineDefinition=definition("Second"))
    return arn


def versions(bench: Any, **more: Any) -> list[Json]:
    return list(bench.call("ListPipelineVersions", PipelineName="P", **more)["PipelineVersionSummaries"])


def run(bench: Any, **more: Any) -> Json:
    arn = bench.call("StartPipelineExecution", PipelineName="P", ClientRequestToken="s" * 32, **more)
    bench.settle()
    described: Json = bench.call("DescribePipelineExecution", **arn)
    return described


def steps_of(bench: Any, execution: Json) -> list[str]:
    arn = execution["PipelineExecutionArn"]
    listed = bench.call("ListPipelineExecutionSteps", PipelineExecutionArn=arn)
    return [step["StepName"] for step in listed["PipelineExecutionSteps"]]


def test_the_newest_version_is_listed_first_as_the_sdk_expects(bench: Any, pipeline: str) -> None:
    assert [version["PipelineVersionId"] for version in versions(bench)] == [2, 1]
    assert [version["PipelineVersionId"] for version in versions(bench, MaxResults=1)] == [2]
    assert versions(bench)[0].keys() == {"PipelineArn", "PipelineVersionId", "CreationTime"}


def test_an_update_answers_the_version_it_made(bench: Any, pipeline: str) -> None:
    answer = bench.call("UpdatePipeline", PipelineName="P", PipelineDefinition=definition("Third"))
    assert answer == {"PipelineArn": pipeline, "PipelineVersionId": 3}


@pytest.mark.parametrize(
    "change", [{"PipelineDescription": "new"}, {"PipelineDefinition": definition("Second")}]
)
def test_an_update_that_leaves_the_definition_makes_none(bench: Any, pipeline: str, change: Json) -> None:
    assert bench.call("UpdatePipeline", PipelineName="P", **change)["PipelineVersionId"] == 2
    assert len(versions(bench)) == 2


def test_a_former_version_is_described(bench: Any, pipeline: str) -> None:
    former = bench.call("DescribePipeline", PipelineName="P", PipelineVersionId=1)
    assert former["PipelineDefinition"] == definition("First")
    assert bench.call("DescribePipeline", PipelineName="P")["PipelineDefinition"] == definition("Second")


def test_an_execution_runs_the_latest_version(bench: Any, pipeline: str) -> None:
    execution = run(bench)
    assert execution["PipelineVersionId"] == 2
    assert steps_of(bench, execution) == ["Second"]


def test_an_execution_runs_a_former_version_if_asked_and_the_version_tells_of_it(
    bench: Any, pipeline: str
) -> None:
    execution = run(bench, PipelineVersionId=1)
    assert execution["PipelineVersionId"] == 1
    assert steps_of(bench, execution) == ["First"]
    told = {v["PipelineVersionId"]: v.get("LastExecutionPipelineExecutionArn") for v in versions(bench)}
    assert told == {1: execution["PipelineExecutionArn"], 2: None}


@pytest.mark.parametrize("operation", ["DescribePipeline", "StartPipelineExecution"])
def test_a_version_that_is_not_there_is_told(bench: Any, pipeline: str, operation: str) -> None:
    more = {"ClientRequestToken": "s" * 32} if operation.startswith("Start") else {}
    assert bench.refusal(operation, PipelineName="P", PipelineVersionId=3, **more) == (
        "ResourceNotFound",
        f"Pipeline '{pipeline}' does not have version 3.",
    )


@pytest.mark.parametrize(
    ("operation", "alias"),
    [
        ("UpdatePipeline", {"PipelineVersionAliases": ["live"]}),
        ("DescribePipeline", {"PipelineVersionAlias": "live"}),
        ("StartPipelineExecution", {"PipelineVersionAlias": "live", "ClientRequestToken": "s" * 32}),
        ("ListPipelineExecutions", {"PipelineVersionAlias": "live"}),
    ],
)
def test_aliases_are_refused_by_name(bench: Any, pipeline: str, operation: str, alias: Json) -> None:
    code, message = bench.refusal(operation, PipelineName="P", **alias)
    assert (code, message.split()[-2]) == ("UnsupportedOperation", next(iter(alias)))


def test_an_execution_of_one_s_own_pipeline_takes_no_role(bench: Any, pipeline: str) -> None:
    more = {"ClientRequestToken": "s" * 32, "RoleArn": bench.role}
    assert bench.refusal("StartPipelineExecution", PipelineName="P", **more)[0] == "ValidationException"
