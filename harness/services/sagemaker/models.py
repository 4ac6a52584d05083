"""CreateModel, DescribeModel, ListModels, DeleteModel."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from harness.model import ApiCall, AwsError, Caller, Json
from harness.services.sagemaker import packages
from harness.services.sagemaker.arns import arn
from harness.services.sagemaker.context import Context, Operation
from harness.services.sagemaker.pagination import Listing, listed
from harness.services.sagemaker.roles import assume
from harness.services.sagemaker.store import Store
from harness.services.sagemaker.tags import forget_tags, put_tags
from harness.services.sagemaker.validation import refused

_LISTING = Listing(
    output="Models",
    summary=("ModelName", "ModelArn", "CreationTime"),
    name="ModelName",
    sorts={"Name": "ModelName", "CreationTime": "CreationTime"},
    default_order="Descending",
)


def create_model(ctx: Context, call: ApiCall) -> Json:
    """A model of one container or several, each with an image and its data, or with a model package's ARN."""
    store, params = ctx.here(call), call.params
    name = params["ModelName"]
    model_arn = arn(store, "model", name)
    if store.models.get(name):
        raise _exists(model_arn)
    if ("PrimaryContainer" in params) == ("Containers" in params):
        raise refused("Exactly one of PrimaryContainer and Containers is to be given")
    for container in containers(params):
        if "ModelPackageName" in container:
            _package(ctx, call, container["ModelPackageName"])
    if "ExecutionRoleArn" in params:
        caller = assume(ctx.wire, params["ExecutionRoleArn"], call.region, model_arn)
        for container in containers(params):
            _reach(caller, container.get("ModelDataUrl"), params["ExecutionRoleArn"], call.region)
    record = {
        "EnableNetworkIsolation": False,
        **{key: value for key, value in params.items() if key != "Tags"},
        "ModelArn": model_arn,
        "CreationTime": ctx.clock.now(),
    }
    if "PrimaryContainer" in params:
        record["PrimaryContainer"] = {"Mode": "SingleModel", **params["PrimaryContainer"]}
    if not store.models.add(name, record):
        raise _exists(model_arn)
    put_tags(store, model_arn, params.get("Tags", []))
    _announce(ctx, store, record)
    return {"ModelArn": model_arn}


def describe_model(ctx: Context, call: ApiCall) -> Json:
    return find(ctx.here(call), call.params["ModelName"])


def list_models(ctx: Context, call: ApiCall) -> Json:
    return listed(_LISTING, call.params, ctx.here(call).models.numbered())


def delete_model(ctx: Context, call: ApiCall) -> Json:
    store, name = ctx.here(call), call.params["ModelName"]
    record = find(store, name)
    store.models.remove(name)
    _announce(ctx, store, record)
    forget_tags(store, record["ModelArn"])
    return {}


def find(store: Store, name: str) -> Json:
    """A model's record. Raises AWS's error where there is none (moto and terraform-provider-aws match its
    text).
    """
    record = store.models.get(name)
    if record is None:
        raise refused(f'Could not find model "{arn(store, "model", name)}".')
    return record


def containers(model: Json) -> list[Json]:
    return [model["PrimaryContainer"]] if "PrimaryContainer" in model else model.get("Containers", [])


def resolved(ctx: Context, call: ApiCall, model: Json) -> Json:
    """The model as a job needs it: instead of a model package's name, its containers' image, data and
    environment."""
    made = [found for container in containers(model) for found in _resolved(ctx, call, container)]
    rest = {key: value for key, value in model.items() if key not in ("PrimaryContainer", "Containers")}
    return {**rest, **({"PrimaryContainer": made[0]} if len(made) == 1 else {"Containers": made})}


def _resolved(ctx: Context, call: ApiCall, container: Json) -> list[Json]:
    if "ModelPackageName" not in container:
        return [container]
    packaged = _package(ctx, call, container["ModelPackageName"])["InferenceSpecification"]["Containers"]
    environment = container.get("Environment", {})
    return [{**p, **container, "Environment": {**p.get("Environment", {}), **environment}} for p in packaged]


def _package(ctx: Context, call: ApiCall, name_or_arn: str) -> Json:
    """The package, which has to be approved: "the value of this parameter must be set to Approved to deploy
    the model"
    (CreateModelPackage). The sentence of the refusal is ours; AWS's is not recorded."""
    package = packages.find(ctx, call, name_or_arn)[1]
    if "InferenceSpecification" not in package:
        raise refused(f"ModelPackage {package['ModelPackageArn']} has no inference specification.")
    status = package.get("ModelApprovalStatus", "Approved")
    if status != "Approved":
        raise refused(
            f"ModelPackage {package['ModelPackageArn']} is not approved: its approval status is {status}."
        )
    return package


def _reach(caller: Caller, url: Any, role_arn: str, region: str) -> None:
    """AWS looks with the model's role whether the model's data is there, and says this where it cannot see
    it."""
    if not url or not url.startswith("s3://"):
        return
    where = urlsplit(url)
    try:
        caller.client("s3").head_object(Bucket=where.netloc, Key=where.path.lstrip("/"))
    except (ClientError, BotoCoreError) as error:
        raise refused(
            f'Could not access model data at {url}. Please ensure that the role "{role_arn}" exists and that '
            'its trust relationship policy allows the action "sts:AssumeRole" for the service principal '
            '"sagemaker.amazonaws.com". Also ensure that the role has "s3:GetObject" permissions and that '
            f"the object is located in {region}. If your Model uses multiple models or uncompressed models, "
            'please ensure that the role has "s3:ListBucket" permission.'
        ) from error


def _exists(model_arn: str) -> AwsError:
    return refused(
        f'Cannot create already existing model "{model_arn}".'
    )  # SageMaker SDK v2, session.create_model


def _announce(ctx: Context, store: Store, record: Json) -> None:
    """Sent when a model is created and when it is deleted; as on AWS, the event does not say which."""
    detail: Json = {
        key: record[key]
        for key in ("ModelName", "PrimaryContainer", "ExecutionRoleArn", "ModelArn")
        if key in record
    }
    detail["CreationTime"] = int(record["CreationTime"].timestamp() * 1000)
    detail["Tags"] = store.tags.get(record["ModelArn"], {})
    ctx.publish(store, "SageMaker Model State Change", record["ModelArn"], detail)


OPERATIONS: dict[str, Operation] = {
    "CreateModel": create_model,
    "DescribeModel": describe_model,
    "ListModels": list_models,
    "DeleteModel": delete_model,
}
