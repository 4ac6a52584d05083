"""The backends that are had by URL: where each usually is, and what it says of itself."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass

from localstack_client import config

from harness.backends import held_policy
from harness.backends.connection import Connection
from harness.backends.place import checked
from harness.model import ApiCall, AwsError, HarnessError, HttpRequest, HttpResponse, Json

NEEDED = ("s3", "kms", "sns", "sqs")
"""The services that the gateway does not supply itself."""
VERSION = "4.14.0"
"""LocalStack's last that needs no token, and the one that the harness is tested with."""


@dataclass(frozen=True)
class Kind:
    """`look` is the page that tells of it, `start` how one is started, `empty` how one is emptied.

    `check` gets what `look` answered: raises ValueError where that is of something else, HarnessError where something
    is missing, and answers a warning, or nothing. `asked` is a request as it has to be put to it.
    """

    title: str
    usual: Callable[[], str]
    start: str
    empty: str
    look: str
    check: Callable[[HttpResponse], str]
    asked: Callable[[ApiCall, HttpRequest], HttpRequest]


def connected(kind: Kind, url: str, warn: Callable[[str], None]) -> Connection:
    """Raises HarnessError, see choice.choose."""
    connection = Connection(checked(url or kind.usual()), f"start {kind.title} again: {kind.start}")
    try:
        warning = kind.check(connection.get(kind.look))
    except AwsError as error:
        raise HarnessError(
            f"--backend: no {kind.title} answers at {connection.url}; start one: {kind.start}"
        ) from error
    except ValueError as error:
        raise HarnessError(
            f"--backend: what answers at {connection.url} is no {kind.title}: {kind.look} has not what it should"
        ) from error
    if warning:
        warn(warning)
    return connection


def _localstack() -> str:
    """What `make localstack` tells of, or else by the rules of LocalStack's own clients: LOCALSTACK_HOST and others,
    http://localhost:4566 without."""
    return os.environ.get("LOCALSTACK_ENDPOINT") or str(config.get_service_endpoint("s3"))


def _check_localstack(answer: HttpResponse) -> str:
    told: Json = json.loads(answer.body)
    if not isinstance(told, dict) or not isinstance(told.get("services"), dict):
        raise ValueError("no services")
    missing = {s: told["services"].get(s, "absent") for s in NEEDED}
    lacking = [f"{s} ({state})" for s, state in missing.items() if state not in ("available", "running")]
    if lacking:
        raise HarnessError(
            f"--backend: the LocalStack lacks {', '.join(lacking)}; start it without SERVICES, or with"
            f" SERVICES={','.join(NEEDED)}"
        )
    version = str(told.get("version", "unknown"))
    tested = f"LocalStack {version} is not the version that the harness is tested with, {VERSION}"
    return "" if version.startswith(VERSION) else tested


def _check_moto(answer: HttpResponse) -> str:
    """It tells neither its version nor its services: it has all that its moto has."""
    if answer.status != 200 or b"<title>Moto</title>" not in answer.body:
        raise ValueError("no Moto")
    return ""


KINDS = {
    "moto-server": Kind(
        "moto server",
        lambda: "http://127.0.0.1:5000",
        "moto_server -H 127.0.0.1 -p 5000",
        "empty it with `curl -X POST {url}/moto-api/reset`",
        "/moto-api/",
        _check_moto,
        held_policy.wrapped,
    ),
    "localstack": Kind(
        "LocalStack",
        _localstack,
        "make localstack, or docker compose up localstack",
        # What empties a running one comes with a token only.
        "end it and start it again, for it keeps nothing",
        "/_localstack/health",
        _check_localstack,
        lambda _, request: request,
    ),
}
