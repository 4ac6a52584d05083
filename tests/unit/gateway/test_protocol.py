"""Requests are read as boto3 meant them, answers and errors are what boto3 understands: in each protocol."""

from __future__ import annotations

import gzip
import io
import json
import urllib.error
import urllib.request
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from harness.gateway import protocol
from harness.model import AwsError, HttpRequest

CALLS = [
    (
        "sagemaker",
        "create_model_package_group",
        {"ModelPackageGroupName": "mammo", "Tags": [{"Key": "a", "Value": ""}]},
    ),
    ("events", "put_targets", {"Rule": "nightly", "Targets": [{"Id": "1", "Arn": "arn:aws:x"}]}),
    ("logs", "create_log_group", {"logGroupName": "/a b/ü"}),
    ("sqs", "send_message", {"QueueUrl": "http://127.0.0.1/111111111111/q", "MessageBody": "<&>"}),
    ("sts", "assume_role", {"RoleArn": "arn:aws:iam::111111111111:role/r", "RoleSessionName": "me"}),
    ("iam", "tag_role", {"RoleName": "r", "Tags": [{"Key": "k", "Value": "a b&c=d"}]}),
    ("sns", "publish", {"TopicArn": "arn:aws:sns:us-east-1:111111111111:t", "Message": "ü + % &"}),
    ("lambda", "add_permission", {"FunctionName": "f", "StatementId": "s", "Action": "a", "Principal": "p"}),
    ("s3", "list_objects_v2", {"Bucket": "a-bucket", "Prefix": "x y/ü+%&", "MaxKeys": 3}),
    ("s3", "get_object_tagging", {"Bucket": "a-bucket", "Key": "x y/ü+%//z"}),
    ("s3", "put_bucket_versioning", {"Bucket": "a-bucket", "VersioningConfiguration": {"Status": "Enabled"}}),
    ("cloudwatch", "describe_alarms", {"AlarmNames": ["a", "b"]}),
    ("kms", "describe_key", {"KeyId": "alias/key"}),
    ("ecr", "describe_repositories", {"repositoryNames": ["repo"]}),
]


@pytest.mark.parametrize(("service", "method", "params"), CALLS, ids=[f"{s}.{m}" for s, m, _ in CALLS])
def test_a_call_is_read_as_it_was_meant(
    gateway: Any, service: str, method: str, params: dict[str, Any]
) -> None:
    client = gateway.client(service)
    getattr(client, method)(**params)
    read_service, operation, read = gateway.calls[0]
    assert (read_service, operation) == (service, client.meta.method_to_api_mapping[method])
    assert {k: v for k, v in read.items() if k in params} == params


def test_an_object_s_body_is_not_touched(gateway: Any) -> None:
    body = bytes(range(256)) * 40
    gateway.client("s3").put_object(Bucket="a-bucket", Key="k", Body=io.BytesIO(body))
    assert gateway.calls[0][2]["Body"] == body


def test_a_body_that_looks_compressed_is_only_unpacked_where_s3_is_not_concerned(gateway: Any) -> None:
    packed = gzip.compress(b"text")
    gateway.client("s3").put_object(Bucket="b-b", Key="k", Body=packed, ContentEncoding="gzip")
    assert gateway.calls[0][2]["Body"] == packed


def test_a_large_call_that_boto3_compresses_is_read(gateway: Any) -> None:
    data = [{"MetricName": f"metric-{n}", "Value": 1.0} for n in range(300)]
    gateway.client("cloudwatch").put_metric_data(Namespace="harness", MetricData=data)
    assert gateway.requests[0].headers["content-encoding"] == "gzip"
    assert len(gateway.calls[0][2]["MetricData"]) == 300


@pytest.mark.parametrize(
    ("service", "method", "params", "answer"),
    [
        (
            "sagemaker",
            "describe_model_package_group",
            {"ModelPackageGroupName": "g"},
            {"ModelPackageGroupName": "g"},
        ),
        ("sts", "get_caller_identity", {}, {"UserId": "u", "Account": "1", "Arn": "<&>"}),
        ("lambda", "get_account_settings", {}, {"AccountLimit": {"TotalCodeSize": 7}}),
        ("s3", "get_bucket_location", {"Bucket": "a-bucket"}, {"LocationConstraint": "eu-west-1"}),
    ],
)
def test_an_answer_is_what_boto3_gives(
    gateway: Any, service: str, method: str, params: dict[str, Any], answer: dict[str, Any]
) -> None:
    gateway.answer = lambda *_: answer
    given = getattr(gateway.client(service), method)(**params)
    metadata = given.pop("ResponseMetadata")
    assert (given, metadata["HTTPStatusCode"]) == (answer, 200)
    assert metadata["RequestId"]


def test_times_keep_their_milliseconds(gateway: Any) -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, 678000, UTC)
    gateway.answer = lambda *_: {"PipelineArn": "arn", "CreationTime": moment}
    assert gateway.client("sagemaker").describe_pipeline(PipelineName="p")["CreationTime"] == moment


ERRORS = [
    ("json", "sagemaker", "describe_pipeline", {"PipelineName": "p"}),
    ("json with small names", "logs", "create_log_group", {"logGroupName": "g"}),
    ("rest-json", "lambda", "get_function", {"FunctionName": "f"}),
    ("query", "sts", "get_caller_identity", {}),
    ("query with many errors", "iam", "get_role", {"RoleName": "r"}),
    ("rest-xml", "s3", "get_object", {"Bucket": "a-bucket", "Key": "k"}),
]


@pytest.mark.parametrize(("service", "method", "params"), [e[1:] for e in ERRORS], ids=[e[0] for e in ERRORS])
@pytest.mark.parametrize("status", [400, 404, 501])
def test_an_error_has_its_code_message_and_status(
    gateway: Any, service: str, method: str, params: dict[str, Any], status: int
) -> None:
    gateway.refuse("SomeFault", 'a <sentence> & more, "ü"', status)
    with pytest.raises(ClientError) as caught:
        getattr(gateway.client(service), method)(**params)
    answer = caught.value.response
    assert answer["Error"]["Code"] == "SomeFault"
    assert answer["Error"]["Message"] == 'a <sentence> & more, "ü"'
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == status
    assert answer["ResponseMetadata"]["RequestId"]


def test_a_modelled_error_is_raised_as_its_own_class(gateway: Any) -> None:
    client = gateway.client("sagemaker")
    gateway.refuse("ResourceNotFound", "gone")
    with pytest.raises(client.exceptions.ResourceNotFound):
        client.describe_pipeline(PipelineName="p")


def test_an_error_s_members_come_with_it(gateway: Any) -> None:
    client = gateway.client("lambda")
    gateway.refuse("ResourceConflictException", "it is there", 409, Type="Service")
    with pytest.raises(client.exceptions.ResourceConflictException) as caught:
        client.get_function(FunctionName="f")
    assert caught.value.response["Type"] == "Service"


def test_an_error_on_head_has_only_its_status(gateway: Any) -> None:
    gateway.refuse("AccessDenied", "no", 403)
    with pytest.raises(ClientError) as caught:
        gateway.client("s3").head_object(Bucket="a-bucket", Key="k")
    assert caught.value.response["Error"] == {"Code": "403", "Message": "Forbidden"}


def request(**more: Any) -> HttpRequest:
    return HttpRequest(**{"method": "POST", "path": "/", "query": "", "headers": {}, "body": b"", **more})


def refusal(service: str, **more: Any) -> tuple[str, int]:
    with pytest.raises(AwsError) as caught:
        protocol.parse(service, request(**more))
    return caught.value.code, caught.value.status


def test_an_operation_that_is_not_in_the_model_is_unknown() -> None:
    headers = {"x-amz-target": "SageMaker.FlyToTheMoon", "content-type": "application/x-amz-json-1.1"}
    assert refusal("sagemaker", headers=headers) == ("UnknownOperationException", 404)
    assert (
        refusal("sagemaker", headers={**headers, "x-amz-target": "Other.ListModels"})[0]
        == "UnknownOperationException"
    )
    assert refusal("sagemaker", headers={})[0] == "UnknownOperationException"
    assert refusal("lambda", method="PATCH", path="/moon") == ("UnknownOperationException", 404)


def test_an_action_that_is_not_in_the_model_is_invalid() -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert refusal("sts", headers=form, body=b"Action=Fly&Version=2011-06-15") == ("InvalidAction", 400)
    assert refusal("sts", headers=form)[0] == "InvalidAction"


def test_a_service_that_there_is_not_is_unknown() -> None:
    assert refusal("moonbase") == ("UnknownService", 404)


@pytest.mark.parametrize("body", [b"{", b"[1]", b'"text"', b"\xff\xfe", b'{"Tags": 1}'])
def test_a_body_that_is_not_of_its_protocol_is_told_so(body: bytes) -> None:
    headers = {"x-amz-target": "SageMaker.AddTags", "content-type": "application/x-amz-json-1.1"}
    assert refusal("sagemaker", headers=headers, body=body) == ("SerializationException", 400)


def test_a_body_that_is_not_the_gzip_it_says_it_is() -> None:
    headers = {"x-amz-target": "SageMaker.AddTags", "content-encoding": "gzip"}
    assert refusal("sagemaker", headers=headers, body=b"no")[0] == "SerializationException"


def test_xml_that_is_none_is_told_so() -> None:
    assert (
        refusal("s3", method="PUT", path="/a-bucket", query="versioning", body=b"<a>")[0]
        == "SerializationException"
    )


def test_a_protocol_that_the_harness_does_not_speak_is_refused() -> None:
    headers = {"content-type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
    assert refusal("cloudwatch", path="/service/x/operation/ListMetrics", headers=headers) == (
        "UnsupportedOperation",
        501,
    )


@pytest.mark.parametrize(
    ("headers", "content_type"),
    [
        ({"x-amz-target": "SageMaker.ListModels"}, "application/x-amz-json-1.1"),
        ({"content-type": "application/x-www-form-urlencoded"}, "text/xml"),
        ({}, "application/xml"),
    ],
)
def test_an_error_before_the_service_is_known_has_the_request_s_shape(
    headers: dict[str, str], content_type: str
) -> None:
    answer = protocol.error("", request(headers=headers), AwsError("IncompleteSignature", "m"), "id")
    assert answer.headers["content-type"] == content_type
    assert b"IncompleteSignature" in answer.body


# The server ------------------------------------------------------------------------------------------------------


def test_the_control_calls_are_not_aws_s(gateway: Any) -> None:
    with urllib.request.urlopen(f"{gateway.endpoint}/_harness/status") as answer:
        assert answer.read() == b"control"
    assert gateway.requests == []


def test_a_fault_of_ours_is_an_internal_failure(gateway: Any, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(*_: Any) -> dict[str, Any]:
        raise ZeroDivisionError("oh")

    gateway.answer = fail
    with pytest.raises(ClientError, match="The harness failed"):
        gateway.client("sagemaker").list_models()
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_an_anonymous_request_is_denied(gateway: Any) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{gateway.endpoint}/a-bucket/key")
    assert caught.value.code == 403


def test_the_port_of_another_says_so_in_one_line(gateway: Any) -> None:
    from harness.gateway.server import listen
    from harness.model import HarnessError

    with pytest.raises(HarnessError, match="is in use"):
        listen(int(gateway.endpoint.rsplit(":", 1)[1]))


def test_json_s_body_is_json(gateway: Any) -> None:
    gateway.refuse("ValidationException", "m", Extra=datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(ClientError):
        gateway.client("sagemaker").list_models()
    answer = protocol.error("sagemaker", request(), AwsError("A", "m", Extra=datetime(2026, 1, 1)), "id")
    assert json.loads(answer.body)["__type"] == "A"
