"""What one statement says to a request."""

from __future__ import annotations

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
    patterns = statement.resources or statement.not_resources
    matched = any(_matches(pattern, resource, context, statement.version) for pattern in patterns)
    return matched != bool(statement.not_resources) if patterns else True


def applies(statement: Statement, request: Request) -> bool:
    """Whether resource and conditions are the request's. Its action and principal are asked for on their own."""
    return about_resource(statement, request.resource, request.context) and all(
        conditions.holds(condition, request.context) for condition in statement.conditions
    )


def _matches(pattern: str, resource: str, context: Context, version: str) -> bool:
    resolved = resolve_resource(pattern, context, version)
    return resolved is not None and bool(matching.resource(resolved)(resource))
