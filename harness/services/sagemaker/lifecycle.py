"""A job's life: started on a thread of its own, its statuses told in Describe, the journal and events,
stopped."""

from __future__ import annotations

import math
import threading
import traceback
from dataclasses import replace
from datetime import datetime
from typing import Any

from harness.model import AwsError, Caller, HarnessError, JobResult, JobSpec, Json
from harness.services.sagemaker.context import Context
from harness.services.sagemaker.joblog import JobLog
from harness.services.sagemaker.kinds import Kind
from harness.services.sagemaker.store import Store

ENDED = frozenset(("Completed", "Failed", "Stopped"))

_LONGEST_REASON = 1024

# What AWS says of each secondary status of a training job, from recorded DescribeTrainingJob answers; those
# of Failed, Stopping and Stopped are worded after them.
_MESSAGES = {
    "Starting": "Preparing the instances for training",
    "Downloading": "Downloading input data",
    "Training": "Training image download completed. Training in progress.",
    "Uploading": "Uploading generated training model",
    "Completed": "Training job completed",
    "Failed": "Training job failed",
    "Stopping": "Stopping the training job",
    "Stopped": "Training job stopped",
}


def launch(ctx: Context, store: Store, kind: Kind, spec: JobSpec, caller: Caller, record: Json) -> None:
    """Tells of the new job and runs it on a thread. The journal's activity is open before this returns and
    closed when all is told."""
    activity = f"{kind.name} job {spec.arn}"
    ctx.journal.begin(activity)

    def run() -> None:
        try:
            _live(ctx, store, kind, spec, caller)
        finally:
            ctx.journal.end(activity)

    try:
        _tell(ctx, store, kind, record)
        threading.Thread(target=run, name=spec.name, daemon=True).start()
    except BaseException:
        ctx.journal.end(activity)
        raise


def created(kind: Kind, now: datetime) -> Json:
    """What a new job's record has besides its description."""
    first: Json = {kind.status: "InProgress", "CreationTime": now, "LastModifiedTime": now}
    if kind.name == "training":
        first |= {"SecondaryStatus": "Starting", "SecondaryStatusTransitions": [_transition("Starting", now)]}
    return first


def stopping(ctx: Context, store: Store, kind: Kind, name: str) -> None:
    """Asks a running job to stop; its runner does, and the job's end tells. Nothing where the job has
    ended."""
    with store.locked():
        record = kind.table(store).get(name)
        if record is None or record[kind.status] != "InProgress":
            return
        now = ctx.clock.now()
        record = kind.table(store).change(name, **_stopping(kind, record, now), LastModifiedTime=now)
        store.stops[kind.record_arn(record)].set()
    _tell(ctx, store, kind, record)


def _live(ctx: Context, store: Store, kind: Kind, spec: JobSpec, caller: Caller) -> None:
    table = kind.table(store)
    now = ctx.clock.now()
    log = JobLog(caller, kind.log_group, f"{spec.name}/{kind.log_stream()}-{int(now.timestamp())}", ctx.clock)
    table.revise(spec.name, lambda record: _begun(kind, record, now))
    result = _run(ctx, spec, caller, store.stops[spec.arn], log)
    with store.locked():
        record = table.revise(spec.name, lambda record: _ended(kind, record, result, ctx.clock.now()))
        del store.stops[spec.arn]
    _tell(ctx, store, kind, record, result.log_tail)
    log.close()


def _run(ctx: Context, spec: JobSpec, caller: Caller, stop: threading.Event, log: JobLog) -> JobResult:
    """The job's result, whatever happens: a job that nobody ends would be waited for without end."""
    try:
        result = ctx.run_job(spec, caller, stop, log)
    except AwsError as error:
        return JobResult("Failed", failure_reason=f"ClientError: {error.message}"[:_LONGEST_REASON])
    except HarnessError as error:
        return JobResult("Failed", failure_reason=f"InternalServerError: {error}"[:_LONGEST_REASON])
    except Exception as error:  # noqa: BLE001 - our own mistake: told in the job, with where it happened
        where = tuple(traceback.format_exc().splitlines())
        return JobResult(
            "Failed", failure_reason=f"InternalServerError: {error!r}"[:_LONGEST_REASON], log_tail=where
        )
    return replace(result, failure_reason=result.failure_reason[:_LONGEST_REASON])


def _begun(kind: Kind, record: Json, now: datetime) -> Json:
    changes: Json = {f"{kind.verb}StartTime": now, "LastModifiedTime": now}
    # A job stopped before it began stays Stopping; its runner finds the stop set.
    if kind.name == "training" and record["SecondaryStatus"] == "Starting":
        changes |= _moved(record, "Training", now)
    return changes


def _stopping(kind: Kind, record: Json, now: datetime) -> Json:
    secondary = _moved(record, "Stopping", now) if kind.name == "training" else {}
    return {kind.status: "Stopping", **secondary}


def _ended(kind: Kind, record: Json, result: JobResult, now: datetime) -> Json:
    changes: Json = {kind.status: result.status, f"{kind.verb}EndTime": now, "LastModifiedTime": now}
    if result.failure_reason:
        changes["FailureReason"] = result.failure_reason
    if result.exit_message and kind.name == "processing":
        changes["ExitMessage"] = result.exit_message
    if kind.name == "training":
        changes |= _trained(record, result, now)
    return changes


def _trained(record: Json, result: JobResult, now: datetime) -> Json:
    """A training job's own facts. A job that uploaded went through all of AWS's phases, so all of them are
    told."""
    start = record["TrainingStartTime"]
    seconds = max(1, math.ceil((now - start).total_seconds()))
    changes: Json = {"TrainingTimeInSeconds": seconds, "BillableTimeInSeconds": seconds}
    if "S3ModelArtifacts" in result.outputs:
        changes["ModelArtifacts"] = {"S3ModelArtifacts": result.outputs["S3ModelArtifacts"]}
    secondary = result.outputs.get("SecondaryStatus", result.status)
    if result.status != "Completed":
        return changes | _moved(record, secondary, now)
    phases = [
        ("Starting", record["CreationTime"]),
        ("Downloading", start),
        ("Training", result.started or start),
        ("Uploading", result.ended or now),
        (secondary, now),
    ]
    ends = [begin for _, begin in phases[1:]] + [now]
    told = [_transition(status, begin, end) for (status, begin), end in zip(phases, ends, strict=True)]
    return changes | {"SecondaryStatus": secondary, "SecondaryStatusTransitions": told}


def _moved(record: Json, status: str, now: datetime) -> Json:
    """A training job's step to another secondary status; the last of a job begins and ends at once."""
    *before, last = record["SecondaryStatusTransitions"]
    end = None if status in ("Training", "Stopping") else now
    moved = [*before, {**last, "EndTime": now}, _transition(status, now, end)]
    return {"SecondaryStatus": status, "SecondaryStatusTransitions": moved}


def _transition(status: str, start: datetime, end: datetime | None = None) -> Json:
    message = _MESSAGES.get(status, status)
    return {"Status": status, "StartTime": start, "StatusMessage": message} | (
        {"EndTime": end} if end else {}
    )


def _tell(ctx: Context, store: Store, kind: Kind, record: Json, log_tail: tuple[str, ...] = ()) -> None:
    """The journal's record, then the event. Both come after the store has it: who waits for them then
    describes."""
    arn = kind.record_arn(record)
    ctx.journal.write(
        "job",
        arn=arn,
        job_type=kind.name,
        account=store.account,
        status=record[kind.status],
        reason=record.get("FailureReason", ""),
        log_tail=list(log_tail),
    )
    detail = {key: _milliseconds(value) for key, value in described(kind, record).items()}
    if kind.name != "processing":  # AWS's examples have Tags in these two, and not in the third
        detail["Tags"] = dict(store.tags.get(arn, {}))
    ctx.publish(store, kind.detail_type, arn, detail)


def described(kind: Kind, record: Json) -> Json:
    """The record as Describe answers it: of a transform job, LastModifiedTime is in the list only."""
    return (
        {k: v for k, v in record.items() if k != "LastModifiedTime"} if kind.name == "transform" else record
    )


def _milliseconds(value: Any) -> Any:
    """Times in events are epoch milliseconds, as in AWS's example of the processing job's; anywhere in the
    detail."""
    if isinstance(value, datetime):
        return int(value.timestamp() * 1000)
    if isinstance(value, dict):
        return {key: _milliseconds(item) for key, item in value.items()}
    return [_milliseconds(item) for item in value] if isinstance(value, list) else value
