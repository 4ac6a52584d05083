"""Coming to rest: whoever waits for it sees everything that was set off, and the clock passes nothing by."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise

import pytest

from harness.stack import Stack
from tests.e2e.account import Account
from tests.e2e.test_bad_definitions import create, definition

FAILS = definition({"Name": "End", "Type": "Fail", "Arguments": {"ErrorMessage": "the end"}})
ROUNDS = 15


@pytest.fixture(scope="module")
def chain(dev: Account) -> Iterator[list[str]]:
    """Pipelines each of which is started by the failure of the one before it."""
    names = [create(dev, FAILS) for _ in range(4)]
    events = dev.client("events")
    for before, after in pairwise(names):
        detail = {"currentPipelineExecutionStatus": ["Failed"], "pipelineArn": [{"suffix": before}]}
        events.put_rule(Name=before, EventPattern=json.dumps({"source": ["aws.sagemaker"], "detail": detail}))
        arn = f"arn:aws:sagemaker:us-east-1:111122223333:pipeline/{after}"
        events.put_targets(Rule=before, Targets=[{"Id": "1", "Arn": arn, "RoleArn": dev.role}])
    yield names
    for name in names[:-1]:
        events.remove_targets(Rule=name, Ids=["1"])
        events.delete_rule(Name=name)


def ended(stack: Stack, pipeline: str) -> int:
    records = stack.client.journal(0, "execution")
    return sum(r["pipeline"] == pipeline and r["status"] == "Failed" for r in records)


def test_settle_waits_for_what_an_executions_end_sets_off_and_for_what_that_sets_off(
    dev: Account, gateway: Stack, chain: list[str]
) -> None:
    random.seed(7)
    for n in range(1, ROUNDS + 1):
        dev.client("sagemaker").start_pipeline_execution(PipelineName=chain[0])
        time.sleep(random.uniform(0, 0.05))
        assert gateway.client.settle() == []
        assert [ended(gateway, name) for name in chain] == [n] * len(chain)


def test_nothing_is_written_once_all_has_settled(dev: Account, gateway: Stack, chain: list[str]) -> None:
    with ThreadPoolExecutor(4) as people:
        start = dev.client("sagemaker").start_pipeline_execution
        list(people.map(lambda _: start(PipelineName=chain[0]), range(ROUNDS)))
        assert gateway.client.settle() == []
    last = gateway.client.status()["records"]
    time.sleep(0.3)
    assert gateway.client.journal(last) == []


def test_the_clock_lets_each_schedule_on_its_way_run_to_its_end_at_its_own_time(
    dev: Account, gateway: Stack, chain: list[str]
) -> None:
    events, arn = dev.client("events"), f"arn:aws:sagemaker:us-east-1:111122223333:pipeline/{chain[-1]}"
    schedules = {"six-hourly": "cron(0 0/6 * * ? *)", "at-seven": "cron(0 7 * * ? *)"}
    for name, expression in schedules.items():
        events.put_rule(Name=name, ScheduleExpression=expression)
        events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": arn, "RoleArn": dev.role}])
    now = gateway.client.now()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    gateway.client.advance_to(midnight - timedelta(minutes=1))
    first = gateway.client.status()["records"]
    assert gateway.client.advance_to(midnight + timedelta(hours=23)) == []
    for name in schedules:
        events.remove_targets(Rule=name, Ids=["1"])
        events.delete_rule(Name=name)
    told = [
        (record["kind"], record["time"][11:16])
        for record in gateway.client.journal(first, "clock", "event", "execution")
        if record["kind"] != "event" or record["event"]["detail-type"] == "Scheduled Event"
    ]
    one = ["clock", "event", "execution", "execution"]  # Executing, Failed
    assert told[:-1] == [(kind, f"{hour:02}:00") for hour in (0, 6, 7, 12, 18) for kind in one]
    assert told[-1] == ("clock", "23:00")
