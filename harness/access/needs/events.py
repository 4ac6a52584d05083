"""EventBridge: rules and buses, which may be another account's where they are named by the bus's ARN.

Sources: Service Authorization Reference, EventBridge; EventBridge User Guide, "Using IAM policy conditions in Amazon
EventBridge" and "Permissions for event buses". events:ManagedBy is left out: no service makes rules here.
"""

from __future__ import annotations

import json
from dataclasses import replace

from harness.access.facts import Facts
from harness.access.needs import engine, tagging
from harness.access.needs.common import Need, in_region, own_arn
from harness.access.needs.passrole import pass_role
from harness.access.values import Values
from harness.events.rules import bus_arn
from harness.model import ApiCall, Json, Permission

_SERVICE = "events.amazonaws.com"


def _on_rule(call: ApiCall, facts: Facts) -> list[Permission]:
    """events:creatorAccount is set for rules of the caller's own account, which made them as good as always; who made
    another account's rule is not known before, but for PutRule."""
    bus = _bus(call, call.params.get("EventBusName"))
    rule = _rule_arn(bus, str(call.params.get("Rule") or call.params.get("Name") or "*"))
    caller = call.principal.account
    context: Values = {}
    if call.operation == "PutRule" or engine.account_of(rule) == caller:
        context["events:creatoraccount"] = caller
    return [engine.permission(call, facts, f"events:{call.operation}", rule, context)]


def _bus(call: ApiCall, name: object) -> str:
    return in_region(call, bus_arn(str(name or "default"), call.account, call.region))


def _rule_arn(bus: str, name: str) -> str:
    """`rule/NAME`, or `rule/BUS/NAME` on a custom bus."""
    prefix, _, bus_name = bus.partition("event-bus/")
    return f"{prefix}rule/{name}" if bus_name in ("default", "") else f"{prefix}rule/{bus_name}/{name}"


def _put_rule(call: ApiCall, facts: Facts) -> list[Permission]:
    own = _on_rule(call, facts)[0]
    context = {
        **own.context,
        **tagging.of_call(call),
        **_of_pattern(str(call.params.get("EventPattern") or "{}")),
    }
    return [
        replace(own, context=context),
        *pass_role(str(call.params.get("RoleArn") or ""), _SERVICE, own.resource),
        *tagging.on_create(call, own.resource, own.owner),
    ]


_IN_PATTERN = {
    "events:source": ("source",),
    "events:detail-type": ("detail-type",),
    "events:detail.service": ("detail", "service"),
    "events:detail.eventtypecode": ("detail", "eventTypeCode"),
    "events:detail.useridentity.principalid": ("detail", "userIdentity", "principalId"),
}


def _of_pattern(text: str) -> Values:
    """The literal strings that a pattern asks for: a policy may say which events somebody's rules may match."""
    try:
        pattern = json.loads(text)
    except ValueError:
        return {}  # EventBridge says so
    values: Values = {}
    for key, path in _IN_PATTERN.items():
        found = pattern
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        literal = tuple(one for one in found if isinstance(one, str)) if isinstance(found, list) else ()
        if literal:
            values[key] = literal
    return values


def _put_targets(call: ApiCall, facts: Facts) -> list[Permission]:
    own = _on_rule(call, facts)[0]
    targets: list[Json] = call.params.get("Targets") or []
    arns = tuple(str(target.get("Arn", "")) for target in targets)
    roles = dict.fromkeys(str(target.get("RoleArn") or "") for target in targets)
    return [
        replace(own, context={**own.context, "events:targetarn": arns}),
        *(passed for role in roles for passed in pass_role(role, _SERVICE, own.resource)),
    ]


def _on_bus(call: ApiCall, facts: Facts) -> list[Permission]:
    bus = _bus(call, call.params.get("Name"))
    own = engine.permission(call, facts, f"events:{call.operation}", bus, tagging.of_call(call))
    return [own, *tagging.on_create(call, bus, own.owner)]


def _put_events(call: ApiCall, facts: Facts) -> list[Permission]:
    """One permission for each bus, with the sources and types of all that goes there.

    events:eventBusInvocation, which tells what a rule forwards from what is sent directly, is left out: the request
    does not show it.
    """
    entries: dict[str, list[Json]] = {}
    for entry in call.params.get("Entries") or []:
        # Rules forward to other regions' buses, too.
        bus = own_arn(call, bus_arn(str(entry.get("EventBusName") or "default"), call.account, call.region))
        entries.setdefault(bus, []).append(entry)
    return [
        engine.permission(call, facts, "events:PutEvents", bus, _of_entries(on_bus))
        for bus, on_bus in entries.items()
    ]


def _of_entries(entries: list[Json]) -> Values:
    keys = {"events:source": "Source", "events:detail-type": "DetailType"}
    told = {
        key: tuple(dict.fromkeys(str(entry[member]) for entry in entries if entry.get(member)))
        for key, member in keys.items()
    }
    return {key: values for key, values in told.items() if values}


def _on_tagged(call: ApiCall, facts: Facts) -> list[Permission]:
    """A rule of the default bus is found by an ARN with the bus in it, too; the one that it has is without."""
    arn = str(call.params.get("ResourceARN") or "")
    plain = replace(call, params={**call.params, "ResourceARN": arn.replace(":rule/default/", ":rule/", 1)})
    return engine.known(plain if arn else call, facts)


def _listing(call: ApiCall, facts: Facts) -> list[Permission]:
    """Of all rules, as AWS's refusals say (globaldothealth/list#2539: `events:ListRules on resource: …:rule/*`), though
    the Service Authorization Reference knows no resource. Of another account's bus, that bus, for its account has to
    have a say. What AWS does there, and of a custom bus, is not documented."""
    bus = _bus(call, call.params.get("EventBusName"))
    other = engine.account_of(bus) not in ("", call.account)
    resource = bus if other else f"arn:aws:events:{call.region}:{call.account}:rule/*"
    return [engine.permission(call, facts, f"events:{call.operation}", resource)]


OPERATIONS: dict[str, Need] = {
    **dict.fromkeys(
        ("DescribeRule", "DeleteRule", "EnableRule", "DisableRule", "RemoveTargets", "ListTargetsByRule"),
        _on_rule,
    ),
    **dict.fromkeys(("CreateEventBus", "DescribeEventBus", "UpdateEventBus", "DeleteEventBus"), _on_bus),
    **dict.fromkeys(("ListRules", "ListRuleNamesByTarget"), _listing),
    **dict.fromkeys(("TagResource", "UntagResource", "ListTagsForResource"), _on_tagged),
    "PutRule": _put_rule,
    "PutTargets": _put_targets,
    "PutEvents": _put_events,
}
