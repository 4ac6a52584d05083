"""LocalStack's packages, which want another Python and other versions than the harness: an environment of their own."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from engines.model import Impossible, say

LOCK = Path(__file__).with_name("localstack-requirements.txt")
HOUSE = LOCK.parents[1]
# The release uses what is new in 3.13; with later ones it is not tried.
VERSION = "3.13"
SECONDS = 900


def installed() -> Path:
    """The environment's Python. It is made once for each lock. Raises Impossible."""
    name = f".venv-localstack-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:8]}"
    venv = HOUSE / name
    if not venv.exists():
        _made(venv)
    return venv / "bin" / "python"


def _made(venv: Path) -> None:
    python = _python()
    say(f"installing LocalStack into {venv.name}, once")
    # Under its name only once it is whole: its Python finds its packages wherever it is.
    part = venv.with_name(f"{venv.name}.{os.getpid()}")
    try:
        _uv("venv", "--quiet", "--python", python, str(part))
        _uv("pip", "install", "--quiet", "--python", str(part), "--require-hashes", "-r", str(LOCK))
        with suppress(OSError):  # another was quicker
            part.rename(venv)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _python() -> str:
    """uv knows those on PATH and its own, but not pyenv's."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    found = sorted(pyenv.glob(f"versions/{VERSION}.*/bin/python"))
    try:
        return str(found[-1]) if found else _uv("python", "find", "--no-python-downloads", VERSION)
    except Impossible as error:
        raise Impossible(f"LocalStack needs Python {VERSION}, and there is none on this machine") from error


def _uv(*arguments: str) -> str:
    """What it prints. Raises Impossible, with its last words, where it fails."""
    command = [sys.executable, "-m", "uv", *arguments]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS)
    if done.returncode != 0:
        said = done.stderr.strip().splitlines() or ["it said nothing"]
        raise Impossible(f"LocalStack can't be installed: {said[-1]}")
    return done.stdout.strip()
