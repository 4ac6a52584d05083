"""The global condition keys of a request.

Source: IAM User Guide, "AWS global condition context keys"; each key's "Availability" there says who has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from harness.access.facts import Identity
from harness.model import ApiCall, Permission, Principal

Values = dict[str, str | tuple[str, ...]]

_TYPES = {
    "root": "Account",
    "user": "User",
    "assumed-role": "AssumedRole",
    "federated-user": "FederatedUser",
    "anonymous": "Anonymous",
}


@dataclass(frozen=True)
class Organization:
    """The AWS organization that the accounts are in: its id, and each account's service control policies, one tuple of
    (name, JSON text) for each level from the root down."""

    id: str
    levels: Mapping[str, tuple[tuple[tuple[str, str], ...], ...]]


def context_of(
    call: ApiCall,
    permission: Permission,
    identity: Identity | None,
    now: datetime,
    organization: Organization | None,
) -> Values:
    """All condition keys, lower-case: the global ones, and over them the permission's own."""
    principal = call.principal
    values: Values = {
        "aws:requestedregion": call.region,
        "aws:currenttime": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "aws:epochtime": str(int(now.timestamp())),
        # The gateway speaks HTTP on loopback where AWS's SDKs speak HTTPS: a policy that asks for TLS means them.
        "aws:securetransport": "true",
        "aws:viaawsservice": "true" if permission.via else "false",
    }
    if permission.owner:
        values["aws:resourceaccount"] = permission.owner
    teller = _service if principal.kind == "service" else _caller
    teller(values, call, identity)
    if permission.action.startswith("sns:"):
        # SNS's default topic policies ask for it; beyond that it is not documented.
        values["aws:sourceowner"] = principal.account
    if permission.via:
        service = f"{permission.via}.amazonaws.com"
        values |= {"aws:calledvia": (service,), "aws:calledviafirst": service, "aws:calledvialast": service}
    if organization:
        _organization(values, principal, permission, organization)
    values.update(permission.context)
    return values


def _caller(values: Values, call: ApiCall, identity: Identity | None) -> None:
    principal = call.principal
    values["aws:principalisawsservice"] = "false"
    values["aws:sourceip"] = call.source_ip
    values["aws:principaltype"] = _TYPES[principal.kind]
    values["aws:principalaccount"] = principal.account or "anonymous"
    values["aws:userid"] = principal.user_id or principal.account or "anonymous"
    if principal.kind == "anonymous":
        return
    values["aws:principalarn"] = principal.role_arn or principal.arn
    if principal.kind == "user":
        values["aws:username"] = principal.arn.rsplit("/", 1)[-1]
    if identity:
        values.update((f"aws:principaltag/{key.lower()}", value) for key, value in identity.tags.items())
    session = principal.session
    if session:
        # Temporary credentials say that there was no MFA; long-lived ones do not have the key.
        values["aws:multifactorauthpresent"] = "false"
        values.update((f"aws:principaltag/{key.lower()}", value) for key, value in session.tags)
        if session.issued:
            values["aws:tokenissuetime"] = session.issued.strftime("%Y-%m-%dT%H:%M:%SZ")
        if session.source_identity:
            values["aws:sourceidentity"] = session.source_identity
        if session.federated:
            values["aws:federatedprovider"] = session.federated


def _service(values: Values, call: ApiCall, _: Identity | None) -> None:
    principal = call.principal
    values["aws:principalisawsservice"] = "true"
    values["aws:principalservicename"] = principal.arn
    values["aws:principalservicenameslist"] = (principal.arn,)
    values["aws:sourceaccount"] = principal.account
    if principal.source_arn:
        values["aws:sourcearn"] = principal.source_arn


def _organization(
    values: Values, principal: Principal, permission: Permission, organization: Organization
) -> None:
    member = organization.levels.keys()
    if principal.account in member:
        values["aws:sourceorgid" if principal.kind == "service" else "aws:principalorgid"] = organization.id
    if permission.owner in member:
        values["aws:resourceorgid"] = organization.id
