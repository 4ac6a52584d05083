"""What is done while an engine runs: a command, or waiting for Ctrl-C."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

from engines.model import Engine

REFUSED = 2


def run(command: Sequence[str], engine: Engine) -> int:
    """The command's exit status; 128 and the signal's number if one ended it."""
    # Ctrl-C goes to the command as well, as it shares our terminal: it ends in its own way, and then the engine.
    signal.signal(signal.SIGINT, lambda *_: None)
    try:
        process = subprocess.Popen(command, env={**os.environ, **engine.variables})
    except OSError as error:
        print(f"error: {command[0]}: {error.strerror}", file=sys.stderr)
        return REFUSED
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: process.terminate())
    status = process.wait()
    return status if status >= 0 else 128 - status


def stay(engine: Engine) -> int:
    """Until Ctrl-C or SIGTERM, which are the ordinary end; 1 if the engine ends before."""
    try:
        print("It is up. In another shell:")
        for name, value in engine.variables.items():
            print(f"  export {name}={shlex.quote(value)}")
        print("End with Ctrl-C.", flush=True)
        while engine.alive():
            time.sleep(0.5)
    except (KeyboardInterrupt, SystemExit):
        return 0
    print("error: the engine has ended", file=sys.stderr)
    return 1
