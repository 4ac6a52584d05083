"""What a step is given and what it gives back, whatever its type."""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from harness.journal import Journal
from harness.model import Caller, Json, Stop
from harness.orchestrator.parts import Step
from harness.orchestrator.resolving import Scope, resolve

_ALPHABET = string.ascii_letters + string.digits


class StepFailure(Exception):
    """The step failed; the text is its failure reason. `metadata` is what is known of it all the same."""

    def __init__(self, reason: str, metadata: Json | None = None, *, stopped: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.metadata = metadata or {}
        self.stopped = stopped


@dataclass(frozen=True)
class StepContext:
    """A step's surroundings.

    `started` records early what the step made (its job's ARN) while it still runs, `stopping` that it was asked to
    stop.
    """

    step: Step
    execution_arn: str
    caller: Caller
    journal: Journal
    scope: Scope
    stop: Stop
    started: Callable[[Json], None] = lambda metadata: None
    stopping: Callable[[], None] = lambda: None

    def resolved(self, member: str, default: Any = None) -> Any:
        """A member of the step's body, with its expressions resolved. Raises ReferenceFailure."""
        return resolve(self.step.body.get(member, default), self.scope)

    def arguments(self) -> Json:
        """The resolved arguments, as the APIs want them: what is null left out. Raises ReferenceFailure."""
        resolved: Json = without_nulls(resolve(self.step.arguments, self.scope))
        return resolved

    def new_name(self) -> str:
        """As Pipelines names what it makes: pipelines-<execution id>-<step, cut>-<random>; 63 characters at most."""
        tail = "".join(secrets.choice(_ALPHABET) for _ in range(10))
        start = f"pipelines-{self.execution_arn.rsplit('/', 1)[-1]}"
        step = self.step.name[: 63 - len(f"{start}--{tail}")].rstrip("-_")
        return re.sub(r"[^A-Za-z0-9-]", "-", f"{start}-{step}-{tail}")


@dataclass(frozen=True)
class StepResult:
    """`properties` is what other steps can refer to; `metadata` what ListPipelineExecutionSteps shows."""

    properties: Json = field(default_factory=dict)
    metadata: Json = field(default_factory=dict)


def without_nulls(value: Any) -> Any:
    """The SDK writes null for what is not given."""
    if isinstance(value, dict):
        return {k: without_nulls(v) for k, v in value.items() if v is not None}
    return [without_nulls(v) for v in value if v is not None] if isinstance(value, list) else value


def described(answer: Json) -> Json:
    """A Describe's answer without what boto3 adds to it."""
    return {k: v for k, v in answer.items() if k != "ResponseMetadata"}
