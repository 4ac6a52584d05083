"""The bus: takes events, finds the rules they match, has them delivered to the rules' targets in the background."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from harness.clock import Clock
from harness.events.courier import Courier
from harness.events.metrics import Metrics
from harness.events.rules import Rule, Rules, Target, bus_arn
from harness.events.targets import Forwarded, Targets
from harness.journal import Journal
from harness.model import Event, Wire

_log = logging.getLogger(__name__)


class Bus:
    """Every event bus of every account."""

    def __init__(self, rules: Rules, wire: Wire, journal: Journal, clock: Clock, workers: int = 4) -> None:
        """`workers` threads deliver; they start with the first delivery."""
        self._rules = rules
        self._journal = journal
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="events")
        self._metrics = Metrics(wire, clock, lambda task: self._soon("metrics of AWS/Events", task))
        self._targets = Targets(wire)
        self._courier = Courier(self._targets, journal, clock, self._metrics)

    @property
    def forwarded(self) -> Forwarded:
        """Events that come in from another bus, for PutEvents to claim."""
        return self._targets.forwarded

    def publish(self, event: Event, bus: str = "default") -> None:
        """Puts the event on a bus, told by ARN, or by its name in the event's account and region.

        Returns once the matching deliveries are under way; `journal.settle` waits for them. On a bus that
        does not exist an event is lost without a word, as on AWS.
        """
        arn = bus_arn(bus, event.account, event.region)
        self._journal.write("event", event=event.envelope(), bus=arn)
        for rule in self._rules.on_bus(arn):
            if rule.matches(event):
                self._metrics.count(rule, "MatchedEvents")
                self._trigger(rule, event)

    def fire(self, rule: Rule, event: Event) -> None:
        """Sends a scheduled rule's own event to its targets, and to no other rule's."""
        self._journal.write("event", event=event.envelope(), bus=rule.bus_arn)
        self._trigger(rule, event)

    def close(self) -> None:
        """Ends the workers, once what is under way has been delivered. What is published later is not delivered."""
        self._pool.shutdown()

    def _trigger(self, rule: Rule, event: Event) -> None:
        self._metrics.count(rule, "TriggeredRules")
        for target in rule.targets:
            self._start(rule, target, event)

    def _start(self, rule: Rule, target: Target, event: Event) -> None:
        self._soon(
            f"delivery of event {event.id} by {rule.name} to {target.arn}",
            lambda: self._courier.deliver(rule, target, event),
        )

    def _soon(self, what: str, task: Callable[[], None]) -> None:
        """Hands over to a worker; from before that until its end it is an activity of the journal."""
        self._journal.begin(what)
        try:
            self._pool.submit(self._run, what, task)
        except RuntimeError:
            # The pool is closed: the harness is going down.
            self._journal.end(what)

    def _run(self, what: str, task: Callable[[], None]) -> None:
        try:
            task()
        except Exception:  # noqa: BLE001 - the last stop of a worker: told in the log, never lost
            _log.exception("%s broke off", what)
        finally:
            self._journal.end(what)
