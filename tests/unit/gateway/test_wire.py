"""What is inside the harness calls AWS as somebody, through the gateway's chain, without a socket."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from harness.clock import Clock
from harness.gateway import protocol
from harness.gateway.identity import Identities
from harness.gateway.keys import AccessKeys
from harness.gateway.wire import InProcessWire, new_request_id, session_until, trusts_service
from harness.model import ApiCall, AwsError, HttpRequest, HttpResponse, Json, Principal

ROLE = "arn:aws:iam::111111111111:role/path/runner"
TRUST = {
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ]
}


class Chain:
    """A request chain that knows one role."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.identities = Identities(self.clock)
        self.wire = InProcessWire(self.enter, self.identities, self.clock, "http://127.0.0.1:4599")
        self.seen: list[tuple[Principal, str, str, Json]] = []
        self.requests: list[HttpRequest] = []
        self.roles = {"runner": TRUST}

    def enter(self, request: HttpRequest, service: str, region: str, principal: Principal) -> HttpResponse:
        operation, params = protocol.parse(service, request)
        self.requests.append(request)
        self.seen.append((principal, region, operation, params))
        try:
            return protocol.answer(service, operation, request, self.answer(operation, params), "id")
        except AwsError as error:
            return protocol.error(service, request, error, "id")

    def answer(self, operation: str, params: Json) -> Json:
        if operation != "GetRole":
            return {"Body": b"hello"} if operation == "GetObject" else {}
        if params["RoleName"] not in self.roles:
            raise AwsError("NoSuchEntity", "no such role", 404)
        return {
            "Role": {
                "RoleName": params["RoleName"],
                "RoleId": "AROAID",
                "Arn": ROLE,
                "Path": "/path/",
                "CreateDate": self.clock.now(),
                "AssumeRolePolicyDocument": json.dumps(self.roles[params["RoleName"]]),
            }
        }


@pytest.fixture
def chain() -> Chain:
    return Chain()


def as_runner(chain: Chain, service: str = "sagemaker.amazonaws.com") -> Any:
    return chain.wire.as_role(ROLE, service, "SageMaker", "eu-west-1")


def test_a_role_s_calls_come_from_its_session(chain: Chain) -> None:
    as_runner(chain).client("sagemaker").list_models()
    principal, region, operation, _ = chain.seen[-1]
    assert principal == Principal(
        "111111111111",
        "arn:aws:sts::111111111111:assumed-role/runner/SageMaker",
        "assumed-role",
        "AROAID:SageMaker",
        ROLE,
    )
    assert (region, operation) == ("eu-west-1", "ListModels")


def test_a_role_s_session_has_credentials_for_processes_outside(chain: Chain) -> None:
    caller = as_runner(chain)
    assert chain.identities._issued[caller.credentials.access_key].principal == caller.principal
    assert caller.credentials.session_token


def test_the_same_session_is_the_same_caller(chain: Chain) -> None:
    assert as_runner(chain) is as_runner(chain)
    chain.wire.forget()
    assert as_runner(chain).credentials


def test_a_role_that_is_missing_cannot_be_assumed(chain: Chain) -> None:
    chain.roles.clear()
    with pytest.raises(AwsError) as refused:
        as_runner(chain)
    assert (refused.value.code, refused.value.status) == ("AccessDenied", 403)
    assert refused.value.message == (
        f"sagemaker.amazonaws.com is not authorized to perform: sts:AssumeRole on resource: {ROLE}"
    )


def test_a_role_that_does_not_trust_the_service_cannot_be_assumed(chain: Chain) -> None:
    with pytest.raises(AwsError, match=r"events\.amazonaws\.com is not authorized"):
        as_runner(chain, "events.amazonaws.com")


def test_a_role_whose_trust_was_taken_back_cannot_be_assumed_again(chain: Chain) -> None:
    as_runner(chain)
    chain.roles["runner"] = {"Statement": []}
    with pytest.raises(AwsError, match="AccessDenied"):
        as_runner(chain)


@pytest.mark.parametrize("arn", ["", "runner", "arn:aws:iam::111111111111:user/ann", "arn:aws:s3:::bucket"])
def test_what_is_no_role_s_arn_is_refused(chain: Chain, arn: str) -> None:
    with pytest.raises(AwsError, match="is not the ARN of a role"):
        chain.wire.as_role(arn, "sagemaker.amazonaws.com", "s", "us-east-1")


@pytest.mark.parametrize(
    ("statements", "trusted"),
    [
        ({"Effect": "Allow", "Principal": {"Service": "a.amazonaws.com"}}, True),
        ([{"Effect": "Allow", "Principal": {"Service": ["b.amazonaws.com", "a.amazonaws.com"]}}], True),
        ([{"Effect": "Deny", "Principal": {"Service": "a.amazonaws.com"}}], False),
        ([{"Effect": "Allow", "Principal": {"AWS": "*"}}], False),
        ([{"Effect": "Allow", "Principal": "*"}], False),
        ([], False),
    ],
)
def test_a_trust_policy_names_the_services_that_may(statements: Any, trusted: bool) -> None:
    assert trusts_service({"Statement": statements}, "a.amazonaws.com") is trusted


def test_a_service_calls_as_itself(chain: Chain) -> None:
    chain.wire.as_service("events.amazonaws.com", "111111111111", "us-east-1").client("sqs").list_queues()
    principal = chain.seen[-1][0]
    assert (principal.kind, principal.arn, principal.account) == (
        "service",
        "events.amazonaws.com",
        "111111111111",
    )


def test_bodies_go_in_and_come_out(chain: Chain) -> None:
    s3 = as_runner(chain).client("s3")
    s3.put_object(Bucket="a-bucket", Key="x y/ü", Body=b"\x00\xff")
    assert chain.seen[-1][3]["Body"] == b"\x00\xff"
    assert s3.get_object(Bucket="a-bucket", Key="k")["Body"].read() == b"hello"


def test_an_error_is_raised_as_boto3_raises_it(chain: Chain) -> None:
    iam = chain.wire.as_service("x", "1", "us-east-1").client("iam")
    with pytest.raises(iam.exceptions.NoSuchEntityException, match="no such role"):
        iam.get_role(RoleName="another")


def test_nothing_is_tried_twice(chain: Chain) -> None:
    def throttled(operation: str, params: Json) -> Json:
        raise AwsError("ThrottlingException", "slow down", 400)

    chain.answer = throttled  # type: ignore[method-assign]
    with pytest.raises(ClientError, match="slow down"):
        chain.wire.as_service("x", "1", "us-east-1").client("sagemaker").list_models()
    assert len(chain.seen) == 1


def test_many_threads_may_share_a_caller(chain: Chain) -> None:
    caller = as_runner(chain)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: caller.client("sagemaker").list_models(), range(40)))
    assert sum(operation == "ListModels" for _, _, operation, _ in chain.seen) == 40


def test_a_session_ends_on_the_virtual_clock() -> None:
    clock = Clock()
    assert 3599 < (session_until(clock, 3600) - clock.now()).total_seconds() <= 3600


def test_request_ids_are_uuids() -> None:
    import uuid

    assert str(uuid.UUID(new_request_id())) != str(uuid.UUID(new_request_id()))


def test_an_access_key_that_iam_makes_works_until_iam_deletes_it(chain: Chain) -> None:
    keys = AccessKeys(chain.identities)
    made = {"UserName": "ann", "AccessKeyId": "AKIANEW", "SecretAccessKey": "s", "Status": "Active"}
    call = ApiCall(
        "iam", "CreateAccessKey", {"UserName": "ann"}, Principal("1", "a", "user"), "1", "us-east-1", "id"
    )
    assert keys.handle(call, lambda: {"AccessKey": made}) == {"AccessKey": made}
    assert chain.identities._issued["AKIANEW"].principal.arn == "arn:aws:iam::1:user/ann"
    gone = ApiCall(
        "iam", "DeleteAccessKey", {"AccessKeyId": "AKIANEW"}, call.principal, "1", "us-east-1", "id"
    )
    keys.handle(gone, dict)
    assert "AKIANEW" not in chain.identities._issued
