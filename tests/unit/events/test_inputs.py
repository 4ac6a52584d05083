"""What targets receive, by their input settings. The expected texts were recorded on AWS by LocalStack's suite,
test_events_inputs, but for their ids and dates."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from harness.events.inputs import Untransformable, check_input, extract, payload
from harness.events.rules import Rule, Target, bus_arn
from harness.model import AwsError, Event

NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)
EVENT = Event(
    id="e-1",
    source="core.update-account-command",
    detail_type="core.update-account-command",
    account="111122223333",
    region="us-east-1",
    time=NOW,
    detail={
        "command": "update-account",
        "payload": {"acc_id": "0a787ecb-4015", "sf_id": "baz"},
        "listsingle": ["HIGH"],
        "listmulti": ["ACTIVE", "INACTIVE"],
        "valid": True,
    },
)
RULE = Rule("my-rule", bus_arn("mine", "111122223333", "us-east-1"), "ENABLED", "111122223333", NOW)
PATHS = {
    "type": "$.detail-type",
    "command": "$.detail.command",
    "missing": "$.detail.awsAccountId",
    "userId": "$.detail.payload.acc_id",
    "payload": "$.detail.payload",
    "listsingle": "$.detail.listsingle",
    "listmulti": "$.detail.listmulti",
    "valid": "$.detail.valid",
}


def received(**settings: Any) -> str:
    return payload(RULE, Target("it", "arn", settings), EVENT, NOW)


def transformed(template: str) -> str:
    return received(InputTransformer={"InputPathsMap": PATHS, "InputTemplate": template})


def test_without_settings_the_event_itself() -> None:
    assert json.loads(received()) == EVENT.envelope()


def test_a_constant_input_whatever_the_event() -> None:
    assert received(Input='{"a": 1}') == '{"a": 1}'


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("$.detail.payload", '{"acc_id":"0a787ecb-4015","sf_id":"baz"}'),
        ("$.detail.payload.sf_id", '"baz"'),
        ("$.detail.listmulti[1]", '"INACTIVE"'),
        ("$.detail['command']", '"update-account"'),
        ("$.detail.nowhere", "null"),
    ],
)
def test_a_part_of_the_event(path: str, text: str) -> None:
    assert received(InputPath=path) == text


def test_the_root_of_a_path_is_the_whole_event() -> None:
    assert extract(EVENT.envelope(), "$") == EVENT.envelope()


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ('"Event of <type> type: <command>"', '"Event of core.update-account-command type: update-account"'),
        ('"info: <missing>"', '"info: "'),
        ('"Command is <valid>!"', '"Command is true!"'),
        ('"<listsingle> single list item"', '"[HIGH] single list item"'),
        ('"<listmulti> items"\n"<userId> user id"', '"[ACTIVE,INACTIVE] items"\n"0a787ecb-4015 user id"'),
        ('"Payload of <payload>"', '"Payload of {acc_id:0a787ecb-4015,sf_id:baz}"'),
        ('"{[/Check <userId>"', '"{[/Check 0a787ecb-4015"'),
    ],
)
def test_a_template_that_is_text(template: str, text: str) -> None:
    assert transformed(template) == text


@pytest.mark.parametrize(
    ("template", "document"),
    [
        ('{"id" : <userId>}', {"id": "0a787ecb-4015"}),
        ('{"id" : "<userId>"}', {"id": "0a787ecb-4015"}),
        ('{"command": <missing>}', {"command": ""}),
        ('{"path": "users/<userId>/<userId>"}', {"path": "users/0a787ecb-4015/0a787ecb-4015"}),
        ('{"body": <payload>}', {"body": {"acc_id": "0a787ecb-4015", "sf_id": "baz"}}),
        ('{"list": [<userId>, "hardcoded"]}', {"list": ["0a787ecb-4015", "hardcoded"]}),
        ('{"list": <listsingle>}', {"list": ["HIGH"]}),
        ('{"rule": "<aws.events.rule-name>"}', {"rule": "my-rule"}),
        (
            '{"arn": <aws.events.rule-arn>}',
            {"arn": "arn:aws:events:us-east-1:111122223333:rule/mine/my-rule"},
        ),
        ('{"at": "<aws.events.event.ingestion-time>"}', {"at": "2026-03-15T12:00:00Z"}),
        ('{"original": <aws.events.event.json>}', {"original": EVENT.envelope()}),
    ],
)
def test_a_template_that_is_a_document(template: str, document: Any) -> None:
    assert json.loads(transformed(template)) == document


def test_the_event_variable_leaves_the_detail_out() -> None:
    assert json.loads(transformed('{"e": <aws.events.event>}'))["e"] == {
        "id": "e-1",
        "account": "111122223333",
        "detailType": "core.update-account-command",
        "time": "2026-03-15T12:00:00Z",
        "source": "core.update-account-command",
        "region": "us-east-1",
        "resources": [],
        "version": "0",
    }


@pytest.mark.parametrize("template", ['{"payload": "<payload>"}', '{"list": "<listsingle>"}'])
def test_a_document_in_quotes_spoils_the_document(template: str) -> None:
    with pytest.raises(Untransformable):
        transformed(template)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"Input": "1", "InputPath": "$.detail"},
            "Only one of Input, InputPath, or InputTransformer must be provided for target it.",
        ),
        ({"Input": "{not json"}, "JSON syntax error in input for target it."),
        (
            {"InputTransformer": {"InputTemplate": '"<notdefinedkey>"'}},
            "InputTemplate for target it contains invalid placeholder notdefinedkey.",
        ),
    ],
)
def test_settings_that_aws_refuses(settings: Any, sentence: str) -> None:
    with pytest.raises(AwsError) as refused:
        check_input("it", settings)
    assert (refused.value.code, refused.value.message) == ("ValidationException", sentence)
