"""CreateEventBus, DescribeEventBus, ListEventBuses, DeleteEventBus, PutPermission, RemovePermission."""

from __future__ import annotations

import json
from dataclasses import replace

from harness.clock import Clock
from harness.events.rules import EventBus, Rules
from harness.model import ApiCall, AwsError, Json
from harness.services.events.common import Operation, bus_of, invalid, page, present, tags_of

_SETTINGS = ("Description", "KmsKeyIdentifier", "DeadLetterConfig", "LogConfig")


class BusOperations:
    """Event buses. One that does not exist: ResourceNotFoundException, "Event bus X does not exist."."""

    def __init__(self, rules: Rules, clock: Clock) -> None:
        self._rules = rules
        self._clock = clock
        self.operations: dict[str, Operation] = {
            "CreateEventBus": self.create,
            "DescribeEventBus": self.describe,
            "ListEventBuses": self.list,
            "DeleteEventBus": self.delete,
            "PutPermission": self.put_permission,
            "RemovePermission": self.remove_permission,
        }

    def create(self, call: ApiCall) -> Json:
        """{EventBusArn, and the settings given}. Raises ResourceAlreadyExistsException, ValidationException."""
        name = call.params["Name"]
        if "EventSourceName" in call.params:
            # A partner's bus needs a partner's event source, and nobody can have made one here.
            source = call.params["EventSourceName"]
            raise AwsError("ResourceNotFoundException", f"Event source {source} does not exist.")
        if "/" in name:
            raise invalid("Event bus name must not contain '/'.")
        if name in [bus.name for bus in self._rules.buses(call.account, call.region)]:
            raise AwsError("ResourceAlreadyExistsException", f"Event bus {name} already exists.")
        settings = {key: call.params[key] for key in _SETTINGS if key in call.params}
        now = self._clock.now()
        bus = EventBus(bus_of(call, "Name"), now, now, settings, tags=tags_of(call.params.get("Tags", ())))
        self._rules.put_bus(bus)
        return {"EventBusArn": bus.arn, **settings}

    def describe(self, call: ApiCall) -> Json:
        """{Name, Arn, CreationTime, LastModifiedTime, Policy?, and the settings}."""
        bus = self._rules.bus(bus_of(call, "Name"))
        return {**_told(bus), **bus.settings}

    def list(self, call: ApiCall) -> Json:
        """{EventBuses: [{Name, Arn, CreationTime, LastModifiedTime, Description?, Policy?}], NextToken?}."""
        prefix = call.params.get("NamePrefix", "")
        buses = [b for b in self._rules.buses(call.account, call.region) if b.name.startswith(prefix)]
        return page(call, "EventBuses", buses, _told)

    def delete(self, call: ApiCall) -> Json:
        """One that does not exist is deleted without complaint: the model gives the operation no such error."""
        name = call.params["Name"]
        if name == "default":
            raise invalid("Cannot delete event bus default.")
        arn = bus_of(call, "Name")
        if self._rules.on_bus(arn):
            # The API reference says that the rules must go first; its sentence is not on record.
            raise invalid(f"Event bus {name} can't be deleted since it has rules.")
        self._rules.drop_bus(arn)
        return {}

    def put_permission(self, call: ApiCall) -> Json:
        """Sets the whole policy (`Policy`), or one statement of it (`StatementId`, `Principal`, `Action`)."""
        bus = self._rules.bus(bus_of(call))
        if "Policy" in call.params:
            self._rules.put_bus(replace(bus, policy=_policy(call.params["Policy"])))
            return {}
        statement = _statement(bus, call.params)
        kept = [one for one in _statements(bus) if one.get("Sid") != statement["Sid"]]
        policy = {"Version": "2012-10-17", "Statement": [*kept, statement]}
        self._rules.put_bus(replace(bus, policy=policy))
        return {}

    def remove_permission(self, call: ApiCall) -> Json:
        """Raises ResourceNotFoundException, "Statement with the provided id does not exist."."""
        bus = self._rules.bus(bus_of(call))
        if call.params.get("RemoveAllPermissions"):
            self._rules.put_bus(replace(bus, policy=None))
            return {}
        kept = [one for one in _statements(bus) if one.get("Sid") != call.params.get("StatementId")]
        if len(kept) == len(_statements(bus)):
            raise AwsError("ResourceNotFoundException", "Statement with the provided id does not exist.")
        policy = {"Version": "2012-10-17", "Statement": kept} if kept else None
        self._rules.put_bus(replace(bus, policy=policy))
        return {}


def _told(bus: EventBus) -> Json:
    return present(
        Name=bus.name,
        Arn=bus.arn,
        Description=bus.settings.get("Description"),
        Policy=json.dumps(bus.policy) if bus.policy else None,
        CreationTime=bus.created,
        LastModifiedTime=bus.modified,
    )


def _statements(bus: EventBus) -> list[Json]:
    statements = (bus.policy or {}).get("Statement", [])
    return statements if isinstance(statements, list) else [statements]


def _statement(bus: EventBus, params: Json) -> Json:
    missing = [name for name in ("Action", "Principal", "StatementId") if not params.get(name)]
    if missing:
        raise invalid(f"Parameter(s) {', '.join(missing)} must be specified.")
    if params["Action"] != "events:PutEvents":
        raise invalid("Provided value in parameter 'action' is not supported.")
    principal, condition = params["Principal"], params.get("Condition")
    return present(
        Sid=params["StatementId"],
        Effect="Allow",
        Principal="*" if principal == "*" else {"AWS": f"arn:aws:iam::{principal}:root"},
        Action="events:PutEvents",
        Resource=bus.arn,
        Condition={condition["Type"]: {condition["Key"]: condition["Value"]}} if condition else None,
    )


def _policy(text: str) -> Json:
    try:
        policy = json.loads(text)
    except ValueError:
        policy = None
    if not isinstance(policy, dict):
        raise invalid("Parameter Policy is not valid.")
    return policy
