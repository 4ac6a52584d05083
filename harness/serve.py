"""The gateway's process: `python -m harness.serve PORT FOLDER [--start TIME] [--iam MODE] [--runner …] [--images …]
[--backend …] [--catalogue …]`.

Its first line on standard output is `ready http://127.0.0.1:PORT`, once it can be called; where it has to end because
of a mistake of the user's or the machine's, the last is `error TEXT`. It ends on SIGTERM, on Ctrl-C, on `harness down`,
or when its standard input does: when the process that started it is gone. FOLDER goes with it.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import shutil
import signal
import socket
import sys
import threading
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from harness.model import HarnessError

if TYPE_CHECKING:
    from harness.access.context import Organization
    from harness.app import App

_TICK = 0.5  # real seconds between two looks at what has fallen due


def main(arguments: list[str]) -> int:
    wanted = _read(arguments)
    folder = wanted.folder
    folder.mkdir(parents=True, exist_ok=True)
    stop = threading.Event()
    threading.Thread(target=_until_starter_is_gone, args=(stop,), daemon=True).start()
    from harness.gateway.server import listen

    try:
        sock = listen(wanted.port, wanted.host)
        # From here on calls are taken; they wait for an answer until the rest is up.
        print(f"ready http://127.0.0.1:{sock.getsockname()[1]}", flush=True)
        _serve(sock, wanted, stop)
    except HarnessError as error:
        print(f"error {error}", flush=True)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _read(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m harness.serve")
    parser.add_argument("port", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--host", default="127.0.0.1", help="where to listen; see `harness up --help`")
    parser.add_argument("--start", type=datetime.fromisoformat, help="the virtual clock's first time")
    parser.add_argument("--iam", default="enforce", choices=("enforce", "audit", "off"))
    parser.add_argument("--runner", default="process", choices=("process", "docker"))
    parser.add_argument("--images", default="stand-ins", choices=("stand-ins", "aws"))
    parser.add_argument(
        "--backend", default="moto", help="moto, or moto-server or localstack, each with =URL"
    )
    parser.add_argument("--catalogue", default="", help="a file of images beside images/catalogue.toml")
    return parser.parse_args(arguments)


def _until_starter_is_gone(stop: threading.Event) -> None:
    # Unbuffered: a thread that holds a buffered reader's lock would break the process's end.
    while os.read(0, 1024):
        pass
    stop.set()


def _serve(sock: socket.socket, wanted: argparse.Namespace, stop: threading.Event) -> None:
    # Heavy, so after the port is known to be ours.
    from fake_accounts.accounts import load_accounts
    from harness.app import App
    from harness.clock import Clock
    from harness.gateway.server import listen_beside
    from harness.model import GATEWAY_SOCKET, Credentials, Engines

    clock = Clock(wanted.start)
    endpoint = f"http://127.0.0.1:{sock.getsockname()[1]}"
    engines = Engines(wanted.runner, wanted.images, wanted.backend, wanted.catalogue)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    # Before the app, which makes the first relay: that looks for it.
    beside = [listen_beside(wanted.folder / GATEWAY_SOCKET)] if engines.runner == "docker" else []
    with closing(App(wanted.folder, clock, endpoint, _warn, wanted.iam, organization(), engines)) as app:
        app.add_administrators(
            (a.id, Credentials(a.access_key_id, a.secret_access_key)) for a in load_accounts().values()
        )
        _take_calls([sock, *beside], app, stop)


def _take_calls(sockets: list[socket.socket], app: App, stop: threading.Event) -> None:
    from harness.control import Control
    from harness.gateway.server import serve

    control = Control(app, stop.set)
    server = serve(app.handle, control.handle)
    thread = threading.Thread(target=server.run, kwargs={"sockets": sockets}, daemon=True)
    thread.start()
    while not stop.wait(_TICK):
        with contextlib.suppress(Exception):
            control.fire_due()
    # Calls that wait for news are cut off; the server would call that an error.
    logging.getLogger("uvicorn.error").disabled = True
    server.should_exit = True
    thread.join(5)


def organization() -> Organization | None:
    """The one that infra/ describes, if any. Raises HarnessError where that has a mistake."""
    from fake_accounts.accounts import load_organization
    from harness.access.context import Organization
    from harness.iam.grammar import Malformed, check

    try:
        found = load_organization()
    except (OSError, ValueError) as error:
        raise HarnessError(f"infra/organization: {error}") from error
    if found is None:
        return None
    for name, text in (policy for levels in found.levels.values() for level in levels for policy in level):
        try:
            check(text, "scp")
        except Malformed as error:
            raise HarnessError(f"infra/organization/{name}: {error}") from error
    return Organization(found.id, found.levels)


def _warn(text: str) -> None:
    print(f"warning: {text}", file=sys.stderr)


if __name__ == "__main__":
    # Not sys.exit: threads that wait on a job's end must not hold the process.
    code = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(code)
