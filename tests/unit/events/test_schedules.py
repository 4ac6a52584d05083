"""Rules with a schedule fire when they are due."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from harness.events.rules import Target

from .world import ACCOUNT, NOON, REGION, World

MakeTarget = Callable[..., Target]
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:alarm"
NIGHTLY = "cron(0 23 * * ? *)"
TONIGHT = NOON.replace(hour=23)


def pass_time(world: World, until: timedelta) -> None:
    """As the app does it."""
    goal = world.clock.now() + until
    while (due := world.schedules.next_due()) and due <= goal:
        world.clock.advance_to(due)
        world.schedules.fire(due)
    world.clock.advance_to(goal)
    assert world.journal.settle(5) == []


def times(world: World) -> list[str]:
    return [record["event"]["time"] for record in world.journal.read(0, "event")]


def test_where_no_rule_has_a_schedule_nothing_is_ever_due(world: World) -> None:
    world.rule("pattern-only", pattern='{"source": ["a"]}')
    assert world.schedules.next_due() is None


def test_a_nightly_rule_sends_aws_scheduled_event(world: World, target: MakeTarget) -> None:
    rule = world.rule("nightly", target(TOPIC), schedule=NIGHTLY)
    assert world.schedules.next_due() == TONIGHT
    assert world.schedules.fire(TONIGHT) == [rule.arn]
    assert world.journal.settle(5) == []
    (record,) = world.journal.read(0, "event")
    assert record["event"] == {
        "version": "0",
        "id": record["event"]["id"],
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": "2026-03-15T23:00:00Z",
        "region": REGION,
        "resources": [rule.arn],
        "detail": {},
    }
    assert world.deliveries() == [(TOPIC, "delivered")]
    assert world.schedules.next_due() == TONIGHT + timedelta(days=1)


def test_before_its_time_nothing_fires(world: World, target: MakeTarget) -> None:
    world.rule("nightly", target(TOPIC), schedule=NIGHTLY)
    assert world.schedules.fire(TONIGHT - timedelta(seconds=1)) == []
    assert world.schedules.next_due() == TONIGHT


def test_three_days_have_three_nights(world: World, target: MakeTarget) -> None:
    world.rule("nightly", target(TOPIC), schedule=NIGHTLY)
    pass_time(world, timedelta(days=3))
    assert times(world) == [f"2026-03-{day}T23:00:00Z" for day in (15, 16, 17)]


def test_several_rules_fire_in_the_order_of_time(world: World, target: MakeTarget) -> None:
    world.rule("nightly", target(TOPIC), schedule=NIGHTLY)
    world.rule("often", target(TOPIC), schedule="rate(10 hours)")
    pass_time(world, timedelta(days=1))
    assert [stamp[8:13] for stamp in times(world)] == ["15T22", "15T23", "16T08"]


def test_a_scheduled_event_goes_to_its_own_rules_targets_only(world: World, target: MakeTarget) -> None:
    world.rule("nightly", target(TOPIC), schedule=NIGHTLY)
    world.rule("listens", target(TOPIC + "-2"), pattern='{"source": ["aws.events"]}')
    pass_time(world, timedelta(days=1))
    assert world.deliveries() == [(TOPIC, "delivered")]


def test_a_disabled_rule_does_not_fire_and_nothing_is_made_up_for(world: World, target: MakeTarget) -> None:
    rule = world.rule("nightly", target(TOPIC), schedule=NIGHTLY)
    world.switch(rule, "DISABLED")
    assert world.schedules.next_due() is None
    pass_time(world, timedelta(days=2))
    world.switch(rule, "ENABLED")
    pass_time(world, timedelta(days=1))
    assert times(world) == ["2026-03-17T23:00:00Z"]


def test_a_rate_starts_anew_when_its_rule_is_enabled(world: World) -> None:
    rule = world.rule("often", schedule="rate(5 hours)")
    world.clock.advance(timedelta(hours=4))
    world.switch(rule, "ENABLED")
    due = world.schedules.next_due()
    assert due is not None
    assert timedelta(0) <= due - (NOON + timedelta(hours=9)) < timedelta(seconds=5)


def test_what_fell_due_unnoticed_still_fires_each_at_its_time(world: World, target: MakeTarget) -> None:
    world.rule("nightly", target(TOPIC), schedule=NIGHTLY)
    world.clock.advance(timedelta(days=2))
    world.schedules.fire(world.clock.now())
    assert times(world) == ["2026-03-15T23:00:00Z", "2026-03-16T23:00:00Z"]


def test_a_schedule_that_is_over_is_never_due(world: World) -> None:
    world.rule("once", schedule="cron(0 0 1 1 ? 2020)")
    assert world.schedules.next_due() is None
