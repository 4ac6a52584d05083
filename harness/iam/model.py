"""The plain data of policy evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.iam.documents import Document
from harness.model import Principal

# Condition keys, lower-case, with their values: a tuple is a multivalued key's, also where it has one value.
Context = Mapping[str, str | tuple[str, ...]]


@dataclass(frozen=True, eq=False)
class Policy:
    """A policy in force, under the name by which people find it: `444455556666 role/x inline kms-key-access-policy`.

    Like its document it is compared by identity.
    """

    name: str
    document: Document


@dataclass(frozen=True)
class Policies:
    """Every policy that has a say in a request.

    `boundary` and `session` are None where there is none; () would allow nothing. `scps` has the policies of each
    level from the organization's root down to the account: every level has to allow.
    """

    identity: tuple[Policy, ...] = ()
    resource: tuple[Policy, ...] = ()
    boundary: tuple[Policy, ...] | None = None
    session: tuple[Policy, ...] | None = None
    scps: tuple[tuple[Policy, ...], ...] = ()


@dataclass(frozen=True)
class Request:
    """Somebody wants to do an action to a resource of the account `owner`.

    `gate` tells resources whose own policy always has to allow, the caller's account being no exception:
    `key` (KMS key policies) and `trust` (roles' trust policies); else it is empty.
    """

    principal: Principal
    action: str
    resource: str
    owner: str
    context: Context = field(default_factory=dict)
    gate: str = ""


@dataclass(frozen=True)
class Side:
    """A side that had to allow, and the statements that did: any one of `by` is enough.

    `name`: identity, resource, boundary, session, scp; `identity or resource` where either would do.
    Statements are named `POLICY#SID`, or `POLICY#N` (from 1) where they have no Sid.
    """

    name: str
    by: tuple[str, ...]


@dataclass(frozen=True)
class Verdict:
    """`denied_by`: the statements that deny explicitly. `missing`: the names of the sides that did not allow."""

    allowed: bool
    sides: tuple[Side, ...] = ()
    denied_by: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """What one policy said. `kind`: identity, resource, boundary, session, scp.

    `says`: `allows`, `denies`, or `does not allow`; `why` is a sentence: the statement that did, or the nearest miss
    (`ReadModels allows kms:Decrypt, but only where kms:ViaService is s3.us-east-1.amazonaws.com; here it is not set`).
    """

    policy: str
    kind: str
    says: str
    why: str
