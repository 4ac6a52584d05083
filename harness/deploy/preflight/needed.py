"""What a profile needs: `infra/permissions/PROFILE.json`, an IAM policy whose `${names}` its account's file has."""

from __future__ import annotations

import json
from pathlib import Path
from string import Template
from typing import Any

from harness.model import HarnessError, Json


def needed(infra: Path, profile: str, account: str) -> list[Json]:
    """The statements that a deployment and a destruction need of a profile; none where no file tells.

    Args:
        infra: The directory with `permissions/` and `environments/`.
        profile: The profile, for which the file is named.
        account: The account that it acts in.

    Raises:
        HarnessError: A file cannot be read, or a `${name}` is not in the account's.
    """
    file, values = (
        infra / "permissions" / f"{profile}.json",
        infra / "environments" / f"{account}.tfvars.json",
    )
    if not file.exists():
        return []
    try:
        text = Template(file.read_text(encoding="utf-8")).substitute(_flat(json.loads(values.read_text())))
        statements: list[Json] = json.loads(text)["Statement"]
    except KeyError as error:
        raise HarnessError(f"{file}: {error} is neither in it nor in {values.name}") from error
    except (OSError, ValueError) as error:
        raise HarnessError(f"{file}: {error}") from error
    return statements


def _flat(values: dict[str, Any]) -> dict[str, str]:
    return {key: value for key, value in values.items() if isinstance(value, str)}
