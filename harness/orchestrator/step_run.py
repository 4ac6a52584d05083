"""One step of an execution, from its start to its end, told at each change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from harness.clock import Clock
from harness.model import Json, Stop
from harness.orchestrator.parts import Step
from harness.orchestrator.step import StepContext, StepFailure, StepResult
from harness.orchestrator.steps import run

_LONGEST_REASON = 1024  # API reference, PipelineExecutionStep


@dataclass(frozen=True)
class StepState:
    """A step of an execution at a moment. `status` is SageMaker's: Starting, Executing, Stopping, Stopped, Failed,
    Succeeded."""

    step: Step
    status: str
    started: datetime
    ended: datetime | None = None
    reason: str = ""
    metadata: Json | None = None


# Told of every change of a step.
Observe = Callable[[StepState], None]


class StepRun:
    """One step's life, told to the observer at each change."""

    def __init__(self, step: Step, observe: Observe, clock: Clock, stop: Stop) -> None:
        self._observe = observe
        self._clock = clock
        self._stop = stop
        self._state = StepState(step, "Starting", clock.now())

    def run(self, context: StepContext) -> StepResult | None:
        """None where it failed or was stopped."""
        self._tell()
        self._tell(status="Executing")
        try:
            result = run(replace(context, started=self._started, stopping=self._stopping))
        except StepFailure as failure:
            status = "Stopped" if failure.stopped and self._stop.is_set() else "Failed"
            self._end(status, failure.metadata or self._state.metadata, failure.reason)
            return None
        except Exception as error:  # noqa: BLE001 - whatever it was, the execution has to end and say so
            self._end("Failed", self._state.metadata, f"InternalServerError: {error!r}")
            return None
        self._end("Succeeded", result.metadata)
        return result

    def _started(self, metadata: Json) -> None:
        self._tell(metadata=metadata)

    def _stopping(self) -> None:
        self._tell(status="Stopping")

    def _end(self, status: str, metadata: Json | None, reason: str = "") -> None:
        self._tell(status=status, ended=self._clock.now(), metadata=metadata, reason=reason[:_LONGEST_REASON])

    def _tell(self, **changes: Any) -> None:
        self._state = replace(self._state, **changes)
        self._observe(self._state)
