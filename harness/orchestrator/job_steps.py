"""Steps that are a job: created, waited for, described."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from botocore.exceptions import ClientError

from harness.model import Json
from harness.orchestrator.step import StepContext, StepFailure, StepResult, described

_ENDED = ("Completed", "Failed", "Stopped")


@dataclass(frozen=True)
class JobKind:
    """A kind of job, by the word in the names of its API: Processing, Training, Transform."""

    word: str

    @property
    def metadata(self) -> str:
        return f"{self.word}Job"

    @property
    def name(self) -> str:
        return f"{self.word}JobName"

    @property
    def arn(self) -> str:
        return f"{self.word}JobArn"

    @property
    def status(self) -> str:
        return f"{self.word}JobStatus"

    def method(self, verb: str) -> str:
        """boto3's name of the operation: `create_processing_job`."""
        return f"{verb}_{self.word.lower()}_job"


PROCESSING, TRAINING, TRANSFORM = JobKind("Processing"), JobKind("Training"), JobKind("Transform")


def job_step(kind: JobKind) -> Callable[[StepContext], StepResult]:
    """The step function of a kind of job."""

    def run(context: StepContext) -> StepResult:
        ended = run_job(kind, context, context.arguments())
        return StepResult(ended, {kind.metadata: {"Arn": ended[kind.arn]}})

    return run


def run_job(kind: JobKind, context: StepContext, arguments: Json) -> Json:
    """Creates the job, waits for its end, answers its description.

    Raises StepFailure where it did not complete, ClientError where it could not be created.
    """
    sagemaker = context.caller.client("sagemaker")
    name = context.new_name()
    before = context.journal.last()
    arn = getattr(sagemaker, kind.method("create"))(**{**arguments, kind.name: name})[kind.arn]
    made = {kind.metadata: {"Arn": arn}}
    context.started(made)
    _wait(kind, context, name, arn, before)
    ended = described(getattr(sagemaker, kind.method("describe"))(**{kind.name: name}))
    status = ended[kind.status]
    if status != "Completed":
        # Seen on AWS: "ClientError: " and then the job's own reason, which may begin with the same word.
        reason = ended.get("FailureReason") or ended.get("ExitMessage") or f"The job was {status.lower()}"
        raise StepFailure(f"ClientError: {reason}", made, stopped=status == "Stopped")
    return ended


def _wait(kind: JobKind, context: StepContext, name: str, arn: str, after: int) -> None:
    """Until the job has ended. A stop of the execution stops the job first."""

    def of_interest(record: Json) -> bool:
        if record["kind"] == "job":
            return bool(record["arn"] == arn and record["status"] in _ENDED)
        return bool(record["kind"] == "execution" and record["arn"] == context.execution_arn)

    asked = False
    while True:
        if context.stop.is_set() and not asked:
            asked = True
            context.stopping()
            # It may have ended at this moment, or the role may not be allowed to: then it runs to its end.
            with contextlib.suppress(ClientError):
                getattr(context.caller.client("sagemaker"), kind.method("stop"))(**{kind.name: name})
        record = context.journal.wait(of_interest, after=after)
        assert record is not None  # without a timeout it waits until there is one
        if record["kind"] == "job":
            return
        after = record["n"]
