"""The Condition element: its form, and the values of its operators."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from ipaddress import ip_network
from typing import Any

from harness.iam import operators
from harness.iam.grammar.faults import each, refuse, unknown
from harness.model import Json


def check_form(statement: Json, place: str, sentence: str, unknown_operator: str = "") -> None:
    """Raises Malformed with `sentence`, or with `unknown_operator` (`… {operator}`) where there is no such operator.

    An operator without keys is not looked at, nor is a key without values: so moto recorded it of IAM.
    """
    condition = statement.get("Condition", {})
    place = f"{place}.Condition"
    if not isinstance(condition, dict):
        refuse(sentence, place, "a Condition is an object of operators")
    for operator, keys in condition.items():
        here = f"{place}.{operator}"
        if not isinstance(keys, dict):
            refuse(sentence, here, "an operator has an object of condition keys")
        if keys:
            _check_operator(operator, here, unknown_operator.format(operator=operator) or sentence)
        for key, element in keys.items():
            for where, value in each(element, f"{here}.{key}"):
                if not isinstance(value, str | bool | int | float):
                    refuse(sentence, where, "a value is a string, a number or a Boolean")
                if operator.startswith("BinaryEquals") and not _is_base64(value):
                    refuse(sentence, where, f"{value} is not base64")


def check_values(statement: Json, place: str, sentence: str) -> None:
    """Raises Malformed where a value is not of its operator's type. Policy variables are for strings and ARNs only."""
    for where, operator, value in _values(statement, f"{place}.Condition"):
        name = operators.named(operator).name
        for family, (fits, what) in _TYPES.items():
            if family in name and not fits(value):
                refuse(sentence, where, f"{value} is not {what}")


def _check_operator(operator: str, place: str, sentence: str) -> None:
    try:
        operators.named(operator)
    except ValueError:
        if operator.endswith("NullIfExists"):
            refuse(sentence, place, "Null takes no IfExists: it is itself about whether a key exists")
        refuse(sentence, place, unknown("condition operator", operator, operators.NAMES))


def _values(statement: Json, place: str) -> Iterator[tuple[str, str, str]]:
    """(place, operator, value) of each condition."""
    for operator, keys in statement.get("Condition", {}).items():
        for key, element in keys.items():
            for where, value in each(element, f"{place}.{operator}.{key}"):
                yield where, operator, str(value)


def _is_base64(value: Any) -> bool:
    try:
        base64.b64decode(str(value), validate=True)
    except ValueError:  # binascii.Error is one; so is a character that is not ASCII
        return False
    return True


def _is_number(value: str) -> bool:
    try:
        return Decimal(value).is_finite()
    except InvalidOperation:
        return False


# ISO 8601 as IAM reads it: every part after the year may be missing, `2016-12-13t2:00:00.593194+23` is one, and
# `01T`, too (moto's recordings). Or it is Unix time, of 63 bits.
_DATE = re.compile(
    r"(?P<year>-?\d+)(-(0?[1-9]|1[0-2])(-(0?[1-9]|[12]\d|3[01]))?)?"
    r"(t((\d|[01]\d|2[0-3])(:[0-5]?\d(:[0-5]?\d(\.\d{1,9})?(z|[+-]([01]\d|2[0-3])(:[0-5]\d)?)?)?)?)?)?",
    re.IGNORECASE,
)
_YEARS = range(-292_275_054, 292_278_994)


def _is_date(value: str) -> bool:
    if value.isdecimal():
        return int(value) < 2**63
    date = _DATE.fullmatch(value)
    return date is not None and int(date["year"]) in _YEARS


def _is_network(value: str) -> bool:
    try:
        ip_network(value, strict=False)
    except ValueError:
        return False
    return True


def _is_arn(value: str) -> bool:
    return value == "*" or "${" in value or (value.startswith("arn:") and value.count(":") >= 5)


# By a part of the operator's name.
_TYPES: dict[str, tuple[Callable[[str], bool], str]] = {
    "Numeric": (_is_number, "a number"),
    "Date": (_is_date, "a date, as 2026-01-01T00:00:00Z, or Unix time"),
    "IpAddress": (_is_network, "an IP address or a range of them, as 203.0.113.0/24"),
    "Arn": (_is_arn, "an ARN, whose parts may have wildcards"),
}
