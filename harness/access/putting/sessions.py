"""STS: the policy of a session."""

from __future__ import annotations

from harness.access.facts import Facts
from harness.iam.grammar import Malformed, check
from harness.model import ApiCall, AwsError

# Source: the API reference of AssumeRole. That "an internal conversion compresses" policies and tags, to which
# PackedPolicyTooLarge is about, AWS does not describe: it is never answered here.
_LONGEST = 2_048


def check_policy(call: ApiCall, facts: Facts) -> None:
    text = call.params.get("Policy")
    if text is None:
        return
    if len(text) > _LONGEST:
        rule = f"Member must have length less than or equal to {_LONGEST}"
        message = f"1 validation error detected: Value at 'policy' failed to satisfy constraint: {rule}"
        raise AwsError("ValidationError", message)
    try:
        check(text, "session")
    except Malformed as fault:
        # STS's own sentences come from the parser of the day (ansible-collections/amazon.aws#2778); these are IAM's.
        raise AwsError("MalformedPolicyDocument", str(fault)) from fault
