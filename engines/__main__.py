"""`python -m engines docker|localstack [OPTION...] [-- COMMAND...]`.

Exit status: the command's; 0 where there is no engine, with a line `skipped: why`; 2 for a mistake.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import NoReturn

from engines import command, docker_engine, localstack
from engines.model import Engine, Impossible, Mistake

EPILOG = "After -- comes a command, which the engine is there for. Without one it stays until Ctrl-C."
INTERRUPTED = 130

ENGINES: dict[str, Callable[[argparse.Namespace, bool], AbstractContextManager[Engine]]] = {
    "docker": lambda options, _: docker_engine.running(options.private, options.data_size),
    "localstack": lambda options, alone: localstack.running(options.port, alone),
}


def main(arguments: list[str]) -> int:
    at = arguments.index("--") if "--" in arguments else len(arguments)
    parser, words = _parser(), arguments[at + 1 :]
    options = parser.parse_args(arguments[:at])
    if arguments[at:] == ["--"]:
        parser.error("a command is missing after --")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _ended)
    try:
        with ENGINES[options.engine](options, not words) as engine:
            return command.run(words, engine) if words else command.stay(engine)
    except Impossible as why:
        print(f"skipped: {why}", flush=True)
        return 0
    except Mistake as error:
        print(f"error: {error}", file=sys.stderr)
        return command.REFUSED
    except KeyboardInterrupt:
        return INTERRUPTED


def _ended(number: int, _: object) -> NoReturn:
    """As an exception, so that what was begun is ended."""
    sys.exit(128 + number)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m engines", epilog=EPILOG, allow_abbrev=False)
    kinds = parser.add_subparsers(dest="engine", required=True)
    docker = kinds.add_parser("docker", help="the engine that runs, or one of its own", epilog=EPILOG)
    docker.add_argument("--private", action="store_true", help="one of its own in any case")
    docker.add_argument(
        "--data-size", type=megabytes, metavar="MB", help="one of its own, with a disk of that size"
    )
    local = kinds.add_parser("localstack", help="a LocalStack without Docker", epilog=EPILOG)
    local.add_argument("--port", type=port, metavar="N", help="on 127.0.0.1; with a command a free one")
    return parser


def megabytes(text: str) -> int:
    if (number := int(text)) < 1:
        raise ValueError
    return number


def port(text: str) -> int:
    if not 0 < (number := int(text)) < 65536:
        raise ValueError
    return number


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
