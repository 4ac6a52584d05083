"""A statement that comes one element short of allowing a request, with that element added."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from harness.iam import words
from harness.iam.conditions import actual
from harness.iam.documents import Condition
from harness.iam.model import Policy, Request
from harness.iam.nearest import Fit, fits
from harness.iam.operators import named
from harness.model import Json


@dataclass(frozen=True)
class Amendment:
    """`what` to do in one sentence; `statement` is to take the place of the one that is called `label` in `policy`."""

    policy: str
    label: str
    what: str
    statement: Json


def amended(request: Request, policies: Iterable[Policy], *, of_resource: bool) -> Amendment | None:
    """The first statement that would allow it with one element more: in a condition's values, its resources, its
    actions or its principals, in this order. None where none is that close, or it gives away a whole service.
    """
    near = [
        (policy, fit)
        for policy in policies
        for fit in fits(policy, request, of_resource=of_resource)
        if fit.statement.allows and fit.misfits == 1 and _bounded(fit, request)
    ]
    for amend in (_with_value, _with_resource, _with_action, _with_principal):
        for policy, fit in near:
            told = amend(fit, request)
            if told:
                what, changed = told
                return Amendment(policy.name, fit.statement.label, what, {**fit.statement.source, **changed})
    return None


def _bounded(fit: Fit, request: Request) -> bool:
    return not {"*", f"{request.action.split(':')[0]}:*"} & {*fit.statement.actions} and bool(
        fit.statement.actions
    )


def _with_resource(fit: Fit, request: Request) -> tuple[str, Json] | None:
    if fit.resource or not fit.statement.resources:
        return None
    what = f"add {request.resource} to the resources of {words.label(fit.statement)}"
    return what, {"Resource": [*fit.statement.resources, request.resource]}


def _with_action(fit: Fit, request: Request) -> tuple[str, Json] | None:
    """Not where it would be allowed on everything, nor beside another service's actions."""
    if fit.action or not fit.related or "*" in fit.statement.resources:
        return None
    what = f"add {request.action} to the actions of {words.label(fit.statement)}"
    return what, {"Action": [*fit.statement.actions, request.action]}


def _with_principal(fit: Fit, request: Request) -> tuple[str, Json] | None:
    """A service needs a statement of its own, which says for whom it acts."""
    principals = fit.statement.principals
    if fit.named or principals is None or request.principal.kind == "service":
        return None
    ((type_, name),) = named_for(request).items()
    listed = {**principals, type_: [*principals.get(type_, ()), name]}
    return f"add {name} to the principals of {words.label(fit.statement)}", {"Principal": listed}


def _with_value(fit: Fit, request: Request) -> tuple[str, Json] | None:
    """A condition is kept where it can be: met by the call, or extended by the value that the call has."""
    values = actual(fit.unmet[0], request.context) if len(fit.unmet) == 1 else ()
    if not fit.unmet or len(values) != 1 or not _extensible(fit.unmet[0]):
        return None
    (condition,), (value,) = fit.unmet, values
    conditions = {operator: dict(keys) for operator, keys in fit.statement.source["Condition"].items()}
    conditions[condition.operator][condition.key] = [*condition.values, value]
    who = words.label(fit.statement)
    what = f"{who} allows it only where {words.wanted(condition)}; meet that, or add {value}"
    return what, {"Condition": conditions}


def _extensible(condition: Condition) -> bool:
    operator = named(condition.operator)
    return operator.name in ("StringEquals", "StringLike", "ArnEquals", "ArnLike") and not operator.quantifier


def named_for(request: Request) -> dict[str, str]:
    """Whom a policy names for the caller: the role of a session, a service, or everybody."""
    principal = request.principal
    if principal.kind == "service":
        return {"Service": principal.arn}
    return {"AWS": "*" if principal.kind == "anonymous" else principal.role_arn or principal.arn}
