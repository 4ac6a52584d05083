"""What crosses the rooms of a deployment: its changes, and what is found wrong before it begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Action = Literal["created", "updated", "replaced", "deleted", "unchanged"]


@dataclass(frozen=True)
class Change:
    """One thing that a deployment does, or would do.

    Attributes:
        place: The Terraform root or the environment that it is in: `prod-events`, `dev`.
        action: What becomes of it.
        kind: A Terraform resource type, or what a tenant's command calls it: `aws_sns_topic`, `pipeline`, `file`.
        name: Terraform's address, or the thing's own name.
        diff: What differs, as a unified diff or Terraform's own words; may be empty.
    """

    place: str
    action: Action
    kind: str
    name: str
    diff: str = ""


@dataclass(frozen=True)
class Finding:
    """Something that a preflight found.

    Attributes:
        level: An `error` stops the deployment; a `warning` is told.
        check: What was looked at: `tools`, `names`, `identity`, `permissions`, `quotas`.
        account: The account's name; empty where it is about this machine.
        problem: What is wrong.
        fix: What to do about it.
    """

    level: Literal["error", "warning"]
    check: str
    account: str
    problem: str
    fix: str
