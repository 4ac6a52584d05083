"""Rules with a schedule: when the next is due, and sending its event when its time has come."""

from __future__ import annotations

import uuid
from datetime import datetime

from harness.events.bus import Bus
from harness.events.rules import Rule, Rules
from harness.model import Event


class Schedules:
    """The schedules of all accounts.

    Whoever moves the virtual clock asks `next_due`, moves it there, and calls `fire`, until nothing more is
    due by the time it wants to reach; so nothing is skipped and everything comes in order.
    """

    def __init__(self, rules: Rules, bus: Bus) -> None:
        self._rules = rules
        self._bus = bus

    def next_due(self) -> datetime | None:
        """The earliest time that an enabled rule falls due; it may have passed. None where none ever will."""
        return min((due for rule in self._rules.scheduled() if (due := rule.due())), default=None)

    def fire(self, moment: datetime) -> list[str]:
        """Sends the events of all that has fallen due by `moment`, `moment` included, in order; whose rules
        they were, by ARN."""
        fired: list[str] = []
        while taken := self._rules.take_due(moment):
            due, rule = taken
            self._bus.fire(rule, _event(rule, due))
            fired.append(rule.arn)
        return fired


def _event(rule: Rule, moment: datetime) -> Event:
    """Source: EventBridge User Guide, "Events from AWS services" (Scheduled Event); recorded the same."""
    return Event(
        id=str(uuid.uuid4()),
        source="aws.events",
        detail_type="Scheduled Event",
        account=rule.account,
        region=rule.region,
        time=moment,
        detail={},
        resources=(rule.arn,),
    )
