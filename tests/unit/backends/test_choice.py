"""Which backend a name means; what is refused before anything is sent to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from werkzeug.wrappers import Request, Response

from harness.backends import kinds
from harness.backends.choice import choose
from harness.backends.moto import MotoBackend
from harness.clock import Clock
from harness.model import HarnessError
from tests.small_aws import served

# As LocalStack 4.14.0 answers /_localstack/health.
HEALTH: dict[str, Any] = {
    "services": {
        "iam": "disabled",
        "kms": "available",
        "s3": "running",
        "sns": "running",
        "sqs": "available",
    },
    "edition": "community",
    "version": "4.14.0",
}


@contextmanager
def answering(page: dict[str, Any]) -> Iterator[str]:
    """Something that says it is a LocalStack."""

    @Request.application
    def app(request: Request) -> Response:
        return Response(json.dumps(page), 200 if request.path == "/_localstack/health" else 404)

    with served(app) as url:
        yield url


def chosen(name: str) -> list[str]:
    """Which warnings there are of it."""
    warnings: list[str] = []
    choose(name, Clock(), lambda *_: True, warnings.append).close()
    return warnings


def refused(name: str) -> str:
    with pytest.raises(HarnessError) as error:
        chosen(name)
    return str(error.value)


def test_moto_is_the_one_in_the_process() -> None:
    assert isinstance(choose("moto", Clock(), lambda *_: True, pytest.fail), MotoBackend)


@pytest.mark.parametrize("name", ["ministack", "moto=http://127.0.0.1:5000", "", "Localstack"])
def test_who_names_no_backend_is_told_which_there_are(name: str) -> None:
    assert (
        refused(name)
        == f"--backend: there is no {name!r}; there is moto, moto-server[=URL], localstack[=URL]"
    )


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:4566",
        "ftp://127.0.0.1",
        "http://127.0.0.1:port",
        "http://:4566",
        "http://127.0.0.1:4566/path",
        "http://127.0.0.1:4566?a=b",
        "http://me@127.0.0.1:4566",
    ],
)
def test_what_is_no_url_is_told_how_one_looks(url: str) -> None:
    assert refused(f"localstack={url}") == f"--backend: {url!r} is not a URL like http://127.0.0.1:4566"


@pytest.mark.parametrize(
    "host", ["52.216.0.1", "169.254.169.254", "0.0.0.0", "[2600:1fa0::1]", "[::ffff:52.216.0.1]"]
)
@pytest.mark.parametrize("kind", ["localstack", "moto-server"])
def test_a_local_run_does_not_reach_aws(kind: str, host: str) -> None:
    assert "a public address: a backend has to be on this machine" in refused(f"{kind}=http://{host}:80")


def test_a_name_that_means_nothing_is_told() -> None:
    assert "the host's name cannot be looked up" in refused("localstack=http://no-such-host.invalid:4566")


@pytest.mark.parametrize(
    ("kind", "start"),
    [
        ("localstack", "start one: make localstack, or docker compose"),
        ("moto-server", "start one: moto_server"),
    ],
)
def test_where_nothing_answers_it_says_how_to_start_one(kind: str, start: str) -> None:
    assert start in refused(f"{kind}=http://127.0.0.1:9")


def test_without_a_url_localstack_is_where_its_own_clients_look(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(HEALTH) as url:
        monkeypatch.delenv("LOCALSTACK_ENDPOINT", raising=False)
        monkeypatch.setenv("LOCALSTACK_HOST", url.removeprefix("http://"))
        assert chosen("localstack") == []
        monkeypatch.setenv("LOCALSTACK_HOST", "127.0.0.1:1")
        monkeypatch.setenv("LOCALSTACK_ENDPOINT", url)
        assert chosen("localstack") == [], "the one that `make localstack` tells of comes first"


def test_without_a_url_they_are_where_they_usually_are(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOCALSTACK_ENDPOINT", "LOCALSTACK_HOST", "AWS_ENDPOINT_URL", "USE_SSL"):
        monkeypatch.delenv(name, raising=False)
    usual = {name: kind.usual() for name, kind in kinds.KINDS.items()}
    assert usual == {"moto-server": "http://127.0.0.1:5000", "localstack": "http://localhost:4566"}


def test_another_version_is_warned_of() -> None:
    with answering({**HEALTH, "version": "3.8.1"}) as url:
        expected = "LocalStack 3.8.1 is not the version that the harness is tested with, 4.14.0"
        assert chosen(f"localstack={url}") == [expected]


def test_every_service_that_is_missing_is_told() -> None:
    with answering({**HEALTH, "services": {"s3": "running", "kms": "disabled", "sqs": "error"}}) as url:
        said = refused(f"localstack={url}")
    assert "lacks kms (disabled), sns (absent), sqs (error)" in said
    assert "SERVICES=s3,kms,sns,sqs" in said


@pytest.mark.parametrize("kind", ["localstack", "moto-server"])
def test_something_else_is_not_taken_for_one(kind: str) -> None:
    with answering({}) as url:
        assert f"what answers at {url} is no" in refused(f"{kind}={url}")
