"""Policies' elements as people read them, short: a list is told by its first and how many more there are."""

from __future__ import annotations

from harness.iam.conditions import actual
from harness.iam.documents import Condition, Principals, Statement
from harness.iam.model import Context
from harness.iam.operators import FOR_ALL, FOR_ANY, named


def label(statement: Statement) -> str:
    return statement.sid or f"statement {statement.number}"


def some(values: tuple[str, ...]) -> str:
    """`a`, `a and b`, `a and 3 more`."""
    first, *rest = values or ("nothing",)
    if not rest:
        return first
    return f"{first} and {rest[0] if len(rest) == 1 else f'{len(rest)} more'}"


def actions(statement: Statement, service: str) -> str:
    """The statement's actions, those of the service first: they tell most about what is missing."""
    if not statement.actions:
        return f"all but {some(statement.not_actions)}"
    own = f"{service}:".lower()
    return some(tuple(sorted(statement.actions, key=lambda action: not action.lower().startswith(own))))


def resources(statement: Statement) -> str:
    return some(statement.resources) if statement.resources else f"all but {some(statement.not_resources)}"


def principals(statement: Statement) -> str:
    if statement.not_principals is not None:
        return f"all but {_names(statement.not_principals)}"
    return _names(statement.principals or {})


def _names(principals: Principals) -> str:
    return some(tuple(name for names in principals.values() for name in names))


def wanted(condition: Condition) -> str:
    """`kms:ViaService is s3.us-east-1.amazonaws.com`, `some value of aws:TagKeys is like team*`."""
    operator = named(condition.operator)
    quantified = {FOR_ALL: "every value of ", FOR_ANY: "some value of "}.get(operator.quantifier, "")
    if operator.name == "Null":
        return f"{condition.key} is {'not set' if condition.values == ('true',) else 'set'}"
    unless = ", or is not set" if operator.if_exists else ""
    return f"{quantified}{condition.key} {_VERBS[operator.name]} {_or(condition.values)}{unless}"


def found(condition: Condition, context: Context) -> str:
    """`here it is not set`, `here it is sns.us-east-1.amazonaws.com`."""
    return f"here it is {some(actual(condition, context)) if actual(condition, context) else 'not set'}"


def _or(values: tuple[str, ...]) -> str:
    shown = " or ".join(values[:2])
    return shown if len(values) <= 2 else f"{shown} or {len(values) - 2} more"


_VERBS = {
    "StringEquals": "is",
    "StringNotEquals": "is not",
    "StringEqualsIgnoreCase": "is",
    "StringNotEqualsIgnoreCase": "is not",
    "StringLike": "is like",
    "StringNotLike": "is not like",
    "ArnEquals": "is",
    "ArnNotEquals": "is not",
    "ArnLike": "is like",
    "ArnNotLike": "is not like",
    "NumericEquals": "is",
    "NumericNotEquals": "is not",
    "NumericLessThan": "is less than",
    "NumericLessThanEquals": "is at most",
    "NumericGreaterThan": "is more than",
    "NumericGreaterThanEquals": "is at least",
    "DateEquals": "is",
    "DateNotEquals": "is not",
    "DateLessThan": "is before",
    "DateLessThanEquals": "is not after",
    "DateGreaterThan": "is after",
    "DateGreaterThanEquals": "is not before",
    "Bool": "is",
    "BinaryEquals": "is",
    "IpAddress": "is in",
    "NotIpAddress": "is not in",
}
