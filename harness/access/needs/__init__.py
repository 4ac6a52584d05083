"""What a call needs: the actions, resources and condition keys behind an API operation."""

from __future__ import annotations

from collections.abc import Mapping

from harness.access.facts import Facts
from harness.access.needs import (
    cloudwatch,
    ecr,
    engine,
    events,
    functions,
    iam,
    kms,
    logs,
    s3,
    sagemaker,
    sns,
    sqs,
    sts,
)
from harness.access.needs.common import Need
from harness.model import ApiCall, Permission

# Operations that need more, or other, than their own action on what their parameters name.
_OPERATIONS: Mapping[str, Mapping[str, Need]] = {
    "cloudwatch": cloudwatch.OPERATIONS,
    "ecr": ecr.OPERATIONS,
    "events": events.OPERATIONS,
    "iam": iam.OPERATIONS,
    "kms": kms.OPERATIONS,
    "lambda": functions.OPERATIONS,
    "logs": logs.OPERATIONS,
    "s3": s3.OPERATIONS,
    "sagemaker": sagemaker.OPERATIONS,
    "sns": sns.OPERATIONS,
    "sqs": sqs.OPERATIONS,
    "sts": sts.OPERATIONS,
}
# All others: of these services, whose ARNs are made in their own way, and of the rest.
_OTHERS: Mapping[str, Need] = {"iam": iam.need, "lambda": functions.need}


def needs(call: ApiCall, facts: Facts) -> list[Permission]:
    """The permissions that a call needs, its own first; [] where it needs none.

    Raises AwsError UnsupportedOperation (501) where that is not known.
    """
    need = _OPERATIONS.get(call.service, {}).get(call.operation)
    return (need or _OTHERS.get(call.service, engine.known))(call, facts)
