"""Model package groups and their resource policies."""

from __future__ import annotations

import json

from harness.model import ApiCall, AwsError, Json
from harness.services.sagemaker.arns import arn, owner, parse
from harness.services.sagemaker.context import Context, Operation
from harness.services.sagemaker.pagination import Listing, listed
from harness.services.sagemaker.store import Store, Stores
from harness.services.sagemaker.tags import forget_tags, put_tags
from harness.services.sagemaker.users import user_context
from harness.services.sagemaker.validation import refused

KIND = "model-package-group"

_LISTING = Listing(
    output="ModelPackageGroupSummaryList",
    summary=(
        "ModelPackageGroupName",
        "ModelPackageGroupArn",
        "ModelPackageGroupDescription",
        "CreationTime",
        "ModelPackageGroupStatus",
        "ManagedConfiguration",
    ),
    name="ModelPackageGroupName",
    sorts={"Name": "ModelPackageGroupName", "CreationTime": "CreationTime"},
)


def create_model_package_group(ctx: Context, call: ApiCall) -> Json:
    store, name = ctx.here(call), call.params["ModelPackageGroupName"]
    group_arn = arn(store, KIND, name)
    record = {
        **{key: value for key, value in call.params.items() if key != "Tags"},
        "ModelPackageGroupArn": group_arn,
        "CreationTime": ctx.clock.now(),
        "CreatedBy": user_context(call),
        "ModelPackageGroupStatus": "Completed",
    }
    if not store.package_groups.add(name, record):
        # aws-cloudformation-resource-providers-sagemaker matches this text.
        raise refused(f"Model Package Group already exists: {group_arn}")
    put_tags(store, group_arn, call.params.get("Tags", []))
    return {"ModelPackageGroupArn": group_arn}


def describe_model_package_group(ctx: Context, call: ApiCall) -> Json:
    return find(ctx, call, call.params["ModelPackageGroupName"])[1]


def list_model_package_groups(ctx: Context, call: ApiCall) -> Json:
    """The account's own. Those shared with it through AWS RAM (CrossAccount) are none, as there is no RAM
    here."""
    shared = call.params.get("CrossAccountFilterOption") == "CrossAccount"
    return listed(_LISTING, call.params, [] if shared else ctx.here(call).package_groups.numbered())


def delete_model_package_group(ctx: Context, call: ApiCall) -> Json:
    store, group = find(ctx, call, call.params["ModelPackageGroupName"])
    name = group["ModelPackageGroupName"]
    with store.locked():
        if any(package.get("ModelPackageGroupName") == name for package in store.packages.rows()):
            # Recorded from `terraform destroy`.
            raise AwsError(
                "ConflictException",
                f"Model Package Group {group['ModelPackageGroupArn']} cannot be deleted because it still "
                "contains Model Packages",
            )
        store.package_groups.remove(name)
        store.policies.pop(name, None)
        store.versions.pop(name, None)
    forget_tags(store, group["ModelPackageGroupArn"])
    return {}


def put_model_package_group_policy(ctx: Context, call: ApiCall) -> Json:
    store, name, group_arn = _policed(ctx, call)
    try:
        valid = isinstance(json.loads(call.params["ResourcePolicy"]), dict)
    except ValueError:
        valid = False
    if not valid:
        raise refused("The resource policy is not a valid JSON policy document.")
    store.policies[name] = call.params["ResourcePolicy"]
    return {"ModelPackageGroupArn": group_arn}


def get_model_package_group_policy(ctx: Context, call: ApiCall) -> Json:
    store, name, group_arn = _policed(ctx, call)
    if name not in store.policies:
        raise _no_policy(group_arn)
    return {"ResourcePolicy": store.policies[name]}


def delete_model_package_group_policy(ctx: Context, call: ApiCall) -> Json:
    store, name, group_arn = _policed(ctx, call)
    if store.policies.pop(name, None) is None:
        raise _no_policy(group_arn)
    return {}


def find(ctx: Context, call: ApiCall, name_or_arn: str) -> tuple[Store, Json]:
    """A group and the store that has it, which is another account's where its ARN says so."""
    account, region, name = owner(call, name_or_arn, KIND)
    store = ctx.store(account, region)
    group = store.package_groups.get(name)
    if group is None:
        # moto, terraform-provider-aws and aws-cloudformation-resource-providers-sagemaker match this text.
        raise refused(f"ModelPackageGroup {arn(store, KIND, name)} does not exist.")
    return store, group


def resource_policy(stores: Stores, resource_arn: str) -> str:
    """The resource policy that covers this ARN, of a group or of one of its versions; empty where there is
    none."""
    named = parse(resource_arn)
    if named is None or named.kind not in (KIND, "model-package"):
        return ""
    group = named.name.split("/")[0]
    return stores.of(named.account, named.region).policies.get(group, "")


def _policed(ctx: Context, call: ApiCall) -> tuple[Store, str, str]:
    store, name = ctx.here(call), call.params["ModelPackageGroupName"]
    group_arn = arn(store, KIND, name)
    if store.package_groups.get(name) is None:
        # This text and the next: aws-cloudformation-resource-providers-sagemaker, terraform-provider-aws.
        raise refused(f"Cannot find Model Package Group: {group_arn}")
    return store, name, group_arn


def _no_policy(group_arn: str) -> AwsError:
    return refused(f"Cannot find resource policy for: {group_arn}")


OPERATIONS: dict[str, Operation] = {
    "CreateModelPackageGroup": create_model_package_group,
    "DescribeModelPackageGroup": describe_model_package_group,
    "ListModelPackageGroups": list_model_package_groups,
    "DeleteModelPackageGroup": delete_model_package_group,
    "PutModelPackageGroupPolicy": put_model_package_group_policy,
    "GetModelPackageGroupPolicy": get_model_package_group_policy,
    "DeleteModelPackageGroupPolicy": delete_model_package_group_policy,
}
