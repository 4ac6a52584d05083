"""The withAWS step's part that asks AWS.

It is done by a program of its own, this module's, in the agent's environment: no other credentials are looked at.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from urllib.parse import unquote

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from harness.model import HarnessError, Json

_ARN = re.compile(r"arn:(aws|aws-cn|aws-us-gov):iam::\d{12}:role/.+")
_LONGEST_NAME = 64


def assume_role(
    role: str, account: str, session_name: str, duration: str, environment: Mapping[str, str]
) -> Json:
    """Assumes a role, by name or ARN, with an environment's credentials. Without an account it is the caller's.

    Answers:
        AssumeRole's `Credentials` and `AssumedRoleUser`, and the `RoleArn` that was asked for.

    Raises:
        HarnessError: AWS's own message.
    """
    arguments = (role, account, session_name or _session_name(environment), duration or "3600")
    # -P: the folder that this is run from is no place to import from.
    ended = subprocess.run(
        [sys.executable, "-P", "-m", __name__, *arguments],
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if ended.returncode:
        raise HarnessError(ended.stderr.strip())
    told: Json = json.loads(ended.stdout)
    return told


def _session_name(environment: Mapping[str, str]) -> str:
    """As the plugin's RoleSessionNameBuilder makes it: where it gets too long the job's name gives way."""
    job, number = (_plain(environment[name]) for name in ("JOB_NAME", "BUILD_NUMBER"))
    return f"Jenkins-{job[: _LONGEST_NAME - len('Jenkins--') - len(number)]}-{number}"


def _plain(name: str) -> str:
    return re.sub(r"^-|[ \"']|-$", "", re.sub(r"[/()]", "-", unquote(name)))


def _main(role: str, account: str, session_name: str, duration: str) -> None:
    session = boto3.Session()
    try:
        arn = _arn(role, account, session)
        told = session.client("sts").assume_role(
            RoleArn=arn, RoleSessionName=session_name, DurationSeconds=int(duration)
        )
    except (BotoCoreError, ClientError) as error:
        sys.exit(str(error))
    wanted = {name: told[name] for name in ("Credentials", "AssumedRoleUser")}
    print(json.dumps({"RoleArn": arn, **wanted}, default=str))


def _arn(role: str, account: str, session: boto3.Session) -> str:
    if _ARN.fullmatch(role):
        return role
    partition = session.get_partition_for_region(session.region_name or "us-east-1")
    account = account or session.client("sts").get_caller_identity()["Account"]
    return f"arn:{partition}:iam::{account}:role/{role}"


if __name__ == "__main__":
    _main(*sys.argv[1:])
