"""Executions of pipelines: started, watched, listed, stopped. The orchestrator runs them; this keeps what it tells."""

from __future__ import annotations

import threading
import uuid
from datetime import datetime
from typing import Any

from harness.model import ApiCall, AwsError, Caller, Event, Json
from harness.orchestrator.definition import DefinitionError, check_value, read
from harness.orchestrator.execution import ExecutionSpec, StepState, execute
from harness.services.sagemaker.context import Context, Operation
from harness.services.sagemaker.pagination import page
from harness.services.sagemaker.pipelines import find, new_execution_id
from harness.services.sagemaker.store import Store
from harness.services.sagemaker.users import user_context

_EXECUTION_EVENT = "SageMaker Model Building Pipeline Execution Status Change"
_STEP_EVENT = "SageMaker Model Building Pipeline Execution Step Status Change"
_CONVERT: dict[str, Any] = {
    "String": str,
    "Integer": int,
    "Float": float,
    "Boolean": lambda text: {"true": True, "false": False}[text.lower()],
}


def _start(ctx: Context, call: ApiCall) -> Json:
    store, pipeline = find(ctx, call, call.params["PipelineName"])
    token = call.params.get("ClientRequestToken")
    with store.locked():
        for known in store.executions.rows():
            if token and known["_token"] == token and known["PipelineArn"] == pipeline["PipelineArn"]:
                return {"PipelineExecutionArn": known["PipelineExecutionArn"]}
        record, spec = _new_execution(ctx, call, pipeline, token)
        store.executions.add(spec.id, record)
    stop = store.stops[spec.arn] = threading.Event()
    ctx.journal.begin(f"execution {spec.arn}")
    _tell_execution(ctx, store, spec.id, previous=None)
    threading.Thread(target=_run, args=(ctx, store, spec, stop), name=f"execution-{spec.id}", daemon=True).start()
    return {"PipelineExecutionArn": spec.arn}


def _new_execution(ctx: Context, call: ApiCall, pipeline: Json, token: str | None) -> tuple[Json, ExecutionSpec]:
    definition = read(pipeline["PipelineDefinition"])
    parameters = _parameters(definition.parameters, call.params.get("PipelineParameters") or [])
    now, user = ctx.clock.now(), user_context(call)
    arn = f"{pipeline['PipelineArn']}/execution/{new_execution_id()}"
    parallelism = call.params.get("ParallelismConfiguration") or pipeline["ParallelismConfiguration"]
    most = (parallelism or {}).get("MaxParallelExecutionSteps")
    spec = ExecutionSpec(arn, pipeline["PipelineArn"], definition, parameters, now, most)
    record = {
        "PipelineArn": pipeline["PipelineArn"],
        "PipelineExecutionArn": arn,
        "PipelineExecutionDisplayName": call.params.get(
            "PipelineExecutionDisplayName", f"execution-{int(now.timestamp() * 1000)}"
        ),
        "PipelineExecutionStatus": "Executing",
        "PipelineExecutionDescription": call.params.get("PipelineExecutionDescription"),
        "CreationTime": now,
        "LastModifiedTime": now,
        "CreatedBy": user,
        "LastModifiedBy": user,
        "ParallelismConfiguration": parallelism,
        "StartTime": now,
        "_token": token,
        "_definition": pipeline["PipelineDefinition"],
        "_role": pipeline["RoleArn"],
        "_parameters": call.params.get("PipelineParameters") or [],
        "_steps": (),
    }
    return record, spec


def _parameters(declared: dict[str, Json], given: list[Json]) -> Json:
    """Every parameter's value: given (AWS takes strings) or default. Raises AwsError ValidationException."""
    values: Json = {name: p["DefaultValue"] for name, p in declared.items() if "DefaultValue" in p}
    for pair in given:
        name, text = pair["Name"], pair["Value"]
        if name not in declared:
            raise AwsError("ValidationException", f"Parameter [{name}] is not declared in the pipeline definition.")
        try:
            values[name] = _CONVERT[declared[name]["Type"]](text)
            check_value(declared[name], values[name])
        except (ValueError, KeyError) as error:
            kind = declared[name]["Type"]
            raise AwsError("ValidationException", f"Parameter [{name}] takes {kind}, not {text!r}.") from error
        except DefinitionError as error:
            raise AwsError("ValidationException", str(error)) from error
    missing = sorted(declared.keys() - values.keys())
    if missing:
        raise AwsError("ValidationException", f"Parameters [{', '.join(missing)}] have no value and no default.")
    return values


def _run(ctx: Context, store: Store, spec: ExecutionSpec, stop: threading.Event) -> None:
    role = store.executions.get(spec.id)["_role"]  # type: ignore[index]

    def assume() -> Caller:
        return ctx.wire.as_role(role, "sagemaker.amazonaws.com", "SageMaker", store.region)

    try:
        outcome = execute(
            spec, assume, lambda state: _observe(ctx, store, spec, state), ctx.journal, ctx.clock, stop
        )
        previous = store.executions.get(spec.id)["PipelineExecutionStatus"]  # type: ignore[index]
        store.executions.change(
            spec.id,
            PipelineExecutionStatus=outcome.status,
            FailureReason=outcome.reason or None,
            LastModifiedTime=ctx.clock.now(),
        )
        _tell_execution(ctx, store, spec.id, previous)
    finally:
        store.stops.pop(spec.arn, None)
        ctx.journal.end(f"execution {spec.arn}")


def _observe(ctx: Context, store: Store, spec: ExecutionSpec, state: StepState) -> None:
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
    with store.locked():
        known = store.executions.get(spec.id)["_steps"]  # type: ignore[index]
        before = next((s["StepStatus"] for s in known if s["StepName"] == state.step.name), None)
        others = tuple(s for s in known if s["StepName"] != state.step.name)
        store.executions.change(spec.id, _steps=(*others, step))
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
        "metadata": {_camel(k): {_camel(n): v for n, v in m.items()} for k, m in (state.metadata or {}).items()},
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


def _tell_execution(ctx: Context, store: Store, execution_id: str, previous: str | None) -> None:
    record = store.executions.get(execution_id)
    assert record is not None
    status = record["PipelineExecutionStatus"]
    arn = record["PipelineExecutionArn"]
    ended = record["LastModifiedTime"] if status not in ("Executing", "Stopping") else None
    detail = {
        "pipelineExecutionDisplayName": record["PipelineExecutionDisplayName"],
        "pipelineExecutionDescription": record["PipelineExecutionDescription"],
        "currentPipelineExecutionStatus": status,
        "previousPipelineExecutionStatus": previous,
        "executionStartTime": _iso(record["StartTime"]),
        "executionEndTime": _iso(ended),
        "pipelineArn": record["PipelineArn"],
        "pipelineExecutionArn": arn,
    }
    ctx.journal.write(
        "execution",
        arn=arn,
        pipeline=record["PipelineArn"].rsplit("/", 1)[-1],
        account=store.account,
        status=status,
        reason=record.get("FailureReason") or "",
    )
    _publish(ctx, store, _EXECUTION_EVENT, (record["PipelineArn"], arn), detail)


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


def _find(ctx: Context, call: ApiCall) -> tuple[Store, Json]:
    arn = call.params["PipelineExecutionArn"]
    parts = arn.split(":", 5)
    store = ctx.store(parts[4], parts[3]) if len(parts) == 6 else ctx.here(call)
    record = store.executions.get(arn.rsplit("/", 1)[-1])
    if record is None or record["PipelineExecutionArn"] != arn:
        raise AwsError("ResourceNotFound", f"Pipeline execution with ARN {arn} does not exist.")
    return store, record


def _shown(record: Json) -> Json:
    return {k: v for k, v in record.items() if v is not None and not k.startswith("_")}


def _describe(ctx: Context, call: ApiCall) -> Json:
    record = _shown(_find(ctx, call)[1])
    record.pop("StartTime")
    return record


def _definition(ctx: Context, call: ApiCall) -> Json:
    _, record = _find(ctx, call)
    return {"PipelineDefinition": record["_definition"], "CreationTime": record["CreationTime"]}


def _list_parameters(ctx: Context, call: ApiCall) -> Json:
    _, record = _find(ctx, call)
    shown, token = page(list(record["_parameters"]), call.params)
    return {"PipelineParameters": shown, **({"NextToken": token} if token else {})}


def _list_steps(ctx: Context, call: ApiCall) -> Json:
    _, record = _find(ctx, call)
    # The newest first, unless asked otherwise: so do AWS and the SDK's examples.
    steps = sorted(record["_steps"], key=lambda s: s["StartTime"])
    descending = call.params.get("SortOrder", "Descending") == "Descending"
    params = {k: v for k, v in call.params.items() if k != "SortOrder"}
    shown, token = page(steps[::-1] if descending else steps, params)
    return {"PipelineExecutionSteps": shown, **({"NextToken": token} if token else {})}


def _list(ctx: Context, call: ApiCall) -> Json:
    store, pipeline = find(ctx, call, call.params["PipelineName"])
    rows = [r for r in store.executions.rows() if r["PipelineArn"] == pipeline["PipelineArn"]]
    params = {k: v for k, v in call.params.items() if k != "SortBy"}
    shown, token = page(rows, params, created="StartTime", descending=True)
    summaries = [
        {
            k: v
            for k, v in (
                ("PipelineExecutionArn", r["PipelineExecutionArn"]),
                ("StartTime", r["StartTime"]),
                ("PipelineExecutionStatus", r["PipelineExecutionStatus"]),
                ("PipelineExecutionDescription", r["PipelineExecutionDescription"]),
                ("PipelineExecutionDisplayName", r["PipelineExecutionDisplayName"]),
                ("PipelineExecutionFailureReason", r.get("FailureReason")),
            )
            if v is not None
        }
        for r in shown
    ]
    return {"PipelineExecutionSummaries": summaries, **({"NextToken": token} if token else {})}


def _stop(ctx: Context, call: ApiCall) -> Json:
    store, record = _find(ctx, call)
    arn, status = record["PipelineExecutionArn"], record["PipelineExecutionStatus"]
    if status == "Executing":
        store.executions.change(
            arn.rsplit("/", 1)[-1], PipelineExecutionStatus="Stopping", LastModifiedTime=ctx.clock.now()
        )
        stop = store.stops.get(arn)
        if stop:
            stop.set()
        _tell_execution(ctx, store, arn.rsplit("/", 1)[-1], previous=status)
    elif status != "Stopping":
        raise AwsError("ValidationException", f"Pipeline execution {arn} has ended with status {status}.")
    return {"PipelineExecutionArn": arn}


def _update(ctx: Context, call: ApiCall) -> Json:
    store, record = _find(ctx, call)
    names = ("PipelineExecutionDescription", "PipelineExecutionDisplayName", "ParallelismConfiguration")
    changes = {k: call.params[k] for k in names if k in call.params}
    changes |= {"LastModifiedTime": ctx.clock.now(), "LastModifiedBy": user_context(call)}
    store.executions.change(record["PipelineExecutionArn"].rsplit("/", 1)[-1], **changes)
    return {"PipelineExecutionArn": record["PipelineExecutionArn"]}


OPERATIONS: dict[str, Operation] = {
    "StartPipelineExecution": _start,
    "DescribePipelineExecution": _describe,
    "DescribePipelineDefinitionForExecution": _definition,
    "ListPipelineExecutions": _list,
    "ListPipelineExecutionSteps": _list_steps,
    "ListPipelineParametersForExecution": _list_parameters,
    "StopPipelineExecution": _stop,
    "UpdatePipelineExecution": _update,
}
