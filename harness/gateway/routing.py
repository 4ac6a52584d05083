"""Which operation a request is for: by its target, its action or its path, as its protocol says it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from botocore.model import OperationNotFoundError
from moto.core.model import OperationModel, ServiceModel
from moto.core.routing import get_service_router
from werkzeug.exceptions import HTTPException

from harness.model import AwsError, HttpRequest, Json
from harness.wsgi import to_werkzeug


class Routed(NamedTuple):
    """The operation that a request is for, and what its parser reads beside the body."""

    operation: OperationModel
    values: Any  # the query's, or the form's
    headers: Any
    in_path: Json


def _by_target(model: ServiceModel, request: HttpRequest, body: bytes) -> Routed:
    target = request.headers.get("x-amz-target", "")
    prefix, _, name = target.rpartition(".")
    if prefix != model.metadata.get("targetPrefix"):
        raise _unknown(model, target or request.path)
    return Routed(_operation(model, name, target), {}, {}, {})


def _by_action(model: ServiceModel, request: HttpRequest, body: bytes) -> Routed:
    pairs = f"{request.query}&{body.decode('utf-8', 'replace')}" if body else request.query
    values = dict(parse_qsl(pairs, keep_blank_values=True))
    action = values.get("Action", "")
    try:
        return Routed(model.operation_model(action), values, {}, {})
    except OperationNotFoundError as error:
        version = values.get("Version", "")
        raise AwsError("InvalidAction", f"Could not find operation {action} for version {version}") from error


def _by_path(model: ServiceModel, request: HttpRequest, body: bytes) -> Routed:
    # The route is in the path, the query and the headers: the body, which may be large, is left out.
    made = to_werkzeug(request, body=b"")
    try:
        operation, in_path = get_service_router(model.service_name).match(made)
    except (HTTPException, NotImplementedError, KeyError) as error:
        raise _unknown(model, f"{request.method} {request.path}") from error
    return Routed(operation, made.args, made.headers, in_path)


def _operation(model: ServiceModel, name: str, asked: str) -> OperationModel:
    try:
        operation: OperationModel = model.operation_model(name)
        return operation
    except OperationNotFoundError as error:
        raise _unknown(model, asked) from error


def _unknown(model: ServiceModel, asked: str) -> AwsError:
    return AwsError("UnknownOperationException", f"{model.service_name} has no operation for {asked}", 404)


ROUTES: dict[str, Callable[[ServiceModel, HttpRequest, bytes], Routed]] = {
    "json": _by_target,
    "query": _by_action,
    "ec2": _by_action,
    "rest-json": _by_path,
    "rest-xml": _by_path,
}
