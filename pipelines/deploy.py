"""Promotion: put the scripts, the Lambda function and both pipelines of an environment into its account.

    python -m pipelines.deploy --environment prod [--profile prod] [--plan] [--json]
    python -m pipelines.deploy scripts --environment prod ...     only the scripts
    python -m pipelines.deploy pipelines --environment prod ...   only the function and the pipelines

Doing it again changes nothing that is as it should be, and says so. Buckets, keys and roles are Terraform's.
"""

import argparse
import logging
import sys
import warnings
from collections.abc import Iterator, Sequence
from typing import Literal

import boto3

from pipelines.environment import Environment
from pipelines.function import function
from pipelines.jobscripts import scripts
from pipelines.telling import Item, add_arguments, carry_out, run

Part = Literal["scripts", "pipelines"]


def deploy(environment: Environment, session: boto3.Session, part: Part | None = None) -> list[Item]:
    """Make the environment's account hold this checkout's scripts, function and pipelines, or a part of them.

    Raises:
        PlatformError: The credentials are another account's, or its bucket is out of their reach.
        ClientError, BotoCoreError: AWS refuses a call, or can't be reached.
    """
    return list(carry_out(environment, session, items(environment, session, part)))


def items(environment: Environment, session: boto3.Session, part: Part | None = None) -> Iterator[Item]:
    """What a deployment looks after, in its order."""
    if part != "pipelines":
        yield from scripts(environment, session)
    if part != "scripts":
        # Here, because the SageMaker SDK takes seconds to import, and the scripts need none of it.
        from pipelines.definitions import definitions

        yield function(environment, session)
        yield from definitions(environment, session)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m pipelines.deploy", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("part", nargs="?", choices=("scripts", "pipelines"), help="only these; else both")
    add_arguments(parser)
    chosen = parser.parse_args(arguments)
    # What the SDK has to say about its defaults it would print between the items.
    for chatty in ("sagemaker", "sagemaker.config", "botocore"):
        logging.getLogger(chatty).setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", category=UserWarning, module="sagemaker")
    try:
        return run(chosen, Environment, lambda environment, session: items(environment, session, chosen.part))
    finally:
        sys.excepthook = (
            sys.__excepthook__
        )  # the SDK's own puts tracebacks among the items, on standard output


if __name__ == "__main__":
    sys.exit(main())
