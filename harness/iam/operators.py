"""Condition operators. Source: "IAM JSON policy elements: Condition operators" in the IAM User Guide."""

from __future__ import annotations

import base64
import operator
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from harness.iam import matching

# Whether a value of the policy (first) accepts a value of the request (second).
Test = Callable[[str, str], object]

FOR_ALL = "ForAllValues"
FOR_ANY = "ForAnyValue"


@dataclass(frozen=True)
class Operator:
    """A condition operator as a policy names it, taken apart.

    `test` is the positive test also of a negated operator. `variables`: its values may hold policy variables and are
    patterns as harness.iam.matching reads them. `quantifier` is FOR_ALL, FOR_ANY or empty.
    """

    name: str
    test: Test
    negated: bool
    variables: bool
    quantifier: str
    if_exists: bool

    @property
    def holds_without_key(self) -> bool:
        """What the condition is where the request does not have the key."""
        if self.if_exists or not self.quantifier:
            return self.if_exists or self.negated
        return self.quantifier == FOR_ALL


@lru_cache(maxsize=1024)
def named(name: str) -> Operator:
    """The operator of that name. Raises ValueError where AWS has none of that name."""
    quantifier, colon, rest = name.rpartition(":")
    base = rest.removesuffix("IfExists")
    if_exists = base != rest
    known = _POSITIVE.get(base) or _POSITIVE.get(_POSITIVE_OF.get(base, ""))
    wrong_quantifier = colon and quantifier not in (FOR_ALL, FOR_ANY)
    if known is None or wrong_quantifier or (base == "Null" and if_exists):
        raise ValueError(f"there is no condition operator {name}")
    test, variables = known
    return Operator(base, test, base in _POSITIVE_OF, variables, quantifier, if_exists)


def _string_equals(wanted: str, actual: str) -> bool:
    return matching.unescape(wanted) == actual


def _string_equals_ignore_case(wanted: str, actual: str) -> bool:
    return matching.unescape(wanted).lower() == actual.lower()


def _string_like(wanted: str, actual: str) -> object:
    return matching.glob(wanted)(actual)


def _arn_like(wanted: str, actual: str) -> object:
    return matching.arn(wanted)(actual)


def _bool(wanted: str, actual: str) -> bool:
    return wanted.lower() == actual.lower()


def _in_network(wanted: str, actual: str) -> bool:
    network, address = _network(wanted), _address(actual)
    return network is not None and address is not None and address in network


def _compared(read: Callable[[str], Any], compare: Callable[[Any, Any], bool]) -> Test:
    """The request's value compared with the policy's; False where either cannot be read."""

    def test(wanted: str, actual: str) -> bool:
        right, left = read(wanted), read(actual)
        return left is not None and right is not None and compare(left, right)

    return test


@lru_cache(maxsize=4096)
def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


@lru_cache(maxsize=4096)
def _moment(text: str) -> float | None:
    """Unix time (s) of a W3C date (`2020`, `2020-07`, `2020-07-01`, `2020-07-01T00:00:00Z`) or of Unix time itself.

    AWS does not say how it tells the year 2020 from the 2020th second; here four digits are a year.
    """
    if text.isdecimal() and len(text) != len("YYYY"):
        return float(text)
    try:
        moment = datetime.fromisoformat(text + "-01-01"[len(text) - 4 :] if len(text) in (4, 7) else text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


@lru_cache(maxsize=4096)
def _bytes(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:  # binascii.Error is one; so is a character that is not ASCII
        return None


@lru_cache(maxsize=4096)
def _network(text: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


# Each positive operator's test, and whether its values may hold policy variables. Of Bool AWS says both; no here, as
# "IAM policy elements: Variables and tags" does. Null's test is given whether the key is absent, as `true` or `false`.
_POSITIVE: dict[str, tuple[Test, bool]] = {
    "StringEquals": (_string_equals, True),
    "StringEqualsIgnoreCase": (_string_equals_ignore_case, True),
    "StringLike": (_string_like, True),
    "ArnEquals": (_arn_like, True),
    "ArnLike": (_arn_like, True),
    "NumericEquals": (_compared(_number, operator.eq), False),
    "NumericLessThan": (_compared(_number, operator.lt), False),
    "NumericLessThanEquals": (_compared(_number, operator.le), False),
    "NumericGreaterThan": (_compared(_number, operator.gt), False),
    "NumericGreaterThanEquals": (_compared(_number, operator.ge), False),
    "DateEquals": (_compared(_moment, operator.eq), False),
    "DateLessThan": (_compared(_moment, operator.lt), False),
    "DateLessThanEquals": (_compared(_moment, operator.le), False),
    "DateGreaterThan": (_compared(_moment, operator.gt), False),
    "DateGreaterThanEquals": (_compared(_moment, operator.ge), False),
    "Bool": (_bool, False),
    "BinaryEquals": (_compared(_bytes, operator.eq), False),
    "IpAddress": (_in_network, False),
    "Null": (_bool, False),
}

_POSITIVE_OF = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
}

NAMES = (*_POSITIVE, *_POSITIVE_OF)
