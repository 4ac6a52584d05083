"""Pipeline definitions in a few words."""

from __future__ import annotations

import json
from typing import Any

from harness.model import Json

ROLE = "arn:aws:iam::111111111111:role/runner"
BUCKET = "s3://a-sagemaker-bucket"
FUNCTION = "arn:aws:lambda:us-east-1:111111111111:function:f"


def processing(
    name: str, *after: str, outputs: tuple[str, ...] = (), arguments: Any = (), **body: Any
) -> Json:
    entries = [
        {
            "OutputName": o,
            "S3Output": {"S3Uri": f"{BUCKET}/{name}/{o}", "LocalPath": "/o", "S3UploadMode": "EndOfJob"},
        }
        for o in outputs
    ]
    resources = {"ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}}
    made = {
        "RoleArn": ROLE,
        "AppSpecification": {"ImageUri": "image", "ContainerArguments": list(arguments) or None},
        "ProcessingResources": resources,
        "ProcessingOutputConfig": {"Outputs": entries},
    }
    return {"Name": name, "Type": "Processing", "Arguments": made, "DependsOn": list(after), **body}


def quality_check(name: str = "Check", *after: str, **body: Any) -> Json:
    base = processing(name, *after, outputs=("quality_check_output",))
    flags = {
        "CheckType": "DATA_QUALITY",
        "SkipCheck": False,
        "RegisterNewBaseline": False,
        "FailOnViolation": True,
    }
    return {**base, "Type": "QualityCheck", **flags, **body}


def condition(name: str, conditions: list[Json], yes: list[Json], no: list[Json], **body: Any) -> Json:
    arguments = {"Conditions": conditions, "IfSteps": yes, "ElseSteps": no}
    return {"Name": name, "Type": "Condition", "Arguments": arguments, **body}


def fail(name: str, message: Any = "it failed") -> Json:
    return {"Name": name, "Type": "Fail", "Arguments": {"ErrorMessage": message}}


def function(name: str, *after: str, outputs: tuple[str, ...] = (), **arguments: Any) -> Json:
    declared = [{"OutputName": o, "OutputType": "String"} for o in outputs]
    return {
        "Name": name,
        "Type": "Lambda",
        "FunctionArn": FUNCTION,
        "OutputParameters": declared,
        "Arguments": arguments,
        "DependsOn": list(after),
    }


def get(reference: str) -> Json:
    return {"Get": reference}


def join(on: str, *parts: Any) -> Json:
    return {"Std:Join": {"On": on, "Values": list(parts)}}


def json_get(step: str, file: str, path: str) -> Json:
    return {"Std:JsonGet": {"PropertyFile": {"Get": f"Steps.{step}.PropertyFiles.{file}"}, "Path": path}}


def equals(left: Any, right: Any) -> Json:
    return {"Type": "Equals", "LeftValue": left, "RightValue": right}


def pipeline(*steps: Json, parameters: list[Json] | None = None) -> str:
    return json.dumps({"Version": "2020-12-01", "Parameters": parameters or [], "Steps": list(steps)})
