"""Both pipelines in an environment's account: whether their definitions are this checkout's."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
from sagemaker.workflow.pipeline import Pipeline

from pipelines.building import pipeline_session
from pipelines.environment import Environment
from pipelines.inference import build_inference_pipeline
from pipelines.listing import has_pipeline
from pipelines.telling import Item, difference
from pipelines.train import build_train_pipeline


def definitions(environment: Environment, session: boto3.Session) -> Iterator[Item]:
    """An item for each pipeline; its diff is of definition and role."""
    building = pipeline_session(environment, session)
    for build in (build_train_pipeline, build_inference_pipeline):
        yield _item(environment, build(environment, building))


def _item(environment: Environment, pipeline: Pipeline) -> Item:
    client, role = pipeline.sagemaker_session.sagemaker_client, environment.execution_role
    wanted = _shown(pipeline.definition(), role)
    if not has_pipeline(client, pipeline.name):
        return Item(
            "created",
            "pipeline",
            pipeline.name,
            difference({}, wanted),
            lambda: pipeline.create(role_arn=role),
        )
    present = client.describe_pipeline(PipelineName=pipeline.name)
    diff = difference(_shown(present["PipelineDefinition"], present["RoleArn"]), wanted)
    if not diff:
        return Item("unchanged", "pipeline", pipeline.name)
    return Item("updated", "pipeline", pipeline.name, diff, lambda: pipeline.update(role_arn=role))


def _shown(definition: str, role: str) -> dict[str, Any]:
    return {"PipelineDefinition": json.loads(definition), "RoleArn": role}
