"""What is inside the harness calls AWS as somebody, through the gateway's chain, without a socket."""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from harness.clock import Clock
from harness.gateway import protocol
from harness.gateway.identity import Identities
from harness.gateway.wire import InProcessWire, new_request_id
from harness.model import AwsError, HttpRequest, HttpResponse, Json, Principal

ROLE = "arn:aws:iam::111111111111:role/path/runner"
JOB = "arn:aws:sagemaker:eu-west-1:222222222222:processing-job/one"


class Chain:
    """A request chain that knows one role. `asked`: who may assume it, for what, has been asked; `trusted`: who may."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.identities = Identities(self.clock)
        self.wire = InProcessWire(
            self.enter, self.identities, self.clock, "http://127.0.0.1:4599", self.may_assume
        )
        self.seen: list[tuple[Principal, str, str, Json]] = []
        self.requests: list[HttpRequest] = []
        self.roles = {"runner"}
        self.asked: list[tuple[Principal, str, str]] = []
        self.trusted = {"sagemaker.amazonaws.com"}

    def may_assume(self, service: Principal, role_arn: str, session_name: str, region: str) -> None:
        self.asked.append((service, role_arn, region))
        if service.arn not in self.trusted:
            raise AwsError("AccessDenied", f"{service.arn} is not trusted", 403)

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
                "AssumeRolePolicyDocument": "{}",
            }
        }


@pytest.fixture
def chain() -> Chain:
    return Chain()


def as_runner(chain: Chain, service: str = "sagemaker.amazonaws.com", name: str = "SageMaker") -> Any:
    return chain.wire.as_role(ROLE, service, name, "eu-west-1", JOB)


def test_a_role_s_calls_come_from_its_session(chain: Chain) -> None:
    as_runner(chain).client("sagemaker").list_models()
    principal, region, operation, _ = chain.seen[-1]
    assert replace(principal, session=None) == Principal(
        "111111111111",
        "arn:aws:sts::111111111111:assumed-role/runner/SageMaker",
        "assumed-role",
        "AROAID:SageMaker",
        ROLE,
    )
    assert (region, operation) == ("eu-west-1", "ListModels")


def test_whether_the_service_may_is_asked_for_the_resource_it_acts_for(chain: Chain) -> None:
    as_runner(chain)
    service = Principal("222222222222", "sagemaker.amazonaws.com", "service", source_arn=JOB)
    assert chain.asked == [(service, ROLE, "eu-west-1")]


def test_a_service_that_acts_for_no_resource_acts_for_the_role_s_account(chain: Chain) -> None:
    chain.wire.as_role(ROLE, "sagemaker.amazonaws.com", "SageMaker", "eu-west-1")
    assert chain.asked[0][0] == Principal("111111111111", "sagemaker.amazonaws.com", "service")


def test_the_role_is_looked_at_without_asking_anybody_s_permission(chain: Chain) -> None:
    as_runner(chain)
    assert [(p.kind, p.account, operation) for p, _, operation, _ in chain.seen] == [
        ("harness", "111111111111", "GetRole")
    ]


def test_a_role_s_session_has_credentials_for_processes_outside(chain: Chain) -> None:
    caller = as_runner(chain)
    assert chain.identities._issued[caller.credentials.access_key].principal == caller.principal
    assert caller.credentials.session_token


def test_a_session_begins_anew_each_time_the_role_is_assumed(chain: Chain) -> None:
    first = as_runner(chain).principal.session
    chain.clock.advance(timedelta(hours=2))
    caller = as_runner(chain)
    assert caller.principal.session.issued - first.issued >= timedelta(hours=2)
    assert chain.identities._issued[caller.credentials.access_key].principal == caller.principal


def test_credentials_end_with_the_last_who_holds_them(chain: Chain) -> None:
    kept = as_runner(chain, name="the job that runs on")
    for number in range(200):
        as_runner(chain, name=f"events-{number}")
    gc.collect()
    assert len(chain.identities._issued) < 100
    assert kept.credentials.access_key in chain.identities._issued


def test_a_role_that_is_missing_cannot_be_assumed(chain: Chain) -> None:
    chain.roles.clear()
    with pytest.raises(AwsError) as refused:
        as_runner(chain)
    assert (refused.value.code, refused.value.status) == ("AccessDenied", 403)
    assert refused.value.message == (
        f"sagemaker.amazonaws.com is not authorized to perform: sts:AssumeRole on resource: {ROLE}"
    )


def test_a_role_is_known_by_its_whole_arn(chain: Chain) -> None:
    with pytest.raises(AwsError, match="is not authorized to perform: sts:AssumeRole"):
        chain.wire.as_role(ROLE.replace("/path", ""), "sagemaker.amazonaws.com", "s", "us-east-1")


def test_a_role_that_does_not_trust_the_service_cannot_be_assumed(chain: Chain) -> None:
    with pytest.raises(AwsError, match=r"events\.amazonaws\.com is not trusted"):
        as_runner(chain, "events.amazonaws.com")


def test_a_role_whose_trust_was_taken_back_cannot_be_assumed_again(chain: Chain) -> None:
    as_runner(chain)
    chain.trusted.clear()
    with pytest.raises(AwsError, match="AccessDenied"):
        as_runner(chain)


@pytest.mark.parametrize("arn", ["", "runner", "arn:aws:iam::111111111111:user/ann", "arn:aws:s3:::bucket"])
def test_what_is_no_role_s_arn_is_refused(chain: Chain, arn: str) -> None:
    with pytest.raises(AwsError, match="is not the ARN of a role"):
        chain.wire.as_role(arn, "sagemaker.amazonaws.com", "s", "us-east-1")


def test_a_service_calls_as_itself_for_a_resource(chain: Chain) -> None:
    rule = "arn:aws:events:us-east-1:111111111111:rule/nightly"
    caller = chain.wire.as_service("events.amazonaws.com", "111111111111", "us-east-1", rule)
    caller.client("sqs").list_queues()
    assert chain.seen[-1][0] == Principal("111111111111", "events.amazonaws.com", "service", source_arn=rule)


def test_the_harness_s_own_looks_are_told_as_such(chain: Chain) -> None:
    chain.wire.as_harness("111111111111", "us-east-1").client("sqs").list_queues()
    assert chain.seen[-1][0] == Principal("111111111111", "harness", "harness")


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


def test_request_ids_are_uuids() -> None:
    import uuid

    assert str(uuid.UUID(new_request_id())) != str(uuid.UUID(new_request_id()))
