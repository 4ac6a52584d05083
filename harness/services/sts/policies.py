"""Session policies: the one in the request, and managed ones by their ARNs.

Source: API references, AssumeRole and GetFederationToken.
"""

from __future__ import annotations

import json
from typing import Any

from harness.iam.grammar import Malformed, check
from harness.model import ApiCall, AwsError
from harness.services.sts.context import Context

# Characters of the policy in the request, and how many managed ones there may be beside it.
_LONGEST, _MOST = 2048, 10


def session_policies(ctx: Context, call: ApiCall, account: str) -> tuple[str, ...] | None:
    """The JSON texts of a call's session policies; None where it has none.

    Managed ones are the account's, or AWS's, and are taken as they are at this moment.
    """
    inline, named = call.params.get("Policy"), call.params.get("PolicyArns", [])
    if inline is None and not named:
        return None
    if len(named) > _MOST:
        raise _too_long("policyArns", [given["arn"] for given in named], _MOST)
    if inline is not None:
        _check(inline)
    iam = ctx.wire.as_harness(account, call.region).client("iam")
    return (*([] if inline is None else [inline]), *(_document(iam, given["arn"]) for given in named))


def _check(inline: str) -> None:
    if len(inline) > _LONGEST:
        raise _too_long("policy", inline, _LONGEST)
    try:
        check(inline, "session")
    except Malformed as error:
        # STS's own sentences come from the parser of the day (ansible-collections/amazon.aws#2778); these are IAM's.
        raise AwsError("MalformedPolicyDocument", str(error)) from error


def _document(iam: Any, arn: str) -> str:
    """The policy's default version."""
    try:
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    except iam.exceptions.ClientError as error:
        # IAM's sentence where it cannot attach a policy; STS's own is not known.
        raise AwsError("ValidationError", f"Policy {arn} does not exist or is not attachable.") from error
    found = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    return json.dumps(found)


def _too_long(parameter: str, value: Any, most: int) -> AwsError:
    return AwsError(
        "ValidationError",
        f"1 validation error detected: Value '{value}' at '{parameter}' failed to satisfy constraint: "
        f"Member must have length less than or equal to {most}",
    )
