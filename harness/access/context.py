"""The global condition keys of a request.

Source: IAM User Guide, "AWS global condition context keys"; each key's "Availability" there says who has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from harness.access.facts import Identity
from harness.access.values import Values, text
from harness.model import ApiCall, Permission, Principal

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


def of_call(
    call: ApiCall, identity: Identity | None, now: datetime, organization: Organization | None
) -> Values:
    """The global condition keys, lower-case, that are the same for every permission of a call."""
    values: Values = {
        # IAM has one endpoint, which is in us-east-1.
        "aws:requestedregion": "us-east-1" if call.service == "iam" else call.region,
        "aws:currenttime": text(now),
        "aws:epochtime": str(int(now.timestamp())),
        # The gateway speaks HTTP on loopback where AWS's SDKs speak HTTPS: a policy that asks for TLS means them.
        "aws:securetransport": "true",
    }
    teller = _service if call.principal.kind == "service" else _caller
    teller(values, call, identity)
    if organization and call.principal.account in organization.levels and call.principal.kind != "service":
        values["aws:principalorgid"] = organization.id
    return values


def of_permission(permission: Permission, call: ApiCall, organization: Organization | None) -> Values:
    """The global condition keys of one of them, and over them its own."""
    # aws:CalledVia is of few services (Athena, CloudFormation, DynamoDB, KMS), none of which asks others here.
    values: Values = {"aws:viaawsservice": "true" if permission.via else "false"}
    if permission.owner:
        values["aws:resourceaccount"] = permission.owner
    if organization and permission.owner in organization.levels:
        values["aws:resourceorgid"] = organization.id
    if call.principal.kind == "service" and (call.principal.arn, permission.via) not in _SOURCELESS:
        values.update(_source(call.principal, organization))
    values.update(permission.context)
    return values


def _caller(values: Values, call: ApiCall, identity: Identity | None) -> None:
    principal = call.principal
    values["aws:sourceip"] = call.source_ip
    values["aws:principaltype"] = _TYPES[principal.kind]
    values["aws:principalaccount"] = principal.account or "anonymous"
    values["aws:userid"] = principal.user_id or principal.account or "anonymous"
    if principal.kind == "anonymous":
        return
    values["aws:principalisawsservice"] = "false"
    values["aws:principalarn"] = principal.role_arn or principal.arn
    if principal.kind == "user":
        values["aws:username"] = principal.arn.rsplit("/", 1)[-1]
    if identity:
        values.update((f"aws:principaltag/{key.lower()}", value) for key, value in identity.tags.items())
    session = principal.session
    if session:
        if principal.kind != "federated-user" and not session.federated:
            # Temporary credentials say that there was no MFA; long-lived ones and federated identities lack the key.
            values["aws:multifactorauthpresent"] = "false"
        values.update((f"aws:principaltag/{key.lower()}", value) for key, value in session.tags)
        if session.issued:
            values["aws:tokenissuetime"] = text(session.issued)
        if session.source_identity:
            values["aws:sourceidentity"] = session.source_identity
        if session.federated:
            values["aws:federatedprovider"] = session.federated


def _service(values: Values, call: ApiCall, _: Identity | None) -> None:
    principal = call.principal
    values["aws:principalisawsservice"] = "true"
    values["aws:principalservicename"] = principal.arn
    values["aws:principalservicenameslist"] = (principal.arn,)


# Services that do not say for whom they act where another service asks in their name. Source: SNS Developer Guide, key
# management: aws:SourceAccount and aws:SourceArn are "not supported for EventBridge-to-encrypted topics".
_SOURCELESS = {("events.amazonaws.com", "sns")}


def _source(service: Principal, organization: Organization | None) -> Values:
    """For whose resource a service acts."""
    values: Values = {"aws:sourceaccount": service.account}
    if service.source_arn:
        values["aws:sourcearn"] = service.source_arn
    if organization and service.account in organization.levels:
        values["aws:sourceorgid"] = organization.id
    return values
