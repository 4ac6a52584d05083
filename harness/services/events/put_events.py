"""PutEvents and TestEventPattern."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

from botocore.utils import parse_timestamp

from harness.clock import Clock
from harness.events.bus import Bus
from harness.events.pattern import compile_pattern
from harness.model import ApiCall, AwsError, Event, Json
from harness.services.events.common import Operation, invalid

MAX_BYTES = 256 * 1024
"""Of all entries of a call. Source: User Guide, "Calculating PutEvents event entry size"."""


class EventOperations:
    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock
        self.operations: dict[str, Operation] = {
            "PutEvents": self.put,
            "TestEventPattern": self.test_pattern,
        }

    def put(self, call: ApiCall) -> Json:
        """{FailedEntryCount, Entries: [{EventId} or {ErrorCode, ErrorMessage}]}, in the order of the entries.

        Errors of an entry: InvalidArgument, MalformedDetail, NotAuthorizedForSourceException. Of the call:
        ValidationException where there are more than 10 entries, or more than 256 KB.
        """
        if "EndpointId" in call.params:
            raise AwsError(
                "UnsupportedOperation", "The harness has no global endpoints (EndpointId) yet", 501
            )
        entries = call.params["Entries"]
        if sum(map(_size, entries)) > MAX_BYTES:
            raise invalid("Total size of the entries in the request is over the limit.")
        answers = [self._put_one(call, entry) for entry in entries]
        return {"FailedEntryCount": sum("ErrorCode" in a for a in answers), "Entries": answers}

    def test_pattern(self, call: ApiCall) -> Json:
        """{Result}. Raises InvalidEventPatternException, and ValidationException for what is no event."""
        pattern = compile_pattern(call.params["EventPattern"])
        event = _object(call.params["Event"])
        # The API reference calls `resources` mandatory too; AWS does without (recorded).
        needed = {"id", "account", "source", "time", "region", "detail-type"}
        if event is None or not needed <= event.keys():
            raise invalid("Parameter Event is not valid.")
        return {"Result": pattern.matches(event)}

    def _put_one(self, call: ApiCall, entry: Json) -> Json:
        forwarded = self._bus.forwarded.claim(entry.get("TraceHeader", ""))
        failure = None if forwarded else _failure(entry)
        if failure:
            return failure
        event = forwarded or self._event(call, entry)
        self._bus.publish(event, self._bus_name(call, entry))
        return {"EventId": event.id}

    @staticmethod
    def _bus_name(call: ApiCall, entry: Json) -> str:
        """By ARN, for an event that came from another account's bus has that account's number."""
        name: str = entry.get("EventBusName") or "default"
        return (
            name
            if name.startswith("arn:")
            else f"arn:aws:events:{call.region}:{call.account}:event-bus/{name}"
        )

    def _event(self, call: ApiCall, entry: Json) -> Event:
        return Event(
            id=str(uuid.uuid4()),
            source=entry["Source"],
            detail_type=entry["DetailType"],
            account=call.account,
            region=call.region,
            time=_time(entry["Time"]) if "Time" in entry else self._clock.now(),
            detail=json.loads(entry["Detail"]),
            resources=tuple(entry.get("Resources", ())),
        )


def _failure(entry: Json) -> Json | None:
    for name in ("Source", "DetailType", "Detail"):
        if not entry.get(name):
            sentence = f"Parameter {name} is not valid. Reason: {name} is a required argument."
            return {"ErrorCode": "InvalidArgument", "ErrorMessage": sentence}
    if entry["Source"].startswith("aws."):
        return {
            "ErrorCode": "NotAuthorizedForSourceException",
            "ErrorMessage": "Not authorized for the source.",
        }
    if _object(entry["Detail"]) is None:
        return {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
    return None


def _object(text: str) -> Json | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _size(entry: Json) -> int:
    texts = [entry.get("Source", ""), entry.get("DetailType", ""), entry.get("Detail", "")]
    texts += entry.get("Resources", ())
    return sum(len(text.encode()) for text in texts) + (14 if "Time" in entry else 0)


def _time(given: Any) -> datetime:
    moment: datetime = given if isinstance(given, datetime) else parse_timestamp(given)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
