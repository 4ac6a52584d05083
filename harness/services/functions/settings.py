"""A function's settings: what requests may set, what is filled in, what is refused."""

from __future__ import annotations

import re
from typing import Any

from harness.model import Json
from harness.services.functions.store import invalid

SETTABLE = (
    "Runtime", "Role", "Handler", "Description", "Timeout", "MemorySize", "VpcConfig", "Environment",
    "DeadLetterConfig", "KMSKeyArn", "TracingConfig", "EphemeralStorage", "SnapStart", "LoggingConfig",
    "PackageType", "Architectures",
)  # fmt: skip
# Asked for and not done, these would change what the function does; so they are refused.
REFUSED = (
    "Layers", "FileSystemConfigs", "ImageConfig", "CodeSigningConfigArn", "DurableConfig",
    "CapacityProviderConfig",
)  # fmt: skip
_RUNTIME = re.compile(r"python3\.\d+")


def new_settings(params: Json) -> Json:
    """The settings of CreateFunction, with AWS's defaults."""
    name = params["FunctionName"].rsplit(":", 1)[-1]
    defaults: Json = {
        "Description": "",
        "Timeout": 3,
        "MemorySize": 128,
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
        "TracingConfig": {"Mode": "PassThrough"},
        "EphemeralStorage": {"Size": 512},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"},
    }
    for required in ("Runtime", "Handler"):
        if not params.get(required):
            raise invalid(f"{required} is mandatory for functions created with deployment packages.")
    return changed_settings(defaults, params)


def changed_settings(settings: Json, params: Json) -> Json:
    """The settings after a request, which may leave any of them out."""
    for name in REFUSED:
        if params.get(name):
            raise invalid(f"The harness does not support functions with {name}")
    changed = {**settings, **{name: params[name] for name in SETTABLE if params.get(name)}}
    # An empty one, as the SageMaker SDK always sends, takes the variables away.
    if "Environment" in params and not params["Environment"].get("Variables"):
        changed.pop("Environment", None)
    changed["LoggingConfig"] = {**settings["LoggingConfig"], **changed["LoggingConfig"]}
    _check(changed)
    return changed


def _check(settings: Json) -> None:
    if settings["PackageType"] != "Zip":
        raise invalid("The harness does not support functions from container images (PackageType Image)")
    if not _RUNTIME.fullmatch(settings["Runtime"]):
        raise invalid(f"The harness runs python3.x functions only, not {settings['Runtime']}")
    _between("timeout", settings["Timeout"], 1, 900)
    _between("memorySize", settings["MemorySize"], 128, 10240)


def _between(name: str, value: Any, least: int, most: int) -> None:
    if not least <= value <= most:
        bound = f"less than or equal to {most}" if value > most else f"greater than or equal to {least}"
        raise invalid(
            f"1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: "
            f"Member must have value {bound}"
        )
