"""Property files: JSON that a processing step writes, for conditions and expressions to read."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from harness.model import Caller, Json
from harness.orchestrator.parts import Step
from harness.orchestrator.resolving import ReferenceFailure, descend


def read_property_file(step: Step, name: str, properties: Json, caller: Caller) -> Any:
    """The parsed file `name` of a step that has ended with these properties. Raises ReferenceFailure."""
    file = next(f for f in step.body["PropertyFiles"] if f["PropertyFileName"] == name)
    output = descend(properties.get("ProcessingOutputConfig", {}).get("Outputs", []), file["OutputName"])
    folder = (output or {}).get("S3Output", {}).get("S3Uri")
    if not folder:
        raise ReferenceFailure(
            f"property file {name}: step {step.name} has no output {file['OutputName']} in S3"
        )
    uri = f"{folder.rstrip('/')}/{file['FilePath']}"
    parts = urlsplit(uri)
    try:
        answer = caller.client("s3").get_object(Bucket=parts.netloc, Key=parts.path.lstrip("/"))
        return json.loads(answer["Body"].read())
    except ClientError as error:
        raise ReferenceFailure(f"property file {uri} cannot be read: {error}") from error
    except ValueError as error:
        raise ReferenceFailure(f"property file {uri} is not JSON: {error}") from error
