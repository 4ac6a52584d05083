"""A deployment, from top to bottom: look, then stage after stage; and its destruction, in reverse."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

from botocore.exceptions import BotoCoreError, ClientError

from fake_accounts.deployment import BadDeploymentError, Item, Stage
from fake_accounts.processes import ProcessDied
from fake_accounts.terraform import Command, Outcome
from harness.deploy import commands, costs, preflight
from harness.deploy.checks import Checks, errors
from harness.deploy.model import Change, Finding
from harness.deploy.preflight import Creation
from harness.deploy.target import Target
from harness.deploy.telling import Telling
from harness.model import HarnessError

_LOCKED = re.compile(r"Error acquiring the state lock.*?^\s*ID:\s+(\S+)", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Wanted:
    """Which part of a deployment: names of stages and of accounts; none means all."""

    stages: Sequence[str] = ()
    accounts: Sequence[str] = ()

    def of(self, stages: Sequence[Stage]) -> tuple[Stage, ...]:
        """The stages, with the items that are wanted. Raises HarnessError for names that there are not."""
        known = {item.account.name for stage in stages for item in stage.items}
        _check("stage", self.stages, [stage.name for stage in stages])
        _check("account", self.accounts, sorted(known))
        found = [stage for stage in stages if not self.stages or stage.name in self.stages]
        chosen = [replace(stage, items=tuple(filter(self._has, stage.items))) for stage in found]
        there = tuple(stage for stage in chosen if stage.items)
        if not there:
            raise HarnessError(f"{', '.join(self.stages)}: there is none of it in {', '.join(self.accounts)}")
        return there

    def _has(self, item: Item) -> bool:
        return not self.accounts or item.account.name in self.accounts


def _check(what: str, names: Iterable[str], known: Sequence[str]) -> None:
    for name in names:
        if name not in known:
            raise HarnessError(f"there is no {what} {name!r}; there are: {', '.join(known)}")


def deploy(target: Target, wanted: Wanted, tell: Telling) -> bool:
    """Brings the accounts to what the checkout says, or tells what that would change. Answers whether all went well.

    What is as it should be is left alone, so that a deployment which broke off is repaired by the next.
    """
    run = _Run(target, Checks(target, wanted.of(target.deployment.stages)), tell)
    return run.through(run.stage)


def destroy(target: Target, wanted: Wanted, tell: Telling) -> bool:
    """Takes back all that deployments have made, or tells what that would be. Answers whether all went well."""
    run = _Run(target, Checks(target, wanted.of(undoing(target.deployment.stages))), tell)
    return run.through(run.undone)


def undoing(stages: Sequence[Stage]) -> tuple[Stage, ...]:
    """What takes back the stages, the last first."""
    undone = [stage.undo if stage.command else stage for stage in reversed(stages)]
    return tuple(stage for stage in undone if stage)


@dataclass(frozen=True)
class _Run:
    """A deployment on its way."""

    target: Target
    checks: Checks
    tell: Telling

    def through(self, do: Callable[[Stage], bool]) -> bool:
        """The preflight, then the stages, until something stands in the way."""
        try:
            with self.tell.busy("preflight"):
                if not self.look():
                    return False
            if not self.tell.plan:
                self.target.forget_applied()
            return all(self._busily(do, stage) for stage in self.checks.stages)
        except (HarnessError, BadDeploymentError, ProcessDied, ClientError, BotoCoreError) as error:
            self.tell.line(str(error), style="red")
            return False

    def _busily(self, do: Callable[[Stage], bool], stage: Stage) -> bool:
        with self.tell.busy(stage.name):
            return do(stage)

    def look(self) -> bool:
        """The preflight: this machine, then who calls, then what they may do. Each is asked only if all is well."""
        self.tell.heading("preflight")
        for look in (
            self.checks.machine, self.checks.identities, self.checks.permissions, self.checks.quotas
        ):  # fmt: skip
            if not self._well(look()):
                return False
        for caller in self.checks.callers.values():
            self.tell.line(f"{caller.account:<9} {caller.account_id}  {caller.arn}")
        return True

    def stage(self, stage: Stage) -> bool:
        self.tell.heading(stage.name)
        self._wait_for(stage)
        return self._command(stage) if stage.command else self._roots(stage)

    def undone(self, stage: Stage) -> bool:
        self.tell.heading(stage.name)
        if stage.command:
            return self._command(stage)
        command: Command = "plan-destroy" if self.tell.plan else "destroy"
        told = [self._told(stage, outcome) for outcome in self._terraform(command, stage)]
        return all(told)

    # Terraform's roots.

    def _roots(self, stage: Stage) -> bool:
        """Plans, and applies where there is something to do."""
        plans = []
        for outcome in self._terraform("plan", stage):
            plans.append(outcome)
            if self.tell.plan or not (outcome.ok and outcome.changes):
                self._told(stage, outcome)
        changing = [plan for plan in plans if plan.changes]
        if not all(plan.ok for plan in plans) or not self._names_are_free(stage, changing):
            return False
        self._costs([change for plan in changing for change in _changes(plan)])
        if self.tell.plan or not changing:
            return True
        roots = [plan.root for plan in changing]
        applied = [self._told(stage, outcome) for outcome in self._terraform("apply", stage, roots)]
        return all(applied) and len(applied) == len(roots)

    def _terraform(
        self, command: Command, stage: Stage, roots: Iterable[str] | None = None
    ) -> Iterable[Outcome]:
        profiles = {item.name: self._profile(item) for item in stage.items}
        going = [root for wanted in self.checks.stages for root in wanted.roots]
        terraform = replace(self.target.terraform, profiles=profiles, going=going, say=self._progress)
        return terraform.run(command, stage.roots if roots is None else roots)

    def _progress(self, root: str, line: str) -> None:
        """On AWS an apply takes minutes."""
        if not self.target.stand_in and " complete after" in line:
            self.tell.line(f"{root}: {line.partition(' [id=')[0]}")

    def _told(self, stage: Stage, outcome: Outcome) -> bool:
        changes = _changes(outcome)
        self.tell.changes(stage.name, changes, _differences(outcome.output))
        if not outcome.ok:
            self.tell.line(f"{outcome.root}: {outcome.error.strip()}", style="red")
            if locked := _LOCKED.search(outcome.error):
                unlock = f"--target {self.target.name} --root {outcome.root} -- force-unlock {locked[1]}"
                self.tell.line(f"if it was killed, and nobody is at work there: harness terraform {unlock}")
        elif not changes:
            self.tell.line(f"{outcome.root}: no changes", style="dim")
        return outcome.ok

    def _names_are_free(self, stage: Stage, plans: Iterable[Outcome]) -> bool:
        """Whether the names of what is to be created are not taken."""
        found: list[Finding] = []
        for plan in plans:
            item = stage.roots[plan.root]
            caller = self.checks.callers[self._profile(item)]
            session = preflight.session(caller.profile, item.account.region)
            created = [
                Creation(plan.root, c.address, c.type, c.after) for c in plan.changes if c.action == "created"
            ]
            found += preflight.taken(caller, session, created, self.target.name)
        return self._well(found)

    def _profile(self, item: Item) -> str:
        """With what profile an item is done; none for the environment's credentials."""
        if not self.target.with_profiles:
            return ""
        return self.checks.planner_of(item.profile, item.account)

    def _costs(self, changes: Iterable[Change]) -> None:
        for line in costs.costs(changes):
            self.tell.line(f"costs money: {line}", style="yellow")

    # A tenant's commands.

    def _command(self, stage: Stage) -> bool:
        with ThreadPoolExecutor() as pool:
            ran = list(pool.map(lambda item: self._ran(stage, item), stage.items))
        for changes, error in ran:
            self.tell.changes(stage.name, changes)
            if error:
                self.tell.line(error, style="red")
        self._costs([change for changes, _ in ran for change in changes])
        return not any(error for _, error in ran)

    def _ran(self, stage: Stage, item: Item) -> tuple[list[Change], str]:
        """What a command did, and why it did no more."""
        return commands.run(
            stage.command,
            item,
            self.target.checkout,
            profile=self._profile(item),
            plan=self.tell.plan,
            say=partial(self.tell.line, style="yellow"),
        )

    def _wait_for(self, stage: Stage) -> None:
        if not self.tell.plan and self.target.with_profiles:
            for item in stage.items:
                self.checks.usable(item.profile)

    def _well(self, findings: Sequence[Finding]) -> bool:
        for finding in findings:
            self.tell.finding(finding)
        return errors(findings) == 0


def _changes(outcome: Outcome) -> list[Change]:
    return [Change(outcome.root, c.action, c.type, c.address) for c in outcome.changes]


def _differences(output: str) -> str:
    """What a plan differs in, without what Terraform says around it."""
    _, begun, rest = output.partition("will perform the following actions:\n")
    return rest.partition("\nPlan:")[0].strip("\n") if begun else ""
