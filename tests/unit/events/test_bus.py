"""What becomes of an event on a bus."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from botocore.exceptions import ClientError

from harness.events.rules import EventBus, Target, bus_arn
from harness.model import AwsError, Event

from .world import ACCOUNT, REGION, World

FAILED = json.dumps({"source": ["aws.sagemaker"], "detail": {"currentPipelineExecutionStatus": ["Failed"]}})
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:alarm"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:queue"
LETTERS = f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead-letters"
MakeTarget = Callable[..., Target]


def refused(code: str, status: int, message: str = "no") -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}},
        "Publish",
    )


def test_an_event_goes_to_every_target_of_every_rule_it_matches(
    world: World, failed_execution: Event, target: MakeTarget
) -> None:
    world.rule("notify", target(TOPIC), replace(target(QUEUE), id="other"), pattern=FAILED)
    world.rule("also", target(QUEUE), pattern='{"account": ["111122223333"]}')
    world.rule("succeeded", target(TOPIC), pattern=FAILED.replace("Failed", "Succeeded"))
    world.publish(failed_execution)
    assert sorted(world.deliveries()) == [(TOPIC, "delivered"), (QUEUE, "delivered"), (QUEUE, "delivered")]


def test_a_disabled_rule_is_not_triggered(world: World, failed_execution: Event, target: MakeTarget) -> None:
    world.rule("off", target(TOPIC), pattern=FAILED, state="DISABLED")
    world.publish(failed_execution)
    assert world.deliveries() == []


def test_a_rule_of_another_account_does_not_see_the_event(
    world: World, failed_execution: Event, target: MakeTarget
) -> None:
    world.rule("theirs", target(TOPIC), pattern=FAILED, account="444455556666")
    world.publish(failed_execution)
    assert world.deliveries() == []


def test_a_rule_of_another_bus_does_not_see_the_event(
    world: World, failed_execution: Event, target: MakeTarget
) -> None:
    orders = bus_arn("orders", ACCOUNT, REGION)
    world.rules.put_bus(EventBus(orders, world.clock.now(), world.clock.now()))
    world.rule("there", target(TOPIC), pattern=FAILED, bus_arn=orders)
    world.publish(failed_execution)
    assert world.deliveries() == []
    world.publish(failed_execution, "orders")
    assert world.deliveries() == [(TOPIC, "delivered")]


def test_the_event_is_in_the_journal_before_its_deliveries(
    world: World, failed_execution: Event, target: MakeTarget
) -> None:
    rule = world.rule("notify", target(TOPIC), pattern=FAILED)
    world.publish(failed_execution)
    event, delivery = world.journal.read(0, "event", "delivery")
    assert event["event"] == failed_execution.envelope()
    assert delivery["rule"] == rule.arn == f"arn:aws:events:{REGION}:{ACCOUNT}:rule/notify"
    assert (delivery["event"], delivery["account"], delivery["reason"]) == (failed_execution.id, ACCOUNT, "")


def test_settling_waits_for_what_is_undelivered(
    world: World, failed_execution: Event, target: MakeTarget
) -> None:
    world.rule("notify", target(TOPIC), pattern=FAILED)
    world.bus.publish(failed_execution)
    assert world.journal.settle(5) == []
    assert world.deliveries() == [(TOPIC, "delivered")]


def test_a_refused_delivery_fails_at_once_and_says_why(
    world: World, failed_execution: Event, target: MakeTarget
) -> None:
    world.rule("notify", target(TOPIC), pattern=FAILED)
    world.wire.answers["publish"] = [refused("KMSAccessDenied", 400, "The ciphertext refers to a key")]
    world.publish(failed_execution)
    (delivery,) = world.journal.read(0, "delivery")
    assert delivery["status"] == "failed"
    assert delivery["reason"] == "KMSAccessDenied: The ciphertext refers to a key"
    assert len(world.wire.calls) == 1


def test_a_role_that_cannot_be_assumed_fails_the_delivery(
    world: World, failed_execution: Event, target: MakeTarget
) -> None:
    def not_trusted(*_: str) -> None:
        raise AwsError("AccessDenied", "the role does not trust events.amazonaws.com", 403)

    world.wire.as_role = not_trusted
    world.rule("notify", target(TOPIC, RoleArn="arn:aws:iam::1:role/r"), pattern=FAILED)
    world.publish(failed_execution)
    assert world.journal.read(0, "delivery")[0]["reason"].startswith("AccessDenied: the role does not trust")


def test_a_throttled_delivery_is_tried_again(
    world: World, failed_execution: Event, target: MakeTarget
) -> None:
    world.rule("notify", target(TOPIC), pattern=FAILED)
    world.wire.answers["publish"] = [refused("Throttling", 400), refused("InternalFailure", 500), {}]
    world.publish(failed_execution)
    assert world.deliveries() == [(TOPIC, "delivered")]
    assert len(world.wire.calls) == 3


def test_a_target_that_wants_no_retries_gets_none(
    world: World, failed_execution: Event, target: MakeTarget
) -> None:
    world.rule("notify", target(TOPIC, RetryPolicy={"MaximumRetryAttempts": 0}), pattern=FAILED)
    world.wire.answers["publish"] = [refused("InternalFailure", 500), {}]
    world.publish(failed_execution)
    assert world.deliveries() == [(TOPIC, "failed")]


def test_what_cannot_be_delivered_goes_to_the_dead_letter_queue(
    world: World, failed_execution: Event, target: MakeTarget
) -> None:
    world.rule("notify", target(TOPIC, Input='"hello"', DeadLetterConfig={"Arn": LETTERS}), pattern=FAILED)
    world.wire.answers["publish"] = [refused("InternalFailure", 500, "sorry")]
    world.publish(failed_execution)
    _, service, operation, letter = world.wire.calls[-1]
    assert (service, operation) == ("sqs", "send_message")
    assert world.wire.sources[-1] == f"arn:aws:events:{REGION}:{ACCOUNT}:rule/notify"
    assert letter["QueueUrl"] == f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/dead-letters"
    assert json.loads(letter["MessageBody"]) == failed_execution.envelope()
    assert {name: fact["StringValue"] for name, fact in letter["MessageAttributes"].items()} == {
        "RULE_ARN": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/notify",
        "TARGET_ARN": TOPIC,
        "ERROR_CODE": "InternalFailure",
        "ERROR_MESSAGE": "sorry",
        "RETRY_ATTEMPTS": "2",
        "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts",
    }


def test_the_metrics_tell_of_rules_and_their_deliveries(
    world: World, failed_execution: Event, target: MakeTarget
) -> None:
    world.rule("notify", target(TOPIC), replace(target(QUEUE), id="q"), pattern=FAILED)
    world.wire.answers["publish"] = [refused("AuthorizationError", 403)]
    world.publish(failed_execution)
    world.publish(failed_execution)
    assert world.wire.counted == {
        ("notify", "MatchedEvents"): 2,
        ("notify", "TriggeredRules"): 2,
        ("notify", "Invocations"): 4,
        ("notify", "FailedInvocations"): 2,
    }


def test_metrics_that_are_refused_fail_nothing(
    world: World, failed_execution: Event, target: MakeTarget
) -> None:
    world.rule("notify", target(TOPIC), pattern=FAILED)
    world.wire.answers["put_metric_data"] = [refused("AccessDenied", 403)]
    world.publish(failed_execution)
    assert world.deliveries() == [(TOPIC, "delivered")]


def test_a_broken_delivery_is_told_as_failed_and_not_lost(
    world: World, failed_execution: Event, target: MakeTarget
) -> None:
    world.rule("notify", target(TOPIC), pattern=FAILED)
    world.wire.answers["publish"] = [ZeroDivisionError("a bug of ours")]
    world.publish(failed_execution)
    assert world.journal.read(0, "delivery")[0]["reason"] == "ZeroDivisionError: a bug of ours"


def test_after_closing_nothing_is_delivered_and_nothing_hangs(
    world: World, failed_execution: Event, target: MakeTarget
) -> None:
    world.rule("notify", target(TOPIC), pattern=FAILED)
    world.bus.close()
    world.publish(failed_execution)
    assert world.deliveries() == []
