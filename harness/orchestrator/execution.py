"""Runs one execution: a step starts when what it needs has succeeded, and independent steps run at the same time."""

from __future__ import annotations

import queue
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from harness.clock import Clock
from harness.journal import Journal
from harness.model import AwsError, Caller, Json, Stop
from harness.orchestrator.parts import Definition, Step
from harness.orchestrator.property_files import read_property_file
from harness.orchestrator.resolving import Scope
from harness.orchestrator.step import StepContext, StepResult
from harness.orchestrator.step_run import Observe, StepRun, StepState

__all__ = ["ExecutionSpec", "Outcome", "StepState", "execute"]

# A safeguard, not AWS's limit: steps wait on jobs, so threads are cheap, but not free.
_MOST_AT_ONCE = 50


@dataclass(frozen=True)
class ExecutionSpec:
    """An execution to run: the definition as it was when started, its parameters complete with defaults."""

    arn: str
    pipeline_arn: str
    definition: Definition
    parameters: Json
    started: datetime
    most_at_once: int | None = None

    @property
    def id(self) -> str:
        return self.arn.rsplit("/", 1)[-1]

    @property
    def pipeline_name(self) -> str:
        return self.pipeline_arn.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Outcome:
    """How an execution ended: Succeeded, Failed or Stopped, and why it failed."""

    status: str
    reason: str = ""


def execute(
    spec: ExecutionSpec,
    assume: Callable[[], Caller],
    observe: Observe,
    journal: Journal,
    clock: Clock,
    stop: Stop,
) -> Outcome:
    """Runs the execution to its end. `assume` gives the pipeline's role.

    Once a step has failed no other is started; those that run are waited for. AWS does not document whether it
    starts steps that do not need the failed one.
    """
    try:
        caller = assume()
    except AwsError as error:
        return Outcome("Failed", f"Unable to assume the pipeline's role: {error.message}")
    return _Run(spec, caller, observe, journal, clock, stop).to_the_end()


class _Run:
    """The thread that makes it decides what starts; each step runs on its own, and tells by `_ended` how it went."""

    def __init__(
        self,
        spec: ExecutionSpec,
        caller: Caller,
        observe: Observe,
        journal: Journal,
        clock: Clock,
        stop: Stop,
    ) -> None:
        self._spec = spec
        self._caller = caller
        self._observe = observe
        self._journal = journal
        self._clock = clock
        self._stop = stop
        self._results: dict[str, StepResult] = {}
        self._skipped: set[str] = set()
        self._failed = False
        self._ended: queue.Queue[tuple[Step, StepResult | None]] = queue.Queue()

    def to_the_end(self) -> Outcome:
        waiting = dict(self._spec.definition.steps)
        running = 0
        most = min(self._spec.most_at_once or _MOST_AT_ONCE, _MOST_AT_ONCE)
        with ThreadPoolExecutor(most, thread_name_prefix=self._spec.id) as pool:
            while True:
                if not self._failed and not self._stop.is_set():
                    for step in self._ready(waiting)[: most - running]:
                        del waiting[step.name]
                        running += 1
                        # What it can see is settled here: later results are none that it refers to.
                        pool.submit(self._run_step, step, self._scope())
                if not running:
                    return self._outcome()
                step, result = self._ended.get()
                running -= 1
                if result is None:
                    self._failed = True
                else:
                    self._results[step.name] = result

    def _ready(self, waiting: dict[str, Step]) -> list[Step]:
        """What can start now. Steps of a branch not taken are dropped, and what needs them with them."""
        ready: list[Step] = []
        for step in list(waiting.values()):
            if step.needs & self._skipped or self._not_taken(step):
                self._skipped.add(step.name)
                del waiting[step.name]
            elif step.needs <= self._results.keys():
                ready.append(step)
        return ready

    def _not_taken(self, step: Step) -> bool:
        if step.branch is None or step.branch[0] not in self._results:
            return False
        condition, outcome = step.branch
        return bool(self._results[condition].properties["Outcome"]) is not outcome

    def _run_step(self, step: Step, scope: Scope) -> None:
        context = StepContext(step, self._spec.arn, self._caller, self._journal, scope, self._stop)
        result = None
        try:
            result = StepRun(step, self._observe, self._clock, self._stop).run(context)
        finally:
            self._ended.put((step, result))

    def _outcome(self) -> Outcome:
        if self._stop.is_set():
            return Outcome("Stopped")
        if self._failed:
            return Outcome("Failed", "Step failure: One or multiple steps failed.")
        return Outcome("Succeeded")

    def _scope(self) -> Scope:
        spec, caller = self._spec, self._caller
        properties = {name: result.properties for name, result in self._results.items()}
        return Scope(
            spec.parameters,
            self._variable,
            properties,
            lambda step, file: read_property_file(
                spec.definition.steps[step], file, properties[step], caller
            ),
        )

    def _variable(self, name: str) -> Any:
        spec = self._spec
        # AWS writes its date-times in ISO 8601 with milliseconds and a Z.
        values: dict[str, Callable[[], str]] = {
            "StartDateTime": lambda: _iso(spec.started),
            "CurrentDateTime": lambda: _iso(self._clock.now()),
            "PipelineName": lambda: spec.pipeline_name,
            "PipelineArn": lambda: spec.pipeline_arn,
            "PipelineExecutionId": lambda: spec.id,
            "PipelineExecutionArn": lambda: spec.arn,
        }
        return values[name]()


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
