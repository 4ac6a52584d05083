"""KMS: key policies. Source of the lockout check: KMS API reference, PutKeyPolicy."""

from __future__ import annotations

from harness.access.facts import Facts
from harness.access.putting.existence import check_existence
from harness.iam import matching
from harness.iam.documents import Statement, parse
from harness.iam.grammar import Malformed, check
from harness.iam.grammar.resource import KINDS
from harness.iam.principals import naming
from harness.model import ApiCall, AwsError

# In bytes. Source: KMS Developer Guide, "Resource quotas". KMS's sentence is not known.
_LARGEST = 32_768


def put_key_policy(call: ApiCall, facts: Facts) -> None:
    text = call.params.get("Policy")
    if text is None:
        return
    try:
        document = check(text, "key")
        check_existence(document, call, facts, KINDS["key"].invalid_principal)
    except Malformed as fault:
        raise AwsError("MalformedPolicyDocumentException", str(fault)) from fault
    if len(text.encode()) > _LARGEST:
        raise AwsError("LimitExceededException", f"A key policy has at most {_LARGEST} bytes")
    if not call.params.get("BypassPolicyLockoutSafetyCheck") and not _may_put_again(text, call):
        message = (
            "The new key policy will not allow you to update the key policy in the future. "
            f"(no statement allows kms:PutKeyPolicy to {call.principal.arn} or its account)"
        )
        raise AwsError("MalformedPolicyDocumentException", message)


def _may_put_again(text: str, call: ApiCall) -> bool:
    """Whether the caller, or its account, is allowed kms:PutKeyPolicy. Conditions, denials and what the account's IAM
    then says are not weighed: how far KMS goes is not documented."""
    return any(
        statement.allows and _is_for_putting(statement) and naming(statement, call.principal) is not None
        for statement in parse(text).statements
    )


def _is_for_putting(statement: Statement) -> bool:
    def named(actions: tuple[str, ...]) -> bool:
        return any(matching.glob(action.lower())("kms:putkeypolicy") for action in actions)

    return named(statement.actions) or (bool(statement.not_actions) and not named(statement.not_actions))
