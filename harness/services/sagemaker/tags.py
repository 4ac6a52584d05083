"""AddTags, ListTags and DeleteTags, on anything that SageMaker keeps here."""

from __future__ import annotations

from collections.abc import Callable

from harness.model import ApiCall, Json
from harness.services.sagemaker.arns import Arn, parse
from harness.services.sagemaker.context import Context, Operation
from harness.services.sagemaker.store import Store, Table
from harness.services.sagemaker.validation import refused

_MOST = 50  # TagList's max, and the documented quota of a resource

_TABLES: dict[str, Callable[[Store], Table]] = {
    "processing-job": lambda store: store.processing_jobs,
    "training-job": lambda store: store.training_jobs,
    "transform-job": lambda store: store.transform_jobs,
    "model": lambda store: store.models,
    "model-package-group": lambda store: store.package_groups,
    "model-package": lambda store: store.packages,
    "pipeline": lambda store: store.pipelines,
}


def put_tags(store: Store, arn: str, tags: list[Json]) -> None:
    """Gives a resource these tags; those with the same keys are replaced. For every Create's `Tags`."""
    with store.locked():
        merged = {**store.tags.get(arn, {}), **{tag["Key"]: tag["Value"] for tag in tags}}
        if len(merged) > _MOST:
            raise refused(f"A resource can have {_MOST} tags at most")
        if merged:
            store.tags[arn] = merged


def forget_tags(store: Store, arn: str) -> None:
    """For every Delete."""
    with store.locked():
        store.tags.pop(arn, None)


def add_tags(ctx: Context, call: ApiCall) -> Json:
    store, arn = _resource(ctx, call)
    put_tags(store, arn, call.params["Tags"])
    return {"Tags": _listed(store, arn)}


def list_tags(ctx: Context, call: ApiCall) -> Json:
    """All at once: MaxResults is 50 at least, and a resource has no more."""
    store, arn = _resource(ctx, call)
    return {"Tags": _listed(store, arn)}


def delete_tags(ctx: Context, call: ApiCall) -> Json:
    store, arn = _resource(ctx, call)
    gone = frozenset(call.params["TagKeys"])
    with store.locked():
        store.tags[arn] = {key: value for key, value in store.tags.get(arn, {}).items() if key not in gone}
    return {}


def _resource(ctx: Context, call: ApiCall) -> tuple[Store, str]:
    text = call.params["ResourceArn"]
    named = parse(text)
    if named is None or not _exists(ctx, named):
        raise refused("Resource does not exist.")  # boto/boto3#4606
    return ctx.store(named.account, named.region), text


def _exists(ctx: Context, named: Arn) -> bool:
    table = _TABLES.get(named.kind)
    return table is not None and table(ctx.store(named.account, named.region)).get(named.name) is not None


def _listed(store: Store, arn: str) -> list[Json]:
    return [{"Key": key, "Value": value} for key, value in store.tags.get(arn, {}).items()]


OPERATIONS: dict[str, Operation] = {"AddTags": add_tags, "ListTags": list_tags, "DeleteTags": delete_tags}
