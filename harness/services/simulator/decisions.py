"""What the policies come to, of one action on one resource: each kind on its own, and then together.

Together they are not quite what a real call would meet, as recorded of IAM: within an account a resource's policy that
lets in the caller, or its account, allows whatever the caller's own policies and boundary do not; only what they deny
counts.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from harness.iam.evaluation import evaluate
from harness.iam.model import Policies, Policy, Request
from harness.services.simulator.catalogue import assumes, can_be_on
from harness.services.simulator.model import BOUNDARY, IDENTITY, RESOURCE, Simulation, Source

ALLOWED, IMPLICIT, EXPLICIT = "allowed", "implicitDeny", "explicitDeny"
_STRICT = (ALLOWED, IMPLICIT, EXPLICIT)


@dataclass(frozen=True)
class Said:
    """What the policies of one kind say, and the statements that say so, as in iam.model.Side."""

    decision: str = IMPLICIT
    by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """Of one resource. `matched`: the statements that made the decision; `missing`: the keys without which it may be
    wrong. `within_boundary` and `by_organization` are None where there is none; `sides` is of calls across accounts."""

    decision: str
    matched: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    within_boundary: bool | None = None
    by_organization: bool | None = None
    sides: dict[str, str] = field(default_factory=dict)


def strictest(*decisions: str) -> str:
    return max(decisions, key=_STRICT.index)


def decide(simulation: Simulation, action: str, resource: str) -> Outcome:
    """An organization that does not allow ends the simulation: nothing else is told."""
    owner = simulation.owner or _owner_in(resource) or simulation.caller.account
    request = Request(simulation.caller, action, resource, owner, simulation.context)
    sources = simulation.sources
    levels = [_said(level, request).decision for level in sources.scps]
    organization = strictest(ALLOWED, *levels)
    by_organization = organization == ALLOWED if levels else None
    if organization != ALLOWED:
        return Outcome(organization, by_organization=by_organization)
    kinds = _kinds(simulation, request)
    abroad = sources.resource is not None and owner != simulation.caller.account
    decision = _together(kinds, abroad)
    return Outcome(
        decision,
        _matched(kinds, decision),
        simulation.missing if decision == IMPLICIT else (),
        kinds[BOUNDARY].decision == ALLOWED if BOUNDARY in kinds else None,
        by_organization,
        {kind: said.decision for kind, said in kinds.items()} if abroad else {},
    )


def _kinds(simulation: Simulation, request: Request) -> dict[str, Said]:
    """Of the kinds of policies that there are; identity's always."""
    sources = simulation.sources
    kinds = {IDENTITY: _said(sources.identity, request)}
    if sources.boundary:
        kinds[BOUNDARY] = _said((sources.boundary,), request)
    if sources.resource:
        kinds[RESOURCE] = Said() if assumes(request.action) else _resource_said(sources.resource, request)
    return kinds if can_be_on(request.action, request.resource) else dict.fromkeys(kinds, Said())


def _together(kinds: dict[str, Said], abroad: bool) -> str:
    """Across accounts everyone has to allow."""
    decisions = {kind: said.decision for kind, said in kinds.items()}
    if abroad or EXPLICIT in decisions.values():
        return strictest(*decisions.values())
    if decisions.get(RESOURCE) == ALLOWED:
        return ALLOWED
    return strictest(decisions[IDENTITY], decisions.get(BOUNDARY, ALLOWED))


def _matched(kinds: dict[str, Said], decision: str) -> tuple[str, ...]:
    """The statements of those kinds that say so, too. What a boundary allows is not told, for it grants nothing."""
    return tuple(
        ref
        for kind, said in kinds.items()
        if said.decision == decision and (kind, decision) != (BOUNDARY, ALLOWED)
        for ref in said.by
    )


def _said(sources: tuple[Source, ...], request: Request) -> Said:
    """As policies of an identity, which name nobody."""
    verdict = evaluate(request, Policies(identity=_policies(sources)))
    return _read(verdict.denied_by, tuple(ref for side in verdict.sides for ref in side.by))


def _resource_said(source: Source, request: Request) -> Said:
    """By any way of naming the caller, as of somebody else's resource: a same account's name for it counts, too."""
    verdict = evaluate(replace(request, owner=""), Policies(resource=_policies((source,))))
    return _read(
        verdict.denied_by, tuple(ref for side in verdict.sides if side.name == "resource" for ref in side.by)
    )


def _read(denied_by: tuple[str, ...], allowed_by: tuple[str, ...]) -> Said:
    if denied_by:
        return Said(EXPLICIT, denied_by)
    return Said(ALLOWED, allowed_by) if allowed_by else Said()


def _policies(sources: tuple[Source, ...]) -> tuple[Policy, ...]:
    return tuple(source.policy for source in sources)


def _owner_in(resource: str) -> str:
    parts = resource.split(":", 5)
    return parts[4] if len(parts) == 6 else ""
