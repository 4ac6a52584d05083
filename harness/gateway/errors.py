"""AWS's errors, in the shape of the protocol that the caller speaks."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

from moto.core.request import determine_request_protocol
from moto.core.utils import get_service_model

from harness.model import AwsError, HttpRequest, HttpResponse


def error(service: str, request: HttpRequest, failure: AwsError, request_id: str) -> HttpResponse:
    """`service` may be one that there is not, or empty: the answer then has the shape that the request has."""
    return _SHAPES[_protocol(service, request)](failure, request_id)


def _protocol(service: str, request: HttpRequest) -> str:
    content_type = request.headers.get("content-type", "")
    try:
        protocol = determine_request_protocol(get_service_model(service), content_type)
    except Exception:  # noqa: BLE001 - no such service, or not in this protocol; the loader's errors have no base
        protocol = ""
    if protocol in _SHAPES:
        return protocol
    if "x-amz-target" in request.headers:
        return "json"
    return "query" if content_type.startswith("application/x-www-form-urlencoded") else "rest-xml"


def _json(failure: AwsError, request_id: str) -> HttpResponse:
    body: dict[str, Any] = {"__type": failure.code, "message": failure.message, **failure.members}
    return _answer(failure, request_id, "application/x-amz-json-1.1", body)


def _rest_json(failure: AwsError, request_id: str) -> HttpResponse:
    # Lambda's errors say "Message" and have "Type"; the SDKs read either spelling.
    body = {
        "Type": _fault(failure, "User", "Service"),
        "Message": failure.message,
        "message": failure.message,
    }
    return _answer(failure, request_id, "application/json", {**body, **failure.members})


def _answer(failure: AwsError, request_id: str, content_type: str, body: dict[str, Any]) -> HttpResponse:
    headers = {
        "content-type": content_type,
        "x-amzn-requestid": request_id,
        "x-amzn-errortype": failure.code,
    }
    return HttpResponse(failure.status, headers, json.dumps(body, default=str).encode())


def _query(failure: AwsError, request_id: str) -> HttpResponse:
    body = (
        f"<ErrorResponse><Error><Type>{_fault(failure, 'Sender', 'Receiver')}</Type>"
        f"<Code>{escape(failure.code)}</Code><Message>{escape(failure.message)}</Message></Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    return HttpResponse(
        failure.status, {"content-type": "text/xml", "x-amzn-requestid": request_id}, body.encode()
    )


def _s3(failure: AwsError, request_id: str) -> HttpResponse:
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{escape(failure.code)}</Code><Message>{escape(failure.message)}</Message>"
        f"<RequestId>{request_id}</RequestId></Error>"
    )
    headers = {"content-type": "application/xml", "x-amz-request-id": request_id}
    return HttpResponse(failure.status, headers, body.encode())


def _fault(failure: AwsError, callers: str, ours: str) -> str:
    return callers if failure.status < 500 else ours


_SHAPES: dict[str, Callable[[AwsError, str], HttpResponse]] = {
    "json": _json,
    "rest-json": _rest_json,
    "query": _query,
    "rest-xml": _s3,
}
