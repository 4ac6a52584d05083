"""A simulation's results, in the shapes of IAM's answer."""

from __future__ import annotations

from collections.abc import Iterable

from harness.model import Json
from harness.services.simulator.catalogue import template
from harness.services.simulator.decisions import EXPLICIT, Outcome, decide, strictest
from harness.services.simulator.model import Simulation, Source
from harness.services.simulator.positions import positions


def results(simulation: Simulation, actions: Iterable[str], resources: tuple[str, ...]) -> list[Json]:
    """An EvaluationResult for each action, which sums up its resources'."""
    statements = _statements(simulation.sources.told)
    return [_result(simulation, action, resources, statements) for action in actions]


def _result(
    simulation: Simulation, action: str, resources: tuple[str, ...], statements: dict[str, Json]
) -> Json:
    outcomes = [decide(simulation, action, resource) for resource in resources]
    whole = _whole(outcomes)
    result: Json = {
        "EvalActionName": action,
        "EvalResourceName": resources[0] if len(resources) == 1 else template(action),
        "EvalDecision": whole.decision,
        "MatchedStatements": [statements[ref] for ref in whole.matched],
        "MissingContextValues": list(whole.missing),
        **_boundary(whole),
    }
    if whole.by_organization is not None:
        result["OrganizationsDecisionDetail"] = {"AllowedByOrganizations": whole.by_organization}
    if resources != ("*",):
        result["EvalDecisionDetails"] = whole.sides
        result["ResourceSpecificResults"] = [
            _specific(resource, outcome, statements)
            for resource, outcome in zip(resources, outcomes, strict=True)
        ]
    return result


def _specific(resource: str, outcome: Outcome, statements: dict[str, Json]) -> Json:
    """What is empty is left out here, and there in the sum."""
    optional = {
        "MatchedStatements": [statements[ref] for ref in outcome.matched],
        "MissingContextValues": list(outcome.missing),
        "EvalDecisionDetails": outcome.sides,
    }
    return {
        "EvalResourceName": resource,
        "EvalResourceDecision": outcome.decision,
        **{name: value for name, value in optional.items() if value},
        **_boundary(outcome),
    }


def _boundary(outcome: Outcome) -> Json:
    if outcome.within_boundary is None:
        return {}
    return {"PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": outcome.within_boundary}}


def _whole(outcomes: list[Outcome]) -> Outcome:
    """The strictest of all decisions, and of each side's; every statement and key once. Beside what denies, what allows
    another resource is not told."""
    kinds = dict.fromkeys(kind for outcome in outcomes for kind in outcome.sides)
    decision = strictest(*(outcome.decision for outcome in outcomes))
    telling = [o for o in outcomes if decision != EXPLICIT or o.decision == EXPLICIT]
    return Outcome(
        decision,
        tuple(dict.fromkeys(ref for outcome in telling for ref in outcome.matched)),
        tuple(dict.fromkeys(key for outcome in outcomes for key in outcome.missing)),
        _all(outcome.within_boundary for outcome in outcomes),
        _all(outcome.by_organization for outcome in outcomes),
        {kind: strictest(*(o.sides[kind] for o in outcomes if kind in o.sides)) for kind in kinds},
    )


def _all(said: Iterable[bool | None]) -> bool | None:
    known = [one for one in said if one is not None]
    return all(known) if known else None


def _statements(sources: Iterable[Source]) -> dict[str, Json]:
    """As MatchedStatements tells them, by their names as in iam.model.Side."""
    return {
        f"{source.id}#{statement.label}": {
            "SourcePolicyId": source.id,
            "SourcePolicyType": source.type,
            **place,
        }
        for source in sources
        for statement, place in zip(source.policy.document.statements, positions(source.text), strict=True)
    }
