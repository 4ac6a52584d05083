"""The scripts that the pipelines' jobs run, and where they are in an environment's bucket."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import boto3

from pipelines import objects
from pipelines.environment import PREFIX, Environment
from pipelines.telling import Item

SCRIPTS = sorted(Path(__file__).with_name("scripts").glob("[!_]*.py"))


def script_key(script: Path) -> str:
    """Where a script's present content lives in the bucket. Content has its own key, so a running execution,
    or one of an older definition, keeps the code it was made with.
    """
    digest = hashlib.sha256(script.read_bytes()).hexdigest()[:12]
    return f"{PREFIX}/scripts/{digest}/{script.name}"


def script_uri(environment: Environment, name: str) -> str:
    """The S3 URI that jobs load the script `name` from, once it is deployed."""
    script = next(script for script in SCRIPTS if script.name == name)
    return f"s3://{environment.bucket_name}/{script_key(script)}"


def scripts(environment: Environment, session: boto3.Session) -> Iterator[Item]:
    """An item for each script. One that has changed is created under its new key."""
    s3 = session.client("s3", region_name=environment.region)
    for script in SCRIPTS:
        yield objects.put(environment, s3, kind="script", key=script_key(script), body=script.read_bytes())
