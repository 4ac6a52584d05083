"""Runs a tenant's commands, each in a process of its own: `python -m pipelines.deploy --environment dev --json`.

What such a command has to be is told in docs/deploy.md.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from fake_accounts.deployment import Item
from harness.deploy.model import Change
from harness.model import HarnessError


def run(command: str, item: Item, checkout: Path, *, profile: str, plan: bool) -> list[Change]:
    """Runs a command for one environment, in this process's environment.

    Args:
        command: A module, and words for it.
        item: The environment.
        checkout: Where the module is.
        profile: Whose credentials; empty for the environment's.
        plan: Whether it only tells what it would do.

    Returns:
        What it did.

    Raises:
        HarnessError: It failed; in its own words.
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
    if process.returncode != 0:
        told = error.strip().splitlines() or [f"it ended with exit status {process.returncode}"]
        raise HarnessError(f"{command} ({item.name}): {told[-1].removeprefix('error: ')}")
    return [_change(command, item, line) for line in out.splitlines()]


def _change(command: str, item: Item, line: str) -> Change:
    try:
        told = json.loads(line)
        return Change(item.name, told["change"], told["kind"], told["name"], told.get("diff") or "")
    except (ValueError, KeyError, TypeError) as error:
        raise HarnessError(
            f"{command} ({item.name}) said {line!r}, which is not a change: see docs/deploy.md"
        ) from error
