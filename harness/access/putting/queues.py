"""SNS and SQS: the policies of topics and queues, among their attributes."""

from __future__ import annotations

from harness.access.facts import Facts
from harness.access.putting.catalogue import matching_actions
from harness.access.putting.existence import check_existence
from harness.iam.grammar import Malformed, check
from harness.iam.grammar.faults import each, refuse, values
from harness.iam.grammar.resource import INVALID_PRINCIPAL
from harness.model import ApiCall, AwsError

# What a topic's policy may be about: SNS refuses `SNS:*`, since that is more. LocalStack recorded the sentence, and
# SNS's default policy has the actions.
_OUT_OF_SCOPE = "Policy statement action out of service scope!"
_OF_TOPICS = frozenset(
    (
        "GetTopicAttributes",
        "SetTopicAttributes",
        "AddPermission",
        "RemovePermission",
        "DeleteTopic",
        "Subscribe",
        "ListSubscriptionsByTopic",
        "Publish",
        "Receive",
    )
)


def create_topic(call: ApiCall, facts: Facts) -> None:
    policy = call.params.get("Attributes", {}).get("Policy")
    if policy is not None:
        _put_topic_policy(policy, call, facts)


def set_topic_attributes(call: ApiCall, facts: Facts) -> None:
    if call.params.get("AttributeName") == "Policy":
        _put_topic_policy(str(call.params.get("AttributeValue", "")), call, facts)


def _put_topic_policy(text: str, call: ApiCall, facts: Facts) -> None:
    """SNS's sentences: hashicorp/terraform-provider-aws#26041, aws/serverless-application-model#1591."""
    try:
        document = check(text, "resource")
        check_existence(document, call, facts, INVALID_PRINCIPAL)
        _check_scope(document["Statement"])
    except Malformed as fault:
        sentence = _SNS.get(fault.sentence, "Policy Error: null")
        raise AwsError("InvalidParameter", f"Invalid parameter: {fault.said(sentence)}") from fault


_SNS = {INVALID_PRINCIPAL: "Policy Error: PrincipalNotFound", _OUT_OF_SCOPE: _OUT_OF_SCOPE}


def _check_scope(statements: object) -> None:
    for place, statement in each(statements, "Statement"):
        for where, pattern in values([(place, statement)], "Action"):
            found = {action.name for action in matching_actions("sns", pattern)} or {
                pattern.partition(":")[2]
            }
            if not pattern.lower().startswith("sns:") or not found <= _OF_TOPICS:
                refuse(_OUT_OF_SCOPE, where, f"{pattern} is more than what is done to topics")


def put_queue_policy(call: ApiCall, facts: Facts) -> None:
    """SQS says the same of every fault (hashicorp/terraform-provider-aws#42209). An empty policy takes it away."""
    text = call.params.get("Attributes", {}).get("Policy")
    if not text:
        return
    try:
        check_existence(check(text, "resource"), call, facts, "")
    except Malformed as fault:
        raise AwsError(
            "InvalidAttributeValue", fault.said("Invalid value for the parameter Policy.")
        ) from fault
