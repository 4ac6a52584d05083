"""What the groups of operations share."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from harness.events.rules import bus_arn
from harness.model import ApiCall, AwsError, Json

Operation = Callable[[ApiCall], Json]
Item = TypeVar("Item")

TOO_MANY = "The requested resource exceeds the maximum number allowed."


def invalid(message: str) -> AwsError:
    return AwsError("ValidationException", message)


def bus_of(call: ApiCall, member: str = "EventBusName") -> str:
    """The ARN of the bus that the call names, by its name or ARN; the default bus where it names none."""
    return bus_arn(call.params.get(member) or "default", call.account, call.region)


def page(call: ApiCall, member: str, items: list[Item], answer: Callable[[Item], Any]) -> Json:
    """One page of a listing: at most `Limit` items (100 unless told) from where `NextToken` points."""
    start = _offset(call.params.get("NextToken", ""))
    end = start + int(call.params.get("Limit", 100))
    more = {"NextToken": base64.b64encode(str(end).encode()).decode()} if end < len(items) else {}
    return {member: [answer(item) for item in items[start:end]], **more}


def tags_of(given: Iterable[Json]) -> Mapping[str, str]:
    return {tag["Key"]: tag["Value"] for tag in given}


def present(**members: Any) -> Json:
    """Those members that there are: AWS leaves out what was never set."""
    return {name: value for name, value in members.items() if value not in ("", None)}


def _offset(token: str) -> int:
    try:
        return int(base64.b64decode(token, validate=True)) if token else 0
    except (binascii.Error, ValueError):
        raise invalid("Parameter NextToken is not valid.") from None
