"""Undoing deletes what the commands have made, and nothing of others. Runs and their traces: see tests/e2e."""

import boto3
import pytest

from pipelines.deploy import deploy
from pipelines.destroy import destroy, items
from pipelines.environment import Environment, Registry
from pipelines.telling import carry_out

pytestmark = pytest.mark.filterwarnings("ignore::Warning:sagemaker")


def test_all_that_was_deployed_is_deleted(environment: Environment, account: boto3.Session) -> None:
    deploy(environment, account)
    account.client("logs").create_log_group(logGroupName=f"/aws/lambda/{environment.function_name}")
    assert [(item.change, item.kind) for item in destroy(environment, account)] == [
        ("deleted", "pipeline"),
        ("deleted", "pipeline"),
        ("deleted", "function"),
        ("deleted", "log group"),
    ]
    assert destroy(environment, account) == []


def test_where_nothing_was_deployed_there_is_nothing_to_delete(
    environment: Environment, account: boto3.Session
) -> None:
    assert destroy(environment, account) == []


def test_a_plan_deletes_nothing(environment: Environment, account: boto3.Session, calls: list[str]) -> None:
    deploy(environment, account)
    calls.clear()
    planned = list(carry_out(environment, account, items(environment, account), plan=True))
    assert [item.kind for item in planned] == ["pipeline", "pipeline", "function"]
    assert all(call.startswith(("Get", "List", "Describe")) for call in calls)
    assert destroy(environment, account) == planned


def test_what_others_made_stays(environment: Environment, account: boto3.Session) -> None:
    deploy(environment, account, "pipelines")
    others = f"{environment.train_pipeline_name}-of-others"
    sagemaker, logs = account.client("sagemaker"), account.client("logs")
    sagemaker.create_pipeline(
        PipelineName=others, PipelineDefinition="{}", RoleArn=environment.execution_role
    )
    sagemaker.create_model(ModelName="of-others", ExecutionRoleArn=environment.execution_role)
    logs.create_log_group(logGroupName=f"/aws/lambda/{environment.function_name}-of-others")
    destroy(environment, account)
    assert [p["PipelineName"] for p in sagemaker.list_pipelines()["PipelineSummaries"]] == [others]
    assert [m["ModelName"] for m in sagemaker.list_models()["Models"]] == ["of-others"]
    assert len(logs.describe_log_groups()["logGroups"]) == 1


def test_a_registry_without_its_group_has_no_versions(
    account: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = Registry.named("registry")
    monkeypatch.setenv("MOTO_ACCOUNT_ID", registry.account_id)
    assert destroy(registry, account) == []
