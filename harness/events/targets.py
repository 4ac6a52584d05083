"""Delivery to each kind of target, over the wire: as the target's role, or as EventBridge for resource
policies.

Sources: EventBridge User Guide, "Event bus targets" and "Using resource-based policies"; API reference,
PutTargets.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from harness.events.inputs import check_input, dynamic
from harness.events.rules import Rule, Target
from harness.model import AwsError, Caller, Event, Wire

SERVICE = "events.amazonaws.com"


@dataclass(frozen=True)
class Delivery:
    """One event on its way to one target, with the text that the target's input settings make of it."""

    rule: Rule
    target: Target
    event: Event
    payload: str


class Forwarded:
    """Events on their way to another bus. PutEvents carries no id, account or region of the original, so
    the event waits here under a ticket, which travels as the entry's TraceHeader; the call itself is
    checked like any other.
    """

    def __init__(self) -> None:
        self._events: dict[str, Event] = {}

    def leave(self, event: Event) -> str:
        ticket = f"forwarded-{uuid.uuid4()}"
        self._events[ticket] = event
        return ticket

    def claim(self, ticket: str) -> Event | None:
        return self._events.pop(ticket, None)


@dataclass(frozen=True)
class Targets:
    """Sends deliveries. Errors of the calls come out as boto3 and the wire raise them."""

    wire: Wire
    forwarded: Forwarded = field(default_factory=Forwarded)

    def send(self, delivery: Delivery) -> None:
        _KINDS[kind_of(delivery.target.arn)](self, delivery)

    def caller(self, delivery: Delivery) -> Caller:
        """The target's role where it names one, else EventBridge itself. Either way policies see the rule as
        aws:SourceArn (User Guide, "Cross-service confused deputy prevention in Amazon EventBridge")."""
        rule, role = delivery.rule, delivery.target.role_arn
        if role:
            name = f"events-{delivery.event.id}"[:64]
            return self.wire.as_role(role, SERVICE, name, rule.region, rule.arn)
        return self.wire.as_service(SERVICE, rule.account, rule.region, rule.arn)

    def client(self, delivery: Delivery, service: str) -> Any:
        return self.caller(delivery).client(service)


def kind_of(arn: str) -> str:
    """The key of a target's kind, `service` or `service:resource type`; "" for what the harness can't
    deliver to."""
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn":
        return ""
    resource = parts[5].split("/")[0].split(":")[0]
    return next((kind for kind in (parts[2], f"{parts[2]}:{resource}") if kind in _KINDS), "")


def check_target(target: Target) -> None:
    """Raises AwsError as PutTargets does: ValidationException for bad settings, UnsupportedOperation for a
    kind of target that AWS knows and the harness does not."""
    if target.arn.count(":") < 5 or not target.arn.startswith("arn:"):
        raise AwsError(
            "ValidationException",
            f"Parameter {target.arn} is not valid. Reason: Provided Arn is not in correct format.",
        )
    kind = kind_of(target.arn)
    if not kind:
        raise AwsError(
            "UnsupportedOperation",
            f"The harness does not deliver to {target.service} targets yet ({target.arn});"
            f" it does to {', '.join(sorted(_KINDS))}",
            501,
        )
    if kind == "sagemaker:pipeline" and not target.role_arn:
        raise AwsError("ValidationException", f"RoleArn is required for target {target.arn}.")
    if target.arn.endswith(".fifo") and kind == "sqs" and "SqsParameters" not in target.settings:
        raise AwsError(
            "ValidationException", f"Parameter(s) SqsParameters must be specified for target: {target.id}."
        )
    check_input(target.id, target.settings)


def _pipeline(targets: Targets, delivery: Delivery) -> None:
    """The token is this delivery's: tried again it starts no second execution, and another rule or target
    still does."""
    told = f"{delivery.event.id} {delivery.rule.arn} {delivery.target.id}"
    settings = delivery.target.settings.get("SageMakerPipelineParameters", {})
    parameters = [
        {"Name": given["Name"], "Value": dynamic(given["Value"], delivery.event)}
        for given in settings.get("PipelineParameterList", [])
    ]
    targets.client(delivery, "sagemaker").start_pipeline_execution(
        PipelineName=delivery.target.arn,
        PipelineParameters=parameters,
        ClientRequestToken=str(uuid.uuid5(uuid.NAMESPACE_URL, told)),
    )


def _topic(targets: Targets, delivery: Delivery) -> None:
    targets.client(delivery, "sns").publish(TopicArn=delivery.target.arn, Message=delivery.payload)


def _function(targets: Targets, delivery: Delivery) -> None:
    targets.client(delivery, "lambda").invoke(
        FunctionName=delivery.target.arn, InvocationType="Event", Payload=delivery.payload.encode()
    )


def _queue(targets: Targets, delivery: Delivery) -> None:
    group = delivery.target.settings.get("SqsParameters", {}).get("MessageGroupId")
    extra = {"MessageGroupId": dynamic(group, delivery.event)} if group else {}
    targets.client(delivery, "sqs").send_message(
        QueueUrl=queue_url(delivery.target.arn), MessageBody=delivery.payload, **extra
    )


def _bus(targets: Targets, delivery: Delivery) -> None:
    event = delivery.event
    ticket = targets.forwarded.leave(event)
    entry = {
        "Time": event.time,
        "Source": event.source,
        "Resources": list(event.resources),
        "DetailType": event.detail_type,
        "Detail": json.dumps(event.detail),
        "EventBusName": delivery.target.arn,
        "TraceHeader": ticket,
    }
    try:
        answer = targets.client(delivery, "events").put_events(Entries=[entry])
    finally:
        targets.forwarded.claim(ticket)
    if answer["FailedEntryCount"]:
        refused = answer["Entries"][0]
        raise AwsError(refused["ErrorCode"], refused["ErrorMessage"])


def _log_group(targets: Targets, delivery: Delivery) -> None:
    """One stream an event; AWS names its streams by hashes too."""
    group = delivery.target.arn.split(":log-group:", 1)[1].removesuffix(":*")
    logs = targets.client(delivery, "logs")
    stream = str(uuid.uuid4())
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    record = {"timestamp": int(delivery.event.time.timestamp() * 1000), "message": delivery.payload}
    answer = logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[record])
    if answer.get("rejectedLogEventsInfo"):
        # Never on AWS; a backend whose clock is not the virtual one takes the event for too old or too new.
        raise AwsError(
            "InvalidParameterException", f"the log group refused the event: {answer['rejectedLogEventsInfo']}"
        )


def queue_url(arn: str) -> str:
    """The URL that SQS gave the queue: built, for GetQueueUrl would ask for a permission of its own."""
    _, _, _, region, account, name = arn.split(":", 5)
    return f"https://sqs.{region}.amazonaws.com/{account}/{name}"


_KINDS: dict[str, Callable[[Targets, Delivery], None]] = {
    "sagemaker:pipeline": _pipeline,
    "sns": _topic,
    "lambda:function": _function,
    "sqs": _queue,
    "events:event-bus": _bus,
    "logs:log-group": _log_group,
}
