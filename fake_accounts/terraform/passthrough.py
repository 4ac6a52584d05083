"""Terraform as somebody types it, on a root of `infra/` or on Terraform of their own."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

from fake_accounts.processes import Process
from fake_accounts.terraform import Terraform, reattached
from fake_accounts.terraform.state import States

_WITH_VARIABLES = ("plan", "apply", "destroy", "import", "refresh", "console")


def command(terraform: Terraform, arguments: Sequence[str], *, root: str, directory: Path) -> int:
    """Run a Terraform command on this process's input and output.

    Args:
        terraform: How AWS is reached.
        arguments: `plan -out=file`.
        root: A root of `infra/`, whose variables, state and profile Terraform is told of; or empty.
        directory: Where else Terraform is run.

    Returns:
        Terraform's exit code.

    Raises:
        KeyError: There is no such root.
        ProcessDied: The provider did.
    """
    item = terraform.deployment.roots[root] if root else None
    environment = terraform.environment(item)
    if not sys.stdout.isatty():
        environment |= {"TF_CLI_ARGS": "-no-color"}
    if item:
        directory = terraform.infra.resolve() / root
        states = States(terraform.deployment, terraform.folder, terraform.infra, terraform.with_profiles)
        environment |= _told(arguments, f"-var-file={terraform.values(item)}", states.backend(item))
    with ExitStack() as stack:
        if terraform.stand_in:
            sockets = Path("/tmp") / f"terraform-{uuid4().hex}"
            serving = ("fake_accounts.provider", str(sockets), "one")
            stack.enter_context(Process(*serving, env=terraform.environment())).answer()
            environment |= reattached(sockets / "one")
        process = subprocess.Popen(
            [sys.executable, "-m", "fake_accounts.terraform.interactive", f"-chdir={directory}", *arguments],
            env=environment,
        )
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                pass  # Terraform has got it, too: it finishes what it has begun, and saves


def _told(arguments: Sequence[str], values: str, backend: Sequence[str]) -> dict[str, str]:
    """Arguments that Terraform adds by itself to a command of that name."""
    named = [argument for argument in arguments if not argument.startswith("-")]
    told = {"TF_CLI_ARGS_init": shlex.join(["-reconfigure", *backend])}
    if named[:1] != ["apply"] or len(named) == 1:  # a saved plan has its variables
        told |= {f"TF_CLI_ARGS_{name}": shlex.quote(values) for name in _WITH_VARIABLES}
    return {**told, "TF_IN_AUTOMATION": os.environ.get("TF_IN_AUTOMATION", "")}
