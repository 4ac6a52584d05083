"""What an engine is to the rest."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass


class Impossible(Exception):
    """The engine can't be had on this machine. The text is one line, and says what is missing."""


class Mistake(Exception):
    """What was asked for is wrong. The text is one line, and says what to do."""


def always() -> bool:
    return True


@dataclass(frozen=True)
class Engine:
    """One that runs.

    Attributes:
        variables: What its users need in their environment.
        alive: Whether it still runs; one that we did not start is not asked.
    """

    variables: Mapping[str, str]
    alive: Callable[[], bool] = always


def say(line: str) -> None:
    """Progress, beside what the command prints."""
    print(f"engines: {line}", file=sys.stderr, flush=True)
