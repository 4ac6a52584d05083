"""What a profile needs: `infra/permissions/PROFILE.json`, an IAM policy whose `${names}` its account's file has."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from string import Template
from typing import Any

from harness.iam.documents import parse
from harness.iam.evaluation import evaluate
from harness.iam.model import Policies, Policy, Request
from harness.model import HarnessError, Json, Principal
from harness.usage import Use


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


def uncovered(statements: Iterable[Json], uses: Iterable[Use]) -> list[Use]:
    """What was done under a principal's own policies and would not have been allowed by these statements alone.

    What a resource's policy alone allowed (prod's key lets Jenkins use it) needs no statement.
    """
    document = parse(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))
    policies = Policies(identity=(Policy("needed", document),))
    return [use for use in uses if _by_its_own(use) and not _allowed(use, policies)]


def _by_its_own(use: Use) -> bool:
    return any(ref.startswith(f"{use.who} ") for side in use.by for ref in side)


def _allowed(use: Use, policies: Policies) -> bool:
    account = use.who.partition(" ")[0]
    principal = Principal(account, f"arn:aws:iam::{account}:user/deployer", "user", "AIDA")
    context = {key.lower(): value for key, value in use.conditions}
    return evaluate(Request(principal, use.action, use.resource, account, context), policies).allowed


def _flat(values: dict[str, Any]) -> dict[str, str]:
    return {key: value for key, value in values.items() if isinstance(value, str)}
