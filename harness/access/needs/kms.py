"""KMS: the use of a key behind another service's call, and KMS's own operations.

Sources: KMS Developer Guide, "AWS KMS permissions", "Controlling access to aliases", "AWS KMS condition keys".
kms:KeyOrigin, kms:KeySpec and kms:KeyUsage of a key that is there are left out: the facts do not tell them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from harness.access.facts import Facts, Key
from harness.access.needs import tags
from harness.access.needs.common import Need, uncovered
from harness.access.needs.kms_context import of_call, of_caller, of_encryption
from harness.access.values import Values
from harness.model import ApiCall, AwsError, Permission

_ARN = re.compile(r"arn:aws:kms:([a-z0-9-]+):(\d{12}):(?:key|alias)/[\w/-]+", re.ASCII)
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32}")
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
    """A key that a request to KMS names; [] where it leaves it out, which KMS itself refuses.

    Of another account's key that is not there AWS tells only that it may not be used, "because the resource does not
    exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access".
    Raises AwsError NotFoundException for one in the caller's own account.
    """
    if not key:
        return []
    if "alias/" in key:
        context = {**context, "kms:requestalias": key.rsplit(":", 1)[-1]}
    if _find(call, facts, key):
        return use(
            call, facts, key, call.principal.account, [action], encryption_context=pairs, extra=context
        )
    return [Permission(action, key, key.split(":")[4], context, "key")]


def _find(call: ApiCall, facts: Facts, key: str) -> Key | None:
    """None: another account's, that is not there. Raises AwsError NotFoundException for an own one, and for an ARN of
    another region. Whatever is not found here the backend may not find either: it would need no permission.

    Sources: LocalStack's recorded answers (test_kms.py); nakedible/openssl-engine-kms#1 for another region's ARN.
    """
    caller = call.principal.account
    arn = _ARN.fullmatch(key)
    if key.startswith("arn:") and (not arn or arn[1] != call.region):
        raise AwsError("NotFoundException", f"Invalid arn {arn[1] if arn else ''}".rstrip())
    found = facts.kms_key(key, caller, call.region)
    if found or (arn and arn[2] != caller):
        return found
    raise missing(call, key)


def missing(call: ApiCall, key: str, code: str = "NotFoundException") -> AwsError:
    """What KMS says of a key that is not there, or was given a name that no key has."""
    kind = "" if "alias/" in key else "key/"
    arn = key if key.startswith("arn:") else f"arn:aws:kms:{call.region}:{call.principal.account}:{kind}{key}"
    if not kind:
        return AwsError(code, f"Alias {arn} is not found.")
    named = key.startswith("arn:") or _ID.fullmatch(key)
    return AwsError(code, f"Key '{arn}' does not exist" if named else f"Invalid keyId '{key}'")


def _on_key(call: ApiCall, facts: Facts) -> list[Permission]:
    pairs = call.params.get("EncryptionContext") or {}
    return _named(call, facts, _text(call, "KeyId"), f"kms:{call.operation}", pairs, of_call(call))


def _decrypt(call: ApiCall, facts: Facts) -> list[Permission]:
    """May leave the key out: its ciphertext tells it."""
    pairs = call.params.get("EncryptionContext") or {}
    return _named(call, facts, _deciphering(call, facts, "KeyId"), "kms:Decrypt", pairs, of_call(call))


def _re_encrypt(call: ApiCall, facts: Facts) -> list[Permission]:
    params, caller = call.params, call.principal.account
    source, target = _deciphering(call, facts, "SourceKeyId"), _text(call, "DestinationKeyId")
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


def _deciphering(call: ApiCall, facts: Facts, parameter: str) -> str:
    """The key that a ciphertext is to be deciphered with: the one that is named, which has to be the ciphertext's own,
    else that. Empty for a ciphertext of no key that there is, which KMS refuses.

    Source: KMS API reference, ReEncrypt: "If you specify a different KMS key, the operation throws an
    IncorrectKeyException"; the sentence is LocalStack's recording.
    """
    inside, named = _key_inside(call), _text(call, parameter)
    known = _ID.fullmatch(inside) and facts.kms_key(inside, call.account, call.region)
    if not named:
        return inside if known else ""
    found = _find(call, facts, named)
    if known and found != known:
        message = "The key ID in the request does not identify a CMK that can perform this operation."
        raise AwsError("IncorrectKeyException", message)
    return named


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


def _replicate(call: ApiCall, facts: Facts) -> list[Permission]:
    """Also to create a key, in the replica's region. Source: KMS Developer Guide, "Control access to multi-Region
    keys"."""
    account, region = call.principal.account, _text(call, "ReplicaRegion")
    asked: Values = {**of_call(call), "aws:requestedregion": region}
    made = [
        *_on_key(call, facts),
        Permission("kms:CreateKey", "*", account, asked, why="to create the replica"),
    ]
    if call.params.get("Tags"):
        arn = f"arn:aws:kms:{region}:{account}:key/*"
        made.append(Permission("kms:TagResource", arn, account, asked, why="to tag the replica"))
    return made


# Aliases: permission on the alias, which only identity policies give, and on each key that it is of or will be of.


def _alias(call: ApiCall) -> Permission:
    account = call.principal.account
    arn = f"arn:aws:kms:{call.region}:{account}:{_text(call, 'AliasName')}"
    return Permission(f"kms:{call.operation}", arn, account, of_caller(call))


def _aliased(call: ApiCall, facts: Facts, key: str, why: str) -> list[Permission]:
    if key and not _find(call, facts, key):
        # Another account's, which an alias cannot be of: nobody is allowed to, rather than nobody is asked.
        return [Permission(f"kms:{call.operation}", key, key.split(":")[4], of_caller(call), "key", why)]
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
    "Decrypt": _decrypt,
    "DeleteAlias": _delete_alias,
    "ReEncrypt": _re_encrypt,
    "ReplicateKey": _replicate,
    "RetireGrant": _retire,
    "UpdateAlias": _update_alias,
}
