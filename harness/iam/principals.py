"""Who a resource's policy names. Sources: "AWS JSON policy elements: Principal" and "… NotPrincipal"."""

from __future__ import annotations

from enum import Enum, auto

from harness.iam.documents import Principals, Statement
from harness.model import Principal


class Naming(Enum):
    """How a statement names the caller, which decides what else has to allow in the caller's own account.

    CALLER: by its own ARN (a user, a session), as a service, or as everybody: what it is given is its own, whatever its
    boundary and session policies leave out. IDENTITY: by the role (or user) that a session is of: the boundary and
    session policies limit that. ACCOUNT: the account is only enabled to give the permission to its identities.
    """

    CALLER = auto()
    IDENTITY = auto()
    ACCOUNT = auto()


def naming(statement: Statement, principal: Principal, bounded: bool = False) -> Naming | None:
    """How the statement of a resource's policy names the principal; None: not at all.

    `bounded`: the principal has a permissions boundary.
    """
    if statement.not_principals is not None:
        return None if _excepted(statement, principal, bounded) else Naming.CALLER
    return _named(statement.principals or {}, principal)


def _named(names: Principals, principal: Principal) -> Naming | None:
    """The strongest way in which the names include the principal.

    CanonicalUser matches nobody: the accounts here have no canonical user ids. AWS says that `"*"` and `{"AWS": "*"}`
    are the same for anonymous callers; here they are for everybody, services included.
    """
    aws = names.get("AWS", ())
    if "*" in aws or _named_by_others(names, principal):
        return Naming.CALLER
    if principal.kind in ("service", "anonymous"):
        return None
    if principal.arn in aws:
        return Naming.CALLER
    if principal.role_arn and principal.role_arn in aws:
        return Naming.IDENTITY
    return Naming.ACCOUNT if _names_account(aws, principal) else None


def _named_by_others(names: Principals, principal: Principal) -> bool:
    if principal.kind == "service":
        services = names.get("Service", ())
        return principal.arn in services or "*" in services
    federated = principal.session.federated if principal.session else ""
    return bool(federated) and federated in names.get("Federated", ())


def _excepted(statement: Statement, principal: Principal, bounded: bool) -> bool:
    """Whether NotPrincipal spares the principal.

    With Deny AWS may look at the account, the role and the session in turn, and denies where one of them is not named;
    who has a boundary is "always" denied. Some services do without the account's ARN; which, AWS does not say.
    """
    names = statement.not_principals or {}
    if statement.allows or principal.kind in ("service", "anonymous"):
        return _named(names, principal) is not None
    if bounded:
        return False
    aws = names.get("AWS", ())
    if "*" in aws or _named_by_others(names, principal):
        return True
    own = {principal.arn, principal.role_arn} - {"", _root(principal)}
    return _names_account(aws, principal) and own <= set(aws)


def _names_account(aws: tuple[str, ...], principal: Principal) -> bool:
    return principal.account in aws or _root(principal) in aws


def _root(principal: Principal) -> str:
    return f"arn:aws:iam::{principal.account}:root"
