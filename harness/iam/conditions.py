"""Whether a statement's conditions hold.

Sources: "Conditions with multiple context keys or values", "Single-valued vs. multivalued context keys" and "Condition
operators" in the IAM User Guide.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from harness.iam import operators
from harness.iam.documents import Condition, Statement
from harness.iam.model import Context
from harness.iam.variables import resolve


def unmet(statement: Statement, context: Context) -> tuple[Condition, ...]:
    """The conditions of the statement that do not hold."""
    return tuple(condition for condition in statement.conditions if not holds(condition, context))


def actual(condition: Condition, context: Context) -> tuple[str, ...]:
    """The request's values for the condition's key; () where it has none. Keys, tags' too, are named without case."""
    value = context.get(condition.key.lower(), ())
    return (value,) if isinstance(value, str) else value


def holds(condition: Condition, context: Context) -> bool:
    """Any of the condition's values will do; of a negated operator's values none may match."""
    operator = operators.named(condition.operator)
    values = actual(condition, context)
    absent = not any(values)  # "resolves to a null data set, such as an empty string"
    if operator.name == "Null":
        return any(operator.test(wanted, "true" if absent else "false") for wanted in condition.values)
    if not values:
        return operator.holds_without_key
    if operator.quantifier and absent:
        return operator.quantifier == operators.FOR_ALL
    wanted = _wanted(operator, condition, context)
    verdicts = [_accepts(operator, wanted, value) for value in values]
    # AWS requires a quantifier for multivalued keys and does not say what happens without: here one match is a match.
    every = operator.negated if not operator.quantifier else operator.quantifier == operators.FOR_ALL
    return all(verdicts) if every else any(verdicts)


def _accepts(operator: operators.Operator, wanted: Sequence[str], value: str) -> bool:
    matched = any(operator.test(pattern, value) for pattern in wanted)
    return matched != operator.negated


def _wanted(operator: operators.Operator, condition: Condition, context: Context) -> Sequence[str]:
    """The condition's values, without those that a variable without a value leaves meaningless."""
    if not operator.variables or _plain(condition.values):
        return condition.values
    resolved = (resolve(value, context, condition.version) for value in condition.values)
    return [value for value in resolved if value is not None]


@lru_cache(maxsize=16384)
def _plain(values: tuple[str, ...]) -> bool:
    """Whether none of them has a variable."""
    return not any("$" in value for value in values)
