"""Model packages: versions in a group, wherever the group is, and packages of their own without one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from harness.model import ApiCall, AwsError, Json
from harness.services.sagemaker import groups
from harness.services.sagemaker.arns import arn, owner
from harness.services.sagemaker.context import Context, Operation
from harness.services.sagemaker.pagination import Listing, listed
from harness.services.sagemaker.store import Store
from harness.services.sagemaker.tags import forget_tags, put_tags
from harness.services.sagemaker.users import user_context
from harness.services.sagemaker.validation import refused

KIND = "model-package"

_LISTING = Listing(
    output="ModelPackageSummaryList",
    # No ModelPackageName for a version, as on AWS (aws/sagemaker-python-sdk#5606).
    summary=(
        "ModelPackageName",
        "ModelPackageGroupName",
        "ModelPackageVersion",
        "ModelPackageArn",
        "ModelPackageDescription",
        "CreationTime",
        "ModelPackageStatus",
        "ModelApprovalStatus",
        "ModelLifeCycle",
        "ModelPackageRegistrationType",
    ),
    name="Name",
    sorts={"Name": "Name", "CreationTime": "CreationTime"},
    equals=(("ModelApprovalStatus", "ModelApprovalStatus"),),
)
_BATCH = (
    "ModelPackageGroupName",
    "ModelPackageVersion",
    "ModelPackageArn",
    "ModelPackageDescription",
    "CreationTime",
    "InferenceSpecification",
    "ModelPackageStatus",
    "ModelApprovalStatus",
    "ModelPackageRegistrationType",
)
_UPDATED = (
    "ModelApprovalStatus",
    "ApprovalDescription",
    "ModelPackageRegistrationType",
    "InferenceSpecification",
    "SourceUri",
    "ModelCard",
    "ModelLifeCycle",
)


def create_model_package(ctx: Context, call: ApiCall) -> Json:
    """A new version in a group, which is another account's where it is named by that account's ARN, or a
    package
    of its own. It is Completed at once: there is nothing to validate or scan here."""
    params = call.params
    named, grouped = "ModelPackageName" in params, "ModelPackageGroupName" in params
    if named and grouped:
        # getmoto/moto#7165; "Missing ARN": aws/sagemaker-python-sdk#2696
        raise refused(
            "Both ModelPackageName and ModelPackageGroupName are provided in the input. "
            "Cannot determine which one to use."
        )
    if not named and not grouped:
        raise refused("Missing ARN")
    store = _group_store(ctx, call) if grouped else ctx.here(call)
    token = ("CreateModelPackage", params.get("ClientToken") or call.request_id)
    with store.locked():
        if token in store.tokens:
            return {"ModelPackageArn": store.tokens[token]}
        record = _versioned(ctx, call, store) if grouped else _unversioned(ctx, call, store)
        package_arn = record["ModelPackageArn"]
        store.tokens[token] = package_arn
        put_tags(store, package_arn, params.get("Tags", []))
    _announce(ctx, store, record, _status(record))
    return {"ModelPackageArn": package_arn}


def describe_model_package(ctx: Context, call: ApiCall) -> Json:
    return find(ctx, call, call.params["ModelPackageName"])[1]


def list_model_packages(ctx: Context, call: ApiCall) -> Json:
    """A group's versions, or without a group those of ModelPackageType: the unversioned ones, if not said."""
    params = call.params
    kind = params.get("ModelPackageType", "Unversioned")
    if "ModelPackageGroupName" in params:
        store, group = groups.find(ctx, call, params["ModelPackageGroupName"])
        only, kind = group["ModelPackageGroupName"], params.get("ModelPackageType", "Versioned")
    else:
        store, only = ctx.here(call), None

    def meant(record: Json) -> bool:
        of = record.get("ModelPackageGroupName")
        return (only is None or of == only) and kind in ("Both", "Versioned" if of else "Unversioned")

    rows = [
        (number, {**record, "Name": record.get("ModelPackageGroupName") or record["ModelPackageName"]})
        for number, record in store.packages.numbered()
        if meant(record)
    ]
    return listed(_LISTING, params, rows)


def update_model_package(ctx: Context, call: ApiCall) -> Json:
    """Changes the approval status, most of all; whoever did it is the package's LastModifiedBy."""
    store, package = find(ctx, call, call.params["ModelPackageArn"])
    by = {"LastModifiedTime": ctx.clock.now(), "LastModifiedBy": user_context(call)}
    record = store.packages.revise(_key(package), lambda now: _changes(call.params, now) | by)
    _announce(ctx, store, record, _status(record))
    return {"ModelPackageArn": record["ModelPackageArn"]}


def _changes(params: Json, package: Json) -> Json:
    changes: Json = {key: params[key] for key in _UPDATED if key in params}
    had = package.get("CustomerMetadataProperties", {})
    gone = params.get("CustomerMetadataPropertiesToRemove", [])
    properties = {**had, **params.get("CustomerMetadataProperties", {})}
    if properties:
        kept = {key: value for key, value in properties.items() if key not in gone}
        changes["CustomerMetadataProperties"] = kept
    if "AdditionalInferenceSpecificationsToAdd" in params:
        before = package.get("AdditionalInferenceSpecifications", [])
        added = params["AdditionalInferenceSpecificationsToAdd"]
        changes["AdditionalInferenceSpecifications"] = [*before, *added]
    return changes


def delete_model_package(ctx: Context, call: ApiCall) -> Json:
    store, package = find(ctx, call, call.params["ModelPackageName"])
    store.packages.remove(_key(package))
    _announce(ctx, store, {**package, "ModelPackageStatus": "Deleting"}, "Deleted")
    forget_tags(store, package["ModelPackageArn"])
    return {}


def batch_describe_model_package(ctx: Context, call: ApiCall) -> Json:
    found: Json = {}
    failed: Json = {}
    for package_arn in call.params["ModelPackageArnList"]:
        try:
            package = find(ctx, call, package_arn)[1]
        except AwsError as error:
            failed[package_arn] = {"ErrorCode": error.code, "ErrorResponse": error.message}
        else:
            found[package_arn] = {key: package[key] for key in _BATCH if key in package}
    return {"ModelPackageSummaries": found, "BatchDescribeModelPackageErrorMap": failed}


def find(ctx: Context, call: ApiCall, name_or_arn: str) -> tuple[Store, Json]:
    """A package and the store that has it, by its name, `<group>/<version>`, or an ARN of any account."""
    account, region, name = owner(call, name_or_arn, KIND)
    store = ctx.store(account, region)
    package = store.packages.get(name)
    if package is None:
        # Recorded: "... calling the DescribeModelPackage operation: ModelPackage arn:... does not exist."
        raise refused(f"ModelPackage {arn(store, KIND, name)} does not exist.")
    return store, package


def _group_store(ctx: Context, call: ApiCall) -> Store:
    account, region, name = owner(call, call.params["ModelPackageGroupName"], groups.KIND)
    store = ctx.store(account, region)
    if store.package_groups.get(name) is None:
        # Public code matches this sentence of CreateModelPackage's, whole.
        raise refused("Model Package Group does not exist.")
    return store


def _versioned(ctx: Context, call: ApiCall, store: Store) -> Json:
    group = owner(call, call.params["ModelPackageGroupName"], groups.KIND).name
    # A deleted version's number is not given again, so an ARN never means two models. Undocumented on AWS.
    version = store.versions[group] = store.versions.get(group, 0) + 1
    name = f"{group}/{version}"
    record = {
        "ModelApprovalStatus": "PendingManualApproval",
        **_common(ctx, call, arn(store, KIND, name)),
        "ModelPackageGroupName": group,
        "ModelPackageVersion": version,
    }
    store.packages.add(name, record)
    return record


def _unversioned(ctx: Context, call: ApiCall, store: Store) -> Json:
    name = call.params["ModelPackageName"]
    record = _common(ctx, call, arn(store, KIND, name))
    if not store.packages.add(name, record):
        # SageMaker SDK v2, session.create_model_package_from_algorithm, matches this text.
        raise refused(f"ModelPackage already exists: {record['ModelPackageArn']}")
    return record


def _common(ctx: Context, call: ApiCall, package_arn: str) -> Json:
    return {
        "CertifyForMarketplace": False,
        **{key: value for key, value in call.params.items() if key not in ("Tags", "ClientToken")},
        "ModelPackageArn": package_arn,
        "CreationTime": ctx.clock.now(),
        "CreatedBy": user_context(call),
        "ModelPackageStatus": "Completed",
        "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
    }


def _status(package: Json) -> str:
    """What people wait for: a version's approval status, or else the package's."""
    return str(package.get("ModelApprovalStatus") or package["ModelPackageStatus"])


def _key(package: Json) -> str:
    if "ModelPackageVersion" in package:
        return f"{package['ModelPackageGroupName']}/{package['ModelPackageVersion']}"
    return str(package["ModelPackageName"])


def _announce(ctx: Context, store: Store, record: Json, status: str) -> None:
    """The record and the event, in the account that has the package. The event's times are ISO 8601, as in
    AWS's
    example (automating-sagemaker-with-eventbridge), where other events of SageMaker's have milliseconds."""
    ctx.journal.write("package", arn=record["ModelPackageArn"], status=status, account=store.account)
    detail = {key: _iso(value) for key, value in record.items()}
    ctx.publish(store, "SageMaker Model Package State Change", record["ModelPackageArn"], detail)


def _iso(value: Any) -> Any:
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime) else value


OPERATIONS: dict[str, Operation] = {
    "CreateModelPackage": create_model_package,
    "DescribeModelPackage": describe_model_package,
    "ListModelPackages": list_model_packages,
    "UpdateModelPackage": update_model_package,
    "DeleteModelPackage": delete_model_package,
    "BatchDescribeModelPackage": batch_describe_model_package,
}
