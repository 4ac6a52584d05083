"""The EventBridge API keeps buses, rules, targets and tags as AWS does. Messages as recorded on AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import MagicMock

import botocore.session
import pytest
from botocore.validate import validate_parameters

from harness.clock import Clock
from harness.events.bus import Bus
from harness.events.rules import Rules
from harness.events.schedules import Schedules
from harness.journal import Journal
from harness.model import ApiCall, AwsError, Principal
from harness.services.events import Events

ACCOUNT, REGION = "111122223333", "us-east-1"
PATTERN = '{"source": ["aws.sagemaker"]}'
NIGHTLY = "cron(0 23 * * ? *)"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:alarm"
PIPELINE = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:pipeline/train"
MODEL = botocore.session.get_session().get_service_model("events")


class Api:
    """Calls the service, and holds every answer against botocore's output shape."""

    def __init__(self) -> None:
        self.clock = Clock(datetime(2026, 3, 15, 12, 0, tzinfo=UTC))
        self.rules = Rules(self.clock)
        self.bus = Bus(self.rules, MagicMock(), Journal(self.clock), self.clock)
        self.schedules = Schedules(self.rules, self.bus)
        self.service = Events(self.rules, self.bus, self.clock)

    def __call__(self, operation: str, account: str = ACCOUNT, **params: Any) -> Any:
        principal = Principal(account, f"arn:aws:iam::{account}:root", "root")
        call = ApiCall("events", operation, params, principal, account, REGION, "request")
        answer = self.service.handle(call)
        shape = MODEL.operation_model(operation).output_shape
        if shape is None:
            assert answer == {}
        else:
            assert set(answer) <= set(shape.members)
            # AWS answers empty lists where its model wants at least one item.
            validate_parameters({name: value for name, value in answer.items() if value != []}, shape)
        return answer

    def refusal(self, operation: str, **params: Any) -> tuple[str, str]:
        with pytest.raises(AwsError) as refused:
            self(operation, **params)
        return refused.value.code, refused.value.message


@pytest.fixture
def api() -> Iterator[Api]:
    api = Api()
    yield api
    api.bus.close()


def test_a_rule_is_described_as_it_was_put(api: Api) -> None:
    arn = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/failed"
    assert api("PutRule", Name="failed", EventPattern=PATTERN, Description="d") == {"RuleArn": arn}
    told = {
        "Name": "failed",
        "Arn": arn,
        "EventPattern": PATTERN,
        "State": "ENABLED",
        "Description": "d",
        "EventBusName": "default",
    }
    assert api("DescribeRule", Name="failed") == {**told, "CreatedBy": ACCOUNT}
    assert api("ListRules") == {"Rules": [told]}


def test_a_rule_of_a_custom_bus_carries_its_name(api: Api) -> None:
    bus = api("CreateEventBus", Name="orders")["EventBusArn"]
    put = api("PutRule", Name="r", EventBusName=bus, EventPattern=PATTERN)
    assert put["RuleArn"] == f"arn:aws:events:{REGION}:{ACCOUNT}:rule/orders/r"
    assert api("DescribeRule", Name="r", EventBusName="orders")["EventBusName"] == "orders"
    assert api("ListRules")["Rules"] == []


def test_a_rule_put_again_is_replaced_but_for_its_targets_and_tags(api: Api) -> None:
    api("PutRule", Name="r", EventPattern=PATTERN, Description="d", Tags=[{"Key": "k", "Value": "v"}])
    api("PutTargets", Rule="r", Targets=[{"Id": "1", "Arn": TOPIC}])
    arn = api("PutRule", Name="r", ScheduleExpression=NIGHTLY, State="DISABLED")["RuleArn"]
    rule = api("DescribeRule", Name="r")
    assert (rule["ScheduleExpression"], rule["State"]) == (NIGHTLY, "DISABLED")
    assert "EventPattern" not in rule
    assert "Description" not in rule
    assert api("ListTargetsByRule", Rule="r")["Targets"] == [{"Id": "1", "Arn": TOPIC}]
    assert api("ListTagsForResource", ResourceARN=arn)["Tags"] == [{"Key": "k", "Value": "v"}]


@pytest.mark.parametrize(
    ("params", "code", "message"),
    [
        ({}, "ValidationException", "Parameter(s) EventPattern or ScheduleExpression must be specified."),
        (
            {"ScheduleExpression": "rate(1 minutes)"},
            "ValidationException",
            "Parameter ScheduleExpression is not valid.",
        ),
        (
            {"EventPattern": '{"source": "a"}'},
            "InvalidEventPatternException",
            'Event pattern is not valid. Reason: "source" must be an object or an array',
        ),
        (
            {"EventPattern": PATTERN, "EventBusName": "nowhere"},
            "ResourceNotFoundException",
            "Event bus nowhere does not exist.",
        ),
    ],
)
def test_a_rule_that_aws_refuses(api: Api, params: Any, code: str, message: str) -> None:
    assert api.refusal("PutRule", Name="r", **params) == (code, message)


def test_a_schedule_needs_the_default_bus(api: Api) -> None:
    api("CreateEventBus", Name="orders")
    assert api.refusal("PutRule", Name="r", EventBusName="orders", ScheduleExpression=NIGHTLY) == (
        "ValidationException",
        "ScheduleExpression is supported only on the default event bus.",
    )


def test_a_bus_takes_300_rules(api: Api) -> None:
    for number in range(300):
        api("PutRule", Name=f"r{number}", EventPattern=PATTERN)
    api("PutRule", Name="r0", EventPattern=PATTERN)
    code, _ = api.refusal("PutRule", Name="r300", EventPattern=PATTERN)
    assert code == "LimitExceededException"


@pytest.mark.parametrize("operation", ["DescribeRule", "EnableRule", "DisableRule"])
def test_a_rule_that_does_not_exist(api: Api, operation: str) -> None:
    assert api.refusal(operation, Name="r") == (
        "ResourceNotFoundException",
        "Rule r does not exist on EventBus default.",
    )


def test_a_rule_is_disabled_and_enabled(api: Api) -> None:
    api("PutRule", Name="r", EventPattern=PATTERN)
    api("DisableRule", Name="r")
    assert api("DescribeRule", Name="r")["State"] == "DISABLED"
    api("EnableRule", Name="r")
    assert api("DescribeRule", Name="r")["State"] == "ENABLED"


def test_a_rate_goes_on_when_put_again_unchanged_and_starts_anew_when_enabled(api: Api) -> None:
    api("PutRule", Name="r", ScheduleExpression="rate(5 hours)")
    due = api.schedules.next_due()
    api.clock.advance(timedelta(hours=1))
    api("PutRule", Name="r", ScheduleExpression="rate(5 hours)", Description="new")
    api("EnableRule", Name="r")
    assert api.schedules.next_due() == due
    api("DisableRule", Name="r")
    assert api.schedules.next_due() is None
    api("EnableRule", Name="r")
    again = api.schedules.next_due()
    assert due is not None
    assert again is not None
    assert again - due >= timedelta(hours=1)


def test_a_rule_with_targets_is_not_deleted(api: Api) -> None:
    api("PutRule", Name="r", EventPattern=PATTERN)
    api("PutTargets", Rule="r", Targets=[{"Id": "1", "Arn": TOPIC}])
    assert api.refusal("DeleteRule", Name="r") == (
        "ValidationException",
        "Rule can't be deleted since it has targets.",
    )
    api("RemoveTargets", Rule="r", Ids=["1"])
    api("DeleteRule", Name="r")
    api("DeleteRule", Name="r")
    assert api("ListRules")["Rules"] == []


def test_listings_come_in_pages(api: Api) -> None:
    for number in range(5):
        api("PutRule", Name=f"r-{number}", EventPattern=PATTERN)
    api("PutRule", Name="other", EventPattern=PATTERN)
    names: list[str] = []
    page: Any = {"NextToken": None}
    while "NextToken" in page:
        token = {"NextToken": page["NextToken"]} if page["NextToken"] else {}
        page = api("ListRules", NamePrefix="r-", Limit=2, **token)
        assert len(page["Rules"]) <= 2
        names += [rule["Name"] for rule in page["Rules"]]
    assert names == [f"r-{number}" for number in range(5)]
    assert api.refusal("ListRules", NextToken="!")[0] == "ValidationException"


def test_accounts_do_not_see_each_others_rules(api: Api) -> None:
    api("PutRule", Name="r", EventPattern=PATTERN)
    assert api("ListRules", account="444455556666")["Rules"] == []


def test_a_target_put_again_replaces_the_one_of_its_id(api: Api) -> None:
    api("PutRule", Name="r", EventPattern=PATTERN)
    done = {"FailedEntryCount": 0, "FailedEntries": []}
    assert api("PutTargets", Rule="r", Targets=[{"Id": "1", "Arn": TOPIC}]) == done
    api("PutTargets", Rule="r", Targets=[{"Id": "1", "Arn": TOPIC, "InputPath": "$.detail"}])
    targets = api("ListTargetsByRule", Rule="r")["Targets"]
    assert targets == [{"Id": "1", "Arn": TOPIC, "InputPath": "$.detail"}]


def test_a_rule_takes_five_targets(api: Api) -> None:
    api("PutRule", Name="r", EventPattern=PATTERN)
    six = [{"Id": str(number), "Arn": TOPIC} for number in range(6)]
    assert api.refusal("PutTargets", Rule="r", Targets=six) == (
        "LimitExceededException",
        "The requested resource exceeds the maximum number allowed.",
    )
    assert api("ListTargetsByRule", Rule="r")["Targets"] == []


def test_a_pipeline_target_needs_a_role(api: Api) -> None:
    api("PutRule", Name="r", EventPattern=PATTERN)
    assert api.refusal("PutTargets", Rule="r", Targets=[{"Id": "1", "Arn": PIPELINE}]) == (
        "ValidationException",
        f"RoleArn is required for target {PIPELINE}.",
    )


def test_a_target_that_the_harness_cannot_reach_is_refused_by_name(api: Api) -> None:
    api("PutRule", Name="r", EventPattern=PATTERN)
    stream = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s"
    code, message = api.refusal("PutTargets", Rule="r", Targets=[{"Id": "1", "Arn": stream}])
    assert code == "UnsupportedOperation"
    assert "kinesis" in message


def test_constraints_of_the_model_are_checked_in_awss_words(api: Api) -> None:
    api("PutRule", Name="r", EventPattern=PATTERN)
    code, message = api.refusal("PutTargets", Rule="r", Targets=[{"Id": "!@#$@!#$", "Arn": TOPIC}])
    assert code == "ValidationException"
    assert message == (
        "1 validation error detected: Value '!@#$@!#$' at 'targets.1.member.id' failed to satisfy constraint:"
        " Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+"
    )
    _, message = api.refusal("PutRule", Name="r" * 65, EventPattern=PATTERN, State="ON")
    assert message.startswith("2 validation errors detected: ")
    assert "'name' failed to satisfy constraint: Member must have length less than or equal to 64" in message
    assert "Member must satisfy enum value set: [ENABLED, DISABLED" in message
    assert "at 'name' failed to satisfy constraint: Member must not be null" in api.refusal("DescribeRule")[1]
    assert "Member must have value less than or equal to 100" in api.refusal("ListRules", Limit=101)[1]


def test_removing_a_target_that_is_not_there_is_a_failed_entry(api: Api) -> None:
    api("PutRule", Name="r", EventPattern=PATTERN)
    api("PutTargets", Rule="r", Targets=[{"Id": "1", "Arn": TOPIC}])
    answer = api("RemoveTargets", Rule="r", Ids=["1", "2"])
    assert answer["FailedEntryCount"] == 1
    assert answer["FailedEntries"][0]["TargetId"] == "2"
    assert api("ListTargetsByRule", Rule="r")["Targets"] == []


def test_the_rules_of_a_target_are_found(api: Api) -> None:
    for name in ("a", "b", "c"):
        api("PutRule", Name=name, EventPattern=PATTERN)
    for name in ("a", "c"):
        api("PutTargets", Rule=name, Targets=[{"Id": "1", "Arn": TOPIC}])
    assert api("ListRuleNamesByTarget", TargetArn=TOPIC) == {"RuleNames": ["a", "c"]}
    assert api("ListRuleNamesByTarget", TargetArn=PIPELINE) == {"RuleNames": []}


def test_every_account_has_its_default_bus(api: Api) -> None:
    bus = api("DescribeEventBus")
    assert bus["Arn"] == f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
    assert [bus["Name"] for bus in api("ListEventBuses")["EventBuses"]] == ["default"]
    assert api.refusal("DeleteEventBus", Name="default") == (
        "ValidationException",
        "Cannot delete event bus default.",
    )


def test_a_bus_is_made_described_and_deleted(api: Api) -> None:
    arn = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/orders"
    made = api("CreateEventBus", Name="orders", Description="d")
    assert made == {"EventBusArn": arn, "Description": "d"}
    assert api("DescribeEventBus", Name="orders")["Description"] == "d"
    assert api.refusal("CreateEventBus", Name="orders") == (
        "ResourceAlreadyExistsException",
        "Event bus orders already exists.",
    )
    api("PutRule", Name="r", EventBusName="orders", EventPattern=PATTERN)
    assert "has rules" in api.refusal("DeleteEventBus", Name="orders")[1]
    api("DeleteRule", Name="r", EventBusName="orders")
    api("DeleteEventBus", Name="orders")
    api("DeleteEventBus", Name="orders")
    missing = ("ResourceNotFoundException", "Event bus orders does not exist.")
    assert api.refusal("DescribeEventBus", Name="orders") == missing


@pytest.mark.parametrize("name", ["a/b", "default"])
def test_a_bus_that_aws_refuses(api: Api, name: str) -> None:
    api.refusal("CreateEventBus", Name=name)


def test_permissions_make_the_buss_policy(api: Api) -> None:
    org = {"Type": "StringEquals", "Key": "aws:PrincipalOrgID", "Value": "o-1"}
    api("PutPermission", Action="events:PutEvents", Principal="444455556666", StatementId="a")
    api("PutPermission", Action="events:PutEvents", Principal="*", StatementId="b", Condition=org)
    arn = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
    same = {"Effect": "Allow", "Action": "events:PutEvents", "Resource": arn}
    assert json.loads(api("DescribeEventBus")["Policy"])["Statement"] == [
        {"Sid": "a", "Principal": {"AWS": "arn:aws:iam::444455556666:root"}, **same},
        {"Sid": "b", "Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, **same},
    ]
    api("RemovePermission", StatementId="a")
    assert [s["Sid"] for s in json.loads(api("DescribeEventBus")["Policy"])["Statement"]] == ["b"]
    assert api.refusal("RemovePermission", StatementId="a") == (
        "ResourceNotFoundException",
        "Statement with the provided id does not exist.",
    )
    api("RemovePermission", RemoveAllPermissions=True)
    assert "Policy" not in api("DescribeEventBus")


def test_a_policy_may_be_put_whole(api: Api) -> None:
    policy = {"Version": "2012-10-17", "Statement": []}
    api("PutPermission", Policy=json.dumps(policy))
    assert json.loads(api("DescribeEventBus")["Policy"]) == policy
    assert api.refusal("PutPermission", Policy="none")[0] == "ValidationException"
    assert api.refusal("PutPermission", StatementId="a")[0] == "ValidationException"


def test_rules_and_buses_have_tags(api: Api) -> None:
    api("CreateEventBus", Name="orders", Tags=[{"Key": "a", "Value": "1"}])
    arns = [
        api("PutRule", Name="r", EventPattern=PATTERN, Tags=[{"Key": "a", "Value": "1"}])["RuleArn"],
        api("PutRule", Name="r", EventBusName="orders", EventPattern=PATTERN)["RuleArn"],
        api("DescribeEventBus", Name="orders")["Arn"],
        api("DescribeEventBus")["Arn"],
    ]
    for arn in arns:
        api("TagResource", ResourceARN=arn, Tags=[{"Key": "a", "Value": "2"}, {"Key": "b", "Value": "3"}])
        api("UntagResource", ResourceARN=arn, TagKeys=["b", "never"])
        assert api("ListTagsForResource", ResourceARN=arn)["Tags"] == [{"Key": "a", "Value": "2"}]


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        ("rule/r", "Rule r does not exist on EventBus default."),
        ("event-bus/orders", "Event bus orders does not exist."),
    ],
)
def test_tags_of_what_does_not_exist(api: Api, resource: str, message: str) -> None:
    arn = f"arn:aws:events:{REGION}:{ACCOUNT}:{resource}"
    assert api.refusal("ListTagsForResource", ResourceARN=arn) == ("ResourceNotFoundException", message)


def test_an_operation_that_the_harness_lacks_is_refused_by_name(api: Api) -> None:
    assert api.refusal("CreateArchive") == (
        "UnsupportedOperation",
        "The harness does not support events:CreateArchive yet",
    )
