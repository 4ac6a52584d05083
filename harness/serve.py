"""The gateway's process: `python -m harness.serve PORT FOLDER [START]`.

It says `ready http://127.0.0.1:PORT` on standard output when it can be called, and ends on SIGTERM, on Ctrl-C, on
`harness down`, or when the process that started it is gone.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from datetime import datetime
from pathlib import Path

from harness.model import HarnessError


def main(arguments: list[str]) -> int:
    port, folder, start = int(arguments[0]), Path(arguments[1]), (arguments[2:] or [""])[0]
    from harness.gateway.server import listen

    try:
        sock = listen(port)
    except HarnessError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    endpoint = f"http://127.0.0.1:{sock.getsockname()[1]}"
    # From here on calls are taken; they wait for an answer until the rest is up.
    print(f"ready {endpoint}", flush=True)
    # Heavy, so after the port is known to be ours.
    from fake_accounts.accounts import load_accounts
    from harness.app import App
    from harness.clock import Clock
    from harness.control import Control
    from harness.gateway.server import serve
    from harness.model import Credentials

    clock = Clock(datetime.fromisoformat(start) if start else None)
    app = App(folder, clock, endpoint, lambda text: print(f"warning: {text}", file=sys.stderr))
    app.add_administrators(
        (a.id, Credentials(a.access_key_id, a.secret_access_key)) for a in load_accounts().values()
    )
    stop = threading.Event()
    control = Control(app, stop.set)
    server = serve(sock, app.handle, control.handle)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
    thread.start()
    parent = os.getppid()
    while not stop.wait(0.5) and os.getppid() == parent:
        with contextlib.suppress(Exception):
            app.fire_due()
    server.should_exit = True
    thread.join(5)
    app.close()
    return 0


if __name__ == "__main__":
    # Not sys.exit: threads that wait on a job's end must not hold the process.
    code = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(code)
