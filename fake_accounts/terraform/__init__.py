"""Runs real Terraform on `infra/`: `python -m fake_accounts.terraform apply`.

Every root runs in a worker process, side by side. On the stand-in accounts one more process serves the provider to all,
which Terraform is told of by TF_REATTACH_PROVIDERS, so that it downloads nothing; on AWS `init` downloads the real one.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Literal
from uuid import uuid4

from fake_accounts import buckets
from fake_accounts.accounts import INFRA
from fake_accounts.deployment import BadDeploymentError, Deployment, Item, load_deployment
from fake_accounts.processes import PATIENCE, Process
from fake_accounts.terraform import outcome as outcomes
from fake_accounts.terraform import state as states
from fake_accounts.terraform.outcome import Outcome, ResourceChange

__all__ = ["Command", "Outcome", "ResourceChange", "Terraform"]

Command = Literal["apply", "plan", "destroy", "plan-destroy"]

PROVIDER = "registry.terraform.io/hashicorp/aws"
_CREDENTIALS = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"}
# Of whoever's shell this is: they would make something else of the roots. Their variables are in files.
_SHELLS_OWN = ("TF_VAR_", "TF_CLI_ARGS", "TF_WORKSPACE", "TF_REATTACH_PROVIDERS")
_PLAIN = ["-no-color", "-input=false"]
# No refresh: what is gone already is no error to delete.
_DESTROY = ["-destroy", "-refresh=false"]
_PLAN_FOUND_CHANGES = 2
_PATIENCE_ON_AWS = 1200.0  # seconds; the longest that a resource of ours may take
# What is not on this machine is asked of a proxy, at the discard port, where nothing answers.
_LOOPBACK_ONLY = {
    **dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"), "http://127.0.0.1:9"),
    **dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost"),
}


@dataclass(frozen=True)
class _Answer:
    """A Terraform command's end."""

    code: int
    output: str
    error: str


class _Worker:
    """One root's Terraform; see worker.py."""

    def __init__(self, process: Process, say: Callable[[str], None]) -> None:
        self._process = process
        self._say = say

    def run(self, directory: Path, *arguments: str) -> _Answer:
        """Raises ProcessDied."""
        self._process.ask(json.dumps([f"-chdir={directory}", *arguments]))
        while "code" not in (told := json.loads(self._process.answer())):
            self._say(told["said"])
        return _Answer(**told)

    def all(self, directory: Path, *commands: list[str]) -> _Answer:
        """One after another, until one fails; answers the last."""
        for arguments in commands:
            answer = self.run(directory, *arguments)
            if answer.code != 0:
                break
        return answer


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

    def run(self, command: Command, roots: Iterable[str] = ()) -> Iterator[Outcome]:
        """Run a command on some roots, or on all: those of a stage side by side, stage after stage; a destroy in
        reverse. What a plan would do it changes nothing of.

        Args:
            command: What to do. A plan changes nothing.
            roots: Their names; none means all.

        Yields:
            Each root's outcome, as soon as it and those before it are known.

        Raises:
            KeyError: There is no such root.
            ProcessDied: The provider or a worker did.
            BadDeploymentError: The states' bucket is another account's, or what is in it does not fit, or is needed
                by others than what is destroyed.
            ClientError, BotoCoreError: The states' bucket cannot be looked for, or a bucket not be emptied.
        """
        named = {name: self.deployment.roots[name] for name in roots} or self.deployment.roots
        chosen = {name: replace(item, profile=self.profile(item)) for name, item in named.items()}
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._workers(chosen) as workers, ThreadPoolExecutor() as pool:
            run = _Run(self, self._states, workers, chosen)
            waves = [[r for r in stage.roots if r in chosen] for stage in self.deployment.stages]
            yield from run.waves(command, [wave for wave in waves if wave], pool)

    def outputs(self, root: str) -> dict[str, object]:
        """The output values of a root; none where it was never applied."""
        item = self.deployment.roots[root]
        with self._workers({root: item}) as workers:
            run = _Run(self, self._states, workers, {root: item})
            state = run.state(root, in_bucket=self._states.in_bucket())
        outputs = json.loads(state.output or "{}").get("outputs", {}) if state.code == 0 else {}
        return {name: output["value"] for name, output in outputs.items()}

    @property
    def _states(self) -> states.States:
        return states.States(self.deployment, self.folder.resolve(), self.infra.resolve(), self.with_profiles)

    @contextmanager
    def _workers(self, roots: Mapping[str, Item]) -> Iterator[dict[str, _Worker]]:
        sockets = sockets_folder()
        with ExitStack() as stack:
            start = stack.enter_context
            serving = ("fake_accounts.provider", str(sockets), *roots)
            provider = start(Process(*serving, env=self.environment())) if self.stand_in else None
            workers = {}
            for root, item in roots.items():
                env = {**self.environment(item), **(reattached(sockets / root) if provider else {})}
                # On AWS what has been begun takes its time, and what is not waited for is in no state.
                patience = PATIENCE if self.stand_in else _PATIENCE_ON_AWS
                process = start(Process("fake_accounts.terraform.worker", env=env, patience=patience))
                workers[root] = _Worker(process, partial(self.say, root))
            if provider:
                provider.answer()  # it serves
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


@dataclass(frozen=True)
class _Run:
    """A command on its way through the roots."""

    terraform: Terraform
    states: states.States
    workers: Mapping[str, _Worker]
    roots: Mapping[str, Item]

    def waves(self, command: Command, waves: list[list[str]], pool: ThreadPoolExecutor) -> Iterator[Outcome]:
        in_bucket = self.states.in_bucket()
        place = self.states.deployment.state
        if place:
            self.states.copy()
        if command in ("destroy", "plan-destroy") and place and place.root in self.roots and in_bucket:
            self._check_not_needed()
        for root in self.roots if in_bucket else ():
            self._saved_now(root)
        first: Outcome | None = None
        if command == "apply" and place and not in_bucket:
            first = self._bootstrap(place.root, place.target) if place.root in self.roots else None
            if first is None or not first.ok:
                yield first or self._too_early(waves[0][0])
                return
            in_bucket = True
        if command == "destroy":
            last = [place.root] if place and place.root in self.roots else []
            waves = [*([r for r in wave if r not in last] for wave in reversed(waves)), last]
        one = {"apply": self._apply, "destroy": self._destroy}.get(command) or self._planner(command)
        for wave in waves:
            well = True
            for outcome in pool.map(lambda root: one(root, in_bucket=in_bucket), wave):
                yield _joined(first, outcome) if first and first.root == outcome.root else outcome
                well &= outcome.ok
            if not well and not command.startswith("plan"):
                return  # what comes next builds on it

    def _check_not_needed(self) -> None:
        """The bucket of the states goes with the root that makes it. Raises BadDeploymentError."""
        if needed := self.states.needed({*self.roots, *self.terraform.going}):
            raise BadDeploymentError(
                f"the bucket of Terraform's state would go, and is needed for {', '.join(needed)}: destroy that "
                "first, or all together; a .tflock is somebody's who is at work, or was killed (force-unlock)"
            )

    def _saved_now(self, root: str) -> None:
        """What an earlier run could not write into the bucket. Raises BadDeploymentError."""
        file = self.states.errored(root)
        if file.exists():
            answer = self.workers[root].all(
                self._directory(root), self._init(root), ["state", "push", str(file)]
            )
            if answer.code != 0:
                raise BadDeploymentError(
                    f"{file}, the newest state of root {root}, is not saved: {answer.error}"
                )
            file.unlink()

    def _changed(self, root: str, answer: _Answer) -> Outcome:
        """What became of a root. A state that could not be saved is kept: the checkout may be about to go."""
        file = self._directory(root) / "errored.tfstate"
        if answer.code != 0 and file.exists():
            shutil.move(file, self.states.errored(root))
            kept = f"It is {self.states.errored(root)} now, which the next run saves.\n"
            answer = replace(answer, error=f"{answer.error}\n{kept}")
        return Outcome(root, answer.code == 0, outcomes.done(answer.output), answer.output, answer.error)

    # What is done to one root.

    def _bootstrap(self, root: str, target: str) -> Outcome:
        """Make the bucket of the states, its own state being a file, and put that into it."""
        copy, file = self.states.with_files / root, str(self.states.bootstrap)
        apply = [
            "apply",
            "-auto-approve",
            *_PLAIN,
            *self._values(root),
            f"-target={target}",
            f"-state={file}",
        ]
        worker = self.workers[root]
        answer = worker.all(copy, ["init", "-reconfigure", *_PLAIN], apply)
        if answer.code == 0:
            push = ["state", "push", file]
            pushed = worker.all(self._directory(root), self._init(root), push)
            if pushed.code != 0:
                return Outcome(root, False, outcomes.done(answer.output), answer.output, pushed.error)
            self.states.bootstrap.unlink()
        return Outcome(root, answer.code == 0, outcomes.done(answer.output), answer.output, answer.error)

    def _apply(self, root: str, *, in_bucket: bool) -> Outcome:
        directory, init, where = self._begin(root, in_bucket)
        arguments = ["apply", "-auto-approve", *_PLAIN, *self._values(root), *where]
        return self._changed(root, self.workers[root].all(directory, init, arguments))

    def _planner(self, command: Command) -> Callable[..., Outcome]:
        extra = _DESTROY if command == "plan-destroy" else []

        def plan(root: str, *, in_bucket: bool) -> Outcome:
            directory, init, where = self._begin(root, in_bucket)
            file = str(self.states.folder / f"{root}.tfplan")
            arguments = ["plan", "-detailed-exitcode", f"-out={file}", *extra, *_PLAIN, *self._values(root)]
            worker = self.workers[root]
            answer = worker.all(directory, init, [*arguments, *where])
            if answer.code not in (0, _PLAN_FOUND_CHANGES):
                return Outcome(root, False, (), answer.output, answer.error)
            shown = worker.run(directory, "show", "-json", file)
            return Outcome(root, True, outcomes.planned(shown.output), answer.output, answer.error)

        return plan

    def _destroy(self, root: str, *, in_bucket: bool) -> Outcome:
        place, item = self.states.deployment.state, self.roots[root]
        if place and not in_bucket and not self.states.file(root).exists():
            return Outcome(root, True)  # it was never applied
        state = self.state(root, in_bucket=in_bucket)
        if state.code != 0:
            return Outcome(root, False, error=state.error)
        if place and root == place.root and in_bucket:
            self.states.bootstrap.write_text(state.output)  # the bucket goes, and this with it
            in_bucket = False
        for bucket in states.buckets_in(state.output):
            profile = self.terraform.profile(item) if self.terraform.with_profiles else None
            buckets.empty(states.s3(profile, item.account.region), bucket)
        directory, init, where = self._begin(root, in_bucket)
        arguments = ["destroy", "-auto-approve", "-refresh=false", *_PLAIN, *self._values(root), *where]
        answer = self.workers[root].all(directory, init, arguments)
        if answer.code == 0 and not in_bucket:
            self.states.file(root).unlink(missing_ok=True)
        return self._changed(root, answer)

    def state(self, root: str, *, in_bucket: bool) -> _Answer:
        """A root's state, as text."""
        if not in_bucket:
            file = self.states.file(root)
            return _Answer(0, file.read_text() if file.exists() else "", "")
        return self.workers[root].all(self._directory(root), self._init(root), ["state", "pull"])

    def _begin(self, root: str, in_bucket: bool) -> tuple[Path, list[str], list[str]]:
        """Where Terraform runs on a root, how it is initialised, and what tells it of a state that is a file."""
        if in_bucket:
            return self._directory(root), self._init(root), []
        place = self.states.deployment.state
        directory = self.states.with_files / root if place else self._directory(root)
        return directory, ["init", "-reconfigure", *_PLAIN], [f"-state={self.states.file(root)}"]

    def _init(self, root: str) -> list[str]:
        return ["init", "-reconfigure", *_PLAIN, *self.states.backend(self.roots[root])]

    def _directory(self, root: str) -> Path:
        return self.states.infra / root

    def _values(self, root: str) -> list[str]:
        return [f"-var-file={self.terraform.values(self.roots[root])}"]

    def _too_early(self, root: str) -> Outcome:
        place = self.states.deployment.state
        assert place
        problem = f"there is no bucket {place.bucket} for Terraform's state"
        problem += f"; root {place.root} makes it: apply that first"
        return Outcome(root, False, error=f"Error: {problem}\n")


def _joined(first: Outcome, second: Outcome) -> Outcome:
    changes = (*first.changes, *second.changes)
    return Outcome(second.root, second.ok, changes, first.output + second.output, second.error)


def sockets_folder() -> Path:
    """Where the provider makes a socket for each root: a new folder's name, which tells whose it is."""
    # A unix socket's path has room for about 100 characters, so not every TMPDIR would do.
    return Path("/tmp") / f"terraform-{os.getpid()}-{uuid4().hex}"


def reattached(socket: Path) -> dict[str, str]:
    """The variable that tells Terraform of a provider that is served already."""
    address = {"Network": "unix", "String": str(socket)}
    attach = {"Protocol": "grpc", "ProtocolVersion": 6, "Pid": os.getpid(), "Test": True, "Addr": address}
    return {"TF_REATTACH_PROVIDERS": json.dumps({PROVIDER: attach})}
