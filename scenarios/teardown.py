"""Undoing a platform: emptying its buckets, and a look at whether anything is left."""

from __future__ import annotations

from collections.abc import Iterator

from fake_accounts.buckets import empty
from fake_accounts.deployment import load_deployment
from harness.scenario import World
from pipelines.listing import names

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


def empty_buckets(world: World, account: str) -> None:
    """Every version of every object; the buckets stay, and so does Terraform's state, which says that they do."""
    s3, state = world.client(account, "s3"), load_deployment().state
    buckets = names(s3, "list_buckets", "Buckets[].Name")
    for bucket in (bucket for bucket in buckets if not state or bucket != state.bucket):
        empty(s3, bucket)


def inventory(world: World, account: str) -> Iterator[str]:
    """What the account has, one by one."""
    for kind, service, operation, path in _KINDS:
        for name in names(world.client(account, service), operation, path):
            yield f"{account}: {kind} {name}"
