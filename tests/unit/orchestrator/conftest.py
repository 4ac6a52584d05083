"""A bench that runs pipelines on a cloud of the test's."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from harness.model import Json
from harness.orchestrator.definition import read
from harness.orchestrator.execution import ExecutionSpec, Outcome, StepState, execute
from harness.orchestrator.parameters import values

from .cloud import Cloud
from .words import pipeline

PIPELINE = "arn:aws:sagemaker:us-east-1:111111111111:pipeline/My-Pipeline"
EXECUTION = f"{PIPELINE}/execution/abcdefghijkl"


@dataclass
class Run:
    """An execution as it was told."""

    outcome: Outcome
    states: list[StepState]

    def statuses(self, step: str) -> list[str]:
        told = [s.status for s in self.states if s.step.name == step]
        return [s for i, s in enumerate(told) if i == 0 or told[i - 1] != s]

    def last(self, step: str) -> StepState:
        return [s for s in self.states if s.step.name == step][-1]

    @property
    def ran(self) -> dict[str, str]:
        """How every step that started ended."""
        return {s.step.name: s.status for s in self.states}


class Bench:
    """Runs pipelines on a cloud."""

    def __init__(self) -> None:
        self.cloud = Cloud()
        self.stop = threading.Event()
        self.states: list[StepState] = []
        self._told = threading.Condition()

    def run(
        self, *steps: Json, parameters: list[Json] | None = None, most: int | None = None, **given: str
    ) -> Run:
        definition = read(pipeline(*steps, parameters=parameters))
        self.cloud.steps = list(definition.steps)
        spec = ExecutionSpec(
            EXECUTION,
            PIPELINE,
            definition,
            values(definition.parameters, given.items()),
            self.cloud.clock.now(),
            most,
        )
        outcome = execute(
            spec, lambda: self.cloud, self._observe, self.cloud.journal, self.cloud.clock, self.stop
        )
        return Run(outcome, self.states)

    def begin(self, *steps: Json, **more: Any) -> Callable[[], Run]:
        """Runs in the background; call what it answers for the result."""
        result: list[Run] = []
        thread = threading.Thread(target=lambda: result.append(self.run(*steps, **more)), daemon=True)
        thread.start()

        def wait() -> Run:
            thread.join(10)
            assert result, "the execution did not end"
            return result[0]

        return wait

    def until(self, step: str, status: str) -> None:
        """Waits until the step was told to have this status."""
        with self._told:
            assert self._told.wait_for(
                lambda: (step, status) in [(s.step.name, s.status) for s in self.states], 10
            )

    def until_job(self, step: str) -> None:
        with self._told:
            assert self._told.wait_for(
                lambda: any(s.step.name == step and s.metadata for s in self.states), 10
            )

    def ask_to_stop(self) -> None:
        self.stop.set()
        self.cloud.journal.write("execution", arn=EXECUTION, status="Stopping")

    def _observe(self, state: StepState) -> None:
        with self._told:
            self.states.append(state)
            self._told.notify_all()


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def cloud(bench: Bench) -> Cloud:
    return bench.cloud
