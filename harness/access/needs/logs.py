"""CloudWatch Logs: log groups and streams.

A permission on a group is on `log-group:NAME:log-stream:` with nothing after it, as AWS's refusals say: a policy has to
name `log-group:NAME:*`. Tags are the exception, on `log-group:NAME` itself.
Source: CloudWatch Logs User Guide, "Overview of managing access permissions to your CloudWatch Logs resources"; API
reference, CreateLogGroup, PutDestination, PutSubscriptionFilter.
"""

from __future__ import annotations

from harness.access.facts import Facts
from harness.access.needs import engine, tagging, tags
from harness.access.needs.common import Need, in_region
from harness.access.needs.passrole import pass_role
from harness.access.values import Values
from harness.model import ApiCall, Permission

_SERVICE = "logs.amazonaws.com"
_NAMED = ("logGroupName", "logGroupIdentifier", "resourceIdentifier")


def _group(call: ApiCall, named: str) -> str:
    """The group's own ARN, by its name or ARN, which may end in `:*`."""
    name = (
        in_region(call, named).split(":", 5)[5].removeprefix("log-group:")
        if named.startswith("arn:")
        else named
    )
    account = named.split(":")[4] if named.startswith("arn:") else call.account
    return f"arn:aws:logs:{call.region}:{account}:log-group:{name.removesuffix(':*')}"


def _named(call: ApiCall) -> str:
    """Empty where the call names no group: it is about all of them."""
    return next((str(call.params[name]) for name in _NAMED if call.params.get(name)), "")


def _permission(
    call: ApiCall, facts: Facts, group: str, stream: str = "", context: Values | None = None
) -> Permission:
    resource = f"{_group(call, group)}:log-stream:{stream}"
    return engine.permission(call, facts, f"logs:{call.operation}", resource, context)


def _on_group(call: ApiCall, facts: Facts) -> list[Permission]:
    return [_permission(call, facts, _named(call))]


def _on_stream(call: ApiCall, facts: Facts) -> list[Permission]:
    return [_permission(call, facts, _named(call), str(call.params.get("logStreamName") or ""))]


def _on_groups(call: ApiCall, facts: Facts) -> list[Permission]:
    params = call.params
    several = [*(params.get("logGroupNames") or ()), *(params.get("logGroupIdentifiers") or ())]
    if _named(call) or not several:
        several.append(_named(call))
    return [_permission(call, facts, str(group)) for group in several]


def _create(call: ApiCall, facts: Facts) -> list[Permission]:
    group = _named(call)
    own = _permission(call, facts, group, context=tagging.of_call(call))
    return [own, *tagging.on_create(call, _group(call, group), own.owner)]


def _tag(call: ApiCall, facts: Facts) -> list[Permission]:
    return [_permission(call, facts, _named(call), context=tagging.of_call(call))]


def _untag(call: ApiCall, facts: Facts) -> list[Permission]:
    return [_permission(call, facts, _named(call), context=tags.of_names(call.params.get("tags") or ()))]


def _put_subscription(call: ApiCall, facts: Facts) -> list[Permission]:
    """Also on the destination, where it is one of Logs; and the role in which Logs delivers is passed."""
    own = _permission(call, facts, _named(call))
    target = str(call.params.get("destinationArn") or "")
    to = (
        [engine.permission(call, facts, own.action, target, why="to subscribe the destination")]
        if target.startswith("arn:aws:logs:")
        else []
    )
    return [own, *to, *pass_role(str(call.params.get("roleArn") or ""), _SERVICE, target)]


def _put_destination(call: ApiCall, facts: Facts) -> list[Permission]:
    own, *more = engine.known(call, facts)
    return [own, *more, *pass_role(str(call.params.get("roleArn") or ""), _SERVICE, own.resource)]


OPERATIONS: dict[str, Need] = {
    **dict.fromkeys(
        (
            "AssociateKmsKey",
            "CreateExportTask",
            "DeleteDataProtectionPolicy",
            "DeleteLogGroup",
            "DeleteMetricFilter",
            "DeleteRetentionPolicy",
            "DeleteSubscriptionFilter",
            "DescribeLogGroups",
            "DescribeLogStreams",
            "DescribeMetricFilters",
            "DescribeSubscriptionFilters",
            "DisassociateKmsKey",
            "FilterLogEvents",
            "GetDataProtectionPolicy",
            "GetLogGroupFields",
            "ListTagsLogGroup",
            "PutDataProtectionPolicy",
            "PutMetricFilter",
            "PutRetentionPolicy",
            # The group of a query's results is not in the request: on which resource AWS asks is not documented.
            "GetQueryResults",
        ),
        _on_group,
    ),
    **dict.fromkeys(("CreateLogStream", "DeleteLogStream", "GetLogEvents", "PutLogEvents"), _on_stream),
    "CreateLogGroup": _create,
    "PutDestination": _put_destination,
    "PutSubscriptionFilter": _put_subscription,
    "StartLiveTail": _on_groups,
    "StartQuery": _on_groups,
    "TagLogGroup": _tag,
    "UntagLogGroup": _untag,
}
