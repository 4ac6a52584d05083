"""Terraform as somebody types it, on a root of `infra/` or on Terraform of their own."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from fake_accounts.terraform import Terraform
from fake_accounts.terraform.workers import served

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
        states = terraform.states
        values = [f"-var-file={terraform.values(item)}"]
        if not terraform.deployment.state:
            values.append(f"-state={states.file(root)}")
        # As Terraform itself takes it: apply's last argument, where that is a file.
        saved_plan = arguments[0] == "apply" and (directory / arguments[-1]).is_file()
        environment |= _told(values, states.backend(item), saved_plan=saved_plan)
    with ExitStack() as stack:
        if terraform.stand_in:
            provider = stack.enter_context(served(["one"], terraform.environment()))
            provider.wait()
            environment |= provider.variables["one"]
        process = subprocess.Popen(
            [sys.executable, "-m", "fake_accounts.terraform.interactive", f"-chdir={directory}", *arguments],
            env=environment,
        )
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                pass  # Terraform has got it, too: it finishes what it has begun, and saves


def _told(values: Sequence[str], backend: Sequence[str], *, saved_plan: bool) -> dict[str, str]:
    """Arguments that Terraform adds by itself to a command of that name."""
    told = {"TF_CLI_ARGS_init": shlex.join(["-reconfigure", *backend])}
    if not saved_plan:  # it has its variables
        told |= {f"TF_CLI_ARGS_{name}": shlex.join(values) for name in _WITH_VARIABLES}
    return {**told, "TF_IN_AUTOMATION": os.environ.get("TF_IN_AUTOMATION", "")}
