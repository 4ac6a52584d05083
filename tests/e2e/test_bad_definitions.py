"""Pipelines that cannot be: refused when they are created, by a sentence that names the step or the parameter."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from harness.model import Json
from tests.e2e.account import SCIKIT_LEARN, Account


def step(name: str, **more: Any) -> Json:
    arguments = {
        "ProcessingResources": {
            "ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10}
        },
        "AppSpecification": {"ImageUri": SCIKIT_LEARN, "ContainerEntrypoint": ["python3", "-c", "pass"]},
        "RoleArn": "arn:aws:iam::111122223333:role/worker",
    }
    return {"Name": name, "Type": "Processing", "Arguments": arguments, **more}


def command(step: Json, *words: Any) -> Json:
    application = {**step["Arguments"]["AppSpecification"], "ContainerArguments": list(words)}
    return {**step, "Arguments": {**step["Arguments"], "AppSpecification": application}}


def definition(*steps: Json, **more: Any) -> str:
    return json.dumps({"Version": "2020-12-01", "Steps": list(steps), **more})


def create(dev: Account, text: str) -> str:
    name = f"pipeline-{time.monotonic_ns()}"
    dev.client("sagemaker").create_pipeline(
        PipelineName=name, PipelineDefinition=text, RoleArn=dev.role, ClientRequestToken=f"{name:0<40}"
    )
    return name


def got(path: str) -> Json:
    return {"Get": path}


BAD: dict[str, tuple[str, str]] = {
    "a cycle": (definition(step("A", DependsOn=["B"]), step("B", DependsOn=["A"])), "A.*B|B.*A"),
    "a step that waits for itself": (definition(step("A", DependsOn=["A"])), "A"),
    "a missing step, waited for": (definition(step("A", DependsOn=["Nowhere"])), "Nowhere"),
    "a missing step, referred to": (
        definition(command(step("A"), got("Steps.Nowhere.ProcessingJobArn"))),
        "Nowhere",
    ),
    "a missing property": (
        definition(step("A"), command(step("B"), got("Steps.A.NoSuchProperty"))),
        "NoSuchProperty",
    ),
    "a missing parameter": (definition(command(step("A"), got("Parameters.Nothing"))), "Nothing"),
    "a wrong type": (
        definition({**step("A"), "Arguments": {**step("A")["Arguments"], "RoleArn": 7}}),
        "RoleArn",
    ),
    "a wrong type within": (
        definition({**step("A"), "Arguments": {**step("A")["Arguments"], "AppSpecification": "image"}}),
        "AppSpecification",
    ),
    "a missing argument": (definition({**step("A"), "Arguments": {}}), "A"),
    "an unknown argument": (
        definition({**step("A"), "Arguments": {**step("A")["Arguments"], "Colour": "red"}}),
        "Colour",
    ),
    "an unknown step type": (definition({"Name": "A", "Type": "Magic", "Arguments": {}}), "'A'.*Magic"),
    "two steps of one name": (definition(step("A"), step("A")), "A"),
    "no steps": (definition(), "no steps"),
    "no JSON": ("{", "JSON"),
    "no object": ("[]", "object"),
    "a wrong version": (json.dumps({"Version": "2019-01-01", "Steps": [step("A")]}), "2019-01-01"),
    "steps that are no list": (json.dumps({"Version": "2020-12-01", "Steps": {"A": 1}}), "[Ss]teps"),
    "a step that is no object": (json.dumps({"Version": "2020-12-01", "Steps": ["A"]}), "object"),
    "a step without a name": (definition({**step("A"), "Name": None}), "None|name"),
    "a parameter that is no object": (definition(step("A"), Parameters=["P"]), "P"),
    "a parameter of no known type": (
        definition(step("A"), Parameters=[{"Name": "P", "Type": "Date"}]),
        "'P'.*'Date'",
    ),
    "a default of another type": (
        definition(step("A"), Parameters=[{"Name": "P", "Type": "Integer", "DefaultValue": "x"}]),
        "'P'.*Integer",
    ),
    "DependsOn that is no list": (definition(step("A", DependsOn="B"), step("B")), "DependsOn|B"),
    "a condition without conditions": (definition({"Name": "C", "Type": "Condition", "Arguments": {}}), "C"),
    "an unknown function": (definition(command(step("A"), {"Std:Reverse": ["x"]})), "Reverse"),
}


@pytest.mark.parametrize("bad", BAD)
def test_a_malformed_definition_is_refused_by_name(dev: Account, bad: str) -> None:
    text, sentence = BAD[bad]
    with pytest.raises(ClientError, match=sentence) as refused:
        create(dev, text)
    error = refused.value.response["Error"]
    assert error["Code"] == "ValidationException"
    assert "\n" not in error["Message"]
    assert "Traceback" not in error["Message"]


def test_a_good_definition_is_taken(dev: Account) -> None:
    create(dev, definition(step("A"), command(step("B"), got("Steps.A.ProcessingJobArn"))))


def test_an_unknown_pipeline_is_refused_by_name(dev: Account) -> None:
    sagemaker = dev.client("sagemaker")
    for call in (sagemaker.start_pipeline_execution, sagemaker.describe_pipeline, sagemaker.delete_pipeline):
        with pytest.raises(ClientError, match=r"ResourceNotFound.*no-such-pipeline"):
            call(PipelineName="no-such-pipeline")


def test_an_unknown_execution_is_refused_by_name(dev: Account) -> None:
    arn = "arn:aws:sagemaker:us-east-1:111122223333:pipeline/none/execution/abcdefghijkl"
    with pytest.raises(ClientError, match=r"ResourceNotFound.*abcdefghijkl"):
        dev.client("sagemaker").describe_pipeline_execution(PipelineExecutionArn=arn)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [("Unknown", "Unknown"), ("Count", "Count.*Integer"), ("Choice", "Choice")],
)
def test_a_wrong_parameter_is_refused_when_the_execution_is_started(
    dev: Account, given: str, sentence: str
) -> None:
    declared = [
        {"Name": "Count", "Type": "Integer", "DefaultValue": 1},
        {"Name": "Choice", "Type": "String", "DefaultValue": "a", "EnumValues": ["a", "b"]},
    ]
    name = create(dev, definition(step("A"), Parameters=declared))
    with pytest.raises(ClientError, match=sentence) as refused:
        dev.client("sagemaker").start_pipeline_execution(
            PipelineName=name, PipelineParameters=[{"Name": given, "Value": "many"}]
        )
    assert refused.value.response["Error"]["Code"] == "ValidationException"


def test_a_step_that_fails_fails_its_execution_and_tells_which(dev: Account) -> None:
    crash = {**step("Crash")}
    crash["Arguments"]["AppSpecification"]["ContainerEntrypoint"] = ["python3", "-c", "1/0"]
    name = create(dev, definition(crash, step("Never", DependsOn=["Crash"])))
    sagemaker = dev.client("sagemaker")
    arn = sagemaker.start_pipeline_execution(PipelineName=name)["PipelineExecutionArn"]
    assert dev.stack.client.settle() == []
    told = sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
    assert told["PipelineExecutionStatus"] == "Failed"
    steps = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=arn)["PipelineExecutionSteps"]
    assert [(s["StepName"], s["StepStatus"]) for s in steps] == [("Crash", "Failed")]
    assert "exit code: 1" in steps[0]["FailureReason"]
