"""The context of a simulated call: what the request gives, and what follows from who calls."""

from __future__ import annotations

from collections.abc import Iterable

from harness.access.values import Values
from harness.iam.documents import Statement, parse
from harness.iam.operators import named
from harness.iam.variables import variables
from harness.model import ApiCall, Json, Principal
from harness.services.simulator.model import Source, invalid

# An operator that reads the values of a type, and what IAM expects of them. Strings and booleans are whatever is given.
_READ_BY = {
    "numeric": ("NumericEquals", "numeric format"),
    "date": ("DateEquals", "DateTime format"),
    "ip": ("IpAddress", "IP address"),
    "binary": ("BinaryEquals", "base-64 encoded binary format"),
}


def given_context(call: ApiCall) -> Values:
    """The request's ContextEntries; those of a list's type are multivalued. Raises AwsError InvalidInput."""
    values: Values = {}
    for entry in filter(None, call.params.get("ContextEntries", [])):
        name = str(entry.get("ContextKeyName", ""))
        if not name:
            raise invalid("ContextKeyName cannot be null or empty.")
        if name.lower() in values:
            raise invalid(f"Duplicate context key: {name}.")
        values[name.lower()] = _values(name, entry)
    return values


def _values(name: str, entry: Json) -> str | tuple[str, ...]:
    kind, given = str(entry.get("ContextKeyType", "null")), entry.get("ContextKeyValues", [])
    if kind == "null":
        raise invalid(f"Context key {name} has invalid type null.")
    if not given:
        raise invalid(f"Context values for context key {name} cannot be null or empty.")
    scalar = kind.removesuffix("List")
    if scalar == kind and len(given) > 1:
        raise invalid(f"Context key {kind} expected a single value, but received {len(given)}.")
    read = tuple(_value(name, scalar, value) for value in given)
    return read[0] if scalar == kind else read


def _value(name: str, kind: str, value: str) -> str:
    if kind == "boolean":
        return "true" if value.lower() == "true" else "false"
    operator, expected = _READ_BY.get(kind, ("", ""))
    # What an operator can read is equal to itself.
    if operator and (value != value.strip() or not named(operator).test(value, value)):
        raise invalid(f"Invalid context value for key {name}: expected {expected}.")
    return value


def context_of_caller(call: ApiCall, caller: Principal | None) -> Values:
    """The keys that IAM fills in itself, recorded of users. No clock, no network: those have to be given."""
    if caller is None:
        return {
            "aws:principalaccount": call.account,
            "aws:userid": "STUB_PRINCIPAL_FOR_POLICY_SIMULATOR",
        }
    values: Values = {
        "aws:principalarn": caller.arn,
        "aws:principalaccount": caller.account,
        "aws:userid": caller.arn,
    }
    if ":user/" in caller.arn:
        values["aws:username"] = caller.arn.rsplit("/", 1)[-1]
    return values


def context_keys(sources: Iterable[Source]) -> list[str]:
    """The keys of conditions and variables, as they are written, each once."""
    statements = [statement for source in sources for statement in parse(source.text).statements]
    spelled: dict[str, str] = {}
    for key in (key for statement in statements for key in _keys(statement)):
        spelled.setdefault(key.lower(), key)
    return list(spelled.values())


def _keys(statement: Statement) -> Iterable[str]:
    for resource in (*statement.resources, *statement.not_resources):
        yield from variables(resource, statement.version)
    for condition in statement.conditions:
        yield condition.key
        for value in condition.values:
            yield from variables(value, statement.version)
