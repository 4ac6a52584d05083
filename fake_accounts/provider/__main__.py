"""`python -m fake_accounts.provider DIRECTORY ROOT...`: serves a provider per root until stdin ends.

Makes the directory, with a socket named after each root, says `ready`, and removes it at the end: it is this
process's own, so that nothing is left behind even when whoever started it is killed.
"""

import os
import signal
import sys
from pathlib import Path
from shutil import rmtree

from fake_accounts.provider.serving import serve


def main(directory: Path, roots: list[str]) -> None:
    """Serve."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    directory.mkdir(mode=0o700)
    try:
        _servers = [serve(directory / root) for root in roots]
        print("ready", flush=True)
        sys.stdin.read()
    except BrokenPipeError:
        pass  # whoever started us is gone
    finally:
        rmtree(directory, ignore_errors=True)  # servers that end take their sockets away themselves
    os._exit(0)  # nothing is left to do, and taking the servers down in good order takes half a second


main(Path(sys.argv[1]), sys.argv[2:])
