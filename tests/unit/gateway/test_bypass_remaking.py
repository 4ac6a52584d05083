"""A call, made a request again, is read as that call: nothing of it is lost, whatever the service and its protocol."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.backends.moto_mended import S3_TAKEN_FOR_OTHERS
from harness.gateway import protocol
from harness.gateway.remaking import remade
from harness.model import ApiCall, AwsError, HttpRequest, Principal

ANN = Principal("111122223333", "arn:aws:iam::111122223333:user/ann", "user")
TYPES = {"json": "application/x-amz-json-1.1", "query": "application/x-www-form-urlencoded", "rest-xml": ""}
SPOKEN = [
    ("cloudwatch", "json"),
    ("cloudwatch", "query"),
    ("ecr", "json"),
    ("iam", "query"),
    ("kms", "json"),
    ("logs", "json"),
    ("s3", "rest-xml"),
    ("sns", "query"),
    ("sqs", "json"),
    ("sqs", "query"),
]
# An older name and a newer one of the same request.
RENAMED = {
    "GetBucketLifecycle": "GetBucketLifecycleConfiguration",
    "GetBucketNotification": "GetBucketNotificationConfiguration",
    "PutBucketLifecycle": "PutBucketLifecycleConfiguration",
    "PutBucketNotification": "PutBucketNotificationConfiguration",
}
CALLS = [
    pytest.param(service, operation, spoken, id=f"{service} {operation} {spoken}")
    for service, spoken in SPOKEN
    for operation in protocol.model_of(service).operation_names
    if operation not in S3_TAKEN_FOR_OTHERS
]


def request(spoken: str) -> HttpRequest:
    return HttpRequest("POST", "/", "", {"content-type": TYPES[spoken]}, b"")


def call(service: str, operation: str, params: dict[str, Any]) -> ApiCall:
    return ApiCall(service, operation, params, ANN, ANN.account, "us-east-1", "r-1")


def value(shape: Any, within: tuple[str, ...] = ()) -> Any:
    """A value of the shape, with all that it can have."""
    if shape.type_name == "structure":
        members = {name: m for name, m in shape.members.items() if m.name not in within}
        return {name: value(m, (*within, shape.name)) for name, m in members.items()}
    if shape.type_name == "list":
        return [value(shape.member, (*within, shape.name))] if shape.member.name not in within else []
    if shape.type_name == "map":
        return {"name": value(shape.value, (*within, shape.name))}
    plain: dict[str, Any] = {
        "blob": b"x",
        "boolean": True,
        "timestamp": protocol._utc("2026-01-01T00:00:00Z"),
    }
    numbers = {"double": 1.5, "float": 1.5, "integer": 1, "long": 1}
    return {**plain, **numbers}.get(shape.type_name, "a b/?&=+ü")


@pytest.mark.parametrize(("service", "operation", "spoken"), CALLS)
def test_a_call_is_read_again_as_it_was(service: str, operation: str, spoken: str) -> None:
    shape = protocol.model_of(service).operation_model(operation).input_shape
    params = value(shape) if shape else {}
    if service == "s3" and "Bucket" in params:
        params["Bucket"] = "bucket"
    once = remade(call(service, operation, params), request(spoken))
    read, found = protocol.parse(service, once)
    assert read == RENAMED.get(operation, operation)
    assert found.keys() >= params.keys() - {"ContentMD5", "ChecksumAlgorithm"}
    again = replace(call(service, read, found))
    assert protocol.parse(service, remade(again, once)) == (read, found)


@pytest.mark.parametrize(
    ("params", "place"),
    [
        ({}, "queueUrl"),
        ({"QueueUrl": "q"}, "entries"),
        ({"QueueUrl": "q", "Entries": [{"MessageBody": "m"}]}, "entries.1.member.id"),
    ],
)
def test_a_call_that_is_not_complete_is_told_what_it_lacks(params: dict[str, Any], place: str) -> None:
    with pytest.raises(AwsError, match=f"Value null at '{place}'") as refused:
        remade(call("sqs", "SendMessageBatch", params), request("json"))
    assert (refused.value.code, refused.value.status) == ("ValidationException", 400)


def test_a_parameter_of_another_type_is_refused() -> None:
    with pytest.raises(AwsError, match="SerializationException"):
        remade(call("kms", "ListKeys", {"nonsense": 1}), request("json"))


def test_a_name_of_sqss_old_protocol_is_kept() -> None:
    params = {"QueueName": "q", "Attributes": {"DelaySeconds": "5"}}
    body = remade(call("sqs", "CreateQueue", params), request("query")).body
    assert b"Attribute.1.Name=DelaySeconds&Attribute.1.Value=5" in body
