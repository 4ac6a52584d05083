"""A bus on a wire that only records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from harness.clock import Clock
from harness.events.bus import Bus
from harness.events.rules import Rule, Rules, Target, bus_arn
from harness.events.schedules import Schedules
from harness.journal import Journal
from harness.model import Credentials, Event, Json, Principal

ACCOUNT, REGION = "111122223333", "us-east-1"
NOON = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)


@dataclass
class FakeWire:
    """Records (who, service, operation, parameters); `answers` says what an operation gives, or raises, in turn.

    `sources`: the ARNs for which roles were assumed and the service called.
    """

    endpoint: str = "http://localhost:4566"
    calls: list[tuple[str, str, str, Json]] = field(default_factory=list)
    answers: dict[str, list[Any]] = field(default_factory=dict)
    sources: list[str] = field(default_factory=list)

    def as_role(
        self, role_arn: str, service: str, session_name: str, region: str, source_arn: str = ""
    ) -> FakeCaller:
        self.sources.append(source_arn)
        return FakeCaller(self, f"{role_arn} for {service}")

    def as_service(self, service: str, account: str, region: str, source_arn: str = "") -> FakeCaller:
        self.sources.append(source_arn)
        return FakeCaller(self, f"{service} of {account}")

    def as_harness(self, account: str, region: str) -> FakeCaller:
        return FakeCaller(self, f"the harness in {account}")

    def answer(self, who: str, service: str, operation: str, parameters: Json) -> Any:
        if service != "cloudwatch":
            self.calls.append((who, service, operation, parameters))
        else:
            self.metrics(parameters)
        given = self.answers.get(operation) or [{}]
        answer = given.pop(0) if len(given) > 1 else given[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def metrics(self, parameters: Json) -> None:
        for datum in parameters["MetricData"]:
            key = (datum["Dimensions"][0]["Value"], datum["MetricName"])
            self.counted[key] = self.counted.get(key, 0) + datum["Value"]

    counted: dict[tuple[str, str], int] = field(default_factory=dict)


@dataclass
class FakeCaller:
    wire: FakeWire
    who: str
    credentials: Credentials = field(default_factory=lambda: Credentials("AKIA", "secret"))
    principal: Principal = field(default_factory=lambda: Principal(ACCOUNT, "arn", "service"))

    def client(self, service: str) -> Any:
        wire, who = self.wire, self.who

        class Client:
            def __getattr__(self, operation: str) -> Callable[..., Any]:
                return lambda **parameters: wire.answer(who, service, operation, parameters)

        return Client()


@dataclass
class World:
    """What a test of the bus needs, with words for it."""

    wire: FakeWire
    clock: Clock
    journal: Journal
    rules: Rules
    bus: Bus
    schedules: Schedules

    def rule(self, name: str, *targets: Target, account: str = ACCOUNT, **settings: Any) -> Rule:
        rule = Rule(
            name=name,
            bus_arn=settings.pop("bus_arn", bus_arn("default", account, REGION)),
            state=settings.pop("state", "ENABLED"),
            created_by=account,
            scheduled_from=self.clock.now(),
            targets=targets,
            **settings,
        )
        self.rules.put_rule(rule)
        return rule

    def switch(self, rule: Rule, state: str) -> None:
        self.rules.put_rule(replace(rule, state=state, scheduled_from=self.clock.now(), fired=None))

    def publish(self, event: Event, bus: str = "default") -> None:
        self.bus.publish(event, bus)
        assert self.journal.settle(5) == []

    def deliveries(self) -> list[tuple[str, str]]:
        return [(r["target"], r["status"]) for r in self.journal.read(0, "delivery")]
