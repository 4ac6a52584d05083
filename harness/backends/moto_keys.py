"""KMS as moto holds it, and the AWS managed keys that it does not hold."""

from __future__ import annotations

from typing import Any

from harness.access.facts import Key
from harness.backends import aws_managed_keys
from harness.backends.moto_objects import backend, everywhere, tagged


def kms_key(id: str, account: str, region: str) -> Key | None:
    """By key id, ARN, alias or alias's ARN; an ARN has its own account and region."""
    if id.startswith("arn:"):
        parts = id.split(":", 5)
        if len(parts) < 6:
            return None
        region, account, id = parts[3], parts[4], parts[5].removeprefix("key/")
    kms = backend("kms", account, region)
    held = _held(kms, id) if kms else None
    return _key(kms, held) if held else aws_managed_keys.key(id, account, region)


def policied() -> list[str]:
    """The ARNs of all keys: every one has a policy."""
    return [key.arn for kms in everywhere("kms") for key in tuple(kms.keys.values())]


def _held(kms: Any, id: str) -> Any:
    if id.startswith("alias/"):
        return next((key for key in tuple(kms.keys.values()) if id in key.aliases), None)
    return kms.keys.get(id)


def _key(kms: Any, held: Any) -> Key:
    aliases = tuple(held.aliases)
    return Key(
        arn=held.arn,
        owner=held.account_id,
        policy=_managed_policy(held, aliases) or held.policy,
        aliases=aliases,
        grants=tuple(
            (grant.grantee_principal, tuple(grant.operations), grant.constraints or {})
            for grant in tuple(held.grants.values())
        ),
        tags=tagged(kms, held.id),
    )


def _managed_policy(held: Any, aliases: tuple[str, ...]) -> str:
    """moto makes some AWS managed keys when they are first named (`alias/aws/s3`), with a customer key's policy."""
    service = next((alias for alias in aliases if alias.startswith("alias/aws/")), "")[len("alias/aws/") :]
    return aws_managed_keys.policy(service, held.account_id, held.region) if service else ""
