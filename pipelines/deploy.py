"""Promotion: put the scripts, the Lambda function and both pipelines of an environment into its account.

    python -m pipelines.deploy --environment prod [--profile prod]

Doing it again changes nothing that is as it should be, and says so. Buckets, keys and roles are Terraform's.
"""

import argparse
import base64
import hashlib
import io
import logging
import sys
import warnings
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from sagemaker.workflow.pipeline import Pipeline

from pipelines.building import SCRIPTS, pipeline_session, script_key
from pipelines.environment import BadEnvironmentError, Environment
from pipelines.inference import build_inference_pipeline
from pipelines.train import build_train_pipeline

FUNCTION_SOURCE = Path(__file__).with_name("lambdas") / "latest_approved_model.py"

Change = Literal["created", "updated", "unchanged"]


@dataclass(frozen=True)
class Deployed:
    """One item of a deployment, and what had to be done about it."""

    kind: Literal["script", "function", "pipeline"]
    name: str
    change: Change


def deploy(environment: Environment, boto_session: boto3.Session) -> list[Deployed]:
    """Make the environment's account hold this checkout's scripts, function and pipelines."""
    _check_account(environment, boto_session)
    session = pipeline_session(environment, boto_session)
    return [
        *deploy_scripts(environment, boto_session),
        deploy_function(environment, boto_session),
        deploy_pipeline(environment, build_train_pipeline(environment, session)),
        deploy_pipeline(environment, build_inference_pipeline(environment, session)),
    ]


def deploy_scripts(environment: Environment, boto_session: boto3.Session) -> list[Deployed]:
    """Copy the jobs' scripts to the environment's bucket, each under a key of its content."""
    s3 = boto_session.client("s3", region_name=environment.region)
    return [
        Deployed("script", script.name, _put_once(s3, environment.bucket_name, script_key(script), script))
        for script in SCRIPTS
    ]


def deploy_function(environment: Environment, boto_session: boto3.Session) -> Deployed:
    """Create or update the function that finds the latest approved model.

    boto3 and not the SDK's Lambda helper: the helper zips the file's time stamp, so every checkout looks like
    a change, and it updates code only, never a role or runtime.
    """
    functions = boto_session.client("lambda", region_name=environment.region)
    name, package = environment.function_name, _package(FUNCTION_SOURCE)
    wanted = {
        "Role": environment.lambda_role,
        "Runtime": "python3.12",
        "Handler": f"{FUNCTION_SOURCE.stem}.lambda_handler",
        "Timeout": 60,
    }
    try:
        present = functions.get_function_configuration(FunctionName=name)
    except functions.exceptions.ResourceNotFoundException:
        functions.create_function(FunctionName=name, Code={"ZipFile": package}, **wanted)
        functions.get_waiter("function_active_v2").wait(FunctionName=name)
        return Deployed("function", name, "created")
    changes: list[tuple[Any, dict[str, Any]]] = []
    if any(present.get(key) != value for key, value in wanted.items()):
        changes.append((functions.update_function_configuration, wanted))
    if present["CodeSha256"] != base64.b64encode(hashlib.sha256(package).digest()).decode():
        changes.append((functions.update_function_code, {"ZipFile": package}))
    for change, arguments in changes:
        change(FunctionName=name, **arguments)
        functions.get_waiter("function_updated_v2").wait(FunctionName=name)
    return Deployed("function", name, "updated" if changes else "unchanged")


def deploy_pipeline(environment: Environment, pipeline: Pipeline) -> Deployed:
    """Create or update a pipeline; one with this very definition and role is left as it is."""
    client = pipeline.sagemaker_session.sagemaker_client
    change: Change = "updated"
    try:
        present = client.describe_pipeline(PipelineName=pipeline.name)
    except client.exceptions.ResourceNotFound:
        change = "created"
    else:
        if (present["PipelineDefinition"], present["RoleArn"]) == (
            pipeline.definition(),
            environment.execution_role,
        ):
            return Deployed("pipeline", pipeline.name, "unchanged")
    pipeline.upsert(role_arn=environment.execution_role)
    return Deployed("pipeline", pipeline.name, change)


def _check_account(environment: Environment, boto_session: boto3.Session) -> None:
    """The credentials must be of the environment's account: no slip puts dev's pipelines into prod."""
    account = boto_session.client("sts", region_name=environment.region).get_caller_identity()["Account"]
    if account != environment.account_id:
        raise BadEnvironmentError(
            f"{environment.name} is account {environment.account_id}, but the credentials are of {account}"
        )


def _put_once(s3: Any, bucket: str, key: str, file: Path) -> Change:
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] != "404":
            raise
        s3.put_object(Bucket=bucket, Key=key, Body=file.read_bytes())
        return "created"
    return "unchanged"


def _package(source: Path) -> bytes:
    """The function's zip: the same bytes for the same source, so that Lambda's CodeSha256 tells a change."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        entry = zipfile.ZipInfo(source.name, date_time=(2020, 1, 1, 0, 0, 0))
        entry.external_attr = 0o644 << 16
        archive.writestr(entry, source.read_bytes())
    return buffer.getvalue()


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m pipelines.deploy", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--environment", required=True, help="dev, prod, or a .tfvars.json file")
    parser.add_argument("--profile", help="the AWS profile to use")
    chosen = parser.parse_args(arguments)
    for chatty in ("sagemaker", "botocore"):
        logging.getLogger(chatty).setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", category=UserWarning, module="sagemaker")
    try:
        environment = Environment.named(chosen.environment)
        deployed = deploy(
            environment, boto3.Session(profile_name=chosen.profile, region_name=environment.region)
        )
    except (BadEnvironmentError, BotoCoreError, ClientError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for item in deployed:
        print(f"{item.change:10}{item.kind:9}{item.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
