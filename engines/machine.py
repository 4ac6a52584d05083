"""The programs that engines need, and how a CI server's machine gets them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache

from engines.model import Impossible, say

# Which of Debian's packages a program is in.
PACKAGES = {
    "dockerd": "docker.io",
    "docker-compose": "docker-compose",
    "debootstrap": "debootstrap",
    "unshare": "util-linux",
}
INSTALL_SECONDS = 600


def root() -> bool:
    return os.geteuid() == 0


def need(program: str, environment: Mapping[str, str] = os.environ) -> None:
    """Raises Impossible where it is not there, and may not be installed or can't be."""
    if shutil.which(program):
        return
    if environment.get("CI") != "true" or not root() or not shutil.which("apt-get"):
        raise Impossible(f"{program} is not installed (package {PACKAGES[program]})")
    _install()
    if not shutil.which(program):
        raise Impossible(f"package {PACKAGES[program]} has no {program} here")


@cache
def _install() -> None:
    """All that is missing, at once. Only a CI server's machine, which is made for the run, is changed."""
    missing = [package for program, package in PACKAGES.items() if not shutil.which(program)]
    say(f"installing {', '.join(missing)}")
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", *missing]):
        done = subprocess.run(
            ["apt-get", "-qq", *arguments],
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
        )
        if done.returncode != 0:
            lines = done.stderr.strip().splitlines() or ["it said nothing"]
            raise Impossible(f"apt-get {arguments[0]} failed: {lines[-1]}")
