"""What each policy said to a request that was denied: the statement that did, or the one that came closest."""

from __future__ import annotations

from collections.abc import Iterator

from harness.iam import words
from harness.iam.model import Finding, Policies, Policy, Request, Verdict
from harness.iam.names import resource_policy
from harness.iam.nearest import Fit, closeness, fits
from harness.iam.principals import Naming, naming


def explain(request: Request, policies: Policies, verdict: Verdict) -> tuple[Finding, ...]:
    """One finding a policy, however many statements it has: denials first, then near misses, policies that allow, and
    those that have nothing to do with the request's service. A side that did not allow for want of any policy is told
    of, too, by what the policy would be on. A policy that only ever denies, and does not here, is left out, but where
    its side is what is missing.
    """
    bounded = policies.boundary is not None
    ranked = [_finding(kind, policy, request, bounded) for kind, policy in in_order(policies)]
    lacking = {side for name in verdict.missing for side in name.split(" or ")}
    denials_only = {
        policy.name
        for kind, policy in in_order(policies)
        if kind not in lacking and not any(s.allows for s in policy.document.statements)
    }
    found = [(rank, f) for rank, f in ranked if f.says == "denies" or f.policy not in denials_only]
    told = [finding for _, finding in sorted(found, key=lambda ranked: ranked[0])]
    return (*told, *_nothing_there(request, policies, verdict))


def passes_abroad(request: Request) -> bool:
    """Whether a role of another account is to be passed, which AWS allows nobody, whatever the policies."""
    return request.action == "iam:PassRole" and request.owner != request.principal.account


def in_order(policies: Policies) -> Iterator[tuple[str, Policy]]:
    """Every policy with its kind."""
    kinds = {
        "identity": policies.identity,
        "resource": policies.resource,
        "boundary": policies.boundary or (),
        "session": policies.session or (),
        "scp": tuple(policy for level in policies.scps for policy in level),
    }
    return ((kind, policy) for kind, among in kinds.items() for policy in among)


_DENIES, _NEAR, _ALLOWS, _UNRELATED = range(4)


def _finding(kind: str, policy: Policy, request: Request, bounded: bool) -> tuple[int, Finding]:
    """With its rank among the others."""
    found = fits(policy, request, of_resource=kind == "resource", bounded=bounded)
    denying = next((f for f in found if f.applies and not f.statement.allows), None)
    if denying:
        return _DENIES, Finding(policy.name, kind, "denies", _denies(denying, request))
    allowing = next((f for f in found if f.applies), None)
    if allowing:
        return _ALLOWS, Finding(policy.name, kind, "allows", _allows(allowing, request, kind))
    nearest = max((f for f in found if f.statement.allows), key=closeness, default=None)
    if nearest is None or not nearest.related:
        why = f"it allows nothing of {request.action.split(':')[0]}"
        return _UNRELATED, Finding(policy.name, kind, "does not allow", why)
    why = f"it has no {request.action}" if _among_many(found, request) else _misses(nearest, request)
    return _NEAR, Finding(policy.name, kind, "does not allow", why)


# A policy with more actions of the service than that is not told by some of them.
_MANY = 10


def _among_many(found: list[Fit], request: Request) -> bool:
    """Whether a policy has many actions of the service, and the request's is not among them."""
    allowing = [f for f in found if f.statement.allows]
    service = f"{request.action.split(':')[0]}:".lower()
    own = {a.lower() for f in allowing for a in f.statement.actions if a.lower().startswith(service)}
    return len(own) > _MANY and not any(f.action for f in allowing)


def _denies(fit: Fit, request: Request) -> str:
    where = "".join(f", where {words.wanted(condition)}" for condition in fit.statement.conditions[:1])
    return f"{words.label(fit.statement)} denies {request.action} on {words.resources(fit.statement)}{where}"


def _allows(fit: Fit, request: Request, kind: str) -> str:
    who = words.label(fit.statement)
    if kind == "resource" and naming(fit.statement, request.principal) is Naming.ACCOUNT:
        return f"{who} leaves it to the policies of account {request.principal.account}"
    return f"{who} allows it"


def _misses(fit: Fit, request: Request) -> str:
    """The first element that does not fit: what the statement has, and what the request."""
    statement = fit.statement
    who = words.label(statement)
    if not fit.action:
        return f"{who} allows {words.actions(statement, request.action.split(':')[0])}, not {request.action}"
    if not fit.named:
        return f"{who} allows it to {words.principals(statement)}, not to {request.principal.identity_arn}"
    if not fit.resource:
        return f"{who} allows it on {words.resources(statement)}, not on {request.resource}"
    condition = fit.unmet[0]
    return f"{who} allows it, but only where {words.wanted(condition)}; {words.found(condition, request.context)}"


def _nothing_there(request: Request, policies: Policies, verdict: Verdict) -> Iterator[Finding]:
    if passes_abroad(request):
        return
    if "resource" in verdict.missing and not policies.resource:
        yield Finding(
            resource_policy(request.resource, request.owner), "resource", "does not allow", "there is none"
        )
    if {"identity", "identity or resource"} & {*verdict.missing} and not policies.identity:
        who = request.principal.identity_arn
        yield Finding(f"policies of {who}", "identity", "does not allow", "there are none")
