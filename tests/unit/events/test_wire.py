"""The calls to targets are ones that boto3 and a backend (moto) take."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from moto import mock_aws

from harness.clock import Clock
from harness.events.bus import Bus
from harness.events.rules import Rule, Rules, Target, bus_arn
from harness.journal import Journal
from harness.model import ApiCall, Event, Principal
from harness.services.events import Events

ACCOUNT, REGION, OTHER = "123456789012", "us-east-1", "444455556666"
ANY = '{"source": [{"prefix": ""}]}'


class Moto:
    """A wire whose callers are boto3's clients of moto."""

    endpoint = ""

    def as_role(
        self, role_arn: str, service: str, session_name: str, region: str, source_arn: str = ""
    ) -> Any:
        return self

    def as_service(self, service: str, account: str, region: str, source_arn: str = "") -> Any:
        return self

    def as_harness(self, account: str, region: str) -> Any:
        return self

    def client(self, service: str) -> Any:
        return boto3.client(service, region_name=REGION)


class World:
    def __init__(self) -> None:
        self.clock = Clock()
        self.journal = Journal(self.clock)
        self.rules = Rules(self.clock)
        self.bus = Bus(self.rules, Moto(), self.journal, self.clock)

    def send(self, arn: str, **settings: Any) -> Event:
        target = Target("it", arn, {"Id": "it", "Arn": arn, **settings})
        self.rules.put_rule(rule(ACCOUNT, target))
        event = Event(
            "11111111-2222-3333-4444-555555555555",
            "my.shop",
            "order",
            ACCOUNT,
            REGION,
            datetime.now(UTC),
            {"id": 1},
        )
        self.bus.publish(event)
        assert self.journal.settle(20) == []
        return event

    def status(self) -> list[tuple[str, str]]:
        return [(record["status"], record["reason"]) for record in self.journal.read(0, "delivery")]


def rule(account: str, *targets: Target) -> Rule:
    bus = bus_arn("default", account, REGION)
    return Rule("r", bus, "ENABLED", account, datetime.now(UTC), pattern=ANY, targets=targets)


@pytest.fixture
def world() -> Iterator[World]:
    with mock_aws():
        world = World()
        yield world
        world.bus.close()


def messages(queue_url: str) -> list[Any]:
    received = boto3.client("sqs", region_name=REGION).receive_message(
        QueueUrl=queue_url, MessageAttributeNames=["All"]
    )
    return list(received["Messages"])


def queue(name: str) -> tuple[str, str]:
    url = boto3.client("sqs", region_name=REGION).create_queue(QueueName=name)["QueueUrl"]
    return url, f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"


def test_a_queue_receives_the_event(world: World) -> None:
    url, arn = queue("orders")
    event = world.send(arn)
    (message,) = messages(url)
    assert json.loads(message["Body"]) == event.envelope()


def test_a_topics_subscribers_receive_the_event(world: World) -> None:
    url, arn = queue("orders")
    sns = boto3.client("sns", region_name=REGION)
    topic = sns.create_topic(Name="t")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    event = world.send(topic)
    assert json.loads(json.loads(messages(url)[0]["Body"])["Message"]) == event.envelope()


def test_a_log_group_holds_the_event(world: World) -> None:
    logs = boto3.client("logs", region_name=REGION)
    logs.create_log_group(logGroupName="/aws/events/all")
    event = world.send(f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/events/all")
    (record,) = logs.filter_log_events(logGroupName="/aws/events/all")["events"]
    assert json.loads(record["message"]) == event.envelope()


def test_a_pipeline_is_started(world: World) -> None:
    sagemaker = boto3.client("sagemaker", region_name=REGION)
    role = f"arn:aws:iam::{ACCOUNT}:role/r"
    arn = sagemaker.create_pipeline(
        PipelineName="train", PipelineDefinition="{}", ClientRequestToken="x" * 32, RoleArn=role
    )["PipelineArn"]
    parameters = {"PipelineParameterList": [{"Name": "AucScoreThreshold", "Value": "0.5"}]}
    started: list[Any] = []
    with pytest.MonkeyPatch.context() as patch:
        # moto finds pipelines by their name alone; SageMaker's API takes the ARN as well.
        patch.setattr(Moto, "client", lambda _, service: accepting(service, started))
        world.send(arn, RoleArn=role, SageMakerPipelineParameters=parameters)
    assert world.status() == [("delivered", "")]
    assert json.loads(started[0])["PipelineParameters"] == parameters["PipelineParameterList"]


def test_a_function_is_invoked(world: World) -> None:
    invoked: list[Any] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Moto, "client", lambda _, service: accepting(service, invoked))
        event = world.send(f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f")
    assert world.status() == [("delivered", "")]
    assert json.loads(invoked[0]) == event.envelope()


def accepting(service: str, bodies: list[Any]) -> Any:
    """A client that checks its parameters as boto3 does, and whose calls all succeed."""
    client = boto3.client(service, region_name=REGION)

    def succeed(params: Any, **_: Any) -> Any:
        if service != "cloudwatch":
            bodies.append(params["body"])
        return AWSResponse("", 200, {}, None), {}

    client.meta.events.register("before-call", succeed)
    return client


def test_what_cannot_be_delivered_waits_in_the_dead_letter_queue(world: World) -> None:
    url, dead_letters = queue("dead-letters")
    missing = f"arn:aws:sns:{REGION}:{ACCOUNT}:missing"
    event = world.send(missing, DeadLetterConfig={"Arn": dead_letters})
    assert world.status()[0][0] == "failed"
    (message,) = messages(url)
    assert json.loads(message["Body"]) == event.envelope()
    assert message["MessageAttributes"]["TARGET_ARN"]["StringValue"] == missing


def test_the_metrics_are_in_cloudwatch(world: World) -> None:
    _, arn = queue("orders")
    world.send(arn)
    cloudwatch = boto3.client("cloudwatch", region_name=REGION)
    metrics = cloudwatch.list_metrics(Namespace="AWS/Events")["Metrics"]
    assert {(m["MetricName"], m["Dimensions"][0]["Value"]) for m in metrics} == {
        ("MatchedEvents", "r"),
        ("TriggeredRules", "r"),
        ("Invocations", "r"),
    }


def test_another_accounts_bus_receives_the_very_event(world: World) -> None:
    url, arn = queue("theirs")
    world.rules.put_rule(rule(OTHER, Target("it", arn, {"Id": "it", "Arn": arn})))
    service = Events(world.rules, world.bus, world.clock)

    class Gateway:
        def put_events(self, **params: Any) -> Any:
            principal = Principal(ACCOUNT, "events.amazonaws.com", "service")
            return service.handle(ApiCall("events", "PutEvents", params, principal, ACCOUNT, REGION, "1"))

    with pytest.MonkeyPatch.context() as patch:
        real = Moto.client
        patch.setattr(Moto, "client", lambda self, s: Gateway() if s == "events" else real(self, s))
        event = world.send(bus_arn("default", OTHER, REGION))
    assert json.loads(messages(url)[0]["Body"]) == event.envelope()
    assert world.status() == [("delivered", ""), ("delivered", "")]
