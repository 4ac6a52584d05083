"""SageMaker's ARNs: made, read, and whose they are.

Names keep their case in ARNs. Up to 2022 AWS lower-cased them, and older pages show that; since then it does
not (aws/sagemaker-experiments#172, "arn casing changes on backend"; ARNs in answers recorded since, such as
`training-job/pipelines-p1gtwhjm9dzt-EvaluateCustomModel-XEdt5h2gQC`).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from harness.model import ApiCall
from harness.services.sagemaker.store import Store
from harness.services.sagemaker.validation import refused

_ARN = re.compile(r"arn:aws[a-z-]*:sagemaker:([a-z0-9-]*):([0-9]{12}):([a-z-]+)/(.+)")


class Arn(NamedTuple):
    """`kind` is the resource's type (`model-package`), `name` what follows it (`group/1`)."""

    account: str
    region: str
    kind: str
    name: str


class Owner(NamedTuple):
    """Where a resource is: its account, region, and the name it has there."""

    account: str
    region: str
    name: str


def arn(store: Store, kind: str, name: str) -> str:
    """The ARN of a resource in this store: kind `model-package`, name `group/1`."""
    return made(store.account, store.region, kind, name)


def made(account: str, region: str, kind: str, name: str) -> str:
    return f"arn:aws:sagemaker:{region}:{account}:{kind}/{name}"


def parse(text: str) -> Arn | None:
    """None where it is not an ARN of SageMaker's."""
    found = _ARN.fullmatch(text)
    return Arn(found[2], found[1], found[3], found[4]) if found else None


def owner(call: ApiCall, name_or_arn: str, kind: str) -> Owner:
    """Whose resource a call means: the ARN's account, which may be another one, or else the caller's.

    Raises AwsError ValidationException for an ARN of another kind or region.
    """
    named = parse(name_or_arn)
    if named is None:
        return Owner(call.account, call.region, name_or_arn)
    if named.kind != kind:
        raise refused(f"Invalid ARN: {name_or_arn} is not the ARN of a {kind}")
    if named.region != call.region:
        # aws/amazon-sagemaker-examples#1438
        raise refused(f"ARN should be scoped to correct region: {call.region}")
    return Owner(named.account, named.region, named.name)
