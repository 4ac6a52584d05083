"""A local run cannot touch AWS: names of AWS's hosts do not resolve in a process that loads this.

Python imports a module of this name at its start where its folder is on PYTHONPATH. The SageMaker SDK's telemetry,
which calls home on every pipeline call, ends here too; its own switch works, but makes the SDK validate its whole
configuration at every look-up, which costs ten seconds a deployment.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import logging
import socket
import sys
from pathlib import Path
from typing import Any

AWS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".aws.dev")


def guard() -> None:
    """Makes the look-up of an AWS host's name an error, in this process."""
    look_up = socket.getaddrinfo
    if getattr(look_up, "guards_aws", False):
        return

    def guarded(host: Any, *arguments: Any, **named: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else str(host or "")
        if name.lower().rstrip(".").endswith(AWS):
            raise socket.gaierror(
                socket.EAI_FAIL,
                f"{name} is AWS's: a local run of the harness does not call it (unset PYTHONPATH?)",
            )
        return look_up(host, *arguments, **named)

    guarded.guards_aws = True  # type: ignore[attr-defined]
    socket.getaddrinfo = guarded
    # Else it would log each of its failed calls home, with a traceback.
    logging.getLogger("sagemaker.telemetry.telemetry_logging").disabled = True


def _next() -> None:
    """Runs the sitecustomize that this one hides: a distribution's, or the user's.

    It looks behind its own folder only: another checkout's may be there as well, and would call this one again.
    """
    here = Path(__file__).parent.resolve()
    folders = [folder for folder in sys.path if folder]
    own = [n for n, folder in enumerate(folders) if Path(folder).resolve() == here]
    hidden = folders[own[-1] + 1 :] if own else []
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", hidden)
    if spec and spec.loader:
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)


if __name__ == "sitecustomize":
    guard()
    _next()
