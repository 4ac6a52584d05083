"""IAM: inline, managed and trust policies.

IAM looks for the role, user or group first, and answers NoSuchEntity before MalformedPolicyDocument
(ministackorg/ministack#1738); here a malformed policy is told first.
"""

from __future__ import annotations

from collections.abc import Iterable

from harness.access.facts import Facts, Stored
from harness.access.putting.existence import check_existence
from harness.iam.grammar import Malformed, check
from harness.iam.grammar.resource import KINDS
from harness.model import ApiCall, AwsError, Json

# In characters. Source: "IAM and AWS STS quotas": of all inline policies of a role, user or group together, of a
# managed policy, of a trust policy by default.
_ROLE, _USER, _GROUP = 10_240, 2_048, 5_120
_MANAGED, _TRUST = 6_144, 2_048


def put_role_policy(call: ApiCall, facts: Facts) -> None:
    _put_inline_policy(call, facts, "role", _ROLE)


def put_user_policy(call: ApiCall, facts: Facts) -> None:
    _put_inline_policy(call, facts, "user", _USER)


def put_group_policy(call: ApiCall, facts: Facts) -> None:
    """The group's other policies are not known, and not counted."""
    _put_inline_policy(call, facts, "group", _GROUP)


def put_managed_policy(call: ApiCall, facts: Facts) -> None:
    text = str(call.params.get("PolicyDocument", ""))
    _checked(text, "managed")
    if _size(text) > _MANAGED:
        raise _limit_exceeded(f"Cannot exceed quota for PolicySize: {_MANAGED}")


def create_role(call: ApiCall, facts: Facts) -> None:
    _put_trust_policy(str(call.params.get("AssumeRolePolicyDocument", "")), call, facts)


def update_assume_role_policy(call: ApiCall, facts: Facts) -> None:
    _put_trust_policy(str(call.params.get("PolicyDocument", "")), call, facts)


def _put_inline_policy(call: ApiCall, facts: Facts, kind: str, limit: int) -> None:
    text, name = str(call.params.get("PolicyDocument", "")), str(call.params.get(f"{kind.title()}Name", ""))
    _checked(text, "identity")
    # Of a role or user with a path the ARN is not known here, and its other policies are not counted.
    identity = facts.identity(f"arn:aws:iam::{call.account}:{kind}/{name}")
    others = _others(identity.inline if identity else (), str(call.params.get("PolicyName", "")))
    if _size(text) + others > limit:
        raise _limit_exceeded(f"Maximum policy size of {limit} bytes exceeded for {kind} {name}")


def _others(inline: Iterable[Stored], name: str) -> int:
    """The size of the other inline policies: those of a user's groups, and the one that is replaced, do not count."""
    return sum(_size(text) for other, text in inline if other != name and not other.startswith("group/"))


def _put_trust_policy(text: str, call: ApiCall, facts: Facts) -> None:
    document = _checked(text, "trust")
    # Whether white space counts here, too, is not documented.
    if _size(text) > _TRUST:
        raise _limit_exceeded(f"Cannot exceed quota for ACLSizePerRole: {_TRUST}")
    try:
        check_existence(document, call, facts, KINDS["trust"].invalid_principal)
    except Malformed as fault:
        raise _malformed(fault) from fault


def _checked(text: str, kind: str) -> Json:
    try:
        return check(text, kind)
    except Malformed as fault:
        raise _malformed(fault) from fault


def _malformed(fault: Malformed) -> AwsError:
    return AwsError("MalformedPolicyDocument", str(fault))


def _limit_exceeded(message: str) -> AwsError:
    return AwsError("LimitExceeded", message, 409)


def _size(text: str) -> int:
    """ "IAM does not count white space when calculating the size of a policy"."""
    return len("".join(text.split()))
