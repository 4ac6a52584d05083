"""What is done to one root of `infra/`."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from fake_accounts import buckets
from fake_accounts.deployment import BadDeploymentError, Item
from fake_accounts.terraform import outcome as outcomes
from fake_accounts.terraform.outcome import Outcome
from fake_accounts.terraform.state import States, buckets_in, s3
from fake_accounts.terraform.workers import Answer, Worker

_PLAIN = ("-no-color", "-input=false")
# No refresh: what is gone already is no error to delete.
_DESTROY = ("-destroy", "-refresh=false")
_PLAN_FOUND_CHANGES = 2


@dataclass(frozen=True)
class Root:
    """A root, and the Terraform that runs on it. All that is done raises ProcessDied.

    Attributes:
        item: Its name and its account.
        worker: Its Terraform.
        states: Where states are.
        values: The file of its variables.
        profile: Who empties its buckets; None for the environment's credentials.
        in_bucket: Whether its state is in the bucket of the states, or in a file.
    """

    item: Item
    worker: Worker
    states: States
    values: Path
    profile: str | None
    in_bucket: bool

    def apply(self) -> Outcome:
        return self._done(self._changing("apply", "-auto-approve"))

    def plan(self, *how: str) -> Outcome:
        file = str(self.states.folder / f"{self.item.name}.tfplan")
        answer = self._changing("plan", "-detailed-exitcode", f"-out={file}", *how)
        if answer.code not in (0, _PLAN_FOUND_CHANGES):
            return Outcome(self.item.name, False, (), answer.output, answer.error)
        shown = self.worker.run(self._directory, "show", "-json", file)
        return Outcome(self.item.name, True, outcomes.planned(shown.output), answer.output, answer.error)

    def plan_destroy(self) -> Outcome:
        return self.plan(*_DESTROY)

    def bootstrap(self, target: str) -> Outcome:
        """Make the bucket of the states, its own state being a file, and put that into it."""
        made = self._changing("apply", "-auto-approve", f"-target={target}")
        if made.code == 0:
            pushed = replace(self, in_bucket=True)._pushed(self.states.bootstrap)
            if pushed.code != 0:
                made = replace(made, code=pushed.code, error=pushed.error)
        return self._outcome(made)

    def destroy(self) -> Outcome:
        """Destroy all of it, after what is in its buckets. The bucket of the states goes with its own in a file.

        Raises:
            ClientError, BotoCoreError: A bucket cannot be emptied.
        """
        place, name = self.states.deployment.state, self.item.name
        if place and not self.in_bucket and not self.states.file(name).exists():
            return Outcome(name, True)  # it was never applied
        told = self.state()
        if told.code != 0:
            return Outcome(name, False, error=told.error)
        makes_the_bucket = self.in_bucket and place and name == place.root
        if makes_the_bucket:
            self.states.bring_out(told.output)  # before the bucket is emptied of it
        for bucket in buckets_in(told.output):
            buckets.empty(s3(self.profile, self.item.account.region), bucket)
        return (replace(self, in_bucket=False) if makes_the_bucket else self)._destroyed()

    def state(self) -> Answer:
        """Its state, as text; empty where there is none."""
        if self.in_bucket:
            return self._initialised("state", "pull")
        file = self.states.file(self.item.name)
        return Answer(0, file.read_text() if file.exists() else "")

    def save_errored(self) -> None:
        """Write into the bucket what an earlier run could not. Raises BadDeploymentError where it is refused."""
        file = self.states.errored(self.item.name)
        if self.in_bucket and file.exists() and (answer := self._pushed(file)).code != 0:
            raise BadDeploymentError(
                f"{file}, the newest state of root {self.item.name}, is not saved: {answer.error}"
            )

    def _pushed(self, file: Path) -> Answer:
        """Put a state that is a file into the bucket; it goes then."""
        answer = self._initialised("state", "push", str(file))
        if answer.code == 0:
            file.unlink()
        return answer

    def _destroyed(self) -> Outcome:
        answer = self._changing("apply", "-auto-approve", *_DESTROY)
        if answer.code == 0 and not self.in_bucket:
            self.states.file(self.item.name).unlink(missing_ok=True)
        return self._done(answer)

    # How Terraform is called, and what became of it.

    @property
    def _directory(self) -> Path:
        from_files = self.states.deployment.state and not self.in_bucket
        return (self.states.with_files if from_files else self.states.infra) / self.item.name

    def _changing(self, command: str, *arguments: str) -> Answer:
        file = () if self.in_bucket else (f"-state={self.states.file(self.item.name)}",)
        return self._initialised(command, *_PLAIN, f"-var-file={self.values}", *file, *arguments)

    def _initialised(self, *command: str) -> Answer:
        backend = self.states.backend(self.item) if self.in_bucket else ()
        begun = self.worker.run(self._directory, "init", "-reconfigure", *_PLAIN, *backend)
        return begun if begun.code != 0 else self.worker.run(self._directory, *command)

    def _done(self, answer: Answer) -> Outcome:
        """What became of it. A state that could not be saved is kept: the checkout may be about to go."""
        file, kept = (
            self.states.infra / self.item.name / "errored.tfstate",
            self.states.errored(self.item.name),
        )
        if answer.code != 0 and file.exists():
            shutil.move(file, kept)
            told = f"{answer.error}\nIt is {kept} now, which the next run saves.\n"
            return self._outcome(replace(answer, error=told))
        return self._outcome(answer)

    def _outcome(self, answer: Answer) -> Outcome:
        changes = outcomes.done(answer.output)
        return Outcome(self.item.name, answer.code == 0, changes, answer.output, answer.error)
