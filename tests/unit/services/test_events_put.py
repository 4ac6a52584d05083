"""PutEvents and TestEventPattern answer as AWS does. Messages as recorded on AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from unittest.mock import MagicMock

import pytest

from harness.clock import Clock
from harness.events.bus import Bus
from harness.events.rules import Rules
from harness.journal import Journal
from harness.model import ApiCall, AwsError, Event, Json, Principal
from harness.services.events import Events

ACCOUNT, REGION = "111122223333", "us-east-1"
NOON = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)
ENTRY = {"Source": "my.shop", "DetailType": "order", "Detail": '{"id": 1}'}


class Shop:
    """Puts events, and tells what came onto the bus."""

    def __init__(self) -> None:
        clock = Clock(NOON)
        self.journal = Journal(clock)
        rules = Rules(clock)
        self.bus = Bus(rules, MagicMock(), self.journal, clock)
        self.service = Events(rules, self.bus, clock)

    def call(self, operation: str, **params: Any) -> Json:
        principal = Principal(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root", "root")
        return self.service.handle(
            ApiCall("events", operation, params, principal, ACCOUNT, REGION, "request")
        )

    def put(self, *entries: Json) -> Json:
        return self.call("PutEvents", Entries=list(entries))

    def published(self) -> list[Json]:
        return [{"bus": r["bus"].split("/")[-1], **r["event"]} for r in self.journal.read(0, "event")]


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()
    yield shop
    shop.bus.close()


def test_an_entry_becomes_an_event(shop: Shop) -> None:
    answer = shop.put({**ENTRY, "Resources": ["arn:x"]})
    (event,) = shop.published()
    assert answer == {"FailedEntryCount": 0, "Entries": [{"EventId": event["id"]}]}
    assert (event["source"], event["detail-type"], event["detail"]) == ("my.shop", "order", {"id": 1})
    assert (event["account"], event["region"], event["bus"]) == (ACCOUNT, REGION, "default")
    assert event["resources"] == ["arn:x"]
    assert event["time"].startswith("2026-03-15T12:0")


@pytest.mark.parametrize(
    "time",
    [
        datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC),
        datetime(2020, 1, 2, 3, 4, 5),
        1577934245,
        "2020-01-02T03:04:05Z",
    ],
)
def test_an_entry_may_have_a_time_of_its_own(shop: Shop, time: Any) -> None:
    shop.put({**ENTRY, "Time": time})
    assert shop.published()[0]["time"] == "2020-01-02T03:04:05Z"


@pytest.mark.parametrize("missing", ["Source", "DetailType", "Detail"])
def test_an_entry_must_be_complete(shop: Shop, missing: str) -> None:
    answer = shop.put({key: value for key, value in ENTRY.items() if key != missing}, ENTRY)
    assert answer["FailedEntryCount"] == 1
    assert answer["Entries"][0] == {
        "ErrorCode": "InvalidArgument",
        "ErrorMessage": f"Parameter {missing} is not valid. Reason: {missing} is a required argument.",
    }
    assert answer["Entries"][1]["EventId"] == shop.published()[0]["id"]


@pytest.mark.parametrize("detail", ["text", '"text"', "[1]", "{1}"])
def test_a_detail_is_a_json_object(shop: Shop, detail: str) -> None:
    (entry,) = shop.put({**ENTRY, "Detail": detail})["Entries"]
    assert entry == {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
    assert shop.published() == []


def test_nobody_speaks_for_aws(shop: Shop) -> None:
    (entry,) = shop.put({**ENTRY, "Source": "aws.sagemaker"})["Entries"]
    assert entry == {
        "ErrorCode": "NotAuthorizedForSourceException",
        "ErrorMessage": "Not authorized for the source.",
    }
    assert shop.published() == []


def test_an_entry_for_a_bus_that_does_not_exist_is_lost_without_a_word(shop: Shop) -> None:
    assert shop.put({**ENTRY, "EventBusName": "nowhere"})["FailedEntryCount"] == 0


def test_an_entry_names_its_bus_by_name_or_arn(shop: Shop) -> None:
    other = f"arn:aws:events:{REGION}:444455556666:event-bus/theirs"
    shop.put({**ENTRY, "EventBusName": "mine"}, {**ENTRY, "EventBusName": other})
    assert [event["bus"] for event in shop.published()] == ["mine", "theirs"]
    assert {event["account"] for event in shop.published()} == {ACCOUNT}


def test_a_forwarded_event_stays_itself(shop: Shop) -> None:
    original = Event("e-1", "aws.sagemaker", "t", "444455556666", "eu-west-1", NOON, {"a": 1})
    ticket = shop.bus.forwarded.leave(original)
    answer = shop.put({**ENTRY, "TraceHeader": ticket})
    assert answer["Entries"] == [{"EventId": "e-1"}]
    assert shop.published() == [{"bus": "default", **original.envelope()}]
    assert shop.journal.read(0, "event")[0]["bus"] == f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"


def test_a_call_takes_ten_entries_of_256_kb_in_all(shop: Shop) -> None:
    with pytest.raises(
        AwsError, match="'entries' failed to satisfy constraint: Member must have length less"
    ):
        shop.put(*[ENTRY] * 11)
    big = {**ENTRY, "Detail": json.dumps({"x": "ä" * 80_000}, ensure_ascii=False)}
    assert shop.put(big)["FailedEntryCount"] == 0
    with pytest.raises(AwsError, match="Total size of the entries in the request is over the limit"):
        shop.put(big, big)


EVENT = {
    "id": "1",
    "source": "my.shop",
    "detail-type": "order",
    "account": ACCOUNT,
    "region": REGION,
    "time": "2026-03-15T12:00:00Z",
}


@pytest.mark.parametrize(("source", "result"), [("my.shop", True), ("your.shop", False)])
def test_a_pattern_is_tried_on_an_event(shop: Shop, source: str, result: bool) -> None:
    pattern = json.dumps({"source": [source]})
    answer = shop.call("TestEventPattern", EventPattern=pattern, Event=json.dumps(EVENT))
    assert answer == {"Result": result}


@pytest.mark.parametrize("event", ["text", "[]", '{"id": "1"}'])
def test_a_pattern_is_tried_on_events_only(shop: Shop, event: str) -> None:
    with pytest.raises(AwsError) as refused:
        shop.call("TestEventPattern", EventPattern='{"source": ["a"]}', Event=event)
    assert refused.value.code == "ValidationException"
    assert refused.value.message == "Parameter Event is not valid."
