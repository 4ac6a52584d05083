"""Executions of pipelines: started, described, listed, stopped. The orchestrator runs them."""

from __future__ import annotations

import secrets
import string
import threading

from harness.model import ApiCall, AwsError, Json
from harness.orchestrator.definition import DefinitionError, read
from harness.orchestrator.execution import ExecutionSpec
from harness.orchestrator.parameters import values
from harness.services.sagemaker import execution_life, pipeline_versions
from harness.services.sagemaker.arns import parse
from harness.services.sagemaker.context import Context, Operation
from harness.services.sagemaker.pagination import page
from harness.services.sagemaker.pipelines import find, shown_members
from harness.services.sagemaker.store import Store
from harness.services.sagemaker.users import user_context
from harness.services.sagemaker.validation import refused

# What would make an execution run otherwise than it does here.
_UNSUPPORTED = ("SelectiveExecutionConfig", "MlflowExperimentName")


def _start(ctx: Context, call: ApiCall) -> Json:
    for name in _UNSUPPORTED:
        if call.params.get(name):
            raise AwsError("UnsupportedOperation", f"The harness does not support {name} yet", 501)
    if call.params.get("RoleArn"):
        # Documented for pipelines that AWS manages, which the harness has none of; AWS's words are not known.
        raise refused("RoleArn can only be specified for a pipeline that is managed by AWS")
    store, pipeline = find(ctx, call, call.params["PipelineName"])
    token = call.params.get("ClientRequestToken")
    with store.locked():
        for known in store.executions.rows():
            if token and known["_token"] == token and known["PipelineArn"] == pipeline["PipelineArn"]:
                return {"PipelineExecutionArn": known["PipelineExecutionArn"]}
        record, spec = _new_execution(ctx, call, pipeline)
        store.executions.add(spec.id, record)
        store.stops[spec.arn] = threading.Event()
    execution_life.launch(ctx, store, spec, pipeline["RoleArn"])
    return {"PipelineExecutionArn": spec.arn}


def _new_execution(ctx: Context, call: ApiCall, pipeline: Json) -> tuple[Json, ExecutionSpec]:
    params = call.params
    given = params.get("PipelineParameters") or []
    version = pipeline_versions.asked_for(call, pipeline)
    try:
        definition = read(version["_definition"])
        parameters = values(definition.parameters, ((p["Name"], p["Value"]) for p in given))
    except DefinitionError as error:
        raise refused(str(error)) from error
    now, user = ctx.clock.now(), user_context(call)
    arn = f"{pipeline['PipelineArn']}/execution/{_new_id()}"
    parallelism = params.get("ParallelismConfiguration") or pipeline["ParallelismConfiguration"]
    most = (parallelism or {}).get("MaxParallelExecutionSteps")
    spec = ExecutionSpec(arn, pipeline["PipelineArn"], definition, parameters, now, most)
    named = f"execution-{int(now.timestamp() * 1000)}"
    record = {
        "PipelineArn": pipeline["PipelineArn"],
        "PipelineExecutionArn": arn,
        "PipelineExecutionDisplayName": params.get("PipelineExecutionDisplayName", named),
        "PipelineExecutionStatus": "Executing",
        "PipelineExecutionDescription": params.get("PipelineExecutionDescription"),
        "CreationTime": now,
        "LastModifiedTime": now,
        "CreatedBy": user,
        "LastModifiedBy": user,
        "ParallelismConfiguration": parallelism,
        "PipelineVersionId": version["PipelineVersionId"],
        "StartTime": now,
        "_token": params.get("ClientRequestToken"),
        "_definition": version["_definition"],
        "_parameters": given,
        "_steps": (),
    }
    return record, spec


def _new_id() -> str:
    """Twelve lower-case letters and digits, as AWS's."""
    return "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(12))


def _find(ctx: Context, call: ApiCall) -> tuple[Store, Json]:
    arn = call.params["PipelineExecutionArn"]
    named = parse(arn)
    store = ctx.store(named.account, named.region) if named else ctx.here(call)
    record = store.executions.get(_id(arn))
    if record is None or record["PipelineExecutionArn"] != arn:
        raise AwsError("ResourceNotFound", f"Pipeline execution with ARN {arn} does not exist.")
    return store, record


def _id(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]


def _describe(ctx: Context, call: ApiCall) -> Json:
    record = shown_members(_find(ctx, call)[1])
    record.pop("StartTime")
    return record


def _definition(ctx: Context, call: ApiCall) -> Json:
    _, record = _find(ctx, call)
    return {"PipelineDefinition": record["_definition"], "CreationTime": record["CreationTime"]}


def _list_parameters(ctx: Context, call: ApiCall) -> Json:
    _, record = _find(ctx, call)
    shown, token = page(list(record["_parameters"]), call.params)
    return {"PipelineParameters": shown} | ({"NextToken": token} if token else {})


def _list_steps(ctx: Context, call: ApiCall) -> Json:
    """The newest first, unless asked otherwise: so do AWS and the SDK's examples."""
    _, record = _find(ctx, call)
    shown, token = page(list(record["_steps"]), call.params, created="StartTime", descending=True)
    return {"PipelineExecutionSteps": shown} | ({"NextToken": token} if token else {})


def _list(ctx: Context, call: ApiCall) -> Json:
    pipeline_versions.check_supported(call)
    store, pipeline = find(ctx, call, call.params["PipelineName"])
    rows = [r for r in store.executions.rows() if r["PipelineArn"] == pipeline["PipelineArn"]]
    shown, token = page(rows, call.params, created="StartTime", descending=True)
    summaries = [
        shown_members(r, *_SUMMARY)
        | ({"PipelineExecutionFailureReason": r["FailureReason"]} if r.get("FailureReason") else {})
        for r in shown
    ]
    return {"PipelineExecutionSummaries": summaries} | ({"NextToken": token} if token else {})


_SUMMARY = (
    "PipelineExecutionArn",
    "StartTime",
    "PipelineExecutionStatus",
    "PipelineExecutionDescription",
    "PipelineExecutionDisplayName",
)


def _stop(ctx: Context, call: ApiCall) -> Json:
    store, record = _find(ctx, call)
    arn = record["PipelineExecutionArn"]
    status = execution_life.stop(ctx, store, _id(arn))["PipelineExecutionStatus"]
    if status != "Stopping":
        raise refused(f"Pipeline execution {arn} has ended with status {status}.")
    return {"PipelineExecutionArn": arn}


def _update(ctx: Context, call: ApiCall) -> Json:
    store, record = _find(ctx, call)
    names = ("PipelineExecutionDescription", "PipelineExecutionDisplayName", "ParallelismConfiguration")
    changes = {k: call.params[k] for k in names if k in call.params}
    changes |= {"LastModifiedTime": ctx.clock.now(), "LastModifiedBy": user_context(call)}
    store.executions.change(_id(record["PipelineExecutionArn"]), **changes)
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
