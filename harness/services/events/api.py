"""EventBridge's API: which method answers which operation."""

from __future__ import annotations

from harness.clock import Clock
from harness.events.bus import Bus
from harness.events.rules import Rules
from harness.model import ApiCall, AwsError, Json
from harness.services.constraints import check
from harness.services.events.buses import BusOperations
from harness.services.events.common import Operation
from harness.services.events.put_events import EventOperations
from harness.services.events.rules import RuleOperations
from harness.services.events.tags import TagOperations
from harness.services.events.targets import TargetOperations


class Events:
    """The service `events`. Source: EventBridge API reference; messages as LocalStack recorded them on AWS."""

    def __init__(self, rules: Rules, bus: Bus, clock: Clock) -> None:
        self._rules = rules
        self._operations: dict[str, Operation] = {
            **BusOperations(rules, clock).operations,
            **RuleOperations(rules, clock).operations,
            **TargetOperations(rules).operations,
            **EventOperations(bus, clock).operations,
            **TagOperations(rules).operations,
        }

    def handle(self, call: ApiCall) -> Json:
        """`call.params` and the answer have the names and shapes of botocore's model `events`.

        Raises AwsError with AWS's codes; UnsupportedOperation (501) for what the harness does not do.
        """
        operation = self._operations.get(call.operation)
        if operation is None:
            raise AwsError(
                "UnsupportedOperation", f"The harness does not support events:{call.operation} yet", 501
            )
        check(call, "ValidationException")
        with self._rules.lock:
            return operation(call)
