"""How close a statement comes to allowing a request: the elements that fit, and the first that does not."""

from __future__ import annotations

from dataclasses import dataclass

from harness.iam.conditions import unmet
from harness.iam.documents import Condition, Statement
from harness.iam.model import Policy, Request
from harness.iam.principals import naming
from harness.iam.statements import about_action, about_resource


@dataclass(frozen=True)
class Fit:
    """Which elements of a statement are the request's; `named` is True where a policy names no principals.

    `related`: it has the action, or another one of the service.
    """

    statement: Statement
    action: bool
    named: bool
    resource: bool
    unmet: tuple[Condition, ...]
    related: bool

    @property
    def misfits(self) -> int:
        return (not self.action) + (not self.named) + (not self.resource) + bool(self.unmet)

    @property
    def applies(self) -> bool:
        return not self.misfits


def fit(statement: Statement, request: Request, *, of_resource: bool, bounded: bool = False) -> Fit:
    """`of_resource`: the statement is of a resource's policy, which names principals."""
    action = about_action(statement, request.action)
    service = request.action.split(":")[0].lower()
    services = {pattern.split(":")[0].lower() for pattern in statement.actions}
    return Fit(
        statement=statement,
        action=action,
        named=not of_resource or naming(statement, request.principal, bounded) is not None,
        resource=about_resource(statement, request.resource, request.context),
        unmet=unmet(statement, request.context),
        related=action or service in services,
    )


def fits(policy: Policy, request: Request, *, of_resource: bool, bounded: bool = False) -> list[Fit]:
    """Of every statement of the policy."""
    return [
        fit(statement, request, of_resource=of_resource, bounded=bounded)
        for statement in policy.document.statements
    ]


def closeness(fit: Fit) -> tuple[bool, int, bool, bool]:
    """What is greater is closer: a statement about the service, the fewest misfits, the action and the caller among
    what fits."""
    return (fit.related, -fit.misfits, fit.action, fit.named)
