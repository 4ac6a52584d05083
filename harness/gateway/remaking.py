"""The request that a backend gets, made anew from the call that was decided on.

A request may say more than the gateway reads: another action in its query, a form in its body, names and headers that
the model does not have. A backend that reads requests in its own way would act on that, so none of it goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from botocore.serialize import JSONSerializer, QuerySerializer, RestXMLSerializer

from harness.gateway.protocol import model_of, protocol_of
from harness.model import ApiCall, AwsError, HttpRequest, Json

_OLD_NAME = "locationNameForQueryCompatibility"


def remade(call: ApiCall, request: HttpRequest) -> HttpRequest:
    """The call, in the protocol that the request spoke.

    Raises AwsError where it leaves out what the model requires, and SerializationException where a parameter is of
    another type than the model's.
    """
    model = model_of(call.service)
    protocol, operation = protocol_of(model, request), model.operation_model(call.operation)
    _check_complete(operation, call.params, protocol)
    try:
        made = _SERIALIZERS[protocol].serialize_to_request(call.params, operation)
    except Exception as error:  # the serializers leave it to their validator to look at types
        raise AwsError("SerializationException", f"The request could not be read: {error}") from error
    path, _, query = made["url_path"].partition("?")
    pairs = urlencode(made["query_string"], doseq=True) if made["query_string"] else ""
    headers = {name.lower(): str(value) for name, value in made["headers"].items()}
    return HttpRequest(
        made["method"], path, "&".join(filter(None, (query, pairs))), headers, _bytes(made["body"])
    )


def _check_complete(operation: Any, params: Json, protocol: str) -> None:
    """The service's own sentence may be another; this is that of most."""
    for place in _missing(operation.input_shape, params, "") if operation.input_shape else ():
        rule = f"Value null at '{place}' failed to satisfy constraint: Member must not be null"
        raise AwsError(_INCOMPLETE[protocol], f"1 validation error detected: {rule}")


def _missing(shape: Any, value: Any, place: str) -> Iterator[str]:
    if shape.type_name == "structure" and isinstance(value, dict):
        for name, member in shape.members.items():
            here = f"{place}.{name[0].lower()}{name[1:]}".lstrip(".")
            if value.get(name) is not None:
                yield from _missing(member, value[name], here)
            elif name in shape.required_members:
                yield here
    elif shape.type_name == "list" and isinstance(value, list):
        for number, item in enumerate(value, 1):
            yield from _missing(shape.member, item, f"{place}.{number}.member")


def _bytes(body: Any) -> bytes:
    if isinstance(body, dict):
        return urlencode(body).encode()
    return body.encode() if isinstance(body, str) else bytes(body)


class _Query(QuerySerializer):  # type: ignore[misc]
    """With the names of the time when a service spoke the query protocol only (SQS: `Attribute.1.Name`), which moto's
    models have."""

    def _get_serialized_name(self, shape: Any, default_name: str) -> Any:
        return shape.serialization.get(_OLD_NAME) or super()._get_serialized_name(shape, default_name)

    def _serialize_type_list(self, serialized: Json, value: Any, shape: Any, prefix: str = "") -> None:
        old_name = shape.member.serialization.get(_OLD_NAME)
        if not (old_name and value):
            super()._serialize_type_list(serialized, value, shape, prefix)
            return
        above = prefix.split(".")[:-1]
        for number, item in enumerate(value, 1):
            self._serialize(serialized, item, shape.member, ".".join((*above, old_name, str(number))))


# The protocols of the backend's services, and what AWS says of a call that is not complete. What S3 can be called
# without is in its XML.
_SERIALIZERS = {"json": JSONSerializer(), "query": _Query(), "rest-xml": RestXMLSerializer()}
_INCOMPLETE = {"json": "ValidationException", "query": "ValidationError", "rest-xml": "MalformedXML"}
