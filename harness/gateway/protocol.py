"""AWS's wire protocols, driven by botocore's service models: a request to its operation and parameters,
an answer to bytes.

The parsers, the serialisers and the routes of the REST protocols are moto's, which reads them off the same models.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from botocore.model import OperationNotFoundError
from moto.core.model import OperationModel, ServiceModel
from moto.core.parse import PROTOCOL_PARSERS, JSONParser, RestJSONParser
from moto.core.request import determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.serialize import SerializationContext, get_serializer_class
from moto.core.utils import get_service_model
from werkzeug.exceptions import HTTPException

from harness.gateway.errors import error
from harness.model import AwsError, HttpRequest, HttpResponse, Json
from harness.wsgi import to_werkzeug

__all__ = ["answer", "error", "model_of", "parse", "service_of"]

# What SigV4 calls a service, where botocore's name for its model is another one.
SIGNING_NAMES = {"monitoring": "cloudwatch"}


class Routed(NamedTuple):
    """The operation that a request is for, and what its parser reads beside the body."""

    operation: OperationModel
    values: Any  # the query's, or the form's
    headers: Any
    in_path: Json


def service_of(signing_name: str) -> str:
    """botocore's name of the service that a request is signed for."""
    return SIGNING_NAMES.get(signing_name, signing_name)


def model_of(service: str) -> ServiceModel:
    """botocore's model. Raises AwsError where there is no such service."""
    try:
        return get_service_model(service)
    except Exception as error:  # the loader's errors have no common base
        raise AwsError("UnknownService", f"The harness knows no service named {service!r}", 404) from error


def parse(service: str, request: HttpRequest) -> tuple[str, Json]:
    """The operation's name and its parameters, under the model's names.

    Raises AwsError UnknownOperationException (InvalidAction for the query protocol) where the service has no such
    operation, and SerializationException where the body is not of its protocol.
    """
    model = model_of(service)
    protocol = _protocol(model, request)
    body = _plain_body(service, request)
    routed = _ROUTE[protocol](model, request, body)
    read = {
        "method": request.method,
        "values": routed.values,
        "headers": routed.headers,
        "body": body,
        "url_path": request.path,
        "url_params": routed.in_path,
    }
    try:
        params = _PARSERS[protocol](routed.operation).parse(read)
    except Exception as error:  # whatever a hostile body makes a parser raise
        raise AwsError("SerializationException", f"The request's body could not be read: {error}") from error
    return routed.operation.name, params or {}


def answer(service: str, operation: str, request: HttpRequest, result: Json, request_id: str) -> HttpResponse:
    """`result`, a dict of the operation's output shape, in the protocol that the request spoke."""
    service_model = model_of(service)
    model = service_model.operation_model(operation)
    serializer_class = get_serializer_class(service, _protocol(service_model, request))
    made = serializer_class(model, SerializationContext(request_id)).serialize(result)
    body = made["body"]
    headers = {str(k): str(v) for k, v in made["headers"].items()} | {"x-amzn-requestid": request_id}
    return HttpResponse(
        int(made["status_code"]), headers, body.encode() if isinstance(body, str) else bytes(body)
    )


def _protocol(model: ServiceModel, request: HttpRequest) -> str:
    try:
        protocol = str(determine_request_protocol(model, request.headers.get("content-type")))
    except (
        NotImplementedError
    ):  # a body of another protocol's type: read as the service's own, it says what is wrong
        protocol = str(model.protocol)
    if protocol not in _ROUTE:
        raise AwsError(
            "UnsupportedOperation",
            f"The harness does not speak {protocol} with {model.service_name} yet",
            501,
        )
    return protocol


def _plain_body(service: str, request: HttpRequest) -> bytes:
    """Large requests of some operations come compressed (PutMetricData); what S3 stores stays as it is."""
    if service == "s3" or request.headers.get("content-encoding") != "gzip":
        return request.body
    try:
        return gzip.decompress(request.body)
    except (OSError, EOFError, zlib.error) as error:
        raise AwsError("SerializationException", f"The request's body is not gzip: {error}") from error


# Routing -------------------------------------------------------------------------------------------------------


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


_ROUTE: dict[str, Callable[[ServiceModel, HttpRequest, bytes], Routed]] = {
    "json": _by_target,
    "query": _by_action,
    "rest-json": _by_path,
    "rest-xml": _by_path,
}


# Parsing -------------------------------------------------------------------------------------------------------


class _Strict:
    """moto reads a body that is not JSON as a message; AWS refuses it."""

    def _parse_body_as_json(self, body: bytes) -> Any:
        document = json.loads(body) if body else {}
        if not isinstance(document, dict):
            raise TypeError("it has to be a JSON object")
        return document


class _StrictJson(_Strict, JSONParser):
    """The JSON protocol's."""


class _StrictRestJson(_Strict, RestJSONParser):
    """The REST JSON protocol's."""


_PARSERS: dict[str, Any] = {**PROTOCOL_PARSERS, "json": _StrictJson, "rest-json": _StrictRestJson}
