"""Both pipelines put into an account with `sagemaker` 3, and one of them run to its end.

    python -m examples.sdk_v3.run train      a version of the model; it waits for approval in the registry
    python -m examples.sdk_v3.run inference  predictions, by the latest approved version

The account is that of the AWS credentials, dev's; --environment prod for prod's. Run it from the repository's root.
"""

import argparse
import logging
import sys
import warnings
from collections.abc import Iterator

import boto3
from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from pipelines import data
from pipelines.environment import Environment
from pipelines.errors import PlatformError
from pipelines.function import function
from pipelines.jobscripts import scripts
from pipelines.telling import Item, carry_out, failed

# The SDK has much to say about its defaults. Leave these two lines out to read it.
logging.disable(logging.WARNING)
warnings.filterwarnings("ignore")

from sagemaker.mlops.workflow.pipeline import PipelineExecution  # noqa: E402

from examples.sdk_v3.building import pipeline_session  # noqa: E402
from examples.sdk_v3.inference import build_inference_pipeline  # noqa: E402
from examples.sdk_v3.train import build_train_pipeline  # noqa: E402

PIPELINES = {"train": build_train_pipeline, "inference": build_inference_pipeline}


def run(environment: Environment, name: str) -> PipelineExecution:
    """Deploys what both pipelines need and the pipelines, and runs the one of that name to its end."""
    session = pipeline_session(environment)
    for item in carry_out(environment, session.boto_session, needed(environment, session.boto_session)):
        print(item)
    pipelines = {name: build(environment, session) for name, build in PIPELINES.items()}
    for pipeline in pipelines.values():
        print("upserted ", pipeline.upsert(role_arn=environment.execution_role)["PipelineArn"])
    execution = pipelines[name].start()
    print("started  ", execution.arn, flush=True)
    try:
        execution.wait()
    except WaiterError as error:
        print(error)
    return execution


def needed(environment: Environment, session: boto3.Session) -> Iterator[Item]:
    """The data, the jobs' scripts, and the function that finds the latest approved version."""
    yield from data.items(environment, session)
    yield from scripts(environment, session)
    yield function(environment, session)


def tell(execution: PipelineExecution) -> str:
    """Prints what became of each step, in their order; answers the execution's status."""
    for step in sorted(execution.list_steps(), key=lambda step: step["StartTime"]):
        print(f"{step['StepName']:<42} {step['StepStatus']} {step.get('FailureReason', '')}".rstrip())
    status: str = execution.describe()["PipelineExecutionStatus"]
    print(f"{execution.arn.rpartition('/')[2]}: {status}")
    return status


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m examples.sdk_v3.run", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("pipeline", choices=PIPELINES)
    parser.add_argument("--environment", default="dev", help="dev or prod, or a .tfvars.json file")
    chosen = parser.parse_args()
    try:
        execution = run(Environment.named(chosen.environment), chosen.pipeline)
        return 0 if tell(execution) == "Succeeded" else 1
    except (PlatformError, BotoCoreError, ClientError) as error:
        return failed(error)


if __name__ == "__main__":
    sys.exit(main())
