"""The life of a request through the app: decided, answered as its service would, and journalled."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import boto3
import pytest
from botocore import UNSIGNED
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError

from harness.app import App
from harness.clock import Clock
from harness.model import Credentials, HttpRequest, HttpResponse, Json

ACCOUNT, REGION = "111122223333", "us-east-1"
ADMIN = Credentials("AKIAHARNESSADMIN0000", "a" * 40)
ANN = f"arn:aws:iam::{ACCOUNT}:user/ann"
BUCKET = "models-111122223333"
ALLOW_ALL = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "All", "Effect": "Allow", "Action": "*", "Resource": "*"}],
}


class Desk:
    """An app, and clients whose signed requests go straight to its `handle`; `last` is its last answer, as bytes."""

    def __init__(self, folder: Path) -> None:
        self.app = App(folder, Clock(datetime(2026, 11, 22, 9, tzinfo=UTC)), "http://127.0.0.1:1", print)
        self.app.add_administrators([(ACCOUNT, ADMIN)])
        self.last = HttpResponse(0, {}, b"")
        self.admin: Callable[[str], Any] = lambda service: self.client(service, ADMIN)

    def client(self, service: str, keys: Credentials | None) -> Any:
        """Without `keys` its requests are not signed."""
        credentials = (keys.access_key, keys.secret_key, keys.session_token or None) if keys else ()
        config = Config(
            retries={"max_attempts": 0},
            s3={"addressing_style": "path"},
            **({} if keys else {"signature_version": UNSIGNED}),
        )
        made = boto3.Session(*credentials, region_name=REGION).client(
            service, endpoint_url="http://127.0.0.1:1", config=config
        )
        made.meta.events.register("before-send", self._send)
        return made

    def _send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        url = request.url.removeprefix("http://127.0.0.1:1")
        path, _, query = url.partition("?")
        headers = {
            k.lower(): v.decode() if isinstance(v, bytes) else str(v) for k, v in request.headers.items()
        }
        body = request.body.read() if hasattr(request.body, "read") else request.body or b""
        self.last = self.app.handle(
            HttpRequest(
                request.method,
                path,
                query,
                {"host": "127.0.0.1:1", **headers},
                body.encode() if isinstance(body, str) else bytes(body),
            )
        )
        return AWSResponse(request.url, self.last.status, dict(self.last.headers), _Raw(self.last.body))

    def calls(self) -> list[Json]:
        return self.app.journal.read(0, "call")

    def policies(self, after: int) -> list[Json]:
        return self.app.journal.read(after, "policy")


class _Raw(io.BytesIO):
    def stream(self, amt: int = 65536, **_: Any) -> Iterator[bytes]:
        yield self.read()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One for all: a bucket, and a user `ann` who may do nothing."""
    made = Desk(tmp_path_factory.mktemp("app"))
    made.admin("s3").create_bucket(Bucket=BUCKET)
    made.admin("s3").put_object(Bucket=BUCKET, Key="m", Body=b"model")
    made.admin("iam").create_user(UserName="ann")
    yield made
    made.app._backend.reset()
    made.app.close()


@pytest.fixture(scope="module")
def ann(desk: Desk) -> Callable[[str], Any]:
    key = desk.admin("iam").create_access_key(UserName="ann")["AccessKey"]
    return lambda service: desk.client(service, Credentials(key["AccessKeyId"], key["SecretAccessKey"]))


def refused(call: Callable[..., Any], **params: Any) -> tuple[str, str, int]:
    """The code, message and status as an SDK sees them."""
    with pytest.raises(ClientError) as raised:
        call(**params)
    told = raised.value.response
    return told["Error"]["Code"], told["Error"]["Message"], told["ResponseMetadata"]["HTTPStatusCode"]


# What a denied call answers, protocol by protocol


def test_s3_refuses_in_its_own_xml(desk: Desk, ann: Callable[[str], Any]) -> None:
    said = (
        f'User: {ANN} is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::{BUCKET}/m" '
        + ("because no identity-based policy allows the s3:GetObject action")
    )
    assert refused(ann("s3").get_object, Bucket=BUCKET, Key="m") == ("AccessDenied", said, 403)
    error = ElementTree.fromstring(desk.last.body)
    assert (error.tag, error.findtext("Code"), error.findtext("Message")) == ("Error", "AccessDenied", said)
    assert (
        error.findtext("RequestId") == desk.last.headers["x-amz-request-id"] == desk.calls()[-1]["request_id"]
    )


def test_a_json_service_refuses_in_json(desk: Desk, ann: Callable[[str], Any]) -> None:
    code, message, status = refused(ann("sagemaker").list_pipelines)
    assert (code, status) == ("AccessDeniedException", 400)
    assert message == (
        f"User: {ANN} is not authorized to perform: sagemaker:ListPipelines "
        "because no identity-based policy allows the sagemaker:ListPipelines action"
    )
    assert desk.last.headers["content-type"] == "application/x-amz-json-1.1"
    assert json.loads(desk.last.body) == {"__type": "AccessDeniedException", "message": message}


def test_a_query_service_refuses_in_xml(desk: Desk, ann: Callable[[str], Any]) -> None:
    code, message, status = refused(ann("iam").get_role, RoleName="worker")
    assert (code, status) == ("AccessDenied", 403)
    assert message.startswith(
        f"User: {ANN} is not authorized to perform: iam:GetRole on resource: role worker "
    )
    error = ElementTree.fromstring(desk.last.body)
    assert (error.tag, error.findtext("Error/Type")) == ("ErrorResponse", "Sender")
    assert (error.findtext("Error/Code"), error.findtext("Error/Message")) == (code, message)


def test_a_rest_json_service_refuses_by_a_header_and_json(desk: Desk, ann: Callable[[str], Any]) -> None:
    code, message, status = refused(ann("lambda").list_functions)
    assert (code, status) == ("AccessDeniedException", 403)
    assert desk.last.headers["x-amzn-errortype"] == "AccessDeniedException"
    assert json.loads(desk.last.body)["Message"] == message


@pytest.mark.parametrize(
    ("service", "operation", "params", "code", "status"),
    [
        ("cloudwatch", "list_metrics", {}, "AccessDenied", 403),
        ("ecr", "describe_repositories", {}, "AccessDeniedException", 400),
        ("events", "list_rules", {}, "AccessDeniedException", 400),
        ("kms", "list_keys", {}, "AccessDeniedException", 400),
        ("logs", "describe_log_groups", {}, "AccessDeniedException", 400),
        ("sns", "list_topics", {}, "AuthorizationError", 403),
        ("sqs", "list_queues", {}, "AccessDenied", 403),
        (
            "sts",
            "assume_role",
            {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/none", "RoleSessionName": "session"},
            "AccessDenied",
            403,
        ),
    ],
)
def test_each_service_refuses_with_its_own_code(
    ann: Callable[[str], Any], service: str, operation: str, params: Json, code: str, status: int
) -> None:
    said, message, answered = refused(getattr(ann(service), operation), **params)
    assert (said, answered) == (code, status)
    assert message.startswith(f"User: {ANN} is not authorized to perform: ")


def test_whom_nobody_knows_is_told_nothing(desk: Desk) -> None:
    assert refused(desk.client("s3", None).get_object, Bucket=BUCKET, Key="m") == (
        "AccessDenied",
        "Access Denied",
        403,
    )


# What the journal has of it


def test_an_allowed_call_is_journalled_with_what_it_used(desk: Desk) -> None:
    desk.admin("s3").get_object(Bucket=BUCKET, Key="m")
    call = desk.calls()[-1]
    told = ("service", "operation", "account", "region", "status", "error", "decision", "denial")
    assert {name: call[name] for name in told} == {
        "service": "s3",
        "operation": "GetObject",
        "account": ACCOUNT,
        "region": REGION,
        "status": 200,
        "error": "",
        "decision": "allowed",
        "denial": {},
    }
    (used,) = call["permissions"]
    assert (used["action"], used["resource"]) == ("s3:GetObject", f"arn:aws:s3:::{BUCKET}/m")
    assert used["by"] == [[f"{ACCOUNT} user/administrator AWS managed AdministratorAccess#1"]]


def test_a_denied_call_is_journalled_with_its_lesson(desk: Desk, ann: Callable[[str], Any]) -> None:
    code, message, _ = refused(ann("s3").get_object, Bucket=BUCKET, Key="m")
    call = desk.calls()[-1]
    assert (call["principal"], call["decision"], call["status"]) == (ANN, "denied", 403)
    assert call["error"] == f"{code}: {message}"
    assert (call["denial"]["call"], call["denial"]["principal"]) == ("s3:GetObject", "user/ann")
    (change,) = call["denial"]["changes"]
    assert change["where"] == f"{ACCOUNT} user/ann inline policy"


def test_an_audited_call_passes_and_is_journalled_with_its_lesson(
    desk: Desk, ann: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk.app.decider, "mode", "audit")
    assert ann("s3").get_object(Bucket=BUCKET, Key="m")["Body"].read() == b"model"
    call = desk.calls()[-1]
    assert (call["decision"], call["status"], call["error"]) == ("would be denied", 200, "")
    assert call["denial"]["action"] == "s3:GetObject"


def test_a_call_by_nobody_who_is_known_never_comes_to_a_decision(desk: Desk) -> None:
    stranger = desk.client("sagemaker", Credentials("AKIASTRANGER00000000", "b" * 40))
    assert refused(stranger.list_pipelines)[0] == "UnrecognizedClientException"
    call = desk.calls()[-1]
    assert (call["decision"], call["permissions"], call["denial"]) == ("not reached", (), {})


def test_what_the_harness_looks_up_for_itself_is_nobodys_call(desk: Desk) -> None:
    before = desk.app.journal.last()
    desk.app.wire.as_harness(ACCOUNT, REGION).client("iam").list_roles()
    assert desk.app.journal.last() == before


def test_a_service_that_may_not_assume_a_role_is_journalled_as_a_denied_call(desk: Desk) -> None:
    trust = {
        "Statement": {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    }
    role = desk.admin("iam").create_role(RoleName="untrusting", AssumeRolePolicyDocument=json.dumps(trust))[
        "Role"
    ]
    with pytest.raises(Exception, match="not authorized to perform: sts:AssumeRole on resource"):
        desk.app.wire.as_role(role["Arn"], "sagemaker.amazonaws.com", "job", REGION)
    call = desk.calls()[-1]
    assert (call["principal"], call["operation"]) == ("sagemaker.amazonaws.com", "AssumeRole")
    assert (call["decision"], call["status"]) == ("denied", 403)


# The policies that there are


def test_a_policy_is_journalled_when_it_is_new_and_when_it_changes(desk: Desk) -> None:
    iam = desk.admin("iam")
    name = {"UserName": "ann", "PolicyName": "nothing"}
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}
    before = desk.app.journal.last()
    for _ in range(2):
        iam.put_user_policy(**name, PolicyDocument=json.dumps(document))
    document["Statement"][0]["Sid"] = "Never"  # type: ignore[index]
    iam.put_user_policy(**name, PolicyDocument=json.dumps(document))
    first, changed = desk.policies(before)
    assert first["name"] == changed["name"] == first["place"] == f"{ACCOUNT} user/ann inline nothing"
    assert "Sid" not in first["document"]["Statement"][0]
    assert changed["document"] == document


def test_a_policy_of_awss_is_journalled_by_name_only(desk: Desk) -> None:
    before = desk.app.journal.last()
    arn = "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"
    desk.admin("iam").attach_user_policy(UserName="ann", PolicyArn=arn)
    (policy,) = desk.policies(before)
    assert (policy["name"], policy["document"]) == (
        f"{ACCOUNT} user/ann AWS managed AmazonSQSReadOnlyAccess",
        {},
    )


def test_a_keys_policy_is_journalled_again_under_its_alias(desk: Desk) -> None:
    kms, before = desk.admin("kms"), desk.app.journal.last()
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/data", TargetKeyId=key)
    by_id, by_alias = desk.policies(before)
    assert (by_id["name"], by_alias["name"]) == (
        f"{ACCOUNT} key {key} policy",
        f"{ACCOUNT} key alias/data policy",
    )
    assert by_id["place"] == by_alias["place"]


def test_a_policy_that_could_not_be_put_is_not_journalled(desk: Desk, ann: Callable[[str], Any]) -> None:
    before = desk.app.journal.last()
    policy = {"Bucket": BUCKET, "Policy": json.dumps(ALLOW_ALL)}
    assert refused(ann("s3").put_bucket_policy, **policy)[0] == "AccessDenied"
    assert refused(desk.admin("s3").put_bucket_policy, **policy)[0] == "MalformedPolicy"
    assert desk.policies(before) == []


# What is not supported


def test_what_nobody_knows_the_permissions_of_is_refused_by_name(desk: Desk) -> None:
    code, message, status = refused(desk.admin("iam").get_access_key_last_used, AccessKeyId=ADMIN.access_key)
    assert (code, status) == ("UnsupportedOperation", 501)
    assert "iam:GetAccessKeyLastUsed" in message


def test_a_service_that_there_is_not_is_refused_by_name(desk: Desk) -> None:
    code, message, status = refused(desk.admin("athena").list_work_groups)
    assert (code, status) == ("UnsupportedOperation", 501)
    assert "athena:ListWorkGroups" in message


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("cloudwatch", "list_tags_for_resource", {"ResourceARN": "nonsense"}),
        ("ecr", "list_tags_for_resource", {"resourceArn": "nonsense"}),
        ("events", "list_tags_for_resource", {"ResourceARN": "nonsense"}),
        ("events", "put_events", {"Entries": [{"Source": "a", "DetailType": "b", "EventBusName": "arn:x"}]}),
        ("lambda", "list_tags", {"Resource": "nonsense"}),
        ("logs", "list_tags_for_resource", {"resourceArn": "nonsense"}),
        ("sagemaker", "list_tags", {"ResourceArn": "nonsense"}),
    ],
)
def test_what_is_no_arn_is_refused_before_anything_is_decided(
    desk: Desk, service: str, operation: str, params: Json
) -> None:
    code, message, status = refused(getattr(desk.admin(service), operation), **params)
    assert (code, status) == ("ValidationException", 400)
    assert "is not the ARN of a resource of" in message
    assert desk.calls()[-1]["decision"] == "not reached"


@pytest.mark.parametrize("name", ["administrator", "Administrator"])
def test_nobody_can_make_a_user_with_the_administrators_name(desk: Desk, name: str) -> None:
    iam = desk.admin("iam")
    with pytest.raises(ClientError, match=f"User with name {name} already exists") as raised:
        iam.create_user(UserName=name, Path="/theirs/")
    assert raised.value.response["Error"]["Code"] == "EntityAlreadyExists"
    with pytest.raises(ClientError, match="already exists"):
        iam.update_user(UserName="ann", NewUserName=name)


def test_a_fault_of_ours_is_told_in_the_services_protocol_and_journalled(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Any) -> Any:
        raise KeyError("forgotten")

    monkeypatch.setattr(desk.app.decider, "decide", broken)
    with pytest.raises(ClientError, match="The harness failed") as raised:
        desk.admin("s3").list_buckets()
    assert raised.value.response["Error"]["Code"] == "InternalFailure"
    record = desk.calls()[-1]
    assert (record["status"], record["decision"]) == (500, "not reached")
