"""Runs real Terraform on `infra/`: `python -m fake_accounts.terraform apply`.

Every root runs in a worker process, side by side. On the stand-in accounts one more process serves the provider to all,
which Terraform is told of by TF_REATTACH_PROVIDERS, so that it downloads nothing; on AWS `init` downloads the real one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Literal

from fake_accounts.accounts import INFRA
from fake_accounts.deployment import BadDeploymentError, Deployment, Item, load_deployment
from fake_accounts.processes import PATIENCE, Process
from fake_accounts.terraform.outcome import Outcome, ResourceChange
from fake_accounts.terraform.root import Root
from fake_accounts.terraform.state import States
from fake_accounts.terraform.workers import Worker, served

__all__ = ["Command", "Outcome", "ResourceChange", "Terraform"]

Command = Literal["apply", "plan", "destroy", "plan-destroy"]

_DO: dict[Command, Callable[[Root], Outcome]] = {
    "apply": Root.apply,
    "plan": Root.plan,
    "destroy": Root.destroy,
    "plan-destroy": Root.plan_destroy,
}
_CREDENTIALS = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"}
# Of whoever's shell this is: they would make something else of the roots. Their variables are in files.
_SHELLS_OWN = ("TF_VAR_", "TF_CLI_ARGS", "TF_WORKSPACE", "TF_REATTACH_PROVIDERS")
_PATIENCE_ON_AWS = 1200.0  # seconds; the longest that a resource of ours may take
# What is not on this machine is asked of a proxy, at the discard port, where nothing answers.
_LOOPBACK_ONLY = {
    **dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"), "http://127.0.0.1:9"),
    **dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost"),
}


@dataclass(frozen=True)
class Terraform:
    """Terraform, with the credentials and the endpoint of this process's environment.

    Attributes:
        folder: Where Terraform's own files are kept, plans, and states that are in no bucket.
        infra: The description of the accounts.
        stand_in: Whether our provider is used, and not the real one.
        with_profiles: Whether roots are applied with their profiles, or with the credentials of the environment.
        profiles: The profiles of roots that are not to be those of the deployment's description.
        going: Roots that a destruction takes back in other runs.
        say: Gets each line that Terraform says, with its root.
    """

    folder: Path
    infra: Path = INFRA
    stand_in: bool = True
    with_profiles: bool = True
    profiles: Mapping[str, str] = field(default_factory=dict)
    going: Iterable[str] = ()
    say: Callable[[str, str], None] = lambda root, line: None

    @cached_property
    def deployment(self) -> Deployment:
        """What `infra` says of how it is deployed."""
        return load_deployment(self.infra)

    @property
    def states(self) -> States:
        """Where the states of the roots are."""
        return States(self.deployment, self.folder.resolve(), self.infra.resolve(), self.with_profiles)

    def run(self, command: Command, roots: Iterable[str] | None = None) -> Iterator[Outcome]:
        """Run a command on some roots, or on all: those of a stage side by side, stage after stage; a destroy in
        reverse. What a plan would do it changes nothing of.

        Args:
            command: What to do. A plan changes nothing.
            roots: Their names; None means all.

        Yields:
            Each root's outcome, as soon as it and those before it are known.

        Raises:
            KeyError: There is no such root.
            ProcessDied: The provider or a worker did.
            BadDeploymentError: The states' bucket is another account's, or what is in it does not fit, or is needed
                by others than what is destroyed.
            ClientError, BotoCoreError: The states' bucket cannot be looked for, or a bucket not be emptied.
        """
        known = self.deployment.roots
        items = {name: known[name] for name in (known if roots is None else roots)}
        chosen = {name: replace(item, profile=self.profile(item)) for name, item in items.items()}
        if chosen:
            self.folder.mkdir(parents=True, exist_ok=True)
            with self._roots(chosen) as there:
                yield from self._through(command, there)

    def outputs(self, root: str) -> dict[str, object]:
        """The output values of a root; none where it was never applied."""
        with self._roots({root: self.deployment.roots[root]}) as roots:
            state = roots[root].state()
        outputs = json.loads(state.output or "{}").get("outputs", {}) if state.code == 0 else {}
        return {name: output["value"] for name, output in outputs.items()}

    def _through(self, command: Command, roots: Mapping[str, Root]) -> Iterator[Outcome]:
        """The roots' outcomes; that of making the bucket of the states is one with its root's."""
        self._prepare(command, roots)
        first = self._bootstrapped(roots) if command == "apply" else None
        if first is None:
            yield from self._in_turn(command, roots)
        elif not first.ok:
            yield first
        else:
            roots = {name: replace(root, in_bucket=True) for name, root in roots.items()}
            for outcome in self._in_turn(command, roots):
                yield first.before(outcome) if first.root == outcome.root else outcome

    def _prepare(self, command: Command, roots: Mapping[str, Root]) -> None:
        """What the states need before all else. Raises BadDeploymentError."""
        place = self.deployment.state
        if place is None:
            return
        self.states.copy()
        maker = roots.get(place.root)
        if maker and maker.in_bucket and command in ("destroy", "plan-destroy"):
            self._check_not_needed(maker.states, roots)
        for root in roots.values():
            root.save_errored()

    def _check_not_needed(self, states: States, roots: Iterable[str]) -> None:
        """The bucket of the states goes with the root that makes it. Raises BadDeploymentError."""
        if needed := states.needed({*roots, *self.going}):
            raise BadDeploymentError(
                f"the bucket of Terraform's state would go, and is needed for {', '.join(needed)}: destroy that "
                "first, or all together; a .tflock is somebody's who is at work, or was killed (force-unlock)"
            )

    def _bootstrapped(self, roots: Mapping[str, Root]) -> Outcome | None:
        """What became of making the bucket of the states; None where there is one, or is to be none."""
        place = self.deployment.state
        if place is None or any(root.in_bucket for root in roots.values()):
            return None
        if place.root in roots:
            return roots[place.root].bootstrap(place.target)
        problem = f"there is no bucket {place.bucket} for Terraform's state"
        problem += f"; root {place.root} makes it: apply that first"
        return Outcome(self._waves(roots)[0][0].item.name, False, error=f"Error: {problem}\n")

    def _in_turn(self, command: Command, roots: Mapping[str, Root]) -> Iterator[Outcome]:
        waves = self._backwards(roots) if command == "destroy" else self._waves(roots)
        with ThreadPoolExecutor() as pool:
            for wave in waves:
                well = True
                for outcome in pool.map(_DO[command], wave):
                    yield outcome
                    well &= outcome.ok
                if not well and not command.startswith("plan"):
                    return  # what comes next builds on it

    def _waves(self, roots: Mapping[str, Root]) -> list[list[Root]]:
        """Those of a stage at once."""
        waves = [[roots[name] for name in stage.roots if name in roots] for stage in self.deployment.stages]
        return [wave for wave in waves if wave]

    def _backwards(self, roots: Mapping[str, Root]) -> list[list[Root]]:
        """As a destruction goes: the root with the bucket of the states is its last."""
        place = self.deployment.state
        last = [roots[place.root]] if place and place.root in roots else []
        return [*([root for root in wave if root not in last] for wave in reversed(self._waves(roots))), last]

    @contextmanager
    def _roots(self, items: Mapping[str, Item]) -> Iterator[dict[str, Root]]:
        """The roots, each with a process of its own."""
        states = self.states
        with self._workers(items) as workers:
            in_bucket = states.in_bucket()
            roots = {}
            for name, item in items.items():
                profile = self.profile(item) if self.with_profiles else None
                roots[name] = Root(item, workers[name], states, self.values(item), profile, in_bucket)
            yield roots

    @contextmanager
    def _workers(self, items: Mapping[str, Item]) -> Iterator[dict[str, Worker]]:
        # On AWS what has been begun takes its time, and what is not waited for is in no state.
        patience = PATIENCE if self.stand_in else _PATIENCE_ON_AWS
        with ExitStack() as stack:
            provider = stack.enter_context(served(items, self.environment())) if self.stand_in else None
            workers = {}
            for name, item in items.items():
                env = {**self.environment(item), **(provider.variables[name] if provider else {})}
                process = Process("fake_accounts.terraform.worker", env=env, patience=patience)
                workers[name] = Worker(stack.enter_context(process), partial(self.say, name))
            if provider:
                provider.wait()
            yield workers

    def environment(self, item: Item | None = None) -> dict[str, str]:
        """The environment that a root's Terraform, or the provider, runs in."""
        kept = {n: text for n, text in os.environ.items() if not (item and n.startswith(_SHELLS_OWN))}
        if self.with_profiles:
            kept = {name: text for name, text in kept.items() if name not in _CREDENTIALS}
        if self.stand_in:
            kept |= {"TF_CLI_CONFIG_FILE": os.devnull, **_LOOPBACK_ONLY}
        if item:
            kept |= {"TF_DATA_DIR": str(self.folder.resolve() / "terraform" / item.name)}
            kept |= {"TF_VAR_profile": self.profile(item)} if self.with_profiles else {}
        return {**kept, "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}

    def profile(self, item: Item) -> str:
        """Who applies a root."""
        return self.profiles.get(item.name, item.profile)

    def values(self, item: Item) -> Path:
        """The file of a root's variables."""
        return self.infra.resolve() / "environments" / f"{item.account.name}.tfvars.json"
