"""The tenant's commands as a deployment calls them: processes with a profile, on accounts that infra/ has made."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from harness.model import Json
from harness.running import environment
from harness.stack import Stack, scrubbed, started, terraform
from pipelines import data
from pipelines.deploy import deploy, items
from pipelines.destroy import destroy
from pipelines.environment import Environment, Registry
from pipelines.telling import Item, carry_out
from tests.e2e.account import ROOT
from tests.e2e.test_bad_definitions import definition, step

pytestmark = pytest.mark.filterwarnings("ignore::Warning:sagemaker")

DEV, REGISTRY = Environment.named("dev"), Registry.named("registry")
FUNCTION = DEV.function_name
FILES = {
    "mammo-train-dataset-part1.csv",
    "mammo-batch-dataset.csv",
    "mammo-batch-dataset-outliers.csv",
}
UPLOAD = ("pipelines.data", "upload")
DEPLOY = ("pipelines.deploy",)
DESTROY = ("pipelines.destroy",)


class Commands:
    """What is typed at a harness, in a shell that knows nothing else."""

    def __init__(self, variables: dict[str, str]) -> None:
        self.variables = {**scrubbed(variables), "MAMMOGRAPHY_OFFLINE": "1"}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=ROOT,
            env=self.variables,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def told(self, *arguments: str) -> list[Json]:
        """Each line of a command's JSON; the command must succeed."""
        result = self.run(*arguments, "--json")
        assert result.returncode == 0, result.stderr
        return [json.loads(line) for line in result.stdout.splitlines()]

    def changes(self, *arguments: str) -> dict[str, str]:
        """By name."""
        return {item["name"]: item["change"] for item in self.told(*arguments)}


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with started() as stack, environment(stack):
        os.environ["MAMMOGRAPHY_OFFLINE"] = "1"
        terraform(stack, "apply", lambda _: None)
        yield stack


@pytest.fixture(scope="module")
def commands(stack: Stack) -> Commands:
    return Commands(stack.environment())


@pytest.fixture(scope="module")
def dev(stack: Stack) -> boto3.Session:
    return boto3.Session(profile_name="dev")


@pytest.fixture(scope="module")
def registry(stack: Stack) -> boto3.Session:
    return boto3.Session(profile_name="registry")


@pytest.fixture
def deployed(dev: boto3.Session) -> Iterator[boto3.Session]:
    """dev's account with everything in it, and nothing of it afterwards."""
    data.upload(DEV, dev)
    deploy(DEV, dev)
    yield dev
    destroy(DEV, dev)


def of(environment: str, profile: str) -> tuple[str, ...]:
    return ("--environment", environment, "--profile", profile)


@pytest.mark.parametrize(
    ("command", "names"), [(UPLOAD, FILES), ((*DEPLOY, "scripts"), {"evaluate.py", "preprocess.py"})]
)
def test_a_plan_tells_what_would_be_created_and_only_reads(
    stack: Stack, commands: Commands, command: tuple[str, ...], names: set[str]
) -> None:
    before = stack.client.status()["records"]
    assert commands.changes(*command, *of("dev", "dev"), "--plan") == dict.fromkeys(names, "created")
    assert {c["operation"] for c in stack.client.journal(before, "call")} == {
        "GetCallerIdentity",
        "HeadObject",
    }


def test_whatever_is_done_twice_is_unchanged_the_second_time(commands: Commands, dev: boto3.Session) -> None:
    for command in (UPLOAD, (*DEPLOY, "scripts"), (*DEPLOY, "pipelines")):
        first, second = (commands.changes(*command, *of("dev", "dev")) for _ in range(2))
        assert set(first.values()) == {"created"}
        assert second == dict.fromkeys(first, "unchanged")
    destroy(DEV, dev)


def test_jenkins_may_plan_and_deploy_to_prod(stack: Stack) -> None:
    prod, jenkins = Environment.named("prod"), boto3.Session(profile_name="jenkins")
    before = stack.client.status()["records"]
    planned = plan_of(prod, jenkins)
    assert {item.change for item in planned} == {"created"}
    assert {call["operation"] for call in stack.client.journal(before, "call")} == {
        *("AssumeRole", "GetCallerIdentity", "HeadObject", "GetFunctionConfiguration", "ListPipelines")
    }
    assert deploy(prod, jenkins) == planned
    assert {item.change for item in plan_of(prod, jenkins)} == {"unchanged"}
    destroy(prod, boto3.Session(profile_name="prod"))


def test_a_plan_shows_what_differs_in_a_pipeline_and_nothing_else(
    commands: Commands, deployed: boto3.Session
) -> None:
    sagemaker, name = deployed.client("sagemaker"), DEV.train_pipeline_name
    there = sagemaker.describe_pipeline(PipelineName=name)["PipelineDefinition"]
    sagemaker.update_pipeline(
        PipelineName=name, PipelineDefinition=there.replace('"eta": "0.2"', '"eta": "0.9"')
    )
    told = {item["name"]: item for item in commands.told(*DEPLOY, "pipelines", *of("dev", "dev"), "--plan")}
    assert told[FUNCTION]["change"] == told[DEV.inference_pipeline_name]["change"] == "unchanged"
    assert told[name]["change"] == "updated"
    lines = [line for line in told[name]["diff"].splitlines() if line[0] in "+-"]
    assert [line.replace(" ", "") for line in lines] == ['-"eta":"0.9",', '+"eta":"0.2",']
    assert told[name]["diff"] in [item.diff for item in deploy(DEV, deployed)]
    assert {item.change for item in deploy(DEV, deployed)} == {"unchanged"}


@pytest.mark.parametrize("command", [UPLOAD, DEPLOY, DESTROY])
@pytest.mark.parametrize("plan", [[], ["--plan"]])
def test_another_accounts_credentials_are_told_in_a_line_and_nothing_else_is_called(
    stack: Stack, commands: Commands, command: tuple[str, ...], plan: list[str]
) -> None:
    before = stack.client.status()["records"]
    result = commands.run(*command, *of("prod", "dev"), *plan)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == (
        "error: prod is account 444455556666, but the credentials are of 111122223333"
        "; name a profile of the right account with --profile\n"
    )
    assert [c["operation"] for c in stack.client.journal(before, "call")] == ["GetCallerIdentity"]


def test_without_credentials_a_command_says_so_in_a_line(commands: Commands) -> None:
    result = commands.run(*DEPLOY, "--environment", "dev", "--plan")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == "error: Unable to locate credentials\n"


def test_what_runs_left_is_destroyed_and_what_is_others_stays(
    stack: Stack, commands: Commands, deployed: boto3.Session, registry: boto3.Session
) -> None:
    run_both_pipelines(stack, deployed, registry)
    logs, sagemaker = deployed.client("logs"), deployed.client("sagemaker")
    group, stream = "/aws/sagemaker/TrainingJobs", "of-others/algo-1-1"
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    image = {"Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/others:1"}
    sagemaker.create_model(ModelName="of-others", PrimaryContainer=image, ExecutionRoleArn=DEV.execution_role)

    planned = commands.told(*DESTROY, *of("dev", "dev"), "--plan")
    assert sorted((item["change"], item["kind"]) for item in planned) == [
        ("deleted", "function"),
        ("deleted", "log group"),  # the function's
        ("deleted", "log group"),  # processing jobs'
        ("deleted", "log group"),  # transform jobs'
        ("deleted", "log stream"),  # a training job's: somebody else's job logged there, too
        ("deleted", "model"),
        ("deleted", "pipeline"),
        ("deleted", "pipeline"),
    ]
    assert commands.told(*DESTROY, *of("dev", "dev")) == planned
    assert commands.told(*DESTROY, *of("dev", "dev")) == []

    assert [m["ModelName"] for m in sagemaker.list_models()["Models"]] == ["of-others"]
    assert [g["logGroupName"] for g in logs.describe_log_groups()["logGroups"]] == [group]
    left = logs.describe_log_streams(logGroupName=group)["logStreams"]
    assert [s["logStreamName"] for s in left] == [stream]
    logs.delete_log_group(logGroupName=group)
    sagemaker.delete_model(ModelName="of-others")


def test_the_registrys_versions_are_destroyed_and_its_group_stays(
    commands: Commands, registry: boto3.Session
) -> None:
    """After the runs of the test before."""
    sagemaker, group = registry.client("sagemaker"), REGISTRY.model_package_group_name
    planned = commands.told(*DESTROY, *of("registry", "registry"), "--plan")
    assert planned == [{"change": "deleted", "kind": "version", "name": f"{group}/1"}]
    assert commands.told(*DESTROY, *of("registry", "registry")) == planned
    assert commands.told(*DESTROY, *of("registry", "registry")) == []
    assert sagemaker.list_model_packages(ModelPackageGroupName=group)["ModelPackageSummaryList"] == []
    sagemaker.describe_model_package_group(ModelPackageGroupName=group)


def test_nothing_is_destroyed_while_an_execution_runs(commands: Commands, deployed: boto3.Session) -> None:
    sagemaker, name = deployed.client("sagemaker"), DEV.train_pipeline_name
    sleeps = step("Sleep")
    sleeps["Arguments"]["RoleArn"] = DEV.execution_role
    sleeps["Arguments"]["AppSpecification"]["ContainerEntrypoint"] = ["sleep", "60"]
    sagemaker.update_pipeline(PipelineName=name, PipelineDefinition=definition(sleeps))
    running = sagemaker.start_pipeline_execution(PipelineName=name)["PipelineExecutionArn"]
    for plan in ([], ["--plan"]):
        result = commands.run(*DESTROY, *of("dev", "dev"), *plan)
        assert (result.returncode, result.stdout) == (1, "")
        assert result.stderr.startswith(
            f"error: still running: {running}; wait for the end, or stop it with "
        )
    sagemaker.stop_pipeline_execution(PipelineExecutionArn=running)
    assert wait_for_end(sagemaker, running) == "Stopped"
    assert commands.changes(*DESTROY, *of("dev", "dev"))[name] == "deleted"


def plan_of(environment: Environment, session: boto3.Session) -> list[Item]:
    return list(carry_out(environment, session, items(environment, session), plan=True))


def run_both_pipelines(stack: Stack, dev: boto3.Session, registry: boto3.Session) -> None:
    sagemaker = dev.client("sagemaker")
    arn = sagemaker.start_pipeline_execution(PipelineName=DEV.train_pipeline_name)["PipelineExecutionArn"]
    assert wait_for_end(sagemaker, arn) == "Succeeded"
    approver = registry.client("sagemaker")
    found = approver.list_model_packages(ModelPackageGroupName=REGISTRY.model_package_group_name)
    [version] = found["ModelPackageSummaryList"]
    approver.update_model_package(ModelPackageArn=version["ModelPackageArn"], ModelApprovalStatus="Approved")
    arn = sagemaker.start_pipeline_execution(PipelineName=DEV.inference_pipeline_name)["PipelineExecutionArn"]
    assert wait_for_end(sagemaker, arn) == "Succeeded"
    assert stack.client.settle() == []


def wait_for_end(sagemaker: Any, arn: str) -> str:
    """Its status at the end."""
    while True:
        status = str(
            sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)["PipelineExecutionStatus"]
        )
        if status not in ("Executing", "Stopping"):
            return status
