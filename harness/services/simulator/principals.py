"""Whose policies are simulated: a user's with its groups', a group's, a role's, and its boundary."""

from __future__ import annotations

from collections.abc import Iterator

from harness.access.context import Organization
from harness.access.facts import Facts, Identity
from harness.access.needs.iam import PRINCIPAL, principal_named
from harness.model import ApiCall, AwsError
from harness.services.simulator.model import BOUNDARY, IDENTITY, Source, Sources, invalid
from harness.services.simulator.policies import given_boundary, given_policies, given_resource, scp_level


def of_principal(call: ApiCall, facts: Facts, organization: Organization | None) -> Sources:
    """The policies of PolicySourceArn, with the request's. Raises AwsError InvalidInput, NoSuchEntity."""
    identity = _identity(call, facts)
    return Sources(
        (*_own(identity), *given_policies(call)),
        given_boundary(call) or _boundary(identity),
        given_resource(call),
        _scps(identity, organization),
    )


def _identity(call: ApiCall, facts: Facts) -> Identity:
    source = str(call.params["PolicySourceArn"])
    found = PRINCIPAL.fullmatch(source)
    if found is None:
        raise invalid(f"Invalid ARN provided in the request: {source}")
    if found["account"] != call.account:
        raise invalid(
            f"Invalid Policy Source Arn: caller's account {call.account} does not have access to policies in "
            f"account {found['account']}."
        )
    identity = facts.identity(principal_named(call, facts, source))
    if identity is None:
        raise AwsError("NoSuchEntity", "Unable to retrieve specified IAM entity.", 404)
    return identity


def _own(identity: Identity) -> Iterator[Source]:
    """Inline policies are told with their holders: `role_NAME_POLICY`. What several groups attach counts once."""
    kind, *_, name = identity.arn.split(":", 5)[5].split("/")
    for policy, text in identity.inline:
        if policy.startswith("group/"):  # see access.facts.Identity
            group, _, policy = policy.removeprefix("group/").split(" ", 2)
            yield Source(f"group_{group}_{policy}", IDENTITY, text)
        else:
            yield Source(f"{kind}_{name}_{policy}", IDENTITY, text)
    attached = {arn.rpartition(" ")[2]: text for arn, text in identity.attached}
    for arn, text in attached.items():
        yield Source(_name(arn), IDENTITY, text)


def _boundary(identity: Identity) -> Source | None:
    if identity.boundary is None:
        return None
    arn, text = identity.boundary
    return Source(_name(arn), BOUNDARY, text)


def _name(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]


def _scps(identity: Identity, organization: Organization | None) -> tuple[tuple[Source, ...], ...]:
    """Those of the account, which do not bind service-linked roles."""
    if organization is None or ":role/aws-service-role/" in identity.arn:
        return ()
    levels = organization.levels.get(identity.arn.split(":")[4], ())
    return tuple(scp_level(text for _, text in level) for level in levels)
