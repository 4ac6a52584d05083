"""Which policies have a say in a request, each under the name by which people find it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import lru_cache

from harness.access.context import Organization
from harness.access.facts import Facts, Identity, Key, Stored
from harness.iam.documents import Document, parse
from harness.iam.model import Policies, Policy
from harness.iam.names import identity_of, resource_policy
from harness.model import Permission, Principal

# Statements that are left out, as `POLICY#SID`, or whole policies.
Without = frozenset[str]


def collect(
    principal: Principal,
    permission: Permission,
    identity: Identity | None,
    facts: Facts,
    organization: Organization | None,
    without: Without = frozenset(),
) -> Policies:
    """Policies that are left out by `without` are as if they were not there.

    The same texts give the same objects, by which evaluation caches what it derives from them.
    """
    return Policies(
        identity=_own(identity.arn, identity.inline, identity.attached, without) if identity else (),
        resource=_read(tuple(of_resource(permission, facts)), without),
        # A boundary or session policy that is left out bounds nothing: None, where () would allow nothing.
        boundary=(identity and _read(of_boundary(identity), without)) or None,
        session=_read(_session(principal), without) or None,
        scps=tuple([_read(level, without) for level in _levels(principal, organization)]),
    )


@lru_cache(maxsize=1024)
def _own(
    arn: str, inline: tuple[Stored, ...], attached: tuple[Stored, ...], without: Without
) -> tuple[Policy, ...]:
    return _read(tuple(of_identity(Identity(arn, "", inline, attached))), without)


@lru_cache(maxsize=4096)
def _read(texts: tuple[Stored, ...], without: Without) -> tuple[Policy, ...]:
    return tuple(_policy(name, text, without) for name, text in texts if name not in without)


def of_identity(identity: Identity) -> Iterator[Stored]:
    """A user's or role's own policies and those attached to it."""
    who = identity_of(identity.arn)
    for name, text in identity.inline:
        yield _named(who, "inline", name), text
    for arn, text in identity.attached:
        yield _named(who, "managed", arn), text


def of_resource(permission: Permission, facts: Facts) -> Iterator[Stored]:
    """The policy of the resource that the permission is for, if it has one."""
    parts = permission.resource.split(":", 5)
    if len(parts) < 6:
        return
    teller = _RESOURCES.get(parts[2], _other)
    yield from teller(permission, facts, parts)


def _named(who: str, kind: str, name: str) -> str:
    """A group's policy is told as the group's: `444455556666 group/analysts inline reading`. AWS's own, which nobody
    can edit, say so: `444455556666 role/x AWS managed AmazonS3FullAccess`."""
    if name.startswith("group/"):
        group, kind, name = name.split(" ", 2)
        who = f"{who.split(' ')[0]} {group}"
    if name.startswith("arn:aws:iam::aws:"):
        kind = {"managed": "AWS managed", "boundary": "boundary AWS managed"}[kind]
    return f"{who} {kind} {name.rsplit('/', 1)[-1]}"


def of_boundary(identity: Identity) -> tuple[Stored, ...]:
    if not identity.boundary:
        return ()
    arn, text = identity.boundary
    return ((_named(identity_of(identity.arn), "boundary", arn), text),)


def _session(principal: Principal) -> tuple[Stored, ...]:
    if not (principal.session and principal.session.policies):
        return ()
    name = f"{principal.account} session {principal.arn.rsplit('/', 1)[-1]}"
    return tuple((f"{name} policy {n}", text) for n, text in enumerate(principal.session.policies, 1))


def _levels(principal: Principal, organization: Organization | None) -> tuple[tuple[Stored, ...], ...]:
    """Service control policies bind the principals of member accounts, not AWS's services."""
    if organization is None or principal.kind in ("service", "anonymous"):
        return ()
    return organization.levels.get(principal.account, ())


# The policies of resources, by the service in the ARN


def _trust(permission: Permission, facts: Facts, parts: list[str]) -> Iterator[Stored]:
    role = facts.identity(permission.resource) if permission.gate == "trust" else None
    if role:
        yield resource_policy(role.arn, parts[4]), role.trust


def _bucket(permission: Permission, facts: Facts, parts: list[str]) -> Iterator[Stored]:
    """An object that another account owns is not the bucket owner's to share, only to deny.

    Source: S3 User Guide, "Amazon S3 bucket and object ownership".
    """
    bucket = facts.bucket(parts[5].split("/")[0])
    if bucket and bucket.policy:
        shared = permission.owner in ("", bucket.owner)
        text = bucket.policy if shared else _denials(bucket.policy)
        yield resource_policy(permission.resource, bucket.owner), text


@lru_cache(maxsize=64)
def _denials(text: str) -> str:
    kept = [s.source for s in parse(text).statements if s.effect == "Deny"]
    return json.dumps({"Version": parse(text).version, "Statement": kept})


def _key(permission: Permission, facts: Facts, parts: list[str]) -> Iterator[Stored]:
    # Who may name a key by an alias is IAM's to say; the key's policy says who may use it.
    key = facts.kms_key(permission.resource, parts[4], parts[3]) if permission.gate == "key" else None
    if key:
        name = _key_name(key)
        yield f"{name} policy", key.policy
        # A grant is as good as a statement of the policy. Source: KMS Developer Guide, "Grants in AWS KMS".
        for number, (grantee, operations, constraints) in enumerate(key.grants, 1):
            yield f"{name} grant {number}", _grant_text(grantee, operations, json.dumps(constraints))


def _key_name(key: Key) -> str:
    """By its alias, for key ids are of nobody's choosing."""
    return f"{key.owner} key {key.aliases[0] if key.aliases else key.arn.rsplit('/', 1)[-1]}"


@lru_cache(maxsize=256)
def _grant_text(grantee: str, operations: tuple[str, ...], constraints: str) -> str:
    who = {"Service" if grantee.endswith(".amazonaws.com") else "AWS": grantee}
    pairs: dict[str, str] = {}
    for wanted in json.loads(constraints).values():
        pairs |= {f"kms:EncryptionContext:{name}": value for name, value in wanted.items()}
    statement = {
        "Effect": "Allow",
        "Principal": who,
        "Action": [f"kms:{operation}" for operation in operations],
        "Resource": "*",
        **({"Condition": {"StringEquals": pairs}} if pairs else {}),
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _other(permission: Permission, facts: Facts, parts: list[str]) -> Iterator[Stored]:
    text = facts.resource_policy(permission.resource)
    if text:
        yield resource_policy(permission.resource, parts[4]), text


_Teller = Callable[[Permission, Facts, list[str]], Iterator[Stored]]
_RESOURCES: dict[str, _Teller] = {"iam": _trust, "s3": _bucket, "kms": _key}


def _policy(name: str, text: str, without: Without) -> Policy:
    if not without:
        return Policy(name, parse(text))
    return Policy(name, _pruned(text, frozenset(ref for ref in without if ref.startswith(f"{name}#")), name))


@lru_cache(maxsize=512)
def _pruned(text: str, without: Without, name: str) -> Document:
    """The statements that are left keep their numbers."""
    document = parse(text)
    kept = tuple(s for s in document.statements if f"{name}#{s.label}" not in without)
    return document if len(kept) == len(document.statements) else Document(document.version, kept)
