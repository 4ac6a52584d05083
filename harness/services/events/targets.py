"""PutTargets, RemoveTargets, ListTargetsByRule, ListRuleNamesByTarget."""

from __future__ import annotations

from dataclasses import replace

from harness.events.rules import Rule, Rules, Target
from harness.events.targets import check_target
from harness.model import ApiCall, AwsError, Json
from harness.services.events.common import TOO_MANY, Operation, bus_of, page

MAX_TARGETS = 5
"""Of one rule. Source: "Amazon EventBridge quotas"."""


class TargetOperations:
    """A rule that does not exist: ResourceNotFoundException, "Rule X does not exist on EventBus Y."."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self.operations: dict[str, Operation] = {
            "PutTargets": self.put,
            "RemoveTargets": self.remove,
            "ListTargetsByRule": self.list_by_rule,
            "ListRuleNamesByTarget": self.list_rules,
        }

    def put(self, call: ApiCall) -> Json:
        """Adds targets; one whose Id the rule has already is replaced. {FailedEntryCount, FailedEntries}.

        Raises ValidationException ("RoleArn is required for target ARN."), LimitExceededException, and
        UnsupportedOperation for a kind of target that the harness does not deliver to.
        """
        rule = self._rule(call)
        targets = {target.id: target for target in rule.targets}
        for settings in call.params["Targets"]:
            target = Target(settings["Id"], settings["Arn"], settings)
            check_target(target)
            targets[target.id] = target
        if len(targets) > MAX_TARGETS:
            raise AwsError("LimitExceededException", TOO_MANY)
        self._rules.put_rule(replace(rule, targets=tuple(targets.values())))
        return {"FailedEntryCount": 0, "FailedEntries": []}

    def remove(self, call: ApiCall) -> Json:
        """{FailedEntryCount, FailedEntries}: an Id that the rule has not is a failed entry."""
        rule = self._rule(call)
        gone = set(call.params["Ids"])
        self._rules.put_rule(replace(rule, targets=tuple(t for t in rule.targets if t.id not in gone)))
        known = {target.id for target in rule.targets}
        failed = [_not_there(rule, target_id) for target_id in call.params["Ids"] if target_id not in known]
        return {"FailedEntryCount": len(failed), "FailedEntries": failed}

    def list_by_rule(self, call: ApiCall) -> Json:
        """{Targets: [as they were put], NextToken?}."""
        return page(call, "Targets", list(self._rule(call).targets), lambda target: target.settings)

    def list_rules(self, call: ApiCall) -> Json:
        """{RuleNames, NextToken?}: the bus's rules that have this target."""
        bus = self._rules.bus(bus_of(call))
        wanted = call.params["TargetArn"]
        rules = [r for r in self._rules.on_bus(bus.arn) if any(t.arn == wanted for t in r.targets)]
        return page(call, "RuleNames", rules, lambda rule: rule.name)

    def _rule(self, call: ApiCall) -> Rule:
        return self._rules.rule(bus_of(call), call.params["Rule"])


def _not_there(rule: Rule, target_id: str) -> Json:
    return {
        "TargetId": target_id,
        "ErrorCode": "ResourceNotFoundException",
        "ErrorMessage": f"Rule '{rule.name}' does not have a target with the Id '{target_id}'.",
    }
