"""What each type of step calls, gives to other steps, shows, and says when it fails."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from harness.model import Json
from harness.orchestrator.step import without_nulls

from .cloud import Cloud, client_error
from .conftest import Bench
from .words import FUNCTION, condition, equals, function, get, join, json_get, processing

MODEL = {
    "Name": "M",
    "Type": "Model",
    "Arguments": {"PrimaryContainer": {"Image": "i"}, "ExecutionRoleArn": "r"},
}
REGISTER = {
    "Name": "R",
    "Type": "RegisterModel",
    "Arguments": {"ModelPackageGroupName": "g", "ModelMetrics": None},
}


# Jobs ------------------------------------------------------------------------------------------------------------


def test_a_job_is_named_after_its_execution_and_step(bench: Bench, cloud: Cloud) -> None:
    bench.run(processing("Prepare"))
    name = cloud.requests("CreateProcessingJob")[0]["ProcessingJobName"]
    assert re.fullmatch(r"pipelines-abcdefghijkl-Prepare-[A-Za-z0-9]{10}", name)


def test_a_job_s_name_has_at_most_63_characters_and_no_underscore(bench: Bench, cloud: Cloud) -> None:
    long = "A_" + "very-" * 20 + "long"
    cloud.step_of = lambda name: long
    bench.run(processing(long))
    name = cloud.requests("CreateProcessingJob")[0]["ProcessingJobName"]
    assert len(name) == 63
    assert re.fullmatch(r"pipelines-abcdefghijkl-A-very-[a-z-]+-[A-Za-z0-9]{10}", name)


def test_what_is_null_in_the_definition_is_left_out_of_the_call(bench: Bench, cloud: Cloud) -> None:
    bench.run(processing("A"))
    assert "ContainerArguments" not in cloud.requests("CreateProcessingJob")[0]["AppSpecification"]
    assert without_nulls({"a": None, "b": [None, {"c": None, "d": 0}], "e": False}) == {
        "b": [{"d": 0}],
        "e": False,
    }


def test_every_value_of_a_call_may_be_an_expression(bench: Bench, cloud: Cloud) -> None:
    declared: list[Json] = [
        {"Name": "Size", "Type": "Integer", "DefaultValue": 5},
        {"Name": "Prefix", "Type": "String"},
    ]
    arguments = [join("/", "s3://b", get("Parameters.Prefix"), get("Execution.PipelineExecutionId"))]
    step = processing("A", arguments=arguments)
    step["Arguments"]["ProcessingResources"]["ClusterConfig"]["VolumeSizeInGB"] = get("Parameters.Size")
    bench.run(step, parameters=declared, Prefix="train", Size="7")
    request = cloud.requests("CreateProcessingJob")[0]
    assert request["AppSpecification"]["ContainerArguments"] == ["s3://b/train/abcdefghijkl"]
    assert request["ProcessingResources"]["ClusterConfig"]["VolumeSizeInGB"] == 7


def test_execution_variables_have_the_execution_s_values(bench: Bench, cloud: Cloud) -> None:
    names = ["PipelineName", "PipelineArn", "PipelineExecutionId", "PipelineExecutionArn"]
    times = ["StartDateTime", "CurrentDateTime"]
    bench.run(processing("A", arguments=[get(f"Execution.{n}") for n in names + times]))
    arguments = cloud.requests("CreateProcessingJob")[0]["AppSpecification"]["ContainerArguments"]
    arn = "arn:aws:sagemaker:us-east-1:111111111111:pipeline/My-Pipeline"
    assert arguments[:4] == ["My-Pipeline", arn, "abcdefghijkl", f"{arn}/execution/abcdefghijkl"]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", time) for time in arguments[4:])


# Models ----------------------------------------------------------------------------------------------------------


def test_a_model_is_made_and_can_be_referred_to(bench: Bench, cloud: Cloud) -> None:
    run = bench.run(MODEL, processing("A", arguments=[get("Steps.M.ModelName")]))
    made = cloud.requests("CreateModel")[0]
    assert made["ModelName"].startswith("pipelines-abcdefghijkl-M-")
    assert run.last("M").metadata == {"Model": {"Arn": f"arn:model/{made['ModelName']}"}}
    arguments = cloud.requests("CreateProcessingJob")[0]["AppSpecification"]["ContainerArguments"]
    assert arguments == [made["ModelName"]]


def test_a_model_that_is_refused_fails_its_step(bench: Bench, cloud: Cloud) -> None:
    cloud.refused["Model"] = client_error("CreateModel", "Could not find model data")
    reason = bench.run(MODEL).last("M").reason
    assert (
        reason
        == "ClientError: Failed to invoke sagemaker:CreateModel. Error Details: Could not find model data"
    )


def test_a_model_is_registered_as_the_definition_says(bench: Bench, cloud: Cloud) -> None:
    run = bench.run(REGISTER)
    assert cloud.requests("CreateModelPackage") == [{"ModelPackageGroupName": "g"}]
    assert run.last("R").metadata == {"RegisterModel": {"Arn": "arn:package/1"}}


# Lambda ----------------------------------------------------------------------------------------------------------


def test_a_function_gets_its_arguments_and_its_answer_can_be_referred_to(bench: Bench, cloud: Cloud) -> None:
    cloud.function = lambda payload: ({"uri": f"s3://{payload['bucket']}", "size": 3, "more": 1}, False)
    run = bench.run(
        function("L", bucket=get("Execution.PipelineName"), outputs=("uri", "size")),
        processing(
            "A",
            arguments=[
                get("Steps.L.OutputParameters['uri']"),
                join("", get("Steps.L.OutputParameters['size']")),
            ],
        ),
    )
    assert cloud.requests("Invoke") == [{"bucket": "My-Pipeline"}]
    outputs = [{"Name": "uri", "Value": "s3://My-Pipeline"}, {"Name": "size", "Value": "3"}]
    assert run.last("L").metadata == {"Lambda": {"Arn": FUNCTION, "OutputParameters": outputs}}
    arguments = cloud.requests("CreateProcessingJob")[0]["AppSpecification"]["ContainerArguments"]
    assert arguments == ["s3://My-Pipeline", "3"]


def test_a_function_without_outputs_may_answer_anything(bench: Bench, cloud: Cloud) -> None:
    answers: list[Any] = [{}, None, "text", [1], b"", b"not json"]
    cloud.function = lambda payload: (answers.pop(), False)
    while answers:
        assert bench.run(function("L")).outcome.status == "Succeeded"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"errorType": "KeyError", "errorMessage": "'x'", "stackTrace": []}, "KeyError: 'x'"),
        ({"errorMessage": "Task timed out after 3.00 seconds"}, "Task timed out after 3.00 seconds"),
        ("text", "text"),
        (b"<html>", "<html>"),
    ],
)
def test_a_function_that_raises_fails_its_step(bench: Bench, cloud: Cloud, answer: Any, told: str) -> None:
    cloud.function = lambda payload: (answer, True)
    last = bench.run(function("L", outputs=("x",))).last("L")
    assert last.reason == f"ClientError: Lambda function {FUNCTION} failed: {told}"
    assert last.metadata == {"Lambda": {"Arn": FUNCTION, "OutputParameters": []}}


@pytest.mark.parametrize("answer", [{"a": 1}, {"a": 1, "b": None}, None, "text", [1, 2]])
def test_a_function_that_leaves_an_output_out_fails_its_step(bench: Bench, cloud: Cloud, answer: Any) -> None:
    cloud.function = lambda payload: (answer, False)
    reason = bench.run(function("L", outputs=("a", "b"))).last("L").reason
    assert reason.startswith(f"ClientError: Lambda function {FUNCTION} did not answer the output parameters")
    assert reason.endswith("b")


def test_a_function_that_may_not_be_invoked_fails_its_step(bench: Bench, cloud: Cloud) -> None:
    cloud.refused["Invoke"] = client_error("Invoke", "not authorized", "AccessDeniedException")
    reason = bench.run(function("L")).last("L").reason
    assert reason == "ClientError: Failed to invoke lambda:Invoke. Error Details: not authorized"


# Property files --------------------------------------------------------------------------------------------------

FILE = {"PropertyFileName": "Report", "OutputName": "evaluation", "FilePath": "report.json"}
KEY = ("a-sagemaker-bucket", "Eval/evaluation/report.json")


def check_score(
    bench: Bench, path: str = "auc.value", content: bytes | None = b'{"auc": {"value": 0.8}}'
) -> Any:
    if content is not None:
        bench.cloud.objects[KEY] = content
    score = {"Type": "GreaterThan", "LeftValue": json_get("Eval", "Report", path), "RightValue": 0.5}
    other = {**FILE, "PropertyFileName": "evaluation", "OutputName": "other", "FilePath": "x.json"}
    evaluation = processing("Eval", outputs=("other", "evaluation"), PropertyFiles=[other, FILE])
    return bench.run(evaluation, condition("C", [score], [processing("Good")], [processing("Bad")]))


def test_a_condition_reads_a_property_file(bench: Bench) -> None:
    assert "Good" in check_score(bench).ran


@pytest.mark.parametrize("path", ["auc.value", "$.auc.value", "['auc']['value']", "$['auc'].value"])
def test_a_path_into_a_property_file_may_be_written_in_several_ways(bench: Bench, path: str) -> None:
    assert "Good" in check_score(bench, path).ran


def test_a_path_leads_through_lists(bench: Bench) -> None:
    assert "Good" in check_score(bench, "scores[1].auc", b'{"scores": [{"auc": 0}, {"auc": 1}]}').ran


@pytest.mark.parametrize(
    ("path", "content", "told"),
    [
        ("auc.value", None, "cannot be read: An error occurred (NoSuchKey)"),
        ("auc.value", b"auc=0.8", "is not JSON"),
        ("auc.value", b"\xff\xfe", "is not JSON"),
        ("auc.other", b'{"auc": {"value": 0.8}}', "has nothing at auc.other"),
        ("auc[3]", b'{"auc": [1]}', "has nothing at auc[3]"),
        ("auc.value", b'{"auc": {"value": null}}', "has nothing at auc.value"),
        ("auc.value", b'{"auc": {"value": "high"}}', "GreaterThan cannot compare 'high' with 0.5"),
    ],
)
def test_a_property_file_that_cannot_be_used_fails_the_step(
    bench: Bench, path: str, content: bytes | None, told: str
) -> None:
    run = check_score(bench, path, content)
    assert run.ran == {"Eval": "Succeeded", "C": "Failed"}
    assert run.last("C").reason.startswith("ClientError: ")
    assert told in run.last("C").reason


def test_a_property_file_is_where_the_job_says_its_output_is(bench: Bench, cloud: Cloud) -> None:
    moved = {"OutputName": "evaluation", "S3Output": {"S3Uri": "s3://elsewhere/e/"}}
    cloud.ends["Eval"] = {"ProcessingOutputConfig": {"Outputs": [moved]}}
    cloud.objects["elsewhere", "e/report.json"] = b'{"auc": {"value": 0.8}}'
    assert "Good" in check_score(bench, content=None).ran


def test_a_property_the_job_did_not_get_fails_the_step_that_refers_to_it(bench: Bench) -> None:
    run = bench.run(processing("A"), processing("B", arguments=[get("Steps.A.ExitMessage")]))
    assert run.last("B").reason == "ClientError: Steps.A.ExitMessage has no value: step A did not produce it"


def test_what_is_nothing_but_falsy_is_a_value(bench: Bench, cloud: Cloud) -> None:
    cloud.function = lambda payload: ({"zero": 0, "no": False, "empty": ""}, False)
    holds: list[Json] = [
        equals(get(f"Steps.L.OutputParameters['{name}']"), value)
        for name, value in (("zero", 0), ("no", False), ("empty", ""))
    ]
    run = bench.run(
        function("L", outputs=("zero", "no", "empty")), condition("C", holds, [processing("Good")], [])
    )
    assert "Good" in run.ran


def test_the_payload_of_a_function_is_json(bench: Bench, cloud: Cloud) -> None:
    bench.run(function("L", nested={"a": [1, None, "ü"]}))
    assert json.dumps(cloud.requests("Invoke")[0]) == json.dumps({"nested": {"a": [1, None, "ü"]}})
