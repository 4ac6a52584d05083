"""What is looked at before anything is changed; nothing is called before everybody's identity is known."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial

from fake_accounts.accounts import Account
from fake_accounts.deployment import Stage
from harness import stack as stacks
from harness.deploy import preflight
from harness.deploy.model import Finding
from harness.deploy.preflight import Caller
from harness.deploy.target import Target
from harness.model import HarnessError

# Seconds until a role that was just made can be assumed everywhere: IAM is eventually consistent.
_PROPAGATION = 60
_PAUSE = 3


@dataclass
class Checks:
    """A target's preflight.

    Attributes:
        target: Where to.
        stages: What is to be done there.
        callers: Who was found behind each profile.
        pending: Profiles that are roles which an earlier stage makes.
    """

    target: Target
    stages: tuple[Stage, ...]
    callers: dict[str, Caller] = field(default_factory=dict)
    pending: set[str] = field(default_factory=set)

    def machine(self) -> list[Finding]:
        """This machine, and the files; nothing is called."""
        return [
            *preflight.tools(needs_git=self.target.checkout != stacks.ROOT),
            *preflight.names(self.target.infra),
        ]

    def identities(self) -> list[Finding]:
        """Whether each profile's credentials are of its account."""
        wanted = self._profiles()
        answers = preflight.in_order(lambda pair: self._identity(*pair), wanted.items())
        self.callers.update({found.profile: found for found in answers if isinstance(found, Caller)})
        return [
            self._postponed(profile, account, answer)
            for (profile, account), answer in zip(wanted.items(), answers, strict=True)
            if isinstance(answer, Finding)
        ]

    def permissions(self) -> list[Finding]:
        """Whether IAM's policy simulator finds each of them able to do what is needed."""
        found = preflight.in_order(self._permissions, self.callers.values())
        return [finding for findings in found for finding in findings]

    def quotas(self) -> list[Finding]:
        """Whether SageMaker's quotas let the platform's jobs run; the stand-in accounts have none."""
        if self.target.stand_in:
            return []
        accounts = {item.account for stage in self.stages if stage.command for item in stage.items}
        found = []
        for account in sorted(accounts, key=lambda account: account.name):
            session = preflight.session(self._looking_into(account), account.region)
            found += preflight.quotas(account.name, session, self.target.deployment.quotas)
        return found

    def usable(self, profile: str) -> None:
        """Waits until a role that an earlier stage has made can be assumed. Raises HarnessError."""
        if profile not in self.pending:
            return
        account = self.target.account_of(profile)
        until = time.monotonic() + (0 if self.target.stand_in else _PROPAGATION)
        while isinstance(answer := self._identity(profile, account), Finding):
            if time.monotonic() > until:
                raise HarnessError(f"{answer.problem}; {answer.fix}")
            time.sleep(_PAUSE)
        self.callers[profile] = answer
        self.pending.discard(profile)

    def planner_of(self, profile: str, account: Account) -> str:
        """Who plans what a role will do that is not there yet: its account's administrator."""
        return account.name if profile in self.pending else profile

    def _profiles(self) -> dict[str, Account]:
        items = [item for stage in self.stages for item in stage.items]
        if self.target.with_profiles:
            return {item.profile: self.target.account_of(item.profile) for item in items} | self._states()
        accounts = {item.account.name: item.account for item in items}
        if len(accounts) != 1:
            raise HarnessError(
                f"the environment's credentials are of one account, and this is about {', '.join(accounts)}: "
                "choose one with --account (ACCOUNT=)"
            )
        return {"": next(iter(accounts.values()))}

    def _states(self) -> dict[str, Account]:
        """Who keeps the states of other accounts' roots."""
        place = self.target.deployment.state
        if not place or not any(stage.roots for stage in self.stages):
            return {}
        return {place.account.name: place.account}

    def _identity(self, profile: str, account: Account) -> Caller | Finding:
        session = partial(preflight.session, region=account.region)
        return preflight.identity(account.name, account.id, profile, session)

    def _postponed(self, profile: str, account: Account, found: Finding) -> Finding:
        """A role that cannot be assumed is no error where this deployment makes it first."""
        roots = [item for stage in self.stages for item in stage.roots.values()]
        makes = any(item.account == account and item.profile != profile for item in roots)
        role = self.target.roles.get(profile)
        if role is None or not makes or "may not assume" not in found.problem:
            return found
        self.pending.add(profile)
        problem = (
            f"profile {profile} cannot be used yet: {role['role']} is not there, or does not trust its source"
        )
        fix = f"nothing, if it is not made yet or gone already: {account.name}'s administrator does its part"
        return Finding("warning", "identity", account.name, problem, fix)

    def _permissions(self, caller: Caller) -> list[Finding]:
        account = self.target.deployment.accounts[caller.account]
        session = preflight.session(self._looking_into(account), account.region)
        infra, items = self.target.infra, [item for stage in self.stages for item in stage.items]
        # Credentials of the environment do what the profiles would that they stand for.
        profiles = {caller.profile} if caller.profile else {item.profile for item in items}
        needed = [n for name in sorted(profiles) for n in preflight.needed(infra, name, caller.account)]
        return preflight.permissions(caller, session, needed)

    def _looking_into(self, account: Account) -> str:
        """Who asks about an account: its administrator, or whoever else is known to be of it."""
        there = [caller.profile for caller in self.callers.values() if caller.account == account.name]
        return account.name if account.name in there else there[0]


def errors(findings: Iterable[Finding]) -> int:
    """How many of them stop a deployment."""
    return sum(finding.level == "error" for finding in findings)
