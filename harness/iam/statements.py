"""What one statement says to a request."""

from __future__ import annotations

from functools import lru_cache

from harness.iam import conditions, matching
from harness.iam.documents import Statement
from harness.iam.model import Context, Request
from harness.iam.variables import resolve_resource


def about_action(statement: Statement, action: str) -> bool:
    """Whether Action, or NotAction, takes in the action. Case does not matter."""
    patterns = statement.actions or statement.not_actions
    matched = any(matching.glob(pattern.lower())(action.lower()) for pattern in patterns)
    return matched if statement.actions else bool(statement.not_actions) and not matched


def about_resource(statement: Statement, resource: str, context: Context) -> bool:
    """Whether Resource, or NotResource, takes in the resource. A statement without either, as in a role's trust policy,
    is about what its policy is attached to."""
    if not (statement.resources or statement.not_resources):
        return True
    matches, with_variables = _resources(statement)
    matched = matches(resource) or (
        with_variables
        and any(_matches(pattern, resource, context, statement.version) for pattern in with_variables)
    )
    return bool(matched) != bool(statement.not_resources)


def applies(statement: Statement, request: Request) -> bool:
    """Whether resource and conditions are the request's. Its action and principal are asked for on their own."""
    return about_resource(statement, request.resource, request.context) and not (
        statement.conditions and conditions.unmet(statement, request.context)
    )


@lru_cache(maxsize=16384)
def _resources(statement: Statement) -> tuple[matching.Match, tuple[str, ...]]:
    """What matches the patterns that are the same for every request, and the others."""
    patterns = statement.resources or statement.not_resources
    fixed = tuple(pattern for pattern in patterns if "$" not in pattern)
    return matching.resources(fixed), tuple(pattern for pattern in patterns if "$" in pattern)


def _matches(pattern: str, resource: str, context: Context, version: str) -> bool:
    resolved = resolve_resource(pattern, context, version)
    return resolved is not None and bool(matching.resources((resolved,))(resource))
