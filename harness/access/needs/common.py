"""What the services' needs are written with."""

from __future__ import annotations

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
