"""Bucket policies as a moto server holds them: as text, in a policy that says nothing.

It would read them itself, and without principals: who is denied one thing takes it from everybody, the harness's own
look at the bucket as well. Who may do what is decided before, by the policy itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from harness.model import ApiCall, HttpRequest, HttpResponse

_ABOUT_THE_BODY = ("content-length", "content-md5", "x-amz-sdk-checksum-algorithm")


def wrapped(call: ApiCall, request: HttpRequest) -> HttpRequest:
    """PutBucketPolicy's request, and any other as it is."""
    if (call.service, call.operation) != ("s3", "PutBucketPolicy"):
        return request
    body = json.dumps({"Id": request.body.decode(), "Statement": []}).encode()
    return replace(request, headers=_without_sums(request.headers), body=body)


def unwrapped(text: str) -> str:
    """The policy itself; as it is where it was not wrapped."""
    if not text.startswith('{"Id": '):
        return text
    held = json.loads(text)
    return str(held["Id"]) if held.keys() == {"Id", "Statement"} and held["Statement"] == [] else text


def answered(call: ApiCall, response: HttpResponse) -> HttpResponse:
    """GetBucketPolicy's answer, and any other as it is."""
    if (call.service, call.operation) != ("s3", "GetBucketPolicy") or response.status >= 300:
        return response
    body = unwrapped(response.body.decode()).encode()
    return replace(response, headers=_without_sums(response.headers), body=body)


def _without_sums(headers: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in headers.items()
        if name not in _ABOUT_THE_BODY and not name.startswith("x-amz-checksum-")
    }
