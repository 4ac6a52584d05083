"""A botocore waiter's Describe is answered when what it waits for has ended; everybody else's at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import WaiterError
from botocore.waiter import WaiterModel, create_waiter_with_client

from harness.clock import Clock
from harness.gateway import waiters
from harness.journal import Journal
from harness.model import ApiCall, HttpRequest, Json, Principal

ARN = "arn:aws:sagemaker:us-east-1:111111111111:pipeline/p/execution/abc"
NOBODY = Principal("111111111111", "arn", "user")


class Execution:
    """An execution that Describe tells of, ended by the test."""

    def __init__(self) -> None:
        self.journal = Journal(Clock())
        self.status = "Executing"
        self.described = 0

    def describe(self) -> Json:
        self.described += 1
        return {"PipelineExecutionArn": ARN, "PipelineExecutionStatus": self.status}

    def change(self, status: str, kind: str = "execution", arn: str = ARN) -> None:
        if (kind, arn) == ("execution", ARN):
            self.status = status
        self.journal.write(kind, arn=arn, status=status)

    def hold(
        self, agent: str, operation: str = "DescribePipelineExecution", longest: float = 0.2
    ) -> tuple[Json, float]:
        """The answer, and how long it took."""
        call = ApiCall("sagemaker", operation, {}, NOBODY, "111111111111", "us-east-1", "id")
        request = HttpRequest("POST", "/", "", {"user-agent": agent}, b"")
        began = time.monotonic()
        answer = waiters.hold(request, call, self.journal, self.describe, longest)
        return answer, time.monotonic() - began


WAITER = "Boto3/1.44 md/Botocore#1.44 ua/2.1 os/linux md/pyimpl#CPython m/F,B,N cfg/retry-mode#legacy Botocore/1.44"


@pytest.fixture
def execution() -> Execution:
    return Execution()


def later(action: Callable[[], None]) -> None:
    threading.Timer(0.05, action).start()


@pytest.mark.parametrize(
    "agent", ["", "Boto3/1.44 m/F,N", "Boto3/1.44 m/b", "Boto3/1.44 app/B", "Terraform/1.9 m/AB,Z", "am/B"]
)
def test_who_is_no_waiter_is_answered_at_once(execution: Execution, agent: str) -> None:
    answer, took = execution.hold(agent)
    assert (answer["PipelineExecutionStatus"], execution.described) == ("Executing", 1)
    assert took < 0.1


@pytest.mark.parametrize("agent", [WAITER, "m/B", "x m/B,E", "x m/E,B y"])
def test_a_waiter_is_answered_when_the_execution_has_ended(execution: Execution, agent: str) -> None:
    later(lambda: execution.change("Succeeded"))
    answer, took = execution.hold(agent, longest=5)
    assert answer["PipelineExecutionStatus"] == "Succeeded"
    assert took < 1


def test_a_waiter_is_answered_after_a_while_with_what_is_true_then(execution: Execution) -> None:
    later(lambda: execution.change("Stopping"))
    answer, took = execution.hold(WAITER)
    assert answer["PipelineExecutionStatus"] == "Stopping"
    assert took >= 0.2


def test_what_has_ended_is_told_at_once(execution: Execution) -> None:
    execution.change("Failed")
    answer, took = execution.hold(WAITER, longest=5)
    assert (answer["PipelineExecutionStatus"], execution.described) == ("Failed", 1)
    assert took < 0.1


def test_the_end_of_another_does_not_wake_a_waiter(execution: Execution) -> None:
    later(lambda: execution.change("Succeeded", arn="arn:another"))
    assert execution.hold(WAITER)[1] >= 0.2


def test_other_describes_are_not_held(execution: Execution) -> None:
    assert execution.hold(WAITER, "DescribeModel")[1] < 0.1


def test_an_execution_that_ends_while_it_is_described_is_not_missed(execution: Execution) -> None:
    describe = execution.describe

    def ends_meanwhile() -> Json:
        seen = describe()
        if execution.described == 1:
            execution.change("Succeeded")
        return seen

    execution.describe = ends_meanwhile  # type: ignore[method-assign]
    answer, took = execution.hold(WAITER, longest=5)
    assert answer["PipelineExecutionStatus"] == "Succeeded"
    assert took < 0.1


JOBS = {
    "Processing": ("describe_processing_job", "processing_job_completed_or_stopped"),
    "Training": ("describe_training_job", "training_job_completed_or_stopped"),
    "Transform": ("describe_transform_job", "transform_job_completed_or_stopped"),
}


@pytest.fixture
def held(gateway: Any) -> Any:
    """The gateway with an execution and jobs, its Describes held as the harness holds them."""
    gateway.execution = Execution()

    def answer(operation: str, params: Json) -> Json:
        call = ApiCall("sagemaker", operation, params, NOBODY, "111111111111", "us-east-1", "id")
        word = next((w for w in JOBS if w in operation), "")

        def describe() -> Json:
            if not word:
                return gateway.execution.describe()  # type: ignore[no-any-return]
            return {f"{word}JobArn": ARN, f"{word}JobStatus": gateway.execution.status}

        return waiters.hold(gateway.requests[-1], call, gateway.execution.journal, describe, 5)

    gateway.answer = answer
    return gateway


@pytest.mark.parametrize("word", JOBS)
def test_boto3_s_waiter_of_a_job_waits_no_longer_than_the_job(held: Any, word: str) -> None:
    def end() -> None:
        held.execution.status = "Completed"
        held.execution.journal.write("job", arn=ARN, status="Completed")

    later(end)
    began = time.monotonic()
    held.client("sagemaker").get_waiter(JOBS[word][1]).wait(**{f"{word}JobName": "j"})
    assert time.monotonic() - began < 2
    assert len(held.calls) == 1


def test_the_sdk_s_own_waiter_of_an_execution_waits_no_longer_than_it(held: Any) -> None:
    """As sagemaker.workflow.pipeline's `execution.wait()` makes it, with its delay of 30 s."""
    acceptors = [
        {"expected": status, "matcher": "path", "state": state, "argument": "PipelineExecutionStatus"}
        for status, state in (("Succeeded", "success"), ("Failed", "failure"))
    ]
    described = {
        "delay": 30,
        "maxAttempts": 60,
        "operation": "DescribePipelineExecution",
        "acceptors": acceptors,
    }
    model = WaiterModel({"version": 2, "waiters": {"PipelineExecutionComplete": described}})
    waiter = create_waiter_with_client("PipelineExecutionComplete", model, held.client("sagemaker"))
    later(lambda: held.execution.change("Failed"))
    began = time.monotonic()
    with pytest.raises(WaiterError, match="terminal failure state"):
        waiter.wait(PipelineExecutionArn=ARN)
    assert time.monotonic() - began < 2
