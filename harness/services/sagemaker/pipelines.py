"""Pipelines: the definitions that executions are started from."""

from __future__ import annotations

from dataclasses import replace

from harness.model import ApiCall, AwsError, Json
from harness.services.sagemaker import pipeline_versions
from harness.services.sagemaker.arns import arn, owner
from harness.services.sagemaker.context import Context, Operation
from harness.services.sagemaker.pagination import page
from harness.services.sagemaker.pipeline_definitions import definition_text
from harness.services.sagemaker.store import Store
from harness.services.sagemaker.tags import put_tags
from harness.services.sagemaker.users import user_context
from harness.services.sagemaker.validation import refused


def find(ctx: Context, call: ApiCall, name_or_arn: str) -> tuple[Store, Json]:
    """The pipeline that a name, or an ARN (of another account's too), stands for.

    Raises AwsError ResourceNotFound.
    """
    of = owner(call, name_or_arn, "pipeline")
    store = ctx.store(of.account, of.region)
    record = store.pipelines.get(of.name)
    if record is None:
        raise AwsError("ResourceNotFound", f"Pipeline '{arn(store, 'pipeline', of.name)}' does not exist.")
    return store, record


def _create(ctx: Context, call: ApiCall) -> Json:
    pipeline_versions.check_supported(call)
    params, store = call.params, ctx.here(call)
    name = params["PipelineName"]
    token, known = params.get("ClientRequestToken"), store.pipelines.get(name)
    if token and known and known["_token"] == token:
        return {"PipelineArn": known["PipelineArn"]}
    definition = definition_text(ctx, call)
    now, user = ctx.clock.now(), user_context(call)
    record = {
        "PipelineArn": arn(store, "pipeline", name),
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
        "_versions": pipeline_versions.with_definition((), definition, now),
    }
    if not store.pipelines.add(name, record):
        # The SDK's upsert reads this text.
        raise refused(
            "Pipeline names must be unique within an AWS account and region. "
            f"Pipeline with name ({name}) already exists."
        )
    put_tags(store, record["PipelineArn"], params.get("Tags") or [])
    return {"PipelineArn": record["PipelineArn"]}


def _update(ctx: Context, call: ApiCall) -> Json:
    pipeline_versions.check_supported(call)
    store, record = find(ctx, call, call.params["PipelineName"])
    now = ctx.clock.now()
    changes: Json = {
        k: call.params[k]
        for k in ("PipelineDisplayName", "PipelineDescription", "RoleArn", "ParallelismConfiguration")
        if k in call.params
    }
    if "PipelineDefinition" in call.params or "PipelineDefinitionS3Location" in call.params:
        role = call.params.get("RoleArn", record["RoleArn"])
        whole = replace(call, params={**call.params, "RoleArn": role})
        changes["PipelineDefinition"] = definition_text(ctx, whole)
    changes |= {"LastModifiedTime": now, "LastModifiedBy": user_context(call)}

    def with_version(before: Json) -> Json:
        definition = {**before, **changes}["PipelineDefinition"]
        return {
            **changes,
            "_versions": pipeline_versions.with_definition(before["_versions"], definition, now),
        }

    changed = store.pipelines.revise(record["PipelineName"], with_version)
    return {
        "PipelineArn": record["PipelineArn"],
        "PipelineVersionId": changed["_versions"][-1]["PipelineVersionId"],
    }


def _describe(ctx: Context, call: ApiCall) -> Json:
    _, record = find(ctx, call, call.params["PipelineName"])
    version = pipeline_versions.asked_for(call, record)
    return {**shown_members(record), "PipelineDefinition": version["_definition"]}


def _list_versions(ctx: Context, call: ApiCall) -> Json:
    return pipeline_versions.listed(*find(ctx, call, call.params["PipelineName"]), call.params)


def _delete(ctx: Context, call: ApiCall) -> Json:
    """Its executions go with it: "When you delete a pipeline, all instances of the pipeline are deleted"."""
    store, record = find(ctx, call, call.params["PipelineName"])
    of_it = record["PipelineArn"]
    with store.locked():
        mine = [e for e in store.executions.rows() if e["PipelineArn"] == of_it]
        if any(e["PipelineExecutionStatus"] in _LIVE for e in mine):
            # Documented is that they must be stopped first; AWS's words are not known.
            raise AwsError(
                "ConflictException",
                f"Pipeline '{of_it}' has running executions; stop them before deleting it.",
            )
        for execution in mine:
            store.executions.remove(execution["PipelineExecutionArn"].rsplit("/", 1)[-1])
        store.pipelines.remove(record["PipelineName"])
        store.tags.pop(of_it, None)
    return {"PipelineArn": of_it}


_LIVE = ("Executing", "Stopping")


def _list(ctx: Context, call: ApiCall) -> Json:
    store = ctx.here(call)
    prefix = call.params.get("PipelineNamePrefix", "")
    rows = [r for r in store.pipelines.rows() if r["PipelineName"].startswith(prefix)]
    last = {
        e["PipelineArn"]: e["StartTime"]
        for e in sorted(store.executions.rows(), key=lambda e: e["StartTime"])
    }
    shown, token = page(rows, call.params, name="PipelineName", created="CreationTime")
    summaries = [
        shown_members(r, *_SUMMARY)
        | ({"LastExecutionTime": last[r["PipelineArn"]]} if r["PipelineArn"] in last else {})
        for r in shown
    ]
    return {"PipelineSummaries": summaries} | ({"NextToken": token} if token else {})


_SUMMARY = (
    "PipelineArn",
    "PipelineName",
    "PipelineDisplayName",
    "PipelineDescription",
    "RoleArn",
    "CreationTime",
    "LastModifiedTime",
)


def shown_members(record: Json, *members: str) -> Json:
    """A record as calls answer it: these members, or all but our own, without what is null."""
    names = members or [name for name in record if not name.startswith("_")]
    return {name: record[name] for name in names if record.get(name) is not None}


OPERATIONS: dict[str, Operation] = {
    "CreatePipeline": _create,
    "UpdatePipeline": _update,
    "DescribePipeline": _describe,
    "DeletePipeline": _delete,
    "ListPipelines": _list,
    "ListPipelineVersions": _list_versions,
}
