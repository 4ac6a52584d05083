"""KMS: the use of a key behind another service's call, and KMS's own operations.

Sources: KMS Developer Guide, "AWS KMS permissions", "Controlling access to aliases", "AWS KMS condition keys".
kms:KeyOrigin, kms:KeySpec and kms:KeyUsage of a key that is there are left out: the facts do not tell them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from harness.access.facts import Facts
from harness.access.needs import tags
from harness.access.needs.common import Need, uncovered
from harness.access.needs.kms_context import Values, of_call, of_caller, of_encryption
from harness.model import ApiCall, Permission

_NOTHING: Mapping[str, str] = MappingProxyType({})


def use(
    call: ApiCall,
    facts: Facts,
    key: str,
    account: str,
    actions: Sequence[str],
    *,
    via: str = "",
    encryption_context: Mapping[str, str] = _NOTHING,
    why: str = "",
    extra: Mapping[str, str | tuple[str, ...]] = _NOTHING,
) -> list[Permission]:
    """The permissions `actions` (`kms:Decrypt`, ...) on a KMS key, named as `account` would name it in the call's
    region; `extra` are condition keys beyond those that every use of a key has.

    `via`: the service that uses the key on the caller's behalf (`s3`). [] where there is no such key: the service
    itself then says so.
    """
    found = facts.kms_key(key, account, call.region)
    if found is None:
        return []
    context: Values = {**of_caller(call), **tags.of_resource(found.tags), **of_encryption(encryption_context)}
    if found.aliases:
        context["kms:resourcealiases"] = found.aliases
    if via:
        context["kms:viaservice"] = f"{via}.{call.region}.amazonaws.com"
    context.update(extra)
    return [Permission(action, found.arn, found.owner, context, "key", why, via) for action in actions]


def _named(
    call: ApiCall, facts: Facts, key: str, action: str, pairs: Mapping[str, str], context: Values
) -> list[Permission]:
    """A key that a request to KMS names. One that is not there is NotFound in the caller's own account; of another
    account's AWS tells only that it may not be used, "because the resource does not exist in this Region, no
    resource-based policies allow access, or a resource-based policy explicitly denies access"."""
    if "alias/" in key:
        context = {**context, "kms:requestalias": key.rsplit(":", 1)[-1]}
    caller = call.principal.account
    made = use(call, facts, key, caller, [action], encryption_context=pairs, extra=context)
    owner = key.split(":")[4] if key.count(":") >= 5 else caller
    return made if made or owner == caller else [Permission(action, key, owner, context, "key")]


def _on_key(call: ApiCall, facts: Facts) -> list[Permission]:
    """The key by its id; a Decrypt may leave it out, its ciphertext tells the key."""
    key = _text(call, "KeyId") or _key_inside(call)
    pairs = call.params.get("EncryptionContext") or {}
    return _named(call, facts, key, f"kms:{call.operation}", pairs, of_call(call))


def _re_encrypt(call: ApiCall, facts: Facts) -> list[Permission]:
    params, caller = call.params, call.principal.account
    source, target = _text(call, "SourceKeyId") or _key_inside(call), _text(call, "DestinationKeyId")
    keys = [facts.kms_key(name, caller, call.region) for name in (source, target)]
    same = "true" if keys[0] and keys[0] == keys[1] else "false"
    made = []
    for name, action, side in (
        (source, "kms:ReEncryptFrom", "Source"),
        (target, "kms:ReEncryptTo", "Destination"),
    ):
        context: Values = {
            "kms:encryptionalgorithm": params.get(f"{side}EncryptionAlgorithm", "SYMMETRIC_DEFAULT"),
            "kms:reencryptonsamekey": same,
            **of_caller(call),
        }
        made += _named(call, facts, name, action, params.get(f"{side}EncryptionContext") or {}, context)
    return made


def _key_inside(call: ApiCall) -> str:
    """The id of the key that the backend encrypted with: its ciphertexts begin with it (AWS's are opaque)."""
    ciphertext: bytes = call.params.get("CiphertextBlob") or b""
    return ciphertext[:36].decode("utf-8", "replace")


def _text(call: ApiCall, name: str) -> str:
    """Empty where the request leaves it out, which KMS itself refuses."""
    return str(call.params.get(name) or "")


def _retire(call: ApiCall, facts: Facts) -> list[Permission]:
    """By key and grant id. A grant token does not tell its key, and who may retire by the grant itself is not in the
    facts."""
    if not _text(call, "KeyId"):
        raise uncovered(call)
    return _on_key(call, facts)


def _anywhere(call: ApiCall, facts: Facts) -> list[Permission]:
    return [Permission(f"kms:{call.operation}", "*", call.principal.account, of_call(call))]


def _create_key(call: ApiCall, facts: Facts) -> list[Permission]:
    """With tags, also the permission to tag. The key has no id yet: AWS's example policies name `key/*`."""
    made = _anywhere(call, facts)
    if call.params.get("Tags"):
        account, context = call.principal.account, made[0].context
        arn = f"arn:aws:kms:{call.region}:{account}:key/*"
        made.append(Permission("kms:TagResource", arn, account, context, why="to tag the new key"))
    return made


# Aliases: permission on the alias, which only identity policies give, and on each key that it is of or will be of.


def _alias(call: ApiCall) -> Permission:
    account = call.principal.account
    arn = f"arn:aws:kms:{call.region}:{account}:{_text(call, 'AliasName')}"
    return Permission(f"kms:{call.operation}", arn, account, of_caller(call))


def _aliased(call: ApiCall, facts: Facts, key: str, why: str) -> list[Permission]:
    return use(call, facts, key, call.principal.account, [f"kms:{call.operation}"], why=why)


def _create_alias(call: ApiCall, facts: Facts) -> list[Permission]:
    return [_alias(call), *_aliased(call, facts, _text(call, "TargetKeyId"), "to give the key an alias")]


def _update_alias(call: ApiCall, facts: Facts) -> list[Permission]:
    old = _aliased(call, facts, _text(call, "AliasName"), "to take the alias from its present key")
    new = _aliased(call, facts, _text(call, "TargetKeyId"), "to give the alias to another key")
    return [_alias(call), *old, *new]


def _delete_alias(call: ApiCall, facts: Facts) -> list[Permission]:
    return [_alias(call), *_aliased(call, facts, _text(call, "AliasName"), "to take the alias from its key")]


_ON_KEYS = (
    "CancelKeyDeletion",
    "CreateGrant",
    "Decapsulate",
    "Decrypt",
    "DeleteImportedKeyMaterial",
    "DeriveSharedSecret",
    "DescribeKey",
    "DisableKey",
    "DisableKeyRotation",
    "EnableKey",
    "EnableKeyRotation",
    "Encapsulate",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "GenerateDataKeyWithoutPlaintext",
    "GenerateMac",
    "GetKeyLastUsage",
    "GetKeyPolicy",
    "GetKeyRotationStatus",
    "GetParametersForImport",
    "GetPublicKey",
    "ImportKeyMaterial",
    "ListGrants",
    "ListKeyPolicies",
    "ListKeyRotations",
    "ListResourceTags",
    "PutKeyPolicy",
    "ReplicateKey",
    "RevokeGrant",
    "RotateKeyOnDemand",
    "ScheduleKeyDeletion",
    "Sign",
    "TagResource",
    "UntagResource",
    "UpdateKeyDescription",
    "UpdatePrimaryRegion",
    "Verify",
    "VerifyMac",
)
_ANYWHERE = ("GenerateRandom", "ListAliases", "ListKeys", "ListRetirableGrants")

OPERATIONS: dict[str, Need] = {
    **dict.fromkeys(_ON_KEYS, _on_key),
    **dict.fromkeys(_ANYWHERE, _anywhere),
    "CreateAlias": _create_alias,
    "CreateKey": _create_key,
    "DeleteAlias": _delete_alias,
    "ReEncrypt": _re_encrypt,
    "RetireGrant": _retire,
    "UpdateAlias": _update_alias,
}
