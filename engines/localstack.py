"""A LocalStack: its last release without a licence, installed beside the harness, without Docker."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

from engines.localstack_venv import installed
from engines.model import Engine, Impossible, Mistake, say
from engines.processes import own_folder, server, wait_until

HOST = "127.0.0.1"
SITE = Path(__file__).with_name("site")
USUAL_PORT = 4566
SERVICES = ("s3", "kms", "sns", "sqs", "logs", "cloudwatch")


@contextmanager
def running(port: int | None, alone: bool) -> Iterator[Engine]:
    """On `port`, or on the usual one where it is `alone`, without a command, or else on a free one.

    Raises Impossible, and Mistake for a port that is taken.
    """
    chosen = _port(port or (USUAL_PORT if alone else 0))
    python = installed()
    with own_folder() as folder:
        url = f"http://{HOST}:{chosen}"
        begun = time.monotonic()
        command = [str(python), "-m", "localstack.runtime.main"]
        with server(command, folder, _environment(folder, chosen), signal.SIGTERM) as process:
            wait_until(lambda: _all_run(url), process, folder, "LocalStack")
            say(f"LocalStack is up after {time.monotonic() - begun:.0f} s at {url}")
            yield Engine({"LOCALSTACK_ENDPOINT": url}, lambda: process.poll() is None)


def _port(wanted: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted))
        except OSError as error:
            raise Mistake(f"port {wanted} is taken: name another with --port") from error
        return int(probe.getsockname()[1])


def _environment(folder: Path, port: int) -> dict[str, str]:
    """Nothing of ours, so that no credentials and no settings come into it; and nothing that it would fetch."""
    return {
        "PATH": os.defpath,
        "HOME": str(folder),
        "PYTHONPATH": str(SITE),
        "FILESYSTEM_ROOT": str(folder),
        # Else it may take this machine for its own container, and writes where all others do.
        "OVERRIDE_IN_DOCKER": "0",
        # Of an IPv4 address its server takes the port only, and listens on every interface. This is the same address.
        "GATEWAY_LISTEN": f"[::ffff:{HOST}]:{port}",
        "SERVICES": ",".join(SERVICES),
        "STRICT_SERVICE_LOADING": "1",
        "EAGER_SERVICE_LOADING": "1",
        "LS_LOG": "warning",
        "DISABLE_EVENTS": "1",
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        "DNS_ADDRESS": "0",
    }


def _all_run(url: str) -> bool:
    try:
        with build_opener(ProxyHandler({})).open(f"{url}/_localstack/health", timeout=5) as answer:
            states = json.load(answer)["services"]
    except (OSError, ValueError):
        return False
    if broken := [name for name in SERVICES if states[name] == "error"]:
        raise Impossible(f"LocalStack can't run {', '.join(broken)}")
    return all(states[name] == "running" for name in SERVICES)
