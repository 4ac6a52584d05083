"""AWS's wire protocols, driven by botocore's service models: a request to its operation and parameters,
an answer or an error to bytes.

Routing, parsing and serialising are moto's, which reads them off the same models.
"""

from __future__ import annotations

import json
from typing import Any
from xml.sax.saxutils import escape

from botocore.model import OperationNotFoundError
from moto.core.model import OperationModel, ServiceModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.serialize import SerializationContext, get_serializer_class
from moto.core.utils import get_service_model
from werkzeug.exceptions import HTTPException

from harness.model import AwsError, HttpRequest, HttpResponse, Json
from harness.wsgi import to_werkzeug

# What SigV4 calls a service, where botocore's name for its model is another one.
SIGNING_NAMES = {"monitoring": "cloudwatch"}


def service_of(signing_name: str) -> str:
    """botocore's name of the service that a request is signed for."""
    return SIGNING_NAMES.get(signing_name, signing_name)


def model_of(service: str) -> ServiceModel:
    """botocore's model. Raises AwsError where there is no such service."""
    try:
        return get_service_model(service)
    except Exception as error:  # noqa: BLE001 - the loader's errors have no common base
        raise AwsError("UnknownService", f"The harness knows no service named {service!r}", 404) from error


def parse(service: str, request: HttpRequest) -> tuple[str, Json]:
    """The operation's name and its parameters, under the model's names.

    Raises AwsError UnknownOperationException where the service has no such operation, and
    SerializationException where the body is not of its protocol.
    """
    made = to_werkzeug(request)
    try:
        operation, uri = get_service_router(service).match(made)
    except (HTTPException, OperationNotFoundError, NotImplementedError, KeyError) as error:
        named = request.headers.get("x-amz-target", "") or made.values.get("Action") or request.method
        raise AwsError(
            "UnknownOperationException", f"{service} has no operation for {named} {request.path}", 404
        ) from error
    # Only the query protocol reads the body as a form; reading `values` would use it up for the others.
    parser = PROTOCOL_PARSERS[protocol_of(operation, request)](operation)
    try:
        params = parser.parse(
            {
                "method": request.method,
                "values": made.values,
                "headers": made.headers,
                "body": request.body,
                "url_path": request.path,
                "url_params": uri,
            }
        )
    except Exception as error:  # noqa: BLE001 - whatever a hostile body makes a parser raise
        raise AwsError("SerializationException", f"The request's body could not be read: {error}") from error
    return operation.name, params or {}


def protocol_of(operation: OperationModel, request: HttpRequest) -> str:
    return determine_request_protocol(operation.service_model, request.headers.get("content-type"))


def answer(service: str, operation: str, request: HttpRequest, result: Json, request_id: str) -> HttpResponse:
    """`result`, a dict of the operation's output shape, in the protocol that the request spoke."""
    model = model_of(service).operation_model(operation)
    serializer_class = get_serializer_class(service, protocol_of(model, request))
    made = serializer_class(model, SerializationContext(request_id)).serialize(result)
    body = made["body"]
    headers = {str(k): str(v) for k, v in made["headers"].items()} | {"x-amzn-requestid": request_id}
    return HttpResponse(
        int(made["status_code"]), headers, body.encode() if isinstance(body, str) else bytes(body)
    )


def error(service: str, request: HttpRequest, failure: AwsError, request_id: str) -> HttpResponse:
    """An error in the shape of the service's protocol."""
    protocol = _protocol_for_errors(service, request)
    return _ERRORS[protocol](failure, request_id)


def _protocol_for_errors(service: str, request: HttpRequest) -> str:
    try:
        return str(determine_request_protocol(get_service_model(service), request.headers.get("content-type")))
    except Exception:  # noqa: BLE001 - an unknown service or protocol: guess by what the request looks like
        return "json" if "x-amz-target" in request.headers else "rest-xml"


def _json_error(failure: AwsError, request_id: str) -> HttpResponse:
    body: dict[str, Any] = {"__type": failure.code, "message": failure.message, **failure.members}
    headers = {
        "content-type": "application/x-amz-json-1.1",
        "x-amzn-requestid": request_id,
        "x-amzn-errortype": failure.code,
    }
    return HttpResponse(failure.status, headers, json.dumps(body).encode())


def _rest_json_error(failure: AwsError, request_id: str) -> HttpResponse:
    # Lambda's errors say "Message" and have "Type"; the SDKs read either spelling.
    body = {"Type": "User", "Message": failure.message, "message": failure.message, **failure.members}
    headers = {
        "content-type": "application/json",
        "x-amzn-requestid": request_id,
        "x-amzn-errortype": failure.code,
    }
    return HttpResponse(failure.status, headers, json.dumps(body).encode())


def _query_error(failure: AwsError, request_id: str) -> HttpResponse:
    fault = "Sender" if failure.status < 500 else "Receiver"
    body = (
        f"<ErrorResponse><Error><Type>{fault}</Type><Code>{escape(failure.code)}</Code>"
        f"<Message>{escape(failure.message)}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    return HttpResponse(failure.status, {"content-type": "text/xml", "x-amzn-requestid": request_id}, body.encode())


def _s3_error(failure: AwsError, request_id: str) -> HttpResponse:
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{escape(failure.code)}</Code><Message>{escape(failure.message)}</Message>"
        f"<RequestId>{request_id}</RequestId></Error>"
    )
    headers = {"content-type": "application/xml", "x-amz-request-id": request_id}
    return HttpResponse(failure.status, headers, body.encode())


_ERRORS = {
    "json": _json_error,
    "smithy-rpc-v2-cbor": _json_error,
    "rest-json": _rest_json_error,
    "query": _query_error,
    "ec2": _query_error,
    "rest-xml": _s3_error,
}
