"""Where a deployment goes: with which variables, and with whose AWS config file."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import botocore.session
import pytest

from fake_accounts.accounts import INFRA
from harness import finding
from harness.deploy.target import Target, target
from harness.model import HarnessError
from harness.stack import Stack

ENDPOINT = "http://127.0.0.1:5000"
CONFIG = """# mine
[profile prod]
region = us-east-1
sso_account_id = 444455556666

[profile jenkins]
role_arn = arn:aws:iam::444455556666:role/of-my-own
source_profile = prod
"""


@pytest.fixture(autouse=True)
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A user with an AWS config file, and nothing else of AWS in the environment."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HARNESS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    (tmp_path / "config").write_text(CONFIG)
    # An endpoint makes this process refuse to look AWS's names up.
    monkeypatch.setattr(socket, "getaddrinfo", socket.getaddrinfo)
    return tmp_path


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    shutil.copytree(INFRA, tmp_path / "checkout" / "infra")
    return tmp_path / "checkout"


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """The harness that is up."""
    made = Stack("http://127.0.0.1:4599", os.getpid(), tmp_path / "stack", lambda: True)
    made.folder.mkdir()
    monkeypatch.setattr(finding, "found", lambda: made)
    return made


def config_of(where: Target) -> str:
    return Path(where.environment["AWS_CONFIG_FILE"]).read_text()


# AWS


def test_on_aws_the_users_config_file_is_kept_to_the_letter_and_gets_the_roles_that_it_lacks(
    checkout: Path,
) -> None:
    with target("aws", checkout) as where:
        text = config_of(where)
        profiles = botocore.session.Session().full_config["profiles"]
    assert text.startswith(CONFIG)
    assert list(profiles) == ["prod", "jenkins", "jenkins-server", "approver"]
    assert profiles["jenkins"]["role_arn"] == "arn:aws:iam::444455556666:role/of-my-own"
    assert profiles["jenkins-server"] == {
        "region": "us-east-1",
        "role_arn": "arn:aws:iam::123456789012:role/jenkins-server-role",
        "role_session_name": "jenkins-server",
        "source_profile": "tooling",
    }


def test_a_profile_of_the_credentials_file_is_the_users_too(checkout: Path, user: Path) -> None:
    (user / "credentials").write_text(
        "[approver]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = s\n"
    )
    with target("aws", checkout) as where:
        assert "[profile approver]" not in config_of(where)


@pytest.mark.parametrize("text", [None, "", "[profile prod]\nregion = us-east-1"])
def test_a_config_file_that_is_missing_empty_or_without_a_last_newline_is_as_good(
    checkout: Path, user: Path, text: str | None
) -> None:
    (user / "config").unlink()
    if text is not None:
        (user / "config").write_text(text)
    with target("aws", checkout):
        profiles = botocore.session.Session().full_config["profiles"]
    assert {"jenkins", "jenkins-server", "approver"} <= profiles.keys()
    assert profiles.get("prod", {"region": "us-east-1"}) == {"region": "us-east-1"}


def test_the_users_own_file_is_not_written_to_and_the_other_is_only_theirs_to_read(
    checkout: Path, user: Path
) -> None:
    with target("aws", checkout) as where:
        written = Path(where.environment["AWS_CONFIG_FILE"])
        assert written.stat().st_mode & 0o777 == 0o600
    assert (user / "config").read_text() == CONFIG


def test_a_target_in_a_target_adds_no_profile_twice(checkout: Path) -> None:
    with target("aws", checkout) as outer, target("aws", checkout) as inner:
        assert config_of(inner) == config_of(outer)
        assert config_of(inner).count("[profile approver]") == 1


def test_with_the_environments_credentials_aws_is_reached_as_this_shell_does(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    before = dict(os.environ)
    with target("aws", checkout, "environment") as where:
        assert dict(os.environ) == before
        assert (where.stand_in, where.with_profiles) == (False, False)


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_STS"])
def test_a_shell_that_points_elsewhere_is_not_taken_for_aws(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, ENDPOINT)
    with pytest.raises(HarnessError) as refused, target("aws", checkout):
        pass
    assert f"this shell's {name} is {ENDPOINT}, which is not AWS" in str(refused.value)
    assert "--target local" in str(refused.value)


def test_a_shell_whose_endpoint_is_empty_points_nowhere_else(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "")
    with target("aws", checkout) as where:
        assert not where.stand_in


# What stands for AWS


def test_what_stands_for_aws_gets_every_call(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.setenv(name, "https://elsewhere.example.com")
    monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    with target("aws", checkout, endpoint=ENDPOINT) as where:
        assert where.stand_in
        for service in ("s3", "sts"):
            client = botocore.session.Session().create_client(service, "us-east-1")
            assert client.meta.endpoint_url == ENDPOINT
        with pytest.raises(OSError, match="is AWS's"):
            socket.getaddrinfo("sts.us-east-1.amazonaws.com", 443)
    assert os.environ["AWS_ENDPOINT_URL_S3"] == "https://elsewhere.example.com"


@pytest.mark.parametrize("endpoint", ["http://localhost:5000", "http://127.0.0.1:5000", "http://[::1]:5000"])
def test_what_stands_for_aws_is_on_this_machine_and_has_a_folder_of_its_own(
    checkout: Path, endpoint: str
) -> None:
    with (
        target("aws", checkout, endpoint=endpoint) as where,
        target("aws", checkout, endpoint=ENDPOINT) as other,
    ):
        assert (where.folder == other.folder) == (endpoint == ENDPOINT)
        assert where.environment["AWS_ENDPOINT_URL"] == endpoint


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://sts.amazonaws.com",
        "http://10.0.0.7:5000",
        "http://127.0.0.1@example.com",
        "http://127.0.0.1.example.com",
        "127.0.0.1:5000",
        "localhost:5000",
    ],
)
def test_what_is_not_on_this_machine_does_not_stand_for_aws(checkout: Path, endpoint: str) -> None:
    with pytest.raises(HarnessError) as refused, target("aws", checkout, endpoint=endpoint):
        pass
    assert f"--endpoint {endpoint!r} is no URL of this machine, as {ENDPOINT} is" in str(refused.value)


# The harness that is up


def test_local_is_the_harness_that_is_up_and_nothing_of_the_users_aws(
    checkout: Path, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL_S3", "TF_LOG"):
        monkeypatch.setenv(name, "mine")
    with target("local", checkout) as where:
        assert os.environ["AWS_ENDPOINT_URL"] == os.environ["AWS_ENDPOINT_URL_STS"] == stack.endpoint
        assert os.environ.keys().isdisjoint(
            {"AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL_S3", "TF_LOG"}
        )
        profiles = botocore.session.Session().available_profiles
        assert {"dev", "prod", "registry", "tooling", "jenkins", "approver"} <= set(profiles)
        assert "of-my-own" not in config_of(where)
        assert where.folder.is_relative_to(stack.folder)
        assert where.stand_in
    assert os.environ["AWS_PROFILE"] == "mine"


def test_a_ci_servers_credentials_reach_the_harness_that_is_up(
    checkout: Path, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "ASIAX", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t"}
    for name, text in keys.items():
        monkeypatch.setenv(name, text)
    with target("local", checkout, "environment") as where:
        assert keys.items() <= os.environ.items()
        assert not where.with_profiles


def test_the_harness_forgets_what_it_has_applied(checkout: Path, stack: Stack) -> None:
    stack.applied.write_text("a fingerprint")
    with target("local", checkout) as where:
        assert stack.applied.exists()
        where.forget_applied()
    assert not stack.applied.exists()


def test_where_none_is_up_it_says_how_to_start_one(checkout: Path) -> None:
    with pytest.raises(HarnessError, match="start one with `harness up`"), target("local", checkout):
        pass


def test_local_has_no_endpoint_but_its_own(checkout: Path) -> None:
    with pytest.raises(HarnessError, match="--endpoint is for --target aws"):
        target("local", checkout, endpoint=ENDPOINT).__enter__()


# Both


def test_the_environment_is_as_before_where_a_deployment_breaks_off(checkout: Path, stack: Stack) -> None:
    before = dict(os.environ)
    with pytest.raises(HarnessError, match="broken"), target("local", checkout):
        raise HarnessError("broken")
    assert dict(os.environ) == before


def test_a_checkout_without_a_deployment_is_refused(checkout: Path) -> None:
    (checkout / "infra" / "deployment.json").unlink()
    with pytest.raises(HarnessError, match=r"has no deployment\.json, which says how it is deployed"):
        target("aws", checkout).__enter__()


def test_a_deployment_that_is_wrong_is_refused_in_one_line(checkout: Path) -> None:
    (checkout / "infra" / "deployment.json").write_text("{}")
    with pytest.raises(HarnessError, match=r"deployment\.json: there is no list 'stages' in \{\}$"):
        target("aws", checkout).__enter__()


@pytest.mark.parametrize(
    ("profile", "account"), [("dev", "dev"), ("jenkins", "prod"), ("approver", "registry")]
)
def test_a_profile_is_of_an_account(checkout: Path, profile: str, account: str) -> None:
    with target("aws", checkout) as where:
        assert where.account_of(profile).name == account
