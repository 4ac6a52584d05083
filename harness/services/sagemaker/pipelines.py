"""Pipelines: the definitions that executions are started from."""

from __future__ import annotations

import secrets
import string

from botocore.exceptions import ClientError

from harness.model import ApiCall, AwsError, Json
from harness.orchestrator.definition import DefinitionError, read
from harness.services.sagemaker.context import Context, Operation
from harness.services.sagemaker.pagination import page
from harness.services.sagemaker.store import Store
from harness.services.sagemaker.users import user_context


def pipeline_arn(store: Store, name: str) -> str:
    # AWS lower-cases a pipeline's name in its ARN.
    return f"arn:aws:sagemaker:{store.region}:{store.account}:pipeline/{name.lower()}"


def find(ctx: Context, call: ApiCall, name_or_arn: str) -> tuple[Store, Json]:
    """The pipeline that a name, or an ARN (of another account's too), stands for.

    Raises AwsError ResourceNotFound.
    """
    store, name = ctx.here(call), name_or_arn
    if name_or_arn.startswith("arn:"):
        parts = name_or_arn.split(":", 5)
        store, name = ctx.store(parts[4], parts[3]), parts[5].removeprefix("pipeline/").split("/")[0]
    record = store.pipelines.get(name.lower())
    if record is None:
        raise AwsError("ResourceNotFound", f"Pipeline '{pipeline_arn(store, name)}' does not exist.")
    return store, record


def definition_text(ctx: Context, call: ApiCall) -> str:
    """The definition that a call brings, as text or as an object in S3, checked. Raises AwsError."""
    text = call.params.get("PipelineDefinition")
    place = call.params.get("PipelineDefinitionS3Location")
    if (text is None) == (place is None):
        raise AwsError(
            "ValidationException",
            "Exactly one of PipelineDefinition and PipelineDefinitionS3Location has to be provided.",
        )
    if text is None:
        assert place is not None
        text = _from_s3(ctx, call, place)
    try:
        read(text)
    except DefinitionError as error:
        raise AwsError("ValidationException", f"Invalid pipeline definition: {error}") from error
    return str(text)


def _from_s3(ctx: Context, call: ApiCall, place: Json) -> str:
    caller = ctx.wire.as_role(call.params["RoleArn"], "sagemaker.amazonaws.com", "SageMaker", call.region)
    wanted = {"Bucket": place["Bucket"], "Key": place["ObjectKey"]}
    if place.get("VersionId"):
        wanted["VersionId"] = place["VersionId"]
    try:
        return str(caller.client("s3").get_object(**wanted)["Body"].read().decode())
    except ClientError as error:
        uri = f"s3://{place['Bucket']}/{place['ObjectKey']}"
        reason = error.response["Error"]["Message"]
        raise AwsError("ValidationException", f"The definition at {uri} cannot be read: {reason}") from error


def _create(ctx: Context, call: ApiCall) -> Json:
    params, store = call.params, ctx.here(call)
    name = params["PipelineName"]
    token, known = params.get("ClientRequestToken"), store.pipelines.get(name.lower())
    if token and known and known["_token"] == token:
        return {"PipelineArn": known["PipelineArn"]}
    definition = definition_text(ctx, call)
    now, user = ctx.clock.now(), user_context(call)
    record = {
        "PipelineArn": pipeline_arn(store, name),
        "PipelineName": name,
        "PipelineDisplayName": params.get("PipelineDisplayName", name),
        "PipelineDescription": params.get("PipelineDescription"),
        "PipelineDefinition": definition,
        "RoleArn": params["RoleArn"],
        "PipelineStatus": "Active",
        "CreationTime": now,
        "LastModifiedTime": now,
        "CreatedBy": user,
        "LastModifiedBy": user,
        "ParallelismConfiguration": params.get("ParallelismConfiguration"),
        "_token": token,
    }
    if not store.pipelines.add(name.lower(), record):
        # The SDK's upsert reads this text.
        raise AwsError(
            "ValidationException",
            "Pipeline names must be unique within an AWS account and region. "
            f"Pipeline with name ({name}) already exists.",
        )
    tags = params.get("Tags") or []
    store.tags[record["PipelineArn"]] = {t["Key"]: t["Value"] for t in tags}
    return {"PipelineArn": record["PipelineArn"]}


def _update(ctx: Context, call: ApiCall) -> Json:
    store, record = find(ctx, call, call.params["PipelineName"])
    changes = {
        k: call.params[k]
        for k in ("PipelineDisplayName", "PipelineDescription", "RoleArn", "ParallelismConfiguration")
        if k in call.params
    }
    if "PipelineDefinition" in call.params or "PipelineDefinitionS3Location" in call.params:
        role = call.params.get("RoleArn", record["RoleArn"])
        whole = ApiCall(**{**call.__dict__, "params": {**call.params, "RoleArn": role}})
        changes["PipelineDefinition"] = definition_text(ctx, whole)
    changes |= {"LastModifiedTime": ctx.clock.now(), "LastModifiedBy": user_context(call)}
    store.pipelines.change(record["PipelineName"].lower(), **changes)
    return {"PipelineArn": record["PipelineArn"]}


def _describe(ctx: Context, call: ApiCall) -> Json:
    _, record = find(ctx, call, call.params["PipelineName"])
    return {k: v for k, v in record.items() if v is not None and not k.startswith("_")}


def _delete(ctx: Context, call: ApiCall) -> Json:
    store, record = find(ctx, call, call.params["PipelineName"])
    arn = record["PipelineArn"]
    running = [e for e in store.executions.rows() if e["PipelineArn"] == arn and e["PipelineExecutionStatus"] in _LIVE]
    if running:
        raise AwsError("ConflictException", f"Pipeline '{arn}' has running executions; stop them before deleting it.")
    store.pipelines.remove(record["PipelineName"].lower())
    store.tags.pop(arn, None)
    return {"PipelineArn": arn}


_LIVE = ("Executing", "Stopping")


def _list(ctx: Context, call: ApiCall) -> Json:
    store = ctx.here(call)
    prefix = call.params.get("PipelineNamePrefix", "")
    rows = [r for r in store.pipelines.rows() if r["PipelineName"].startswith(prefix)]
    last = {
        e["PipelineArn"]: e["StartTime"] for e in sorted(store.executions.rows(), key=lambda e: e["StartTime"])
    }
    shown, token = page(rows, call.params, name="PipelineName", created="CreationTime")
    summaries = [
        {
            k: v
            for k, v in (
                ("PipelineArn", r["PipelineArn"]),
                ("PipelineName", r["PipelineName"]),
                ("PipelineDisplayName", r["PipelineDisplayName"]),
                ("PipelineDescription", r["PipelineDescription"]),
                ("RoleArn", r["RoleArn"]),
                ("CreationTime", r["CreationTime"]),
                ("LastModifiedTime", r["LastModifiedTime"]),
                ("LastExecutionTime", last.get(r["PipelineArn"])),
            )
            if v is not None
        }
        for r in shown
    ]
    return {"PipelineSummaries": summaries, **({"NextToken": token} if token else {})}


def new_execution_id() -> str:
    """Twelve lower-case letters and digits, as AWS's."""
    return "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(12))


OPERATIONS: dict[str, Operation] = {
    "CreatePipeline": _create,
    "UpdatePipeline": _update,
    "DescribePipeline": _describe,
    "DeletePipeline": _delete,
    "ListPipelines": _list,
}
