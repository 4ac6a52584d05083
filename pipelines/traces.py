"""What executions of a pipeline leave behind in their account: models, and the logs of their jobs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from pipelines.listing import names
from pipelines.telling import Item

_LOG_GROUPS = {
    "processing-job": "/aws/sagemaker/ProcessingJobs",
    "training-job": "/aws/sagemaker/TrainingJobs",
    "transform-job": "/aws/sagemaker/TransformJobs",
}
"""Where SageMaker logs a kind of job, by the kind's word in ARNs. All of an account's jobs log there."""

_MADE = "PipelineExecutionSteps[].Metadata.[ProcessingJob.Arn, TrainingJob.Arn, TransformJob.Arn, QualityCheck.CheckJobArn, Model.Arn][]"  # noqa: E501


@dataclass(frozen=True)
class Traces:
    """What executions made, by name. `jobs` is by log group."""

    models: set[str] = field(default_factory=set)
    jobs: dict[str, set[str]] = field(default_factory=dict)


def executions(sagemaker: Any, pipeline: str) -> list[Any]:
    """The summaries of a pipeline's executions."""
    pages = sagemaker.get_paginator("list_pipeline_executions").paginate(PipelineName=pipeline)
    return [summary for page in pages for summary in page["PipelineExecutionSummaries"]]


def traces(sagemaker: Any, execution_arns: Sequence[str]) -> Traces:
    """What the steps of these executions made: SageMaker keeps word of it as long as their pipeline is there."""
    found = Traces()
    for execution in execution_arns:
        for arn in names(sagemaker, "list_pipeline_execution_steps", _MADE, PipelineExecutionArn=execution):
            kind, _, name = arn.split(":", 5)[5].partition("/")
            if kind == "model":
                found.models.add(name)
            else:
                found.jobs.setdefault(_LOG_GROUPS[kind], set()).add(name)
    return found


def logs_of(logs: Any, group: str, jobs: set[str]) -> Iterator[Item]:
    """The jobs' streams in a log group; the group itself where it holds nothing else."""
    if group not in names(logs, "describe_log_groups", "logGroups[].logGroupName", logGroupNamePrefix=group):
        return
    streams = names(logs, "describe_log_streams", "logStreams[].logStreamName", logGroupName=group)
    ours = [stream for stream in streams if stream.partition("/")[0] in jobs]
    if ours and ours == streams:
        yield Item("deleted", "log group", group, apply=partial(logs.delete_log_group, logGroupName=group))
        return
    for stream in ours:
        delete = partial(logs.delete_log_stream, logGroupName=group, logStreamName=stream)
        yield Item("deleted", "log stream", f"{group}/{stream}", apply=delete)
