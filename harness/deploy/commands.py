"""Runs a tenant's commands, each in a process of its own: `python -m pipelines.deploy --environment dev --json`.

What such a command has to be is told in docs/deploy.md.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import get_args

from fake_accounts.deployment import Item
from harness.deploy.model import Action, Change


def run(
    command: str, item: Item, checkout: Path, *, profile: str, plan: bool, say: Callable[[str], None]
) -> tuple[list[Change], str]:
    """Runs a command for one environment, in this process's environment.

    Args:
        command: A module, and words for it.
        item: The environment.
        checkout: Where the module is.
        profile: Whose credentials; empty for the environment's.
        plan: Whether it only tells what it would do.
        say: Gets each line of its standard error, where it goes well.

    Returns:
        What it did, and why it did no more, in its own words; nothing where it went well.
    """
    arguments = [*command.split(), "--environment", item.name, "--json"]
    arguments += ["--profile", profile] if profile else []
    arguments += ["--plan"] if plan else []
    with subprocess.Popen(
        [sys.executable, "-m", *arguments],
        cwd=checkout,
        # The checkout's own modules, and not those that are installed.
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(checkout), os.environ.get("PYTHONPATH", "")])},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            out, error = process.communicate()
        except BaseException:
            process.terminate()
            raise
    lines = [(line, _change(item.name, line)) for line in out.splitlines()]
    other = [line for line, change in lines if change is None]
    why = ""
    if process.returncode != 0:
        why = _words(error) or _words("\n".join(other)) or f"it ended with exit status {process.returncode}"
    elif other:
        why = f"it said {other[0]!r}, which is not a change: see docs/deploy.md"
    else:
        for line in error.splitlines():
            say(f"{item.name}: {line}")
    return [change for _, change in lines if change], why and f"{command} ({item.name}): {why}"


def _words(said: str) -> str:
    """A command's error, or else all that it said: of code that is broken, a traceback."""
    last = said.strip().rpartition("\n")[2]
    return last.removeprefix("error: ") if last.startswith("error: ") else said.strip()


def _change(place: str, line: str) -> Change | None:
    try:
        told = json.loads(line)
        if told["change"] not in get_args(Action):
            return None
        return Change(place, told["change"], told["kind"], told["name"], told.get("diff") or "")
    except (ValueError, KeyError, TypeError):
        return None
