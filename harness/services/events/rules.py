"""PutRule, DescribeRule, ListRules, DeleteRule, EnableRule, DisableRule."""

from __future__ import annotations

from dataclasses import replace

from harness.clock import Clock
from harness.events.pattern import compile_pattern
from harness.events.rules import Rule, Rules
from harness.events.schedule import validate
from harness.model import ApiCall, AwsError, Json
from harness.services.events.common import TOO_MANY, Operation, bus_of, invalid, page, present, tags_of

MAX_RULES = 300
"""On one bus. Source: "Amazon EventBridge quotas"."""


class RuleOperations:
    """Rules. A rule that does not exist: ResourceNotFoundException, "Rule X does not exist on EventBus
    Y."."""

    def __init__(self, rules: Rules, clock: Clock) -> None:
        self._rules = rules
        self._clock = clock
        self.operations: dict[str, Operation] = {
            "PutRule": self.put,
            "DescribeRule": self.describe,
            "ListRules": self.list,
            "DeleteRule": self.delete,
            "EnableRule": lambda call: self._switch(call, "ENABLED"),
            "DisableRule": lambda call: self._switch(call, "DISABLED"),
        }

    def put(self, call: ApiCall) -> Json:
        """Makes a rule, or replaces all of it but its targets, tags and maker. {RuleArn}.

        Raises ValidationException, InvalidEventPatternException, LimitExceededException.
        """
        bus = self._rules.bus(bus_of(call))
        _check(call.params, bus.name)
        others = self._rules.on_bus(bus.arn)
        old = next((rule for rule in others if rule.name == call.params["Name"]), None)
        if old is None and len(others) >= MAX_RULES:
            raise AwsError("LimitExceededException", TOO_MANY)
        new = Rule(
            name=call.params["Name"],
            bus_arn=bus.arn,
            state=call.params.get("State", "ENABLED"),
            created_by=call.account,
            scheduled_from=self._clock.now(),
            pattern=call.params.get("EventPattern", ""),
            schedule=call.params.get("ScheduleExpression", ""),
            description=call.params.get("Description", ""),
            role_arn=call.params.get("RoleArn", ""),
            tags=tags_of(call.params.get("Tags", ())),
        )
        self._rules.put_rule(_keeping(old, new) if old else new)
        return {"RuleArn": new.arn}

    def describe(self, call: ApiCall) -> Json:
        """The rule as ListRules tells it, and CreatedBy."""
        rule = self._rule(call)
        return {**_told(rule), "CreatedBy": rule.created_by}

    def list(self, call: ApiCall) -> Json:
        """{Rules: [{Name, Arn, State, EventBusName, EventPattern?, ScheduleExpression?, ...}], NextToken?}."""
        bus = self._rules.bus(bus_of(call))
        prefix = call.params.get("NamePrefix", "")
        rules = [rule for rule in self._rules.on_bus(bus.arn) if rule.name.startswith(prefix)]
        return page(call, "Rules", rules, _told)

    def delete(self, call: ApiCall) -> Json:
        """A rule that does not exist is deleted without complaint, as on AWS."""
        bus = self._rules.bus(bus_of(call))
        for rule in self._rules.on_bus(bus.arn):
            if rule.name == call.params["Name"]:
                if rule.targets:
                    raise invalid("Rule can't be deleted since it has targets.")
                self._rules.drop_rule(rule)
        return {}

    def _switch(self, call: ApiCall, state: str) -> Json:
        """A schedule counts anew from when its rule is enabled: what fell due meanwhile is not made up for."""
        rule = self._rule(call)
        if rule.state != state:
            self._rules.put_rule(replace(rule, state=state, scheduled_from=self._clock.now(), fired=None))
        return {}

    def _rule(self, call: ApiCall) -> Rule:
        return self._rules.rule(bus_of(call), call.params["Name"])


def _check(params: Json, bus_name: str) -> None:
    pattern, schedule = params.get("EventPattern"), params.get("ScheduleExpression")
    if not pattern and not schedule:
        raise invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.")
    if schedule:
        if bus_name != "default":
            raise invalid("ScheduleExpression is supported only on the default event bus.")
        validate(schedule)
    if pattern:
        compile_pattern(pattern)


def _keeping(old: Rule, new: Rule) -> Rule:
    """A schedule put again as it was goes on counting: nothing of it changed."""
    kept = replace(new, targets=old.targets, tags=old.tags, created_by=old.created_by)
    if (old.schedule, old.state) == (new.schedule, new.state):
        return replace(kept, scheduled_from=old.scheduled_from, fired=old.fired)
    return kept


def _told(rule: Rule) -> Json:
    return present(
        Name=rule.name,
        Arn=rule.arn,
        EventPattern=rule.pattern,
        ScheduleExpression=rule.schedule,
        State=rule.state,
        Description=rule.description,
        RoleArn=rule.role_arn,
        EventBusName=rule.bus_name,
    )
