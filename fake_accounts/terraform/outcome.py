"""What Terraform did to a root, or would do: read from what it says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

Action = Literal["created", "updated", "replaced", "deleted"]

# Of count and of for_each, whose keys may hold anything: `[0]`, `["a.b"]`, `["a \\"]b"]`.
_INDEX = re.compile(r'\[(?:\d+|"(?:[^"\\]|\\.)*")\]')


@dataclass(frozen=True)
class ResourceChange:
    """A resource that Terraform changed, or would change.

    Attributes:
        address: Its place in the root: `module.key.aws_kms_key.this`.
        action: What becomes of it.
        after: Its attributes afterwards, as far as a plan knows them; empty for what was done.
    """

    address: str
    action: Action
    after: dict[str, Any] = field(default_factory=dict, hash=False)

    @property
    def type(self) -> str:
        """The resource's type, `aws_kms_key`."""
        return _INDEX.sub("", self.address).split(".")[-2]


@dataclass(frozen=True)
class Outcome:
    """What Terraform did to one root.

    Attributes:
        root: The directory of `infra/`.
        ok: Whether Terraform succeeded.
        changes: What it changed; of a plan, what it would change.
        output: All that Terraform said; a plan's differences are there.
        error: Terraform's errors.
    """

    root: str
    ok: bool
    changes: tuple[ResourceChange, ...] = ()
    output: str = ""
    error: str = ""

    def before(self, later: Outcome) -> Outcome:
        """This and what was done to the same root after it, as one."""
        changes, output = (*self.changes, *later.changes), self.output + later.output
        return Outcome(later.root, later.ok, changes, output, later.error)

    def count(self, *actions: Action) -> int:
        """How many resources it happened to."""
        return sum(change.action in actions for change in self.changes)


_DONE = re.compile(r"^(\S.*?): (Creation|Modifications|Destruction) complete", re.MULTILINE)
_DONE_ACTIONS: dict[str, Action] = {
    "Creation": "created",
    "Modifications": "updated",
    "Destruction": "deleted",
}


def done(output: str) -> tuple[ResourceChange, ...]:
    """What an apply or a destroy did. Terraform sums up only what went well; its lines tell the rest."""
    found: dict[str, Action] = {}
    for address, verb in _DONE.findall(output):
        action = _DONE_ACTIONS[verb]
        found[address] = "replaced" if address in found else action
    return tuple(ResourceChange(address, action) for address, action in found.items())


_PLANNED: dict[tuple[str, ...], Action] = {
    ("create",): "created",
    ("update",): "updated",
    ("delete",): "deleted",
    ("delete", "create"): "replaced",
    ("create", "delete"): "replaced",
}


def planned(plan: str) -> tuple[ResourceChange, ...]:
    """What `terraform show -json` says that a plan would do."""
    return tuple(_changes(json.loads(plan).get("resource_changes", [])))


def _changes(told: Iterable[dict[str, Any]]) -> Iterable[ResourceChange]:
    for resource in told:
        action = _PLANNED.get(tuple(resource["change"]["actions"]))
        if action:
            yield ResourceChange(resource["address"], action, resource["change"]["after"] or {})
