"""The decision on a call: the permissions it needs, each evaluated against every policy that has a say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from harness.access import context
from harness.access.collect import Without, collect
from harness.access.context import Organization
from harness.access.denial import denial
from harness.access.facts import Facts
from harness.access.look import Look
from harness.access.needs import needs
from harness.access.refusal import refusal
from harness.clock import Clock
from harness.iam.evaluation import evaluate
from harness.iam.model import Policies, Request, Verdict
from harness.model import ApiCall, AwsError, Decision, Json, Permission, Principal

Mode = Literal["enforce", "audit", "off"]
"""`enforce` refuses as AWS would; `audit` lets pass and journals what it would have refused; `off` decides nothing."""

INTERNAL = Decision(True, "internal")
_OFF = Decision(True, "not enforced")


class Decider:
    """`without`: policies and statements (`POLICY`, `POLICY#SID`) that are treated as if they were not there."""

    def __init__(
        self, facts: Facts, clock: Clock, mode: Mode = "enforce", organization: Organization | None = None
    ) -> None:
        self.facts = facts
        self.mode = mode
        self.without: Without = frozenset()
        self._clock = clock
        self._organization = organization

    def decide(self, call: ApiCall) -> Decision:
        """Whether the call may go on. Raises AwsError (501) where it is not known what the call needs."""
        if call.principal.kind == "harness":
            return INTERNAL
        if self.mode == "off":
            return _OFF
        facts = Look(self.facts)
        try:
            wanted = needs(call, facts)
        except AwsError:
            if self.mode == "audit":
                return Decision(True, "not known")
            raise
        return self._all(call, wanted, facts)

    def _all(self, call: ApiCall, wanted: list[Permission], facts: Facts) -> Decision:
        """Every permission, until one is missing: AWS tells of the first."""
        used: list[Json] = []
        evaluated = self._evaluate(call, wanted, facts)
        for permission, (request, policies, verdict) in zip(wanted, evaluated, strict=True):
            if not verdict.allowed:
                lesson = denial(call, permission, request, policies, verdict)
                if self.mode == "audit":
                    return Decision(True, "would be denied", None, tuple(used), lesson)
                error = refusal(call.service, request, policies, verdict)
                return Decision(False, "denied", error, tuple(used), lesson)
            used.append(_used(permission, verdict))
        return Decision(True, "allowed", None, tuple(used))

    def _evaluate(
        self, call: ApiCall, wanted: list[Permission], facts: Facts
    ) -> Iterator[tuple[Request, Policies, Verdict]]:
        principal, organization = call.principal, self._organization
        identity = facts.identity(principal.identity_arn) if _in_iam(principal) else None
        known = context.of_call(call, identity, self._clock.now(), organization)
        for permission in wanted:
            request = Request(
                principal,
                permission.action,
                permission.resource,
                permission.owner or call.account,
                {**known, **context.of_permission(permission, call, organization)},
                permission.gate,
            )
            policies = collect(principal, permission, identity, facts, organization, self.without)
            yield request, policies, evaluate(request, policies)


# What a policy that grants no more than was used would ask for, beside action and resource, in AWS's spelling.
_NARROWING = {
    "iam:passedtoservice": "iam:PassedToService",
    "kms:viaservice": "kms:ViaService",
    "kms:grantisforawsresource": "kms:GrantIsForAWSResource",
}


def _used(permission: Permission, verdict: Verdict) -> Json:
    return {
        "action": permission.action,
        "resource": permission.resource,
        "conditions": {
            name: permission.context[key] for key, name in _NARROWING.items() if key in permission.context
        },
        "by": [list(side.by) for side in verdict.sides],
    }


def _in_iam(principal: Principal) -> bool:
    return principal.kind in ("user", "assumed-role", "federated-user")
