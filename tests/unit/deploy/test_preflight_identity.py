"""Whose credentials a profile has, and what to do about those that are of no use."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from botocore import exceptions as aws
from botocore.exceptions import ClientError

from harness.deploy.model import Finding
from harness.deploy.preflight import Caller, identity, in_order, session
from tests.unit.deploy.sessions import StubbedSession

PROD = "444455556666"
ARN = f"arn:aws:iam::{PROD}:user/ada"


def of(session_factory: Callable[[str], Any], profile: str = "prod") -> Finding:
    found = identity("prod", PROD, profile, session_factory)
    assert isinstance(found, Finding)
    assert (found.level, found.check, found.account) == ("error", "identity", "prod")
    return found


def calling(account: str, arn: str) -> Callable[[str], Any]:
    stubbed = StubbedSession("sts")
    stubbed.stub.add_response("get_caller_identity", {"Account": account, "Arn": arn, "UserId": "AIDA"}, {})
    return lambda profile: stubbed


def raising(error: Exception) -> Callable[[str], Any]:
    def factory(profile: str) -> Any:
        raise error

    return factory


def refused(code: str, operation: str = "GetCallerIdentity") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "AWS's own words"}}, operation)


def test_the_right_accounts_credentials_are_a_caller() -> None:
    assert identity("prod", PROD, "prod", calling(PROD, ARN)) == Caller("prod", "prod", PROD, ARN)


def test_another_accounts_credentials_are_told_with_both_ids_and_the_file() -> None:
    found = of(calling("111122223333", "arn:aws:iam::111122223333:user/ada"))
    assert found.problem == (
        "profile prod is of account 111122223333 (arn:aws:iam::111122223333:user/ada), "
        "but infra/environments/prod.tfvars.json says 444455556666"
    )
    assert "use credentials of 444455556666" in found.fix


@pytest.mark.parametrize(
    ("error", "problem", "fix"),
    [
        (aws.ProfileNotFound(profile="prod"), "no profile prod in", "aws configure sso --profile prod"),
        (aws.NoCredentialsError(), "profile prod has no credentials", "aws configure --profile prod"),
        (
            aws.PartialCredentialsError(provider="env", cred_var="aws_secret_access_key"),
            "only half of its credentials",
            "complete it with `aws configure --profile prod`",
        ),
        (
            aws.SSOTokenLoadError(error_msg="x"),
            "not logged in to IAM Identity",
            "aws sso login --profile prod",
        ),
        (aws.UnauthorizedSSOTokenError(), "its session has expired", "aws sso login --profile prod"),
        (
            aws.TokenRetrievalError(provider="sso", error_msg="Token has expired"),
            "Token has expired",
            "aws sso login --profile prod",
        ),
        (aws.LoginRefreshRequired(), "not logged in", "aws login --profile prod"),
        (
            aws.InvalidConfigError(error_msg="The source profile x does not exist"),
            "cannot be used: The source profile x",
            "~/.aws/config",
        ),
        (
            aws.EndpointConnectionError(endpoint_url="https://sts.us-east-1.amazonaws.com/"),
            "AWS STS cannot be reached: Could not connect",
            "HTTPS_PROXY",
        ),
        (aws.ConnectTimeoutError(endpoint_url="https://sts"), "cannot be reached", "network"),
        (aws.ReadTimeoutError(endpoint_url="https://sts"), "cannot be reached", "network"),
        (aws.SSLError(endpoint_url="https://sts", error="x"), "cannot be reached", "network"),
        (refused("ExpiredToken"), "credentials of profile prod have expired", "aws sso login --profile prod"),
        (refused("ExpiredTokenException"), "have expired", "aws sso login --profile prod"),
        (refused("RequestExpired"), "too old", "clock"),
        (refused("InvalidClientTokenId"), "does not know the access key", "aws configure --profile prod"),
        (
            refused("SignatureDoesNotMatch"),
            "does not belong to its access key",
            "aws configure --profile prod",
        ),
        (refused("AccessDenied", "AssumeRole"), "profile prod may not assume its role", "trust policy"),
        (
            refused("InvalidIdentityToken", "AssumeRoleWithWebIdentity"),
            "AWS's own words",
            "aws sts get-caller-identity --profile prod",
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_credentials_of_no_use_are_told_with_the_command_that_mends_it(
    error: Exception, problem: str, fix: str
) -> None:
    found = of(raising(error))
    assert problem in found.problem
    assert fix in found.fix


def test_credentials_of_the_environment_have_no_profile_to_name() -> None:
    found = of(raising(aws.NoCredentialsError()), profile="")
    assert found.problem == "the environment has no credentials"
    assert "--profile" not in found.fix


@pytest.fixture
def profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """The user's own AWS config, and nothing else of the environment's."""
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return lambda text: (tmp_path / "config").write_text(text) and None


def test_a_profile_that_there_is_not_is_known_without_a_call(profiles: Callable[[str], None]) -> None:
    profiles("[profile dev]\n")
    assert "there is no profile prod" in of(partial(session, region="us-east-1")).problem


def test_a_profile_without_credentials_is_known_without_a_call(profiles: Callable[[str], None]) -> None:
    profiles("[profile prod]\nregion = us-east-1\n")
    assert "profile prod has no credentials" in of(partial(session, region="us-east-1")).problem


def test_an_sso_session_that_was_never_begun_is_told(profiles: Callable[[str], None]) -> None:
    profiles(
        "[profile prod]\nsso_session = corp\nsso_account_id = 444455556666\nsso_role_name = Admin\n"
        "[sso-session corp]\nsso_region = us-east-1\nsso_start_url = https://127.0.0.1:9/start\n"
    )
    assert of(partial(session, region="us-east-1")).fix == "log in with `aws sso login --profile prod`"


def test_an_endpoint_where_nobody_listens_is_told_soon(
    profiles: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it is the profile's role that cannot be assumed: that call is botocore's own."""
    profiles(
        "[profile tooling]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = secret\n"
        "[profile prod]\nrole_arn = arn:aws:iam::444455556666:role/x\nsource_profile = tooling\n"
    )
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{nobody.getsockname()[1]}")
        began = time.monotonic()
        assert "AWS STS cannot be reached" in of(partial(session, region="us-east-1")).problem
    assert time.monotonic() - began < 10


def test_many_are_asked_at_once_and_answer_in_order() -> None:
    together = threading.Barrier(5, timeout=5)

    def ask(number: int) -> int:
        together.wait()
        return -number

    assert in_order(ask, range(5)) == [0, -1, -2, -3, -4]


def test_of_none_there_are_no_answers() -> None:
    assert in_order(str, []) == []
