"""The SM_* variables that a training script reads, as sagemaker-training-toolkit sets them in script mode."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from harness.model import Json


def toolkit_environment(
    hyperparameters: Mapping[str, str], input_config: Json, resource_config: Json
) -> dict[str, str]:
    """From what the three files in /opt/ml/input/config say."""
    decoded = {name: _decoded(value) for name, value in hyperparameters.items()}
    user = {name: value for name, value in decoded.items() if not name.startswith("sagemaker_")}
    entry_point = str(decoded.get("sagemaker_program", ""))
    variables: dict[str, Any] = {
        "SM_MODEL_DIR": "/opt/ml/model",
        "SM_INPUT_DIR": "/opt/ml/input",
        "SM_INPUT_CONFIG_DIR": "/opt/ml/input/config",
        "SM_OUTPUT_DIR": "/opt/ml/output",
        "SM_OUTPUT_DATA_DIR": "/opt/ml/output/data",
        "SM_CHANNELS": sorted(input_config),
        "SM_HPS": user,
        "SM_USER_ARGS": [
            part for name, value in sorted(user.items()) for part in (_flag(name), _text(value))
        ],
        "SM_RESOURCE_CONFIG": resource_config,
        "SM_INPUT_DATA_CONFIG": input_config,
        "SM_HOSTS": resource_config["hosts"],
        "SM_CURRENT_HOST": resource_config["current_host"],
        "SM_CURRENT_INSTANCE_TYPE": resource_config["current_instance_type"],
        "SM_CURRENT_INSTANCE_GROUP": resource_config["current_group_name"],
        "SM_NETWORK_INTERFACE_NAME": resource_config["network_interface_name"],
        "SM_NUM_CPUS": os.cpu_count() or 1,
        "SM_NUM_GPUS": 0,
        "SM_LOG_LEVEL": decoded.get("sagemaker_container_log_level", 20),
        "SM_USER_ENTRY_POINT": entry_point,
        "SM_MODULE_NAME": entry_point.removesuffix(".py"),
        "SM_MODULE_DIR": decoded.get("sagemaker_submit_directory", "/opt/ml/code"),
    }
    variables |= {f"SM_CHANNEL_{name.upper()}": f"/opt/ml/input/data/{name}" for name in input_config}
    variables |= {f"SM_HP_{name.upper()}": value for name, value in user.items()}
    return {name: _text(value) for name, value in variables.items()}


def _decoded(value: str) -> Any:
    """The SDK sends JSON inside strings; plain CreateTrainingJob calls send the bare text."""
    try:
        return json.loads(value)
    except ValueError:
        return value


def _flag(name: str) -> str:
    return f"-{name}" if len(name) == 1 else f"--{name}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
