"""Helper processes that are asked and answer by lines, and end with whoever started them."""

import subprocess
import sys
from pathlib import Path
from typing import Self

PATIENCE = 15.0
"""Seconds that a process has to end in good order, Terraform saving its state."""
_CHECKOUT = Path(__file__).resolve().parent.parent


class ProcessDied(Exception):
    """A helper process ended without an answer. Its stderr, which is ours, tells why."""


class Process:
    """`python -m module`, from its making until the end of its `with` block.

    It ends when its stdin does, and so outlives nobody. Ctrl-C is kept from it: its starter ends it.
    """

    def __init__(self, module: str, *arguments: str, env: dict[str, str], patience: float = PATIENCE) -> None:
        self._module = module
        self._patience = patience
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=env,
            cwd=_CHECKOUT,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._process.communicate(timeout=self._patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()

    def ask(self, line: str) -> None:
        """Send a line.

        Raises:
            ProcessDied: It ended already.
        """
        try:
            print(line, file=self._process.stdin, flush=True)
        except BrokenPipeError:
            raise ProcessDied(f"{self._module} has ended") from None

    def answer(self) -> str:
        """Wait for a line.

        Raises:
            ProcessDied: It ended instead.
        """
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise ProcessDied(f"{self._module} has ended")
        return line
