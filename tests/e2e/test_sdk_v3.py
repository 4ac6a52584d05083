"""The platform's pipelines written with `sagemaker` 3: in place of those of `pipelines/`, nobody sees a difference.

A harness lives through both: first the tenant's own pipelines, then those of `examples/sdk_v3` put over them.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.model import Json
from harness.running import environment
from harness.scenario import Execution, Telling, World
from harness.stack import started, terraform
from scenarios.platform import CLEAN, INFERENCE, TRAIN, Platform
from tests.e2e import sdk_v3
from tests.e2e.sdk_v3 import EXAMPLE, Done

WHY_NOT = "sagemaker 3 takes an environment of its own, of 730 MB: `make test-sdk3` makes it and runs these"


@dataclass(frozen=True)
class Life:
    """What one SDK's pipelines came to: two executions, the version that was registered, and the predictions."""

    train: Execution
    inference: Execution
    version: Json
    predictions: str


@dataclass(frozen=True)
class Lives:
    """Both; what `examples.sdk_v3.run` said; who answers for AWS's hosts in its environment."""

    second: Life
    third: Life
    said: dict[str, Done]
    look_up: Done
    world: World


@pytest.fixture(scope="module")
def lives() -> Iterator[Lives]:
    if os.environ.get("SDK3") != "1":
        pytest.skip(WHY_NOT)
    python = sdk_v3.environment_of_its_own()
    with started() as stack, environment(stack):
        terraform(stack, "apply", lambda _: None)
        world = World(stack, Telling())
        platform = Platform(world)
        second = _second(platform)
        said = {}

        def run(name: str, pipeline: str) -> Execution:
            said[name] = sdk_v3.run(python, stack, "-m", "examples.sdk_v3.run", name)
            assert said[name].returncode == 0, said[name].stdout + said[name].stderr[-3000:]
            return world.ended("dev", world.executions("dev", pipeline)[0])

        train = run("train", TRAIN)
        version = _approved(platform, 2)
        inference = run("inference", INFERENCE)
        third = Life(train, inference, version, _predictions(platform, inference))
        host = "sm-pysdk-t-us-east-1.s3.us-east-1.amazonaws.com"  # where the SDK's telemetry goes
        look_up = sdk_v3.run(python, stack, "-c", f"import socket; socket.getaddrinfo('{host}', 443)")
        yield Lives(second, third, said, look_up, world)


def _second(platform: Platform) -> Life:
    """With the tenant's own pipelines, which are written with `sagemaker` 2."""
    platform.upload_data()
    platform.deploy("dev")
    train = platform.start_training("dev")
    version = _approved(platform, 1)
    inference = platform.start_inference("dev", CLEAN)
    return Life(train, inference, version, _predictions(platform, inference))


def _approved(platform: Platform, nth: int) -> Json:
    """The nth version as it was registered; the approver approves it."""
    client = platform.world.client("registry", "sagemaker")
    arn = platform.registry.versions()[nth - 1]["ModelPackageArn"]
    described: Json = client.describe_model_package(ModelPackageName=arn)
    platform.registry.decide(nth, "Approved")
    return described


def _predictions(platform: Platform, execution: Execution) -> str:
    bucket = platform.environments["dev"].bucket_name
    name = execution.step("Mammo-MonitorBatchTransform-transform")["Metadata"]["TransformJob"]["Arn"]
    job = platform.world.client("dev", "sagemaker").describe_transform_job(
        TransformJobName=name.rpartition("/")[2]
    )
    prefix = job["TransformOutput"]["S3OutputPath"].removeprefix(f"s3://{bucket}/")
    body = platform.world.client("dev", "s3").get_object(Bucket=bucket, Key=f"{prefix}/{CLEAN}.out")["Body"]
    return str(body.read().decode())


def steps(execution: Execution) -> list[tuple[str, str]]:
    """Names and statuses, in the order in which the steps started."""
    return [(step["StepName"], step["StepStatus"]) for step in execution.steps]


def imported(file: Path) -> set[str]:
    """The modules that a file imports, or imports from."""
    nodes = list(ast.walk(ast.parse(file.read_text())))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return names | {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}


def test_the_example_is_a_users_code_of_version_3_alone() -> None:
    modules = {module for file in EXAMPLE.glob("*.py") for module in imported(file)}
    sdk = {module for module in modules if module.split(".")[0] == "sagemaker"}
    assert {".".join(module.split(".")[:2]) for module in sdk} <= {
        "sagemaker.core",
        "sagemaker.train",
        "sagemaker.serve",
        "sagemaker.mlops",
    }
    assert not {"harness", "fake_accounts", "images", "scenarios"} & {m.split(".")[0] for m in modules}


def test_both_pipelines_succeed(lives: Lives) -> None:
    assert (lives.third.train.status, lives.third.inference.status) == ("Succeeded", "Succeeded")


def test_the_train_pipelines_steps_have_the_same_names_and_start_in_the_same_order(lives: Lives) -> None:
    assert steps(lives.third.train) == steps(lives.second.train)


def test_so_have_the_inference_pipelines_of_which_two_start_at_once(lives: Lives) -> None:
    third, second = steps(lives.third.inference), steps(lives.second.inference)
    assert (third[0], third[-1]) == (second[0], second[-1])
    assert sorted(third) == sorted(second)


@pytest.mark.parametrize("pipeline", ["train", "inference"])
def test_the_reader_sees_each_step(lives: Lives, pipeline: str) -> None:
    told = re.findall(r"^(Mammo-\S+) +(\w+)$", lives.said[pipeline].stdout, re.MULTILINE)
    assert sorted(told) == sorted(steps(getattr(lives.third, pipeline)))


def test_the_model_waits_for_approval_registered_as_before(lives: Lives) -> None:
    assert lives.third.version["ModelApprovalStatus"] == "PendingManualApproval"
    assert said_of(lives.third.version) == said_of(lives.second.version)


def said_of(version: Json) -> Any:
    """What is the same of every version: all but where its own files are."""
    parts = ("InferenceSpecification", "ModelMetrics", "DriftCheckBaselines")
    return _without_places({part: version[part] for part in parts})


def _without_places(told: Any) -> Any:
    if isinstance(told, dict):
        return {k: "its own" if k in _PLACES else _without_places(v) for k, v in told.items()}
    return [_without_places(item) for item in told] if isinstance(told, list) else told


_PLACES = ("ModelDataUrl", "S3Uri", "ModelDataETag")


def test_its_predictions_are_those_of_the_second_versions_model(lives: Lives) -> None:
    assert len(lives.third.predictions.split()) == 48
    assert lives.third.predictions == lives.second.predictions


def test_each_pipeline_has_two_definitions_though_the_example_put_its_own_twice(lives: Lives) -> None:
    sagemaker = lives.world.client("dev", "sagemaker")
    for pipeline in (TRAIN, INFERENCE):
        listed = sagemaker.list_pipeline_versions(PipelineName=pipeline)["PipelineVersionSummaries"]
        assert [version["PipelineVersionId"] for version in listed] == [2, 1]


def test_nothing_of_it_finds_aws(lives: Lives) -> None:
    assert "a local run of the harness does not call it" in lives.look_up.stderr
