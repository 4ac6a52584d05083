"""SageMaker: what its calls need beyond the action of their name on the resource they name.

Source: SageMaker Developer Guide, "API Permissions: Actions, Permissions, and Resources Reference". It also lists
kms:CreateGrant for a VolumeKmsKeyId, "required only if [...] the associated role does not have a policy that permits
this action": caller or role. Neither is asked here, where volumes are not encrypted.
"""

from __future__ import annotations

from dataclasses import replace

from harness.access.facts import Facts
from harness.access.needs import engine, sagemaker_keys, tagging
from harness.access.needs.common import Need, in_region
from harness.access.needs.passrole import pass_role
from harness.model import ApiCall, Permission

_SERVICE = "sagemaker.amazonaws.com"


def _own(call: ApiCall, facts: Facts) -> list[Permission]:
    """The operation's own permission with the service's condition keys, and the role that it passes."""
    own, *more = engine.known(call, facts)
    if call.operation in sagemaker_keys.OPERATIONS:
        own = replace(own, context={**own.context, **sagemaker_keys.of_call(call, facts)})
    role = str(call.params.get("RoleArn") or call.params.get("ExecutionRoleArn") or "")
    return [own, *pass_role(role, _SERVICE, own.resource), *more]


def _create_transform_job(call: ApiCall, facts: Facts) -> list[Permission]:
    """The job acts in its model's role, which was passed when the model was created."""
    own, *more = _own(call, facts)
    model = _arn(call, "model", str(call.params.get("ModelName", "")))
    return [replace(own, context={**own.context, "sagemaker:modelarn": model}), *more]


def _create_model(call: ApiCall, facts: Facts) -> list[Permission]:
    """Another account's model package has to be shared for this: the guide's "Deploy a Model Version from a Different
    Account" names sagemaker:CreateModel among what its group's policy allows on `model-package/GROUP/*`."""
    containers = [call.params.get("PrimaryContainer") or {}, *(call.params.get("Containers") or [])]
    named = [str(c["ModelPackageName"]) for c in containers if c.get("ModelPackageName")]
    others = [in_region(call, arn) for arn in named if engine.account_of(arn) not in ("", call.account)]
    return [
        *_own(call, facts),
        *(
            engine.permission(call, facts, "sagemaker:CreateModel", arn, why="to use the model package")
            for arn in others
        ),
    ]


def _create_model_package(call: ApiCall, facts: Facts) -> list[Permission]:
    """In a group, on `model-package/GROUP/*`: the version has no number yet, and the guide's "Register a Model Version
    from a Different Account" has a policy on just that. The ARN that AWS puts into its refusals is not on record."""
    resource = _versions(call) or _arn(call, "model-package", str(call.params.get("ModelPackageName") or "*"))
    context = {**tagging.of_call(call), **sagemaker_keys.of_call(call, facts)}
    own = engine.permission(call, facts, "sagemaker:CreateModelPackage", resource, context)
    return [own, *tagging.on_create(call, own.resource, own.owner)]


def _list_model_packages(call: ApiCall, facts: Facts) -> list[Permission]:
    """As on creating; the guide's "Deploy a Model Version from a Different Account" has the policy."""
    return [engine.permission(call, facts, "sagemaker:ListModelPackages", _versions(call) or "*")]


def _batch_describe(call: ApiCall, facts: Facts) -> list[Permission]:
    """On each of the packages. That one which may not be seen fails the whole call, rather than to be told of in the
    answer's error map, is assumed."""
    arns = call.params.get("ModelPackageArnList") or ["*"]
    action = "sagemaker:BatchDescribeModelPackage"
    return [
        engine.permission(call, facts, action, "*" if arn == "*" else in_region(call, str(arn)))
        for arn in arns
    ]


def _versions(call: ApiCall) -> str:
    """All versions of the group that a call names, which may be another account's; empty where it names none."""
    group = str(call.params.get("ModelPackageGroupName") or "")
    if group.startswith("arn:"):
        return f"{in_region(call, group).replace(':model-package-group/', ':model-package/', 1)}/*"
    return _arn(call, "model-package", f"{group}/*") if group else ""


def _arn(call: ApiCall, kind: str, name: str) -> str:
    if name.startswith("arn:"):
        return in_region(call, name)
    return f"arn:aws:sagemaker:{call.region}:{call.account}:{kind}/{name}"


OPERATIONS: dict[str, Need] = {
    **dict.fromkeys(
        (
            "CreatePipeline",
            "UpdatePipeline",
            "DescribePipeline",
            "StartPipelineExecution",
            "CreateProcessingJob",
            "CreateTrainingJob",
            "UpdateModelPackage",
        ),
        _own,
    ),
    "CreateTransformJob": _create_transform_job,
    "CreateModel": _create_model,
    "CreateModelPackage": _create_model_package,
    "ListModelPackages": _list_model_packages,
    "BatchDescribeModelPackage": _batch_describe,
}
