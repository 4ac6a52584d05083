"""What a simulation is of: the policies by kind, who calls, and the context."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from harness.iam.documents import parse
from harness.iam.model import Context, Policy
from harness.model import AwsError, Principal

# The types of policies, as IAM tells them of statements and of sides; its reference lists others.
IDENTITY, RESOURCE, BOUNDARY = "IAM Policy", "Resource Policy", "Permissions Boundary Policy"


def invalid(message: str) -> AwsError:
    return AwsError("InvalidInput", message)


@dataclass(frozen=True)
class Source:
    """A policy, by the `id` and `type` that MatchedStatements tell of it."""

    id: str
    type: str
    text: str

    @cached_property
    def policy(self) -> Policy:
        return Policy(self.id, parse(self.text))


@dataclass(frozen=True)
class Sources:
    """`scps` has the policies of each level, from the organization's root to the account."""

    identity: tuple[Source, ...]
    boundary: Source | None = None
    resource: Source | None = None
    scps: tuple[tuple[Source, ...], ...] = ()

    @property
    def of_caller(self) -> tuple[Source, ...]:
        return (*self.identity, *((self.boundary,) if self.boundary else ()))

    @property
    def told(self) -> tuple[Source, ...]:
        """All but the organization's: of those IAM tells neither statements nor keys."""
        return (*self.of_caller, *((self.resource,) if self.resource else ()))


@dataclass(frozen=True)
class Simulation:
    """`owner`: whose the resources are where the request says it, else empty. `missing`: the context keys that the
    policies have and the request does not give."""

    sources: Sources
    caller: Principal
    owner: str
    context: Context
    missing: tuple[str, ...]
