"""An execution's life: run on a thread of its own, its changes and its steps' kept, journalled and told as events."""

from __future__ import annotations

import threading
import uuid
from datetime import datetime

from harness.model import Caller, Event, Json
from harness.orchestrator.execution import ExecutionSpec, Outcome, StepState, execute
from harness.services.sagemaker.context import Context
from harness.services.sagemaker.store import Store

_EXECUTION_EVENT = "SageMaker Model Building Pipeline Execution Status Change"
_STEP_EVENT = "SageMaker Model Building Pipeline Execution Step Status Change"


def launch(ctx: Context, store: Store, spec: ExecutionSpec, role: str) -> None:
    """Tells of an execution that the store has, with what stops it, and runs it.

    The journal's activity is open before this returns and closed when all is told.
    """
    activity = f"execution {spec.arn}"
    ctx.journal.begin(activity)
    _tell(ctx, store, spec.id, previous=None)

    def run() -> None:
        try:
            _live(ctx, store, spec, role)
        finally:
            ctx.journal.end(activity)

    threading.Thread(target=run, name=f"execution-{spec.id}", daemon=True).start()


def stop(ctx: Context, store: Store, execution_id: str) -> Json:
    """Asks a running execution to stop, and answers its record; one that has ended stays as it is."""
    with store.locked():
        record = store.executions.get(execution_id)
        assert record is not None
        if record["PipelineExecutionStatus"] != "Executing":
            return record
        record = store.executions.change(
            execution_id, PipelineExecutionStatus="Stopping", LastModifiedTime=ctx.clock.now()
        )
        # Set before it is told: who waits for the record then looks at this.
        store.stops[record["PipelineExecutionArn"]].set()
        _tell(ctx, store, execution_id, previous="Executing")
        return record


def _live(ctx: Context, store: Store, spec: ExecutionSpec, role: str) -> None:
    stop = store.stops[spec.arn]

    def assume() -> Caller:
        return ctx.wire.as_role(role, "sagemaker.amazonaws.com", "SageMaker", store.region, spec.arn)

    try:
        outcome = execute(
            spec, assume, lambda state: _keep(ctx, store, spec, state), ctx.journal, ctx.clock, stop
        )
    except Exception as error:  # noqa: BLE001 - our own mistake: an execution that never ends is waited for forever
        outcome = Outcome("Failed", f"InternalServerError: {error!r}")
    with store.locked():
        before = store.executions.get(spec.id)
        assert before is not None
        # A stop that came when all was done still stops it.
        stopped = before["PipelineExecutionStatus"] == "Stopping"
        store.executions.change(
            spec.id,
            PipelineExecutionStatus="Stopped" if stopped else outcome.status,
            FailureReason=None if stopped else outcome.reason or None,
            LastModifiedTime=ctx.clock.now(),
        )
        store.stops.pop(spec.arn, None)
        _tell(ctx, store, spec.id, before["PipelineExecutionStatus"])


def _keep(ctx: Context, store: Store, spec: ExecutionSpec, state: StepState) -> None:
    """Keeps a step's new state, and tells of it where its status has changed."""
    step = {
        "StepName": state.step.name,
        "StepDisplayName": state.step.body.get("DisplayName"),
        "StepDescription": state.step.body.get("Description"),
        "StartTime": state.started,
        "EndTime": state.ended,
        "StepStatus": state.status,
        "FailureReason": state.reason or None,
        "Metadata": state.metadata or {},
        "AttemptCount": 1,
    }
    step = {k: v for k, v in step.items() if v is not None}
    before = None

    def with_step(record: Json) -> Json:
        nonlocal before
        before = next((s["StepStatus"] for s in record["_steps"] if s["StepName"] == state.step.name), None)
        others = tuple(s for s in record["_steps"] if s["StepName"] != state.step.name)
        return {"_steps": (*others, step)}

    store.executions.revise(spec.id, with_step)
    if before == state.status:
        return
    ctx.journal.write(
        "step",
        execution=spec.arn,
        step=state.step.name,
        type=state.step.type,
        status=state.status,
        reason=state.reason,
        account=store.account,
        metadata=state.metadata or {},
    )
    detail = {
        "metadata": {
            _camel(k): {_camel(n): v for n, v in m.items()} for k, m in (state.metadata or {}).items()
        },
        "stepStartTime": _iso(state.started),
        "stepEndTime": _iso(state.ended),
        "stepName": state.step.name,
        "stepType": state.step.type,
        "previousStepStatus": before,
        "currentStepStatus": state.status,
        "failureReason": state.reason or None,
        "pipelineArn": spec.pipeline_arn,
        "pipelineExecutionArn": spec.arn,
    }
    _publish(ctx, store, _STEP_EVENT, (spec.pipeline_arn, spec.arn), detail)


def _tell(ctx: Context, store: Store, execution_id: str, previous: str | None) -> None:
    record = store.executions.get(execution_id)
    assert record is not None
    pipeline, arn, status = (
        record["PipelineArn"],
        record["PipelineExecutionArn"],
        record["PipelineExecutionStatus"],
    )
    ended = record["LastModifiedTime"] if status not in ("Executing", "Stopping") else None
    detail = {
        "pipelineExecutionDisplayName": record["PipelineExecutionDisplayName"],
        "pipelineExecutionDescription": record["PipelineExecutionDescription"],
        "currentPipelineExecutionStatus": status,
        "previousPipelineExecutionStatus": previous,
        "executionStartTime": _iso(record["StartTime"]),
        "executionEndTime": _iso(ended),
        "pipelineArn": pipeline,
        "pipelineExecutionArn": arn,
    }
    ctx.journal.write(
        "execution",
        arn=arn,
        pipeline=pipeline.rsplit("/", 1)[-1],
        account=store.account,
        status=status,
        reason=record.get("FailureReason") or "",
    )
    _publish(ctx, store, _EXECUTION_EVENT, (pipeline, arn), detail)


def _publish(ctx: Context, store: Store, detail_type: str, resources: tuple[str, ...], detail: Json) -> None:
    kept = {k: v for k, v in detail.items() if v is not None}
    now = ctx.clock.now()
    ctx.bus_publish(
        Event(
            str(uuid.uuid4()), "aws.sagemaker", detail_type, store.account, store.region, now, kept, resources
        )
    )


def _iso(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def _camel(name: str) -> str:
    return name[:1].lower() + name[1:]
