"""TagResource, UntagResource, ListTagsForResource: of rules and event buses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from harness.events.rules import Rules, bus_arn
from harness.model import ApiCall, Json
from harness.services.events.common import Operation, invalid, tags_of

_Tags = Mapping[str, str]


class TagOperations:
    """A rule or bus that does not exist: ResourceNotFoundException, with its own sentence."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self.operations: dict[str, Operation] = {
            "TagResource": self.tag,
            "UntagResource": self.untag,
            "ListTagsForResource": self.list,
        }

    def tag(self, call: ApiCall) -> Json:
        new = tags_of(call.params["Tags"])
        self._change(call.params["ResourceARN"], lambda tags: {**tags, **new})
        return {}

    def untag(self, call: ApiCall) -> Json:
        gone = call.params["TagKeys"]
        self._change(
            call.params["ResourceARN"], lambda tags: {k: v for k, v in tags.items() if k not in gone}
        )
        return {}

    def list(self, call: ApiCall) -> Json:
        """{Tags: [{Key, Value}]}."""
        tags = self._change(call.params["ResourceARN"], lambda tags: tags)
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    def _change(self, arn: str, change: Callable[[_Tags], _Tags]) -> _Tags:
        """The resource's tags, as `change` leaves them."""
        _, _, _, region, account, resource = (arn.split(":", 5) + [""] * 6)[:6]
        kind, _, name = resource.partition("/")
        if kind == "event-bus":
            bus = self._rules.bus(arn)
            tags = change(bus.tags)
            if tags != bus.tags:
                self._rules.put_bus(replace(bus, tags=tags))
            return tags
        if kind != "rule":
            raise invalid(f"Parameter {arn} is not valid. Reason: Provided Arn is not in correct format.")
        on, _, name = name.rpartition("/")
        rule = self._rules.rule(bus_arn(on or "default", account, region), name)
        tags = change(rule.tags)
        if tags != rule.tags:
            self._rules.put_rule(replace(rule, tags=tags))
        return tags
