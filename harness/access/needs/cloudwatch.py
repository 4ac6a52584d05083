"""CloudWatch: metrics by their namespace, and what is named in lists.

Sources: Service Authorization Reference, CloudWatch; CloudWatch User Guide, "Using condition keys to limit access to
CloudWatch namespaces" and "Using condition keys to limit alarm actions".
"""

from __future__ import annotations

from dataclasses import replace

from harness.access.facts import Facts
from harness.access.needs import engine
from harness.access.needs.common import Need
from harness.access.values import Values
from harness.model import ApiCall, Permission

_STATES = ("AlarmActions", "OKActions", "InsufficientDataActions")


def _put_metrics(call: ApiCall, facts: Facts) -> list[Permission]:
    namespace = call.params.get("Namespace")
    context: Values = {"cloudwatch:namespace": str(namespace)} if namespace else {}
    return [engine.permission(call, facts, "cloudwatch:PutMetricData", "*", context)]


def _put_alarm(call: ApiCall, facts: Facts) -> list[Permission]:
    """cloudwatch:AlarmActions has what the alarm does in every state; that it is not ALARM's alone is assumed."""
    own, *more = engine.known(call, facts)
    actions = tuple(str(arn) for state in _STATES for arn in call.params.get(state) or ())
    context: Values = {"cloudwatch:alarmactions": actions} if actions else {}
    return [replace(own, context={**own.context, **context}), *more]


def _each(member: str, kind: str, all_of_them: str = "") -> Need:
    """An operation on a list of names. `all_of_them` stands for every name where the list is left out."""

    def need(call: ApiCall, facts: Facts) -> list[Permission]:
        names = call.params.get(member) or [call.params.get(member.removesuffix("s")) or all_of_them]
        # Dashboards are of no region.
        region = "" if kind == "dashboard/" else call.region
        return [
            engine.permission(
                call,
                facts,
                f"cloudwatch:{call.operation}",
                f"arn:aws:cloudwatch:{region}:{call.account}:{kind}{name}",
            )
            for name in names
        ]

    return need


_ALARMS = _each("AlarmNames", "alarm:")
_RULES = _each("RuleNames", "insight-rule/")

OPERATIONS: dict[str, Need] = {
    "DeleteAlarms": _ALARMS,
    "DeleteDashboards": _each("DashboardNames", "dashboard/"),
    "DeleteInsightRules": _RULES,
    "DescribeAlarmHistory": _each("AlarmNames", "alarm:", "*"),
    "DescribeAlarms": _each("AlarmNames", "alarm:", "*"),
    "DisableAlarmActions": _ALARMS,
    "DisableInsightRules": _RULES,
    "EnableAlarmActions": _ALARMS,
    "EnableInsightRules": _RULES,
    "PutCompositeAlarm": _put_alarm,
    "PutMetricAlarm": _put_alarm,
    "PutMetricData": _put_metrics,
}
