"""Versions of a pipeline: each definition that it has had, numbered from 1. An execution runs one of them."""

from __future__ import annotations

from datetime import datetime

from harness.model import ApiCall, AwsError, Json
from harness.services.sagemaker.pagination import page
from harness.services.sagemaker.store import Store

Versions = tuple[Json, ...]

# Names for versions, which would change what a call means.
_UNSUPPORTED = ("PipelineVersionAlias", "PipelineVersionAliases")


def with_definition(versions: Versions, definition: str, now: datetime) -> Versions:
    """The versions of a pipeline whose definition is now this one.

    An update makes a version where it changes the definition: so the documentation of PipelineVersionAliases.
    Whether AWS compares texts or what they say is not known.
    """
    if versions and versions[-1]["_definition"] == definition:
        return versions
    return (
        *versions,
        {"PipelineVersionId": len(versions) + 1, "CreationTime": now, "_definition": definition},
    )


def asked_for(call: ApiCall, pipeline: Json) -> Json:
    """The version of a pipeline's record that the call names by its id, else the latest.

    Raises AwsError: ResourceNotFound, in words that AWS's are not known to be.
    """
    check_supported(call)
    wanted = call.params.get("PipelineVersionId")
    versions: Versions = pipeline["_versions"]
    for version in versions:
        if version["PipelineVersionId"] == (wanted or len(versions)):
            return version
    raise AwsError(
        "ResourceNotFound", f"Pipeline '{pipeline['PipelineArn']}' does not have version {wanted}."
    )


def check_supported(call: ApiCall) -> None:
    """Raises AwsError UnsupportedOperation (501) where the call has to do with aliases."""
    for name in _UNSUPPORTED:
        if call.params.get(name):
            raise AwsError("UnsupportedOperation", f"The harness does not support {name} yet", 501)


def listed(store: Store, pipeline: Json, params: Json) -> Json:
    """ListPipelineVersions's answer. The newest comes first: so the SDK finds the latest."""
    last = {
        e["PipelineVersionId"]: e["PipelineExecutionArn"]
        for e in store.executions.rows()
        if e["PipelineArn"] == pipeline["PipelineArn"]
    }
    shown, token = page(list(pipeline["_versions"]), params, descending=True)
    summaries = [_summary(pipeline, version, last) for version in shown]
    return {"PipelineVersionSummaries": summaries} | ({"NextToken": token} if token else {})


def _summary(pipeline: Json, version: Json, last: dict[int, str]) -> Json:
    number = version["PipelineVersionId"]
    return {
        "PipelineArn": pipeline["PipelineArn"],
        "PipelineVersionId": number,
        "CreationTime": version["CreationTime"],
        **({"LastExecutionPipelineExecutionArn": last[number]} if number in last else {}),
    }
