"""What EventBridge keeps: event buses, rules and their targets, by ARN."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from harness.clock import Clock
from harness.events.pattern import compile_pattern
from harness.events.schedule import next_after
from harness.model import AwsError, Event, Json


@dataclass(frozen=True)
class Target:
    """Where a rule sends its events. `settings` is the entry of PutTargets, complete."""

    id: str
    arn: str
    settings: Json

    @property
    def role_arn(self) -> str:
        return str(self.settings.get("RoleArn", ""))

    @property
    def service(self) -> str:
        return self.arn.split(":")[2] if self.arn.count(":") >= 5 else ""


@dataclass(frozen=True)
class EventBus:
    arn: str
    created: datetime
    modified: datetime
    settings: Json = field(default_factory=dict)  # Description, KmsKeyIdentifier, DeadLetterConfig, LogConfig
    policy: Json | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.arn.split("event-bus/", 1)[1]


@dataclass(frozen=True)
class Rule:
    """A rule. A rate counts from `scheduled_from`; `fired` is the last occurrence that its schedule sent."""

    name: str
    bus_arn: str
    state: str
    created_by: str
    scheduled_from: datetime
    pattern: str = ""
    schedule: str = ""
    description: str = ""
    role_arn: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    targets: tuple[Target, ...] = ()
    fired: datetime | None = None

    @property
    def arn(self) -> str:
        """`rule/NAME`, or `rule/BUS/NAME` on a custom bus."""
        prefix, bus = self.bus_arn.split("event-bus/", 1)
        return f"{prefix}rule/{self.name}" if bus == "default" else f"{prefix}rule/{bus}/{self.name}"

    @property
    def bus_name(self) -> str:
        return self.bus_arn.split("event-bus/", 1)[1]

    @property
    def account(self) -> str:
        return self.bus_arn.split(":")[4]

    @property
    def region(self) -> str:
        return self.bus_arn.split(":")[3]

    @property
    def enabled(self) -> bool:
        return self.state != "DISABLED"

    def matches(self, event: Event) -> bool:
        return self.enabled and bool(self.pattern) and compile_pattern(self.pattern).matches(event.envelope())

    def due(self) -> datetime | None:
        """When its schedule sends next; None for a rule that is disabled, or has no schedule, or none left."""
        if not (self.enabled and self.schedule):
            return None
        return next_after(self.schedule, self.fired or self.scheduled_from, since=self.scheduled_from)


def bus_arn(name: str, account: str, region: str) -> str:
    """The ARN of a bus told by its name or its ARN."""
    return name if name.startswith("arn:") else f"arn:aws:events:{region}:{account}:event-bus/{name}"


class Rules:
    """The store. Every account has its default bus in every region, from the start.

    Whoever changes what it read holds `lock` meanwhile: Terraform puts a rule's targets side by side.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.lock = threading.RLock()
        self._born = clock.now()
        self._buses: dict[str, EventBus] = {}
        self._rules: dict[str, Rule] = {}

    def bus(self, arn: str) -> EventBus:
        """Raises AwsError ResourceNotFoundException, "Event bus X does not exist."."""
        name = arn.split("event-bus/", 1)[-1]
        with self.lock:
            if name == "default" and arn not in self._buses:
                self._buses[arn] = EventBus(arn, self._born, self._born)
            if arn not in self._buses:
                raise AwsError("ResourceNotFoundException", f"Event bus {name} does not exist.")
            return self._buses[arn]

    def buses(self, account: str, region: str) -> list[EventBus]:
        """Of the account in the region, by name."""
        self.bus(bus_arn("default", account, region))
        prefix = bus_arn("", account, region)
        with self.lock:
            return sorted((b for b in self._buses.values() if b.arn.startswith(prefix)), key=lambda b: b.name)

    def all_buses(self) -> list[EventBus]:
        """Of all accounts and regions; default buses from their first use on."""
        with self.lock:
            return list(self._buses.values())

    def all_rules(self) -> list[Rule]:
        """Of all accounts and regions."""
        with self.lock:
            return list(self._rules.values())

    def put_bus(self, bus: EventBus) -> None:
        with self.lock:
            self._buses[bus.arn] = replace(bus, modified=self._clock.now())

    def drop_bus(self, arn: str) -> None:
        with self.lock:
            self._buses.pop(arn, None)

    def rule(self, bus_arn: str, name: str) -> Rule:
        """Raises AwsError ResourceNotFoundException, "Rule X does not exist on EventBus Y."."""
        bus = self.bus(bus_arn)
        for rule in self.on_bus(bus_arn):
            if rule.name == name:
                return rule
        raise AwsError("ResourceNotFoundException", f"Rule {name} does not exist on EventBus {bus.name}.")

    def on_bus(self, bus_arn: str) -> list[Rule]:
        """By name."""
        with self.lock:
            return sorted(
                (r for r in self._rules.values() if r.bus_arn == bus_arn), key=lambda rule: rule.name
            )

    def scheduled(self) -> list[Rule]:
        """Rules of all accounts that have a schedule, enabled or not."""
        return [rule for rule in self.all_rules() if rule.schedule]

    def put_rule(self, rule: Rule) -> None:
        with self.lock:
            self._rules[rule.arn] = rule

    def take_due(self, moment: datetime) -> tuple[datetime, Rule] | None:
        """The rule whose schedule falls due first, by `moment`, and when; from then on it is due at its next time."""
        with self.lock:
            dues = [(due, rule.arn, rule) for rule in self.scheduled() if (due := rule.due())]
            if not dues or min(dues)[0] > moment:
                return None
            due, _, rule = min(dues)
            self._rules[rule.arn] = replace(rule, fired=due)
            return due, rule

    def drop_rule(self, rule: Rule) -> None:
        with self.lock:
            self._rules.pop(rule.arn, None)
