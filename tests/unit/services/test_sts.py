"""Who one is, and becoming somebody else: with STS's answers and in its words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from harness.clock import Clock
from harness.gateway.identity import Identities
from harness.gateway.wire import session_until
from harness.model import ApiCall, AwsError, Json, Principal
from harness.services.sts import Sts

ACCOUNT = "111111111111"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/jenkins"
ANN = Principal("222222222222", "arn:aws:iam::222222222222:user/ann", "user", "AIDAANN")
ROOT = Principal(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root", "root")
SESSION = Principal(ACCOUNT, f"arn:aws:sts::{ACCOUNT}:assumed-role/a/b", "assumed-role", "AROAA:b", ROLE)


class Iam:
    """IAM, with the roles it knows."""

    class exceptions:  # noqa: N801 - boto3's name
        class NoSuchEntityException(Exception):
            pass

    def __init__(self) -> None:
        self.roles: dict[str, Json] = {}
        self.asked: list[tuple[str, str]] = []

    def get_role(self, RoleName: str) -> Json:  # noqa: N803 - boto3's names
        if RoleName not in self.roles:
            raise self.exceptions.NoSuchEntityException
        return {"Role": self.roles[RoleName]}


class Bench:
    def __init__(self) -> None:
        self.clock = Clock()
        self.iam = Iam()
        self.identities = Identities(self.clock)
        self.add_role("jenkins")
        self.sts = Sts(
            lambda who, seconds: self.identities.start_session(who, session_until(self.clock, seconds)),
            self,  # type: ignore[arg-type]
            self.clock,
        )

    def add_role(self, name: str, path: str = "/", **more: Any) -> None:
        arn = f"arn:aws:iam::{ACCOUNT}:role{path}{name}"
        self.iam.roles[name] = {"RoleName": name, "RoleId": "AROAROLE", "Arn": arn, **more}

    def as_service(self, service: str, account: str, region: str) -> Any:
        self.iam.asked.append((service, account))
        return self

    def client(self, service: str) -> Any:
        return self.iam

    def call(self, operation: str, principal: Principal = ANN, **params: Any) -> Json:
        return self.sts.handle(
            ApiCall("sts", operation, params, principal, principal.account, "us-east-1", "id")
        )

    def assume(self, principal: Principal = ANN, **params: Any) -> Json:
        return self.call("AssumeRole", principal, **{"RoleArn": ROLE, "RoleSessionName": "deploy", **params})

    def refusal(
        self, operation: str = "AssumeRole", principal: Principal = ANN, **params: Any
    ) -> tuple[str, str, int]:
        defaults = {"RoleArn": ROLE, "RoleSessionName": "deploy"} if operation == "AssumeRole" else {}
        with pytest.raises(AwsError) as refused:
            self.call(operation, principal, **{**defaults, **params})
        return refused.value.code, refused.value.message, refused.value.status


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize(
    ("principal", "user_id"),
    [(ANN, "AIDAANN"), (SESSION, "AROAA:b"), (ROOT, ACCOUNT)],
    ids=["user", "role", "root"],
)
def test_everybody_is_told_who_they_are(bench: Bench, principal: Principal, user_id: str) -> None:
    expected = {"UserId": user_id, "Account": principal.account, "Arn": principal.arn}
    assert bench.call("GetCallerIdentity", principal) == expected


def test_a_role_s_session_is_named_after_role_and_session(bench: Bench) -> None:
    answer = bench.assume()
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/jenkins/deploy"
    assert answer["AssumedRoleUser"] == {"AssumedRoleId": "AROAROLE:deploy", "Arn": arn}
    issued = bench.identities._issued[answer["Credentials"]["AccessKeyId"]]
    assert issued.principal == Principal(ACCOUNT, arn, "assumed-role", "AROAROLE:deploy", ROLE)
    assert issued.credentials.secret_key == answer["Credentials"]["SecretAccessKey"]
    assert issued.credentials.session_token == answer["Credentials"]["SessionToken"]


def test_the_role_is_looked_for_in_its_own_account(bench: Bench) -> None:
    bench.assume()
    assert bench.iam.asked == [("sts.amazonaws.com", ACCOUNT)]


def test_a_session_lasts_an_hour_unless_asked_otherwise(bench: Bench) -> None:
    bench.iam.roles["jenkins"]["MaxSessionDuration"] = 7200
    for asked, hours in (({}, 1), ({"DurationSeconds": 7200}, 2)):
        credentials = bench.assume(**asked)["Credentials"]
        left = credentials["Expiration"] - bench.clock.now()
        assert timedelta(hours=hours) - left < timedelta(seconds=5)
        issued = bench.identities._issued[credentials["AccessKeyId"]]
        assert issued.expires is not None
        assert abs(issued.expires - credentials["Expiration"]) < timedelta(seconds=5)


def test_a_role_with_a_path_is_named_without_it_in_its_session(bench: Bench) -> None:
    bench.add_role("runner", "/service-role/")
    answer = bench.assume(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/service-role/runner")
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/runner/deploy"


@pytest.mark.parametrize(
    "arn", [f"arn:aws:iam::{ACCOUNT}:role/nobody", f"arn:aws:iam::{ACCOUNT}:role/other/jenkins"]
)
def test_a_role_that_is_not_there_is_told_like_one_that_trusts_others(bench: Bench, arn: str) -> None:
    message = f"User: {ANN.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}"
    assert bench.refusal(RoleArn=arn) == ("AccessDenied", message, 403)


@pytest.mark.parametrize(
    ("arn", "message"),
    [
        ("jenkins-the-deployer-role", "jenkins-the-deployer-role is invalid"),
        (f"arn:aws:iam::{ACCOUNT}:user/ann", "Request ARN is invalid"),
        ("arn:aws:iam::12:role/x", "Request ARN is invalid"),
    ],
)
def test_what_is_no_role_s_arn_is_invalid(bench: Bench, arn: str, message: str) -> None:
    assert bench.refusal(RoleArn=arn) == ("ValidationError", message, 400)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("", "Member must have length greater than or equal to 2"),
        ("a", "Member must have length greater than or equal to 2"),
        ("a" * 65, "Member must have length less than or equal to 64"),
        ("my session", "Member must satisfy regular expression pattern: [\\w+=,.@-]*"),
    ],
)
def test_a_session_s_name_keeps_sts_s_rules(bench: Bench, name: str, rule: str) -> None:
    code, message, _ = bench.refusal(RoleSessionName=name)
    assert code == "ValidationError"
    assert message == (
        f"1 validation error detected: Value '{name}' at 'roleSessionName' failed to satisfy constraint: {rule}"
    )


@pytest.mark.parametrize(
    ("principal", "seconds", "longest", "message"),
    [
        (ANN, 3601, 3600, "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."),
        (
            SESSION,
            3601,
            7200,
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
        ),
        (
            ANN,
            899,
            3600,
            "1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint: "
            "Member must have value greater than or equal to 900",
        ),
    ],
    ids=["longer than the role allows", "longer than chaining allows", "too short"],
)
def test_a_session_s_length_has_its_limits(
    bench: Bench, principal: Principal, seconds: int, longest: int, message: str
) -> None:
    bench.iam.roles["jenkins"]["MaxSessionDuration"] = longest
    assert bench.refusal(principal=principal, DurationSeconds=seconds) == ("ValidationError", message, 400)


def test_root_assumes_no_roles(bench: Bench) -> None:
    assert bench.refusal(principal=ROOT) == (
        "AccessDenied",
        "Roles may not be assumed by root accounts.",
        403,
    )


@pytest.mark.parametrize("params", [{"Policy": "{}"}, {"PolicyArns": [{"arn": "a"}]}])
def test_a_session_policy_is_refused_rather_than_left_out(bench: Bench, params: Json) -> None:
    assert bench.refusal(**params)[0] == "UnsupportedOperation"


def test_a_user_s_session_token_stands_for_the_user(bench: Bench) -> None:
    credentials = bench.call("GetSessionToken")["Credentials"]
    assert bench.identities._issued[credentials["AccessKeyId"]].principal == ANN
    assert timedelta(hours=12) - (credentials["Expiration"] - bench.clock.now()) < timedelta(seconds=5)


def test_a_session_gets_no_session_token(bench: Bench) -> None:
    message = "Cannot call GetSessionToken with session credentials"
    assert bench.refusal("GetSessionToken", SESSION) == ("AccessDenied", message, 403)


@pytest.mark.parametrize(
    ("seconds", "rule"), [(1, "greater than or equal to 900"), (129601, "less than or equal to 129600")]
)
def test_a_session_token_s_length_has_its_limits(bench: Bench, seconds: int, rule: str) -> None:
    assert bench.refusal("GetSessionToken", DurationSeconds=seconds)[1].endswith(rule)


def test_an_operation_that_is_not_there_says_so(bench: Bench) -> None:
    assert bench.refusal("DecodeAuthorizationMessage")[::2] == ("UnsupportedOperation", 501)
