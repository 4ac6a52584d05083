"""Docker Compose as this machine has it: the docker command's plugin, of any version, or the program that it was."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import suppress
from functools import cache

from harness.model import HarnessError


@cache
def compose() -> tuple[str, ...]:
    """The words that call it. Raises HarnessError where it is not installed."""
    with suppress(OSError):
        asked = ["docker", "compose", "version"]
        if subprocess.run(asked, stdin=subprocess.DEVNULL, capture_output=True).returncode == 0:
            return ("docker", "compose")
    if shutil.which("docker-compose"):
        return ("docker-compose",)
    raise HarnessError(
        "Docker Compose is not installed, which SageMaker local mode needs: install the `docker` command with its "
        "plugin (`docker compose`), or with `docker-compose`; or leave out --runner docker"
    )
