"""A statement that comes one element short of allowing a request, with that element added.

Only where that grants the missing permission and nothing else: what a statement gets is given to every action, resource
and principal that it has, so all the others have to be the request's alone.
"""

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
    actions or its principals, in this order. None where none is that close, or would grant more than what is missing.
    """
    near = [
        (policy, fit)
        for policy in policies
        for fit in fits(policy, request, of_resource=of_resource)
        if fit.statement.allows and fit.misfits == 1
    ]
    for amend in (_with_value, _with_resource, _with_action, _with_principal):
        for policy, fit in near:
            told = amend(fit, request)
            if told:
                what, changed = told
                return Amendment(policy.name, fit.statement.label, what, {**fit.statement.source, **changed})
    return None


def _of_action(fit: Fit, request: Request) -> bool:
    return {action.lower() for action in fit.statement.actions} == {request.action.lower()}


def _of_resource(fit: Fit, request: Request) -> bool:
    """A statement that names no resource is about what its policy is attached to, as is `*` in a key's policy."""
    statement = fit.statement
    if statement.principals is not None and request.gate == "key" and statement.resources == ("*",):
        return True
    return set(statement.resources) == {request.resource} or not (
        statement.resources or statement.not_resources
    )


def _of_caller(fit: Fit, request: Request) -> bool:
    """A caller's own inline policy names nobody."""
    statement = fit.statement
    if statement.principals is None:
        return statement.not_principals is None
    named = {(type_, name) for type_, names in statement.principals.items() for name in names}
    return named == {*named_for(request).items()}


def _with_resource(fit: Fit, request: Request) -> tuple[str, Json] | None:
    if fit.resource or not fit.statement.resources:
        return None
    if not (_of_action(fit, request) and _of_caller(fit, request)):
        return None
    what = f"add {request.resource} to the resources of {words.label(fit.statement)}"
    return what, {"Resource": [*fit.statement.resources, request.resource]}


def _with_action(fit: Fit, request: Request) -> tuple[str, Json] | None:
    """Not beside another service's actions."""
    if fit.action or not fit.related or not fit.statement.actions:
        return None
    if not (_of_resource(fit, request) and _of_caller(fit, request)):
        return None
    what = f"add {request.action} to the actions of {words.label(fit.statement)}"
    return what, {"Action": [*fit.statement.actions, request.action]}


def _with_principal(fit: Fit, request: Request) -> tuple[str, Json] | None:
    """A service needs a statement of its own, which says for whom it acts."""
    principals = fit.statement.principals
    ((type_, name),) = named_for(request).items()
    if fit.named or principals is None or type_ not in principals or request.principal.kind == "service":
        return None
    if not (_of_action(fit, request) and _of_resource(fit, request)):
        return None
    listed = {**principals, type_: [*principals[type_], name]}
    return f"add {name} to the principals of {words.label(fit.statement)}", {"Principal": listed}


def _with_value(fit: Fit, request: Request) -> tuple[str, Json] | None:
    """A condition is kept where it can be: met by the call, or extended by the value that the call has."""
    values = actual(fit.unmet[0], request.context) if len(fit.unmet) == 1 else ()
    if not fit.unmet or len(values) != 1 or not _extensible(fit.unmet[0]):
        return None
    (condition,), (value,) = fit.unmet, values
    its_own = condition.key.lower() == "aws:principalarn" or _of_caller(fit, request)
    if not (its_own and _of_action(fit, request) and _of_resource(fit, request)):
        return None
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
