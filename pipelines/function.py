"""The Lambda function that finds the latest approved model: its package and settings.

boto3 and not the SDK's Lambda helper: the helper zips the file's time stamp, so every checkout looks like a
change, and it updates code only, never a role or runtime.
"""

import base64
import hashlib
import io
import time
import zipfile
from functools import partial
from pathlib import Path
from typing import Any

import boto3

from pipelines.environment import Environment
from pipelines.telling import Item, difference

SOURCE = Path(__file__).with_name("lambdas") / "latest_approved_model.py"

_ROLE_ATTEMPTS, _ROLE_SECONDS = 12, 5
"""How often and how long to wait for a role that Lambda can't assume yet."""


def function(environment: Environment, session: boto3.Session) -> Item:
    """The function's item; its diff tells which settings change, and the code by its digest."""
    functions = session.client("lambda", region_name=environment.region)
    name, package = environment.function_name, _package(SOURCE)
    code = {"CodeSha256": base64.b64encode(hashlib.sha256(package).digest()).decode()}
    wanted = _settings(environment)
    try:
        found = functions.get_function_configuration(FunctionName=name)
    except functions.exceptions.ResourceNotFoundException:
        return Item("created", "function", name, apply=partial(_create, functions, name, wanted, package))
    present = {key: found.get(key) for key in wanted | code}
    diff = difference(present, wanted | code)
    if not diff:
        return Item("unchanged", "function", name)
    settings = wanted if any(present[key] != wanted[key] for key in wanted) else {}
    new_code = package if present["CodeSha256"] != code["CodeSha256"] else b""
    return Item("updated", "function", name, diff, partial(_update, functions, name, settings, new_code))


def _settings(environment: Environment) -> dict[str, Any]:
    return {
        "Role": environment.lambda_role,
        "Runtime": "python3.12",
        "Handler": f"{SOURCE.stem}.lambda_handler",
        "Timeout": 60,
    }


def _create(functions: Any, name: str, settings: dict[str, Any], package: bytes) -> None:
    """IAM takes seconds to be known everywhere: a role made a moment ago is not Lambda's to assume yet."""
    for left in reversed(range(_ROLE_ATTEMPTS)):
        try:
            functions.create_function(FunctionName=name, Code={"ZipFile": package}, **settings)
            break
        except functions.exceptions.InvalidParameterValueException as error:
            if not left or "cannot be assumed" not in str(error):
                raise
            time.sleep(_ROLE_SECONDS)
    functions.get_waiter("function_active_v2").wait(FunctionName=name)


def _update(functions: Any, name: str, settings: dict[str, Any], package: bytes) -> None:
    """Settings and code, where they change. Lambda takes the next change only when one is through."""
    if settings:
        functions.update_function_configuration(FunctionName=name, **settings)
        functions.get_waiter("function_updated_v2").wait(FunctionName=name)
    if package:
        functions.update_function_code(FunctionName=name, ZipFile=package)
        functions.get_waiter("function_updated_v2").wait(FunctionName=name)


def _package(source: Path) -> bytes:
    """The function's zip: the same bytes for the same source, so that Lambda's CodeSha256 tells a change."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        entry = zipfile.ZipInfo(source.name, date_time=(2020, 1, 1, 0, 0, 0))
        entry.external_attr = 0o644 << 16
        archive.writestr(entry, source.read_bytes())
    return buffer.getvalue()
