"""SQS: queues by their URL.

Sources: SQS Developer Guide, "Amazon SQS API permissions: Actions and resource reference" (a batch needs the permission
of a single message) and "Amazon SQS Key management".
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness.access.facts import Facts
from harness.access.needs import engine, kms
from harness.access.needs.common import Need, in_region
from harness.access.needs.engine import ResourceType
from harness.model import ApiCall, AwsError, Permission

_URL = re.compile(r"(?:https?://[^/?#]+/(\d{12})/)?([\w-]+(?:\.fifo)?)", re.ASCII)


def address(url: str) -> tuple[str, str]:
    """A queue's account and name: `https://sqs.us-east-1.amazonaws.com/111122223333/NAME`. SQS takes the name alone,
    too; the account is empty then.

    Raises AwsError InvalidAddress for all else: the backend has a way of its own to find a name in it.
    """
    found = _URL.fullmatch(url)
    if not found:
        raise AwsError("InvalidAddress", f"The address {url} is not valid for this endpoint.", 404)
    return found[1] or "", found[2]


def _queue(call: ApiCall) -> str:
    """By its URL, its name and account, or its ARN; empty without."""
    params = call.params
    if params.get("QueueUrl"):
        account, name = address(str(params["QueueUrl"]))
    elif params.get("SourceArn"):
        return in_region(call, str(params["SourceArn"]))
    else:
        account, name = str(params.get("QueueOwnerAWSAccountId") or ""), str(params.get("QueueName") or "")
    return f"arn:aws:sqs:{call.region}:{account or call.account}:{name}" if name else ""


def _fill(call: ApiCall, facts: Facts, kind: ResourceType) -> str:
    return _queue(call)


def _on_queue(call: ApiCall, facts: Facts) -> list[Permission]:
    return engine.known(call, facts, _fill)


def _messages(action: str, keys: Sequence[str] = (), why: str = "") -> Need:
    """An action on a queue's messages, with those on the key of an encrypted queue, which the queue's account names."""

    def need(call: ApiCall, facts: Facts) -> list[Permission]:
        own = engine.permission(call, facts, action, _queue(call) or "*")
        key = facts.resource_key(own.resource) if keys else ""
        if not key:
            return [own]
        context = {"aws:sqs:arn": own.resource}
        uses = kms.use(call, facts, key, own.owner, keys, via="sqs", encryption_context=context, why=why)
        return [own, *uses]

    return need


_SEND = _messages(
    "sqs:SendMessage",
    ("kms:GenerateDataKey", "kms:Decrypt"),
    "to encrypt the message with the queue's key",
)
_DELETE = _messages("sqs:DeleteMessage")
_CHANGE = _messages("sqs:ChangeMessageVisibility")


def _listing(call: ApiCall, facts: Facts) -> list[Permission]:
    """As AWS's refusals say it: `sqs:listqueues on resource: arn:aws:sqs:us-east-1:123456789012:`."""
    arn = f"arn:aws:sqs:{call.region}:{call.account}:"
    return [engine.permission(call, facts, "sqs:ListQueues", arn)]


OPERATIONS: dict[str, Need] = {
    "ListQueues": _listing,
    **dict.fromkeys(
        (
            "AddPermission",
            "CreateQueue",
            "DeleteQueue",
            "GetQueueAttributes",
            "GetQueueUrl",
            "ListDeadLetterSourceQueues",
            "ListMessageMoveTasks",
            "ListQueueTags",
            "PurgeQueue",
            "RemovePermission",
            "SetQueueAttributes",
            "TagQueue",
            "UntagQueue",
        ),
        _on_queue,
    ),
    "ChangeMessageVisibility": _CHANGE,
    "ChangeMessageVisibilityBatch": _CHANGE,
    "DeleteMessage": _DELETE,
    "DeleteMessageBatch": _DELETE,
    "ReceiveMessage": _messages(
        "sqs:ReceiveMessage", ("kms:Decrypt",), "to decrypt messages with the queue's key"
    ),
    "SendMessage": _SEND,
    "SendMessageBatch": _SEND,
}
