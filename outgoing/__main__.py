"""`python -m outgoing -- COMMAND...`: runs it, and tells at the end what would have left the machine.

Exit status: the command's; 1 if it succeeded and something was recorded; 2 if it cannot be recorded here.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from outgoing import canary, device, namespaces
from outgoing.recorder import record
from outgoing.report import report

USAGE = "usage: python -m outgoing -- COMMAND [ARGUMENT...]"
CANNOT = "error: outgoing packets cannot be recorded here"


def main(arguments: list[str]) -> int:
    command = arguments[1:] if arguments[:1] == ["--"] else arguments
    if not command or command[0].startswith("-"):
        return _refused(USAGE)
    with tempfile.TemporaryDirectory(prefix="outgoing-") as folder:
        # Users other than this one ask for names, too.
        os.chmod(folder, 0o755)
        return _recorded(Path(folder), command)


def _recorded(folder: Path, command: list[str]) -> int:
    try:
        namespaces.enter(folder)
        out = device.opened()
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        needed = f"root, or user namespaces, and {device.TUN} are needed"
        return _refused(f"{CANNOT}: {error.strerror or error}{where} ({needed})")
    if missing := ", ".join(sorted(canary.unseen(out))):
        return _refused(f"{CANNOT}: a canary went to {missing}, and the recorder did not see it")
    try:
        return _watched(out, command)
    except OSError as error:
        return _refused(f"error: {command[0]}: {error.strerror}")


def _refused(message: str) -> int:
    print(message, file=sys.stderr)
    return 2


def _watched(out: int, command: list[str]) -> int:
    # Ctrl-C goes to the command as well, as it shares our terminal: it ends in its own way, and we tell.
    signal.signal(signal.SIGINT, lambda *_: None)
    process = subprocess.Popen(command, env=without_proxies(os.environ))
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    sightings = list(record(out, process))
    status = process.wait()
    print(*report(sightings), sep="\n", flush=True)
    return (status if status >= 0 else 128 - status) or int(bool(sightings))


def without_proxies(environment: Mapping[str, str]) -> dict[str, str]:
    """A proxy on loopback would take a request out of the machine unseen: programs try the destination itself."""
    return {key: value for key, value in environment.items() if not key.lower().endswith("_proxy")}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
