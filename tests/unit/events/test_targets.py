"""Each kind of target gets its own call, as its role or as EventBridge."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from harness.events.rules import Target
from harness.events.targets import check_target
from harness.model import AwsError, Event

from .world import ACCOUNT, REGION, World

MakeTarget = Callable[..., Target]
ROLE = f"arn:aws:iam::{ACCOUNT}:role/events"
PIPELINE = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:pipeline/train"
ANY = '{"source": [{"prefix": ""}]}'


def delivered(world: World, event: Event, target: Target) -> Any:
    world.rule("any", target, pattern=ANY)
    world.publish(event)
    return world.wire.calls


def test_a_pipeline_is_started_under_the_targets_role(
    world: World, failed_execution: Event, target: MakeTarget
) -> None:
    parameters = [
        {"Name": "AucScoreThreshold", "Value": "0.5"},
        {"Name": "Status", "Value": "$.detail.currentPipelineExecutionStatus"},
        {"Name": "All", "Value": "$.detail.parameters"},
    ]
    settings = {"RoleArn": ROLE, "SageMakerPipelineParameters": {"PipelineParameterList": parameters}}
    ((who, service, operation, sent),) = delivered(world, failed_execution, target(PIPELINE, **settings))
    assert (who, service) == (f"{ROLE} for events.amazonaws.com", "sagemaker")
    assert operation == "start_pipeline_execution"
    assert world.wire.sources == [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/any"]
    assert sent["PipelineName"] == PIPELINE
    assert sent["PipelineParameters"] == [
        {"Name": "AucScoreThreshold", "Value": "0.5"},
        {"Name": "Status", "Value": "Failed"},
        {"Name": "All", "Value": '["a","b"]'},
    ]


def test_a_delivery_tried_again_has_the_same_token_and_another_rules_has_its_own(
    world: World, failed_execution: Event, target: MakeTarget
) -> None:
    world.wire.answers["start_pipeline_execution"] = [AwsError("InternalFailure", "oh", 500), {}]
    world.rule("one", target(PIPELINE, RoleArn=ROLE), pattern=ANY)
    world.publish(failed_execution)
    first, again = [call[3]["ClientRequestToken"] for call in world.wire.calls]
    assert first == again
    world.rule("two", target(PIPELINE, RoleArn=ROLE), pattern=ANY)
    world.publish(failed_execution)
    assert len({call[3]["ClientRequestToken"] for call in world.wire.calls}) == 2


def test_a_topic_gets_the_event_as_its_message(
    world: World, failed_execution: Event, target: MakeTarget
) -> None:
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:alarm"
    ((who, service, operation, sent),) = delivered(world, failed_execution, target(topic))
    assert (who, service, operation) == (f"events.amazonaws.com of {ACCOUNT}", "sns", "publish")
    assert world.wire.sources == [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/any"]
    assert sent["TopicArn"] == topic
    assert json.loads(sent["Message"]) == failed_execution.envelope()


def test_a_function_is_invoked_as_an_event(world: World, failed_execution: Event, target: MakeTarget) -> None:
    function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:latest"
    ((_, service, operation, sent),) = delivered(world, failed_execution, target(function))
    assert (service, operation) == ("lambda", "invoke")
    assert (sent["FunctionName"], sent["InvocationType"]) == (function, "Event")
    assert json.loads(sent["Payload"]) == failed_execution.envelope()


def test_a_queue_gets_a_message_in_its_group(
    world: World, failed_execution: Event, target: MakeTarget
) -> None:
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders.fifo"
    settings = {"SqsParameters": {"MessageGroupId": "$.source"}}
    ((_, service, operation, sent),) = delivered(world, failed_execution, target(queue, **settings))
    assert (service, operation) == ("sqs", "send_message")
    assert sent["QueueUrl"] == f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/orders.fifo"
    assert sent["MessageGroupId"] == "aws.sagemaker"


def test_a_log_group_gets_an_event_in_a_stream(
    world: World, failed_execution: Event, target: MakeTarget
) -> None:
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/events/all:*"
    create, put = delivered(world, failed_execution, target(group))
    assert create[2:] == (
        "create_log_stream",
        {"logGroupName": "/aws/events/all", "logStreamName": put[3]["logStreamName"]},
    )
    (record,) = put[3]["logEvents"]
    assert record["timestamp"] == int(failed_execution.time.timestamp() * 1000)
    assert json.loads(record["message"]) == failed_execution.envelope()


def test_another_bus_gets_the_event_itself_by_a_call_that_can_be_checked(
    world: World, failed_execution: Event, target: MakeTarget
) -> None:
    bus = f"arn:aws:events:{REGION}:444455556666:event-bus/default"
    claimed = []

    def claim(who: str, service: str, operation: str, sent: Any) -> Any:
        (entry,) = sent["Entries"]
        assert (entry["EventBusName"], entry["Source"]) == (bus, "aws.sagemaker")
        claimed.append(world.bus.forwarded.claim(entry["TraceHeader"]))
        claimed.append(world.bus.forwarded.claim(entry["TraceHeader"]))
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}

    world.wire.answer = claim
    delivered(world, failed_execution, target(bus, RoleArn=ROLE))
    assert claimed[:2] == [failed_execution, None]


def test_an_unsupported_target_is_refused_by_its_name(target: MakeTarget) -> None:
    with pytest.raises(AwsError, match="does not deliver to states targets yet") as refused:
        check_target(target(f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:flow"))
    assert (refused.value.code, refused.value.status) == ("UnsupportedOperation", 501)


def test_a_pipeline_target_needs_a_role(target: MakeTarget) -> None:
    with pytest.raises(AwsError) as refused:
        check_target(target(PIPELINE))
    assert refused.value.message == f"RoleArn is required for target {PIPELINE}."


def test_what_is_no_arn_is_no_target(target: MakeTarget) -> None:
    with pytest.raises(AwsError, match="Provided Arn is not in correct format"):
        check_target(target("my-topic"))


def test_a_fifo_queue_needs_a_group(target: MakeTarget) -> None:
    with pytest.raises(AwsError, match="SqsParameters must be specified for target: it"):
        check_target(target(f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders.fifo"))
