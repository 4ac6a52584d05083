"""The tags that calls bring: their condition keys, and the permission to tag what a call creates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.access.needs import tags
from harness.access.values import Values
from harness.model import ApiCall, Permission

# Services that have a ResourceTag key of their own beside aws:ResourceTag.
_OWN_KEY = ("ecr", "iam", "sagemaker")
_ACTION = {"sagemaker": "AddTags", "sqs": "TagQueue"}


def of_call(call: ApiCall) -> Values:
    """aws:RequestTag and aws:TagKeys, from the parameters `Tags` (a list or a map) and `TagKeys`."""
    gone = _first(call.params, "TagKeys", "tagKeys")
    if call.operation == "UntagLogGroup":
        gone = call.params.get("tags")
    return tags.of_names(map(str, gone)) if gone else tags.of_request(_given(call.params))


def of_resource(service: str, given: Mapping[str, str]) -> Values:
    """aws:ResourceTag, and the service's own key where it has one: `sagemaker:ResourceTag/team`."""
    values = tags.of_resource(given)
    if service in _OWN_KEY:
        values |= {f"{service}:resourcetag/{name.lower()}": value for name, value in given.items()}
    return values


def on_create(call: ApiCall, resource: str, owner: str) -> list[Permission]:
    """The permission to tag what an operation makes, where it is asked to.

    Sources: IAM User Guide, "Tagging IAM resources"; EventBridge API reference, PutRule ("you must have both the
    events:PutRule and events:TagResource permissions"). sagemaker:TaggingAction names the operation that tags what it
    makes (AWS's policy AmazonSageMakerTrainingPlanCreateAccess), and is not set for AddTags itself: policies in the
    SageMaker guide named `...TagOnCreate` ask for it not to be null. Lambda's TagResource
    on creating a function is taken to be alike.
    """
    if call.operation.startswith(("Tag", "Untag", "AddTags")) or not _given(call.params):
        return []
    context = of_call(call)
    if call.service == "sagemaker":
        context["sagemaker:taggingaction"] = call.operation
    return [Permission(_action(call), resource, owner, context, why="to tag it")]


def _action(call: ApiCall) -> str:
    if call.service != "iam":
        return f"{call.service}:{_ACTION.get(call.service, 'TagResource')}"
    kind = call.operation.removeprefix("Create").removeprefix("Upload").removeprefix("Virtual")
    return f"iam:Tag{kind}"


def _given(params: Mapping[str, Any]) -> Mapping[str, str]:
    found = _first(params, "Tags", "tags") or {}
    if isinstance(found, Mapping):
        return {str(key): str(value) for key, value in found.items()}
    return {str(tag.get("Key", "")): str(tag.get("Value", "")) for tag in found}


def _first(params: Mapping[str, Any], *names: str) -> Any:
    return next((params[name] for name in names if params.get(name)), None)
