"""How much of a session's allotted space its policies and tags take.

AWS packs the inline policy, the ARNs of managed ones and the tags into a format that it does not describe, and tells
the size in percent of a limit that it does not tell either. So this is an estimate. Tags take their plain bytes: nine
of 252 characters are 498% (aws-actions/configure-aws-credentials#1898), and inherited ones count, too
(aws/containers-roadmap#2413). Policies take less than theirs; here, what they take compressed.
"""

from __future__ import annotations

import math
import zlib

from harness.model import ApiCall, AwsError, Json
from harness.services.sts.tags import Tags

_ALLOTTED = 456


def packed_size(call: ApiCall, tags: Tags) -> Json:
    """The answer's `PackedPolicySize`, in percent; nothing for a session without policies and tags.

    `tags` are all of the session's. Raises AwsError PackedPolicyTooLarge.
    """
    policies = _policies(call)
    size = _compressed(policies) + sum(len((key + value).encode()) for key, value in tags)
    percent = math.ceil(100 * size / _ALLOTTED)
    if percent > 100:
        raise AwsError("PackedPolicyTooLarge", _TOO_LARGE[bool(policies)].format(percent=percent))
    return {"PackedPolicySize": percent} if percent else {}


def _policies(call: ApiCall) -> str:
    arns = (given["arn"] for given in call.params.get("PolicyArns", []))
    return "\n".join((call.params.get("Policy", ""), *arns)).strip()


def _compressed(text: str) -> int:
    return len(zlib.compress(text.encode(), 9)) if text else 0


_TOO_LARGE = {
    True: "Packed policy consumes {percent}% of allotted space, please use smaller policy.",
    False: "Packed size of session tags consumes {percent}% of allotted space.",
}
