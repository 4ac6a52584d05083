"""The comparison operators of event patterns: each turns its JSON operand into a test of one event value.

Sources: EventBridge User Guide, "Comparison operators for use in event patterns"; the sentences of the errors
are those of AWS's open-source matcher (github.com/aws/event-ruler), which EventBridge answers unchanged.
"""

from __future__ import annotations

import ipaddress
import operator
import re
from collections.abc import Callable
from typing import Any

Test = Callable[[Any], bool]

MAX_WILDCARDS = 5
"""AWS refuses patterns whose wildcards are "too complex" by a measure it does not publish. Six in one value
are refused (recorded by LocalStack's suite, content_wildcard_complex_EXC); we count, and allow what may be
refused."""


class BadPattern(Exception):
    """What is wrong with a pattern, in AWS's words."""


def exact(wanted: Any) -> Test:
    """A string, number, true, false or null: numbers compare as numbers (300 is 300.0), nothing else converts."""
    if isinstance(wanted, (dict, list)):
        raise BadPattern("Match value must be String, number, true, false, or null")
    return lambda value: bool(value == wanted) and isinstance(value, bool) == isinstance(wanted, bool)


def compile_test(expression: dict[str, Any]) -> Test:
    """The test of one match expression (`{"prefix": "a"}`). Raises BadPattern."""
    if not expression:
        raise BadPattern("Match expression name not found")
    name, operand = next(iter(expression.items()))
    if name not in OPERATORS:
        raise BadPattern(f"Unrecognized match type {name}")
    test = OPERATORS[name](operand)
    if len(expression) > 1:
        numeric = name in ("numeric", "anything-but")
        raise BadPattern(
            "Too many elements in numeric expression"
            if numeric
            else "Only one key allowed in match expression"
        )
    return test


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _string(operand: Any, what: str) -> str:
    if not isinstance(operand, str):
        raise BadPattern(f"{what} match pattern must be a string")
    return operand


def _text(test: Callable[[str], bool]) -> Test:
    return lambda value: isinstance(value, str) and test(value)


def _exactly(operand: Any) -> Test:
    return exact(_string(operand, "exact"))


def _ignoring_case(operand: Any) -> Test:
    wanted = _string(operand, "equals-ignore-case").lower()
    return _text(lambda value: value.lower() == wanted)


def _affix(name: str, holds: Callable[[str, str], bool]) -> Callable[[Any], Test]:
    """prefix and suffix, which may themselves ignore case."""

    def compiled(operand: Any) -> Test:
        if not isinstance(operand, dict):
            wanted = _string(operand, name)
            return _text(lambda value: holds(value, wanted))
        keys = list(operand)
        if not keys:
            raise BadPattern(f"{name.capitalize()} expression name not found")
        if keys[0] != "equals-ignore-case":
            raise BadPattern(f"Unsupported {name} pattern: {keys[0]}")
        if len(keys) > 1:
            raise BadPattern("Only one key allowed in match expression")
        lowered = _string(operand["equals-ignore-case"], "equals-ignore-case").lower()
        return _text(lambda value: holds(value.lower(), lowered))

    return compiled


def _wildcard(operand: Any) -> Test:
    """`*` stands for any characters, none included; `\\*` and `\\\\` for themselves."""
    text = _string(operand, "wildcard")
    parts: list[str] = []
    at = 0
    while at < len(text):
        here = text[at]
        if here == "*" and text[at + 1 : at + 2] == "*":
            # AWS counts from the value's opening quote.
            raise BadPattern(f"Consecutive wildcard characters at pos {at + 1}")
        if here == "\\":
            at += 1
            if text[at : at + 1] not in ("*", "\\"):
                raise BadPattern(f"Invalid escape character at pos {at}")
        parts.append(".*" if here == "*" else re.escape(text[at]))
        at += 1
    if parts.count(".*") > MAX_WILDCARDS:
        raise BadPattern(
            "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences"
            " after a wildcard character"
        )
    shape = re.compile("".join(parts), re.DOTALL)
    return _text(lambda value: shape.fullmatch(value) is not None)


def _cidr(operand: Any) -> Test:
    # That this says "prefix" is AWS's.
    text = _string(operand, "prefix")
    address, slash, bits = text.partition("/")
    if not slash or "/" in bits:
        raise BadPattern("Malformed CIDR, one '/' required")
    if not re.fullmatch(r"[+-]?\d+", bits):
        raise BadPattern("Malformed CIDR, mask bits must be an integer")
    if int(bits) < 0:
        raise BadPattern("Malformed CIDR, mask bits must not be negative")
    try:
        version, width = (6, 128) if ipaddress.ip_address(address).version == 6 else (4, 32)
    except ValueError:
        raise BadPattern(f"Nonstandard IP address: {address}") from None
    if int(bits) >= width:
        raise BadPattern(f"IPv{version} mask bits must be < {width}")
    network = ipaddress.ip_network(f"{address}/{int(bits)}", strict=False)
    return _text(lambda value: _inside(value, network))


def _inside(value: str, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    try:
        return ipaddress.ip_address(value) in network
    except ValueError:
        return False


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _numeric(operand: Any) -> Test:
    """One comparison, or a range told from its lower end: `[">", 0, "<=", 5]`."""
    if not isinstance(operand, list):
        raise BadPattern("Value of numeric must be an array.")
    if not operand or not isinstance(operand[0], str):
        raise BadPattern(f"Invalid member in numeric match: {operand[0] if operand else ']'}")
    first = operand[0]
    if first not in _COMPARISONS:
        raise BadPattern(f"Unrecognized numeric range operator: {first}")
    tests = [_comparison(first, operand[1:2], "equals" if first == "=" else first)]
    if len(operand) > 2:
        if first not in (">", ">="):
            raise BadPattern("Too many elements in numeric expression")
        second = operand[2]
        if not isinstance(second, str):
            raise BadPattern(f"Bad value in numeric range: {second}")
        if second not in ("<", "<="):
            raise BadPattern(f"Bad numeric range operator: {second}")
        tests.append(_comparison(second, operand[3:4], second))
        if len(operand) > 4:
            raise BadPattern("Too many terms in numeric range expression")
        if operand[1] >= operand[3]:
            raise BadPattern("Bottom must be less than top")
    return lambda value: _is_number(value) and all(test(value) for test in tests)


def _comparison(symbol: str, operand: list[Any], name: str) -> Test:
    if not operand or not _is_number(operand[0]):
        raise BadPattern(f"Value of {name} must be numeric")
    return lambda value: _COMPARISONS[symbol](value, operand[0])


def _anything_but(operand: Any) -> Test:
    """Any value that is there and is none of these: null and other types too (recorded: ..._but_string_null)."""
    if isinstance(operand, dict):
        return _anything_but_a_kind(operand)
    values = operand if isinstance(operand, list) else [operand]
    if not isinstance(operand, list) and not (isinstance(operand, str) or _is_number(operand)):
        raise BadPattern("Value of anything-but must be an array or single string/number value.")
    if any(not (isinstance(value, str) or _is_number(value)) for value in values):
        raise BadPattern("Inside anything but list, start|null|boolean is not supported.")
    if len({isinstance(value, str) for value in values}) != 1:
        raise BadPattern(
            "Inside anything but list, either all values are number or string, mixed type is not supported"
        )
    return _none_of([exact(value) for value in values])


def _anything_but_a_kind(operand: dict[str, Any]) -> Test:
    if not operand:
        raise BadPattern("Anything-But expression name not found")
    name, inner = next(iter(operand.items()))
    if name not in ("equals-ignore-case", "prefix", "suffix", "wildcard"):
        raise BadPattern(f"Unsupported anything-but pattern: {name}")
    if not isinstance(inner, (str, list)) and not _is_number(inner):
        raise BadPattern("Value of anything-but must be an array or single string/number value.")
    if len(operand) > 1:
        raise BadPattern("Too many elements in numeric expression")
    values = inner if isinstance(inner, list) else [inner]
    for value in values:
        if not isinstance(value, str):
            raise BadPattern(_NOT_A_STRING[name])
        if not value and name in ("prefix", "suffix"):
            raise BadPattern("Null prefix/suffix not allowed")
    return _none_of([OPERATORS[name](value) for value in values])


_NOT_A_STRING = {
    "equals-ignore-case": (
        "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported."
    ),
    "prefix": "prefix/suffix match pattern must be a string",
    "suffix": "prefix/suffix match pattern must be a string",
    "wildcard": "wildcard match pattern must be a string",
}


def _none_of(tests: list[Test]) -> Test:
    return lambda value: not any(test(value) for test in tests)


def _exists(operand: Any) -> Test:
    """Of a value that is there; `harness.events.pattern` sees to absence."""
    if not isinstance(operand, bool):
        raise BadPattern("exists match pattern must be either true or false.")
    return lambda _: operand


OPERATORS: dict[str, Callable[[Any], Test]] = {
    "anything-but": _anything_but,
    "cidr": _cidr,
    "equals-ignore-case": _ignoring_case,
    "exactly": _exactly,
    "exists": _exists,
    "numeric": _numeric,
    "prefix": _affix("prefix", str.startswith),
    "suffix": _affix("suffix", str.endswith),
    "wildcard": _wildcard,
}
