"""Undoing: delete what the platform's commands and runs have made beside Terraform, and nothing else.

    python -m pipelines.destroy --environment dev|prod|registry [--profile dev] [--plan] [--json]

In dev and prod these are both pipelines, the Lambda function, and what their executions left: models and logs.
In the registry, the versions of the model. What is in buckets goes with them: see `harness destroy`.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import boto3

from pipelines.environment import Account, Environment, Registry
from pipelines.errors import StillRunningError
from pipelines.listing import has_pipeline, names
from pipelines.telling import Item, add_arguments, carry_out, run
from pipelines.traces import executions, logs_of, traces

LIVE = ("Executing", "Stopping")


def destroy(account: Account, session: boto3.Session) -> list[Item]:
    """Delete from an `Environment` or the `Registry` what was made there beside Terraform.

    Raises:
        PlatformError: Executions still run, or the credentials are another account's.
        ClientError, BotoCoreError: AWS refuses a call, or can't be reached.
    """
    return list(carry_out(account, session, items(account, session)))


def items(account: Account, session: boto3.Session) -> Iterator[Item]:
    """What there is to delete. Pipelines come last but the function: with them goes the word of what they made."""
    if isinstance(account, Registry):
        yield from _versions(account, session)
    elif isinstance(account, Environment):
        sagemaker = session.client("sagemaker", region_name=account.region)
        pipelines = (account.train_pipeline_name, account.inference_pipeline_name)
        present = [name for name in pipelines if has_pipeline(sagemaker, name)]
        yield from _left_by_executions(account, session, present)
        for name in present:
            delete = partial(sagemaker.delete_pipeline, PipelineName=name)
            yield Item("deleted", "pipeline", name, apply=delete)
        yield from _function(account, session)


def _left_by_executions(
    environment: Environment, session: boto3.Session, pipelines: Sequence[str]
) -> Iterator[Item]:
    sagemaker, logs = (session.client(s, region_name=environment.region) for s in ("sagemaker", "logs"))
    runs = [found for name in pipelines for found in executions(sagemaker, name)]
    _check_ended(runs)
    made = traces(sagemaker, [found["PipelineExecutionArn"] for found in runs])
    there = set(names(sagemaker, "list_models", "Models[].ModelName")) if made.models else set()
    for name in sorted(made.models & there):
        yield Item("deleted", "model", name, apply=partial(sagemaker.delete_model, ModelName=name))
    for group, jobs in made.jobs.items():
        yield from logs_of(logs, group, jobs)


def _check_ended(runs: Sequence[Any]) -> None:
    """AWS deletes no pipeline that runs; told before anything of it is deleted."""
    running = [found["PipelineExecutionArn"] for found in runs if found["PipelineExecutionStatus"] in LIVE]
    if running:
        raise StillRunningError(
            f"still running: {', '.join(running)}; wait for the end, or stop it with "
            "`aws sagemaker stop-pipeline-execution --pipeline-execution-arn ARN`, then destroy again"
        )


def _function(environment: Environment, session: boto3.Session) -> Iterator[Item]:
    functions, logs = (session.client(s, region_name=environment.region) for s in ("lambda", "logs"))
    name, group = environment.function_name, f"/aws/lambda/{environment.function_name}"
    if name in names(functions, "list_functions", "Functions[].FunctionName"):
        yield Item("deleted", "function", name, apply=partial(functions.delete_function, FunctionName=name))
    if group in names(logs, "describe_log_groups", "logGroups[].logGroupName", logGroupNamePrefix=group):
        yield Item("deleted", "log group", group, apply=partial(logs.delete_log_group, logGroupName=group))


def _versions(registry: Registry, session: boto3.Session) -> Iterator[Item]:
    """Every version of the model's group: it is the platform's own. The group itself is Terraform's."""
    sagemaker, group = (
        session.client("sagemaker", region_name=registry.region),
        registry.model_package_group_name,
    )
    groups = "ModelPackageGroupSummaryList[].ModelPackageGroupName"
    if group in names(sagemaker, "list_model_package_groups", groups, NameContains=group):
        found = names(
            sagemaker,
            "list_model_packages",
            "ModelPackageSummaryList[].ModelPackageArn",
            ModelPackageGroupName=group,
        )
        for arn in found:
            name, delete = (
                "/".join(arn.split("/")[-2:]),
                partial(sagemaker.delete_model_package, ModelPackageName=arn),
            )
            yield Item("deleted", "version", name, apply=delete)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m pipelines.destroy", description=(__doc__ or "").partition("\n")[0]
    )
    add_arguments(parser, "dev, prod or registry")
    chosen = parser.parse_args(arguments)
    kind: type[Account] = Registry if chosen.environment == "registry" else Environment
    return run(chosen, kind, items)


if __name__ == "__main__":
    sys.exit(main())
