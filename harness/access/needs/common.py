"""What the services' needs are written with."""

from __future__ import annotations

import re
from collections.abc import Callable

from harness.access.facts import Facts
from harness.model import ApiCall, AwsError, Permission

# The permissions that a call needs, the operation's own first. Every one of them has to be had.
Need = Callable[[ApiCall, Facts], list[Permission]]


def uncovered(call: ApiCall) -> AwsError:
    """The harness does not know which permissions an operation needs: refused, never waved through."""
    return AwsError(
        "UnsupportedOperation",
        f"The harness does not know which permissions {call.service}:{call.operation} needs, so it cannot enforce them;"
        " docs/permissions.md lists what it knows. `--iam audit` lets such calls pass",
        501,
    )


def own_arn(call: ApiCall, arn: str) -> str:
    """The ARN, as it is. Raises AwsError where it is none of the call's own service: policies would be asked about
    another resource than the service finds, which may go by what the ARN ends with."""
    if not re.fullmatch(rf"arn:aws:{call.service}:[a-z0-9-]*:(\d{{12}}|aws):.+", arn, re.ASCII | re.DOTALL):
        raise _invalid(f"{arn} is not the ARN of a resource of {call.service}")
    return arn


def in_region(call: ApiCall, arn: str) -> str:
    """The same; and it has to be of the region that the call is made in, or of none."""
    if own_arn(call, arn).split(":")[3] not in (call.region, ""):
        raise _invalid(f"{arn} is not in {call.region}")
    return arn


def _invalid(reason: str) -> AwsError:
    """AWS's services each have words of their own for this."""
    return AwsError("ValidationException", f"1 validation error detected: {reason}")
