"""SNS: everything is on a topic, whichever of its names a call has for it.

Sources: SNS Developer Guide, "Using identity-based policies with Amazon SNS" (SNS knows one type of resource, the
topic) and "Managing Amazon SNS encryption keys and costs"; SNS API reference, Subscribe, ConfirmSubscription,
Unsubscribe.
"""

from __future__ import annotations

from dataclasses import replace

from harness.access.facts import Facts
from harness.access.needs import engine, kms
from harness.access.needs.common import Need
from harness.access.needs.engine import ResourceType
from harness.access.values import Values
from harness.model import ApiCall, AwsError, Permission

_NAMED = ("TopicArn", "TargetArn", "SubscriptionArn", "ResourceArn")


def _topic(call: ApiCall) -> str:
    """A subscription's ARN is its topic's with an id after it. Raises AwsError for what is no ARN, as SNS does before
    it asks for permissions."""
    for name in _NAMED:
        value = call.params.get(name)
        if value:
            parts = str(value).split(":")
            if len(parts) < 6:
                reason = f"An ARN must have at least 6 elements, not {len(parts)}"
                raise AwsError("InvalidParameter", f"Invalid parameter: {name} Reason: {reason}", 400)
            return ":".join(parts[:6])
    return ""


def _fill(call: ApiCall, facts: Facts, kind: ResourceType) -> str:
    name = call.params.get("Name")
    return f"arn:aws:sns:{call.region}:{call.account}:{name}" if name else _topic(call)


def _on_topic(call: ApiCall, facts: Facts) -> list[Permission]:
    return engine.known(call, facts, _fill)


def _publish(call: ApiCall, facts: Facts) -> list[Permission]:
    """A text message's resource is its phone number, as AWS's refusals say. Who publishes to an encrypted topic needs
    its key, which the topic's account names.

    Raises AwsError where it is to several at once, of which the backend takes one. That SNS refuses it is assumed.
    """
    if sum(bool(call.params.get(name)) for name in ("TopicArn", "TargetArn", "PhoneNumber")) > 1:
        reason = "only one of TopicArn, TargetArn and PhoneNumber can be given"
        raise AwsError("InvalidParameter", f"Invalid parameter: TopicArn Reason: {reason}", 400)
    target = _topic(call) or str(call.params.get("PhoneNumber") or "*")
    own = engine.permission(call, facts, "sns:Publish", target)
    key = facts.resource_key(target) if target.startswith("arn:") else ""
    if not key:
        return [replace(own, owner=own.owner or call.account)]
    context = {"aws:sns:topicArn": target}
    actions = ("kms:GenerateDataKey", "kms:Decrypt")
    why = "to encrypt the message with the topic's key"
    uses = kms.use(call, facts, key, own.owner, actions, via="sns", encryption_context=context, why=why)
    return [own, *uses]


def _subscribe(call: ApiCall, facts: Facts) -> list[Permission]:
    own, *more = _on_topic(call, facts)
    asked = {
        "sns:protocol": call.params.get("Protocol"),
        "sns:endpoint": call.params.get("Endpoint"),
    }
    keys: Values = {key: str(value) for key, value in asked.items() if value}
    return [replace(own, context={**own.context, **keys}), *more]


def _by_link(call: ApiCall, facts: Facts) -> list[Permission]:
    """The links in mails are not signed: whoever has one may follow it. AuthenticateOnUnsubscribe, by which a
    subscription's link to unsubscribe does not count, is not in the facts."""
    return [] if call.principal.kind == "anonymous" else _on_topic(call, facts)


def _listing(call: ApiCall, facts: Facts) -> list[Permission]:
    """As AWS's refusals say it: `SNS:ListTopics on resource: arn:aws:sns:us-east-1:123456789012:*`."""
    arn = f"arn:aws:sns:{call.region}:{call.account}:*"
    return [engine.permission(call, facts, f"sns:{call.operation}", arn)]


OPERATIONS: dict[str, Need] = {
    "ListTopics": _listing,
    **dict.fromkeys(
        (
            "AddPermission",
            "CreateTopic",
            "DeleteTopic",
            "GetDataProtectionPolicy",
            "GetSubscriptionAttributes",
            "GetTopicAttributes",
            "ListSubscriptionsByTopic",
            "PutDataProtectionPolicy",
            "RemovePermission",
            "SetSubscriptionAttributes",
            "SetTopicAttributes",
        ),
        _on_topic,
    ),
    "ConfirmSubscription": _by_link,
    "Publish": _publish,
    "PublishBatch": _publish,
    "Subscribe": _subscribe,
    "Unsubscribe": _by_link,
}
