"""`examples/sdk_v3` and the environment of its own that it runs in."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from harness.stack import Stack, scrubbed
from tests.e2e.account import ROOT

EXAMPLE = ROOT / "examples" / "sdk_v3"
LOCK = EXAMPLE / "requirements.txt"
UV = Path(sys.executable).with_name("uv")
Done = subprocess.CompletedProcess[str]


def environment_of_its_own() -> Path:
    """Its Python. The environment is made where the lock has changed, or there is none yet."""
    folder = ROOT / f".venv-sdk3-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]}"
    python, ready = folder / "bin" / "python", folder / ".ready"
    if not ready.exists():
        _do(sys.executable, "-m", "venv", "--clear", "--without-pip", str(folder))
        _do(
            str(UV), "pip", "install", "--quiet", "--python", str(python), "--require-hashes", "-r", str(LOCK)
        )
        ready.touch()
    return python


def run(python: Path, stack: Stack, *arguments: str) -> Done:
    """Python in a shell of dev's, as `harness env dev` makes it; this checkout's root is its folder."""
    shell = scrubbed({**stack.environment(), "AWS_PROFILE": "dev", "MAMMOGRAPHY_OFFLINE": "1"})
    return subprocess.run(
        [str(python), *arguments],
        cwd=ROOT,
        env=shell,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def _do(*command: str) -> None:
    subprocess.run(command, check=True, timeout=900)
