"""Runs real Terraform on `infra/` against the harness: `python -m fake_accounts.terraform apply`.

Every root runs in a worker process, side by side; one more process serves the provider to all. Terraform is
told of it by TF_REATTACH_PROVIDERS, so that it downloads nothing. It writes only below the state directory.
"""

import argparse
import json
import os
import re
import signal
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

from fake_accounts.accounts import INFRA, load_accounts, profile_of_root, write_profiles
from fake_accounts.processes import Process

Command = Literal["apply", "plan", "destroy"]

LOCAL_VARIABLES = {"force_destroy": "true", "kms_deletion_window_in_days": "7"}
"""What a local run sets so that a destroy leaves nothing. Roots that declare no such variable ignore it."""

_PROVIDER = "registry.terraform.io/hashicorp/aws"
_ARGUMENTS: dict[Command, list[str]] = {
    "apply": ["apply", "-auto-approve"],
    "plan": ["plan", "-detailed-exitcode"],
    # No refresh: what is gone already is no error to delete.
    "destroy": ["destroy", "-auto-approve", "-refresh=false"],
}
_PLAIN = ["-no-color", "-input=false"]
_DRIFTED = 2  # exit code of a plan that found something to do
_DONE = ("Creation", "Modifications", "Destruction")


@dataclass(frozen=True)
class Outcome:
    """What Terraform did to one root.

    Attributes:
        root: The directory of `infra/`.
        ok: Whether Terraform succeeded.
        drifted: Whether a plan found something to do.
        added, changed, destroyed: How many resources were.
        output: All Terraform said; a plan's differences are there.
        error: Terraform's errors.
    """

    root: str
    ok: bool
    drifted: bool
    added: int
    changed: int
    destroyed: int
    output: str
    error: str


@dataclass(frozen=True)
class Terraform:
    """Terraform, aimed at the harness.

    Attributes:
        endpoint: The gateway's URL. Its socket must listen; it need not answer yet.
        state_dir: Where states, profiles and Terraform's own files are kept.
        infra: The description of the accounts. A root is named after its account: `prod`, `prod-events`.
        variables: Terraform variables, for the roots that declare them.
    """

    endpoint: str
    state_dir: Path
    infra: Path = INFRA
    variables: Mapping[str, str] = field(default_factory=lambda: LOCAL_VARIABLES)

    def run(self, command: Command, accounts: Iterable[str] = ()) -> Iterator[Outcome]:
        """Run a command on the roots of some accounts, or of all: side by side, but for those that are applied by a
        role which the others make; these come last, and are destroyed first.

        Args:
            command: What to do. A plan changes nothing.
            accounts: Names of accounts; none means all.

        Yields:
            Each root's outcome, as soon as it and those before it are known.

        Raises:
            KeyError: There is no such account.
            ProcessDied: The provider or a worker did.
        """
        roots = self._roots(accounts)
        profiles = write_profiles(self.state_dir.resolve() / "aws", self.endpoint, self.infra)
        # A unix socket's path has room for about 100 characters, so not every TMPDIR would do.
        sockets = Path("/tmp") / f"terraform-{uuid4().hex}"
        bare = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_"))}
        with ExitStack() as stack:
            start = stack.enter_context
            provider = start(
                Process("fake_accounts.provider", str(sockets), *roots, env={**bare, **profiles})
            )
            workers = {}
            for root in roots:
                env = {**bare, **self._environment(root, sockets / root)}
                workers[root] = start(Process("fake_accounts.terraform_worker", env=env))
            provider.answer()  # it serves
            for root in roots:
                workers[root].ask(json.dumps([self._init(root)]))
            begun = {root: json.loads(worker.answer()) for root, worker in workers.items()}
            for wave in self._waves(roots, command):
                able = [root for root in wave if begun[root][0] == 0]
                for root in able:
                    workers[root].ask(json.dumps([self._command(root, roots[root], command)]))
                for root in wave:
                    answer = json.loads(workers[root].answer()) if root in able else begun[root]
                    yield _outcome(root, command, *answer)

    def outputs(self, root: str) -> dict[str, Any]:
        """The output values of a root.

        Raises:
            FileNotFoundError: It was never applied.
        """
        state = json.loads(self._state(root).read_text())
        return {name: output["value"] for name, output in state["outputs"].items()}

    def _roots(self, accounts: Iterable[str]) -> dict[str, str]:
        """The roots to run, each with its account."""
        known = load_accounts(self.infra)
        wanted = {known[account].name for account in accounts} or known.keys()
        names = sorted(file.parent.name for file in self.infra.glob("*/providers.tf"))
        accounts_of = {root: root.partition("-")[0] for root in names}
        return {root: account for root, account in accounts_of.items() if account in wanted}

    def _waves(self, roots: Mapping[str, str], command: Command) -> list[list[str]]:
        """Roots that an account's own administrator applies, then those that need a role of the first."""
        own = [root for root, account in roots.items() if profile_of_root(root, self.infra) == account]
        waves = [own, [root for root in roots if root not in own]]
        return waves[::-1] if command == "destroy" else waves

    def _state(self, root: str) -> Path:
        return self.state_dir.resolve() / f"{root}.tfstate"

    def _environment(self, root: str, socket: Path) -> dict[str, str]:
        profile = profile_of_root(root, self.infra)
        address = {"Network": "unix", "String": str(socket)}
        attach = {"Protocol": "grpc", "ProtocolVersion": 6, "Pid": os.getpid(), "Test": True, "Addr": address}
        return {
            "TF_REATTACH_PROVIDERS": json.dumps({_PROVIDER: attach}),
            "TF_DATA_DIR": str(self.state_dir.resolve() / "terraform" / root),
            "TF_CLI_CONFIG_FILE": os.devnull,
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
            **{f"TF_VAR_{name}": value for name, value in {**self.variables, "profile": profile}.items()},
        }

    def _init(self, root: str) -> list[str]:
        return [self._chdir(root), "init", *_PLAIN]

    def _command(self, root: str, account: str, command: Command) -> list[str]:
        values = self.infra.resolve() / "environments" / f"{account}.tfvars.json"
        options = [f"-state={self._state(root)}", f"-var-file={values}"]
        return [self._chdir(root), *_ARGUMENTS[command], *_PLAIN, *options]

    def _chdir(self, root: str) -> str:
        return f"-chdir={self.infra.resolve() / root}"


def _outcome(root: str, command: Command, code: int, output: str, error: str) -> Outcome:
    drifted = command == "plan" and code == _DRIFTED
    return Outcome(root, code == 0 or drifted, drifted, *_counts(output), output, error)


def _counts(output: str) -> tuple[int, int, int]:
    """How many resources were added, changed and destroyed. Terraform sums up only what went well."""
    added, changed, destroyed = (len(re.findall(f": {done} complete", output)) for done in _DONE)
    return added, changed, destroyed


def main() -> int:
    """Run the command line: a line of JSON per root on stdout, errors and a plan's differences on stderr.

    Returns:
        The exit code: 1 for errors, 2 for a plan that found something to do, else 0.
    """
    parser = argparse.ArgumentParser(prog="python -m fake_accounts.terraform", description=__doc__)
    parser.add_argument("command", choices=_ARGUMENTS)
    parser.add_argument("--account", action="append", default=[], help="only this account; may be repeated")
    parser.add_argument("--state-dir", type=Path, required=True, help="where state is kept")
    parser.add_argument("--endpoint", default=os.environ.get("AWS_ENDPOINT_URL"), help="the gateway's URL")
    parser.add_argument("--infra", type=Path, default=INFRA, help="the description of the accounts")
    arguments = parser.parse_args()
    if not arguments.endpoint:
        parser.error("no endpoint: give --endpoint or set AWS_ENDPOINT_URL")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    terraform = Terraform(arguments.endpoint, arguments.state_dir, arguments.infra)
    codes = {0}
    for outcome in terraform.run(arguments.command, arguments.account):
        told = asdict(outcome)
        output, error = told.pop("output"), told.pop("error")
        print(json.dumps(told), flush=True)
        print(output if outcome.drifted else error, end="", file=sys.stderr)
        codes.add(_DRIFTED if outcome.drifted else int(not outcome.ok))
    return 1 if 1 in codes else max(codes)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
