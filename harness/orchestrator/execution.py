"""Runs one execution: a step starts when what it needs has succeeded, and independent steps run at the same time."""

from __future__ import annotations

import json
import queue
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from harness.clock import Clock
from harness.journal import Journal
from harness.model import AwsError, Caller, Json, Stop
from harness.orchestrator.definition import Definition, Step
from harness.orchestrator.references import ReferenceFailure, Scope, resolve
from harness.orchestrator.steps import StepContext, StepFailure, StepResult, run

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
class StepState:
    """A step of an execution at a moment. `status` is SageMaker's: Starting, Executing, Stopping, Stopped, Failed,
    Succeeded."""

    step: Step
    status: str
    started: datetime
    ended: datetime | None = None
    reason: str = ""
    metadata: Json | None = None


@dataclass(frozen=True)
class Outcome:
    """How an execution ended: Succeeded, Failed or Stopped, and why it failed."""

    status: str
    reason: str = ""


# Told of every change of a step.
Observe = Callable[[StepState], None]


def execute(
    spec: ExecutionSpec,
    assume: Callable[[], Caller],
    observe: Observe,
    journal: Journal,
    clock: Clock,
    stop: Stop,
) -> Outcome:
    """Runs the execution to its end. `assume` gives the pipeline's role.

    Once a step has failed no other is started; those that run are waited for.
    """
    try:
        caller = assume()
    except AwsError as error:
        return Outcome("Failed", f"Unable to assume the pipeline's role: {error.message}")
    return _Run(spec, caller, observe, journal, clock, stop).to_the_end()


class _Run:
    def __init__(
        self, spec: ExecutionSpec, caller: Caller, observe: Observe, journal: Journal, clock: Clock, stop: Stop
    ) -> None:
        self._spec = spec
        self._caller = caller
        self._observe = observe
        self._journal = journal
        self._clock = clock
        self._stop = stop
        self._results: dict[str, StepResult] = {}
        self._failed: list[StepState] = []
        self._skipped: set[str] = set()
        self._ended: queue.Queue[tuple[Step, StepResult | StepState]] = queue.Queue()

    def to_the_end(self) -> Outcome:
        waiting = dict(self._spec.definition.steps)
        running = 0
        most = min(self._spec.most_at_once or _MOST_AT_ONCE, _MOST_AT_ONCE)
        with ThreadPoolExecutor(most, thread_name_prefix=self._spec.id) as pool:
            while True:
                if not self._failed and not self._stop.is_set():
                    for step in self._ready(waiting):
                        del waiting[step.name]
                        running += 1
                        pool.submit(self._run_step, step)
                if not running:
                    return self._outcome()
                step, ended = self._ended.get()
                running -= 1
                if isinstance(ended, StepResult):
                    self._results[step.name] = ended
                else:
                    self._failed.append(ended)

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

    def _run_step(self, step: Step) -> None:
        state = StepState(step, "Starting", self._clock.now())
        try:
            self._observe(state)
            state = replace(state, status="Executing")
            self._observe(state)
            result, state = self._attempt(step, state)
        except Exception as error:  # noqa: BLE001 - whatever it was, the execution has to end and say so
            state = replace(state, status="Failed", ended=self._clock.now(), reason=f"InternalServerError: {error!r}")
            self._observe(state)
            self._ended.put((step, state))
            return
        self._observe(state)
        self._ended.put((step, result if result is not None else state))

    def _attempt(self, step: Step, state: StepState) -> tuple[StepResult | None, StepState]:
        current = [state]

        def started(metadata: Json) -> None:
            current[0] = replace(current[0], metadata=metadata)
            self._observe(current[0])

        context = StepContext(
            step, self._spec.id, self._caller, self._journal, self._scope(), self._stop, started
        )
        try:
            result = run(context)
        except StepFailure as failure:
            status = "Stopped" if failure.stopped and self._stop.is_set() else "Failed"
            metadata = failure.metadata or current[0].metadata
            return None, replace(
                state, status=status, ended=self._clock.now(), reason=failure.reason, metadata=metadata
            )
        return result, replace(state, status="Succeeded", ended=self._clock.now(), metadata=result.metadata)

    def _outcome(self) -> Outcome:
        if self._stop.is_set():
            return Outcome("Stopped")
        if self._failed:
            return Outcome("Failed", "Step failure: One or multiple steps failed.")
        return Outcome("Succeeded")

    def _scope(self) -> Scope:
        steps = {name: result.properties for name, result in self._results.items()}
        return Scope(self._spec.parameters, self._variable, steps, self._read_property_file)

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

    def _read_property_file(self, step_name: str, file_name: str) -> Any:
        step = self._spec.definition.steps[step_name]
        file = next(f for f in step.body["PropertyFiles"] if f["PropertyFileName"] == file_name)
        outputs = resolve(step.arguments["ProcessingOutputConfig"]["Outputs"], self._scope())
        output = next((o for o in outputs if o["OutputName"] == file["OutputName"]), None)
        if output is None:
            raise ReferenceFailure(f"property file {file_name}: step {step_name} has no output {file['OutputName']}")
        uri = f"{output['S3Output']['S3Uri'].rstrip('/')}/{file['FilePath']}"
        parts = urlsplit(uri)
        try:
            body = self._caller.client("s3").get_object(Bucket=parts.netloc, Key=parts.path.lstrip("/"))["Body"].read()
            return json.loads(body)
        except ClientError as error:
            raise ReferenceFailure(f"property file {uri} cannot be read: {error}") from error
        except ValueError as error:
            raise ReferenceFailure(f"property file {uri} is not JSON: {error}") from error


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
