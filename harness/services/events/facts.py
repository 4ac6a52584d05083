"""What decisions on event buses and rules are made on; see harness.access.accounts.OwnFacts."""

from __future__ import annotations

import json
from collections.abc import Mapping

from harness.events.rules import Rules


class EventsFacts:
    def __init__(self, rules: Rules) -> None:
        self._rules = rules

    def policy(self, arn: str) -> str:
        policy = next((bus.policy for bus in self._rules.all_buses() if bus.arn == arn), None)
        return json.dumps(policy) if policy else ""

    def tags(self, arn: str) -> Mapping[str, str]:
        tagged = {bus.arn: bus.tags for bus in self._rules.all_buses()}
        tagged |= {rule.arn: rule.tags for rule in self._rules.all_rules()}
        return tagged.get(arn, {})

    def policied(self) -> list[str]:
        return [bus.arn for bus in self._rules.all_buses() if bus.policy]
