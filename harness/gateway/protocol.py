"""AWS's wire protocols, driven by botocore's service models: a request to its operation and parameters,
an answer to bytes.

The parsers, the serialisers and the routes of the REST protocols are moto's, which reads them off the same models.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from datetime import UTC, datetime
from typing import Any

from botocore.utils import parse_timestamp
from moto.core.model import ServiceModel
from moto.core.parse import PROTOCOL_PARSERS, JSONParser, RestJSONParser, RestXMLParser
from moto.core.request import determine_request_protocol
from moto.core.serialize import SerializationContext, get_serializer_class
from moto.core.utils import get_service_model

from harness.gateway.errors import error
from harness.gateway.routing import ROUTES
from harness.model import AwsError, HttpRequest, HttpResponse, Json

__all__ = ["answer", "error", "model_of", "parse", "service_of"]

# What SigV4 calls a service, where botocore's name for its model is another one.
SIGNING_NAMES = {"monitoring": "cloudwatch"}


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
    protocol = protocol_of(model, request)
    body = _plain_body(service, request)
    routed = ROUTES[protocol](model, request, body)
    read = {
        "method": request.method,
        "values": routed.values,
        "headers": routed.headers,
        "body": body,
        "url_path": request.path,
        "url_params": routed.in_path,
    }
    try:
        params = _PARSERS[protocol](routed.operation, timestamp_parser=_utc).parse(read)
    except Exception as error:  # whatever a hostile body makes a parser raise
        raise AwsError("SerializationException", f"The request's body could not be read: {error}") from error
    return routed.operation.name, params or {}


def answer(service: str, operation: str, request: HttpRequest, result: Json, request_id: str) -> HttpResponse:
    """`result`, a dict of the operation's output shape, in the protocol that the request spoke."""
    service_model = model_of(service)
    model = service_model.operation_model(operation)
    serializer_class = get_serializer_class(service, protocol_of(service_model, request))
    made = serializer_class(model, SerializationContext(request_id)).serialize(result)
    body = made["body"] or b""  # nothing where a payload is left out: Lambda's answer to an event
    headers = {str(k): str(v) for k, v in made["headers"].items()} | {"x-amzn-requestid": request_id}
    return HttpResponse(
        int(made["status_code"]), headers, body.encode() if isinstance(body, str) else bytes(body)
    )


def protocol_of(model: ServiceModel, request: HttpRequest) -> str:
    try:
        protocol = str(determine_request_protocol(model, request.headers.get("content-type")))
    except NotImplementedError:
        # A body of another protocol's type: read as the service's own, it says what is wrong.
        protocol = str(model.protocol)
    if protocol not in ROUTES:
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


class _Strict:
    """moto reads a body that is not JSON as a message, and leaves it to whoever uses a value to look at its type; AWS
    refuses both."""

    def _parse_body_as_json(self, body: bytes) -> Any:
        document = json.loads(body) if body else {}
        if not isinstance(document, dict):
            raise TypeError("it has to be a JSON object")
        return document

    def _parse_string(self, shape: Any, value: Any) -> Any:
        if not isinstance(value, str):
            raise TypeError(f"{json.dumps(value)[:100]} can not be converted to a String")
        value.encode()  # half of a surrogate pair is no text: UnicodeEncodeError
        return value


class _StrictJson(_Strict, JSONParser):
    """The JSON protocol's."""


class _StrictRestJson(_Strict, RestJSONParser):
    """The REST JSON protocol's."""


class _StrictRestXml(RestXMLParser):
    """The REST XML protocol's. moto reads an element that is there twice as a list."""

    def _parse_string(self, shape: Any, node: Any) -> Any:
        if isinstance(node, list):
            raise TypeError(f"{shape.name} is there {len(node)} times")
        return super()._parse_string(shape, node)

    def _parse_boolean(self, shape: Any, node: Any) -> bool:
        """S3's own examples have TRUE, too."""
        return str(getattr(node, "text", node)).lower() == "true"


_PARSERS: dict[str, Any] = {
    **PROTOCOL_PARSERS,
    "json": _StrictJson,
    "rest-json": _StrictRestJson,
    "rest-xml": _StrictRestXml,
}


def _utc(value: Any) -> datetime:
    moment: datetime = parse_timestamp(value)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


_SAID = re.compile(rb"<(Code|Message)>([^<]*)</")


def error_text(response: HttpResponse) -> str:
    """`Code: message` of an error that the backend answered, whatever its protocol; empty for a success."""
    if response.status < 400:
        return ""
    try:
        told = json.loads(response.body)
        code, message = told.get("__type", ""), told.get("message") or told.get("Message", "")
    except (ValueError, AttributeError):
        found = {
            name.decode(): text.decode("utf-8", "replace") for name, text in _SAID.findall(response.body)
        }
        code, message = found.get("Code", ""), found.get("Message", "")
    # A HEAD's answer has no body.
    return f"{code or response.status}: {message}".rstrip(": ")
