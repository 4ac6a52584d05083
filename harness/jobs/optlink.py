"""Where no private mounts are to be had: /opt/ml as a link, which one job at a time may own."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.model import HarnessError

WAYS_OUT = (
    "Ways out: allow user namespaces (on Ubuntu 24.04 `sudo sysctl -w "
    "kernel.apparmor_restrict_unprivileged_userns=0`, for a container `--cap-add SYS_ADMIN`), run the "
    "harness in bubblewrap (`bwrap --dev-bind / / --tmpfs /opt ...`)."
)


class OptLink:
    """The link /opt/ml. `opt` is /opt; tests say otherwise."""

    def __init__(self, opt: Path = Path("/opt")) -> None:
        self._opt = opt
        self.path = opt / "ml"

    def check(self, reason: str) -> str:
        """The warning to give where links work; HarnessError where they don't either."""
        if not os.access(self._opt, os.W_OK):
            raise HarnessError(
                f"Jobs need their own {self.path}, and can't have it: no private mounts ({reason}), and "
                f"{self._opt} is not writable. {WAYS_OUT}"
            )
        if self.path.exists() and not self._in_use():
            raise HarnessError(
                f"Jobs need their own {self.path}, and can't have it: no private mounts ({reason}), and "
                f"{self.path} exists. Remove it, if a harness that died left it. {WAYS_OUT}"
            )
        return (
            f"No private mounts here ({reason}): {self.path} is a link and jobs run one at a time, with the "
            f"machine's own /tmp. {WAYS_OUT}"
        )

    @contextmanager
    def owned(self, root: Path, wait: Callable[[], None]) -> Iterator[None]:
        """Holds the link to `root`. Calls `wait` between tries while another job holds it."""
        directory = os.open(self._opt, os.O_RDONLY)
        try:
            while not _locked(directory):
                wait()
            if self.path.is_symlink() and not self.path.exists():
                self.path.unlink()  # left by a harness that died, whose jobs' folders are gone
            self.path.symlink_to(root)
            try:
                yield
            finally:
                self.path.unlink()
        finally:
            os.close(directory)

    def _in_use(self) -> bool:
        """Whether another harness runs a job at this moment: its link goes with the job."""
        directory = os.open(self._opt, os.O_RDONLY)
        try:
            return not _locked(directory)
        finally:
            os.close(directory)


def _locked(directory: int) -> bool:
    try:
        fcntl.flock(directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
