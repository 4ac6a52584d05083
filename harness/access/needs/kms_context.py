"""KMS's condition keys, from what a request says.

Source: KMS Developer Guide, "AWS KMS condition keys". Where a parameter is left out and the guide does not say that its
default counts, the key is not set.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from harness.access.needs import tags
from harness.access.values import Values, text
from harness.model import ApiCall, Json, Principal

# A request's parameters that are condition keys as they stand.
_PARAMETERS = {
    "BypassPolicyLockoutSafetyCheck": "kms:bypasspolicylockoutsafetycheck",
    "EncryptionAlgorithm": "kms:encryptionalgorithm",
    "ExpirationModel": "kms:expirationmodel",
    "GranteePrincipal": "kms:granteeprincipal",
    "KeyAgreementAlgorithm": "kms:keyagreementalgorithm",
    "KeyPairSpec": "kms:datakeypairspec",
    "MacAlgorithm": "kms:macalgorithm",
    "MessageType": "kms:messagetype",
    "PendingWindowInDays": "kms:schedulekeydeletionpendingwindowindays",
    "PrimaryRegion": "kms:primaryregion",
    "ReplicaRegion": "kms:replicaregion",
    "RetiringPrincipal": "kms:retiringprincipal",
    "RotationPeriodInDays": "kms:rotationperiodindays",
    "SigningAlgorithm": "kms:signingalgorithm",
    "ValidTo": "kms:validto",
    "WrappingAlgorithm": "kms:wrappingalgorithm",
    "WrappingKeySpec": "kms:wrappingkeyspec",
}
_DEFAULTS: Mapping[str, Json] = {
    "CreateKey": {"BypassPolicyLockoutSafetyCheck": False},
    "PutKeyPolicy": {"BypassPolicyLockoutSafetyCheck": False},
    **{
        operation: {"EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}
        for operation in (
            "Encrypt",
            "Decrypt",
            "GenerateDataKey",
            "GenerateDataKeyWithoutPlaintext",
            "GenerateDataKeyPair",
            "GenerateDataKeyPairWithoutPlaintext",
        )
    },
}


def of_call(call: ApiCall) -> Values:
    """The condition keys of one of KMS's own requests, except for its encryption context."""
    params = {**_DEFAULTS.get(call.operation, {}), **call.params}
    values: Values = {key: text(params[name]) for name, key in _PARAMETERS.items() if name in params}
    more = _MORE.get(call.operation)
    return {**values, **of_caller(call), **(more(params, call.principal) if more else {})}


def of_caller(call: ApiCall) -> Values:
    """A service has no account: so the keys that AWS manages (`alias/aws/sns`) are out of EventBridge's reach."""
    return {} if call.principal.kind == "service" else {"kms:calleraccount": call.principal.account}


def of_encryption(context: Mapping[str, str]) -> Values:
    """An encryption context's pairs, and their names as the caller wrote them; nothing for an empty one."""
    if not context:
        return {}
    pairs: Values = {f"kms:encryptioncontext:{name.lower()}": value for name, value in context.items()}
    return {**pairs, "kms:encryptioncontextkeys": tuple(context)}


def _of_new_key(params: Json, _: Principal) -> Values:
    return {
        "kms:keyspec": params.get("KeySpec") or params.get("CustomerMasterKeySpec", "SYMMETRIC_DEFAULT"),
        "kms:keyusage": params.get("KeyUsage", "ENCRYPT_DECRYPT"),
        "kms:keyorigin": params.get("Origin", "AWS_KMS"),
        "kms:multiregion": text(params.get("MultiRegion", False)),
        **_of_new_tags(params, _),
    }


def _of_new_tags(params: Json, _: Principal) -> Values:
    return tags.of_request(tags.named(params.get("Tags") or (), "Tag"))


def _of_tag_names(params: Json, _: Principal) -> Values:
    return tags.of_names(params.get("TagKeys") or ())


def _of_grant(params: Json, principal: Principal) -> Values:
    """kms:EncryptionContext is of the grant's constraint. kms:GrantIsForAWSResource is true only where a service asks
    for the grant, on its own or on a caller's behalf."""
    values: Values = {
        "kms:grantoperations": tuple(params.get("Operations") or ()),
        "kms:grantisforawsresource": text(principal.kind == "service"),
    }
    for kind, pairs in (params.get("Constraints") or {}).items():
        if isinstance(pairs, Mapping):  # SourceArn is a text, and no constraint of the encryption context
            values |= {"kms:grantconstrainttype": kind, **of_encryption(pairs)}
    return values


_MORE: Mapping[str, Callable[[Json, Principal], Values]] = {
    "CreateGrant": _of_grant,
    "CreateKey": _of_new_key,
    "TagResource": _of_new_tags,
    "UntagResource": _of_tag_names,
}
