"""Whether a policy document is well formed, as AWS checks it when the policy is put.

IAM says most faults of identity-based policies in one sentence, `Syntax errors in policy.`; trust policies and
resource-based ones go through a stricter parser with sentences of its own, shared by many services. Both stop at the
first fault. AWS's sentence is kept, and the place of the fault and what it is are added.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from harness.iam.grammar.faults import Malformed
from harness.iam.grammar.identity import check as check_identity
from harness.iam.grammar.resource import KINDS as WITH_PRINCIPALS
from harness.iam.grammar.resource import check as check_resource
from harness.model import Json

__all__ = ["KINDS", "Malformed", "check"]

# What each kind of policy is checked as. `managed` and `boundary` are customer managed policies; `identity` is an
# inline one; `repository` is ECR's, a resource-based policy whose resource is its repository.
KINDS: dict[str, Callable[[str], Json]] = {
    "identity": check_identity,
    "managed": partial(check_identity, managed=True),
    "boundary": partial(check_identity, managed=True),
    "scp": partial(check_identity, managed=True),
    "session": check_identity,
    **{kind: partial(check_resource, kind=kind) for kind in WITH_PRINCIPALS},
}


def check(text: str, kind: str) -> Json:
    """Checks a policy document and answers it. `kind` is one of KINDS. Raises Malformed."""
    return KINDS[kind](text)
