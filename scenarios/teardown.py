"""Undoing a platform: what its pipelines made beside Terraform, and a look at whether anything is left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.scenario import World

# What each kind of resource is listed by: service, operation, and where the answer has the names.
_KINDS = (
    ("bucket", "s3", "list_buckets", "Buckets[].Name"),
    ("role", "iam", "list_roles", "Roles[].RoleName"),
    ("topic", "sns", "list_topics", "Topics[].TopicArn"),
    ("rule", "events", "list_rules", "Rules[].Name"),
    # Keys themselves wait out their deletion window, as on AWS; their aliases are gone at once.
    ("key alias", "kms", "list_aliases", "Aliases[?!starts_with(AliasName, 'alias/aws/')].AliasName"),
    ("log group", "logs", "describe_log_groups", "logGroups[].logGroupName"),
    ("function", "lambda", "list_functions", "Functions[].FunctionName"),
    ("pipeline", "sagemaker", "list_pipelines", "PipelineSummaries[].PipelineName"),
    ("model", "sagemaker", "list_models", "Models[].ModelName"),
    (
        "model package group",
        "sagemaker",
        "list_model_package_groups",
        "ModelPackageGroupSummaryList[].ModelPackageGroupName",
    ),
)


def names(client: Any, operation: str, path: str, **parameters: Any) -> list[str]:
    """The names in all pages of a List operation."""
    pages = client.get_paginator(operation).paginate(**parameters)
    return [str(name) for name in pages.search(path) if name is not None]


def delete_what_pipelines_made(world: World, account: str) -> None:
    """Pipelines, models and functions, and the log groups that SageMaker and Lambda made by themselves."""
    sagemaker, functions, logs = (world.client(account, s) for s in ("sagemaker", "lambda", "logs"))
    for name in names(sagemaker, "list_pipelines", "PipelineSummaries[].PipelineName"):
        sagemaker.delete_pipeline(PipelineName=name)
    for name in names(sagemaker, "list_models", "Models[].ModelName"):
        sagemaker.delete_model(ModelName=name)
    for name in names(functions, "list_functions", "Functions[].FunctionName"):
        functions.delete_function(FunctionName=name)
    for name in names(logs, "describe_log_groups", "logGroups[].logGroupName"):
        if name.startswith("/aws/"):
            logs.delete_log_group(logGroupName=name)


def empty_buckets(world: World, account: str) -> None:
    """Every version of every object; the buckets stay."""
    s3 = world.client(account, "s3")
    for bucket in names(s3, "list_buckets", "Buckets[].Name"):
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            keys = [{"Key": o["Key"], "VersionId": o["VersionId"]} for o in found]
            if keys:
                s3.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})


def inventory(world: World, account: str) -> Iterator[str]:
    """What the account has, one by one."""
    for kind, service, operation, path in _KINDS:
        for name in names(world.client(account, service), operation, path):
            yield f"{account}: {kind} {name}"
