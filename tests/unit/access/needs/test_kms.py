"""The use of a KMS key: who has to allow it, and under which condition keys."""

from __future__ import annotations

import pytest

from harness.access.needs import kms
from harness.model import ApiCall, AwsError, Permission
from tests.unit.access.needs.world import (
    ANA,
    AWAY,
    AWAY_KEY,
    EVENTS,
    HOME,
    HOME_KEY,
    HOME_S3,
    REGION,
    WORLD,
    asked,
    key_arn,
    told,
)

CALL = ApiCall("s3", "GetObject", {}, ANA, HOME, REGION, "r-1")


def test_a_keys_own_policy_always_has_a_say() -> None:
    (permission,) = kms.use(CALL, WORLD, "alias/data", HOME, ["kms:Decrypt"])
    assert permission == Permission(
        "kms:Decrypt",
        key_arn(HOME_KEY),
        HOME,
        {"kms:calleraccount": HOME, "kms:resourcealiases": ("alias/data",), "aws:resourcetag/team": "ml"},
        gate="key",
    )


def test_a_service_that_uses_a_key_for_its_caller_is_named() -> None:
    made = kms.use(
        CALL,
        WORLD,
        key_arn(AWAY_KEY, AWAY),
        HOME,
        ["kms:GenerateDataKey", "kms:Decrypt"],
        via="s3",
        encryption_context={"Stage": "raw"},
        why="to encrypt",
        extra={"kms:grantisforawsresource": "true"},
    )
    assert [permission.action for permission in made] == ["kms:GenerateDataKey", "kms:Decrypt"]
    for permission in made:
        assert (permission.owner, permission.via, permission.why) == (AWAY, "s3", "to encrypt")
        assert permission.context["kms:viaservice"] == "s3.us-east-1.amazonaws.com"
        assert permission.context["kms:calleraccount"] == HOME
        assert permission.context["kms:encryptioncontext:stage"] == "raw"
        assert permission.context["kms:encryptioncontextkeys"] == ("Stage",)
        assert permission.context["kms:grantisforawsresource"] == "true"


def test_an_alias_is_looked_up_in_the_account_that_names_it() -> None:
    (permission,) = kms.use(CALL, WORLD, "alias/data", AWAY, ["kms:Decrypt"])
    assert permission.resource == key_arn(AWAY_KEY, AWAY)


def test_a_key_that_is_not_there_needs_nothing() -> None:
    assert kms.use(CALL, WORLD, "alias/none", HOME, ["kms:Decrypt"]) == []


@pytest.mark.parametrize(
    ("named", "told_so"),
    [
        ("alias/none", "Alias arn:aws:kms:us-east-1:111122223333:alias/none is not found."),
        (f"{HOME_KEY[:-1]}5", "Key 'arn:aws:kms:us-east-1:111122223333:key/.*5' does not exist"),
        ("nonsense", "Invalid keyId 'nonsense'"),
        (f"key/{HOME_KEY}", "Invalid keyId 'key/"),
        (f"arn:x:key/{HOME_KEY}", "Invalid arn"),
        (key_arn(HOME_KEY).replace("aws:", "aws-cn:"), "Invalid arn"),
        (key_arn(HOME_KEY).replace("us-east", "eu-west"), "Invalid arn eu-west-1"),
    ],
)
def test_an_own_key_that_is_not_there_is_not_found(named: str, told_so: str) -> None:
    """Whichever the backend would find by such a name, nobody was asked for its permission."""
    for operation, parameter in (("DescribeKey", "KeyId"), ("CreateAlias", "TargetKeyId")):
        with pytest.raises(AwsError, match=told_so) as refused:
            asked("kms", operation, {parameter: named, "AliasName": "alias/new"})
        assert (refused.value.code, refused.value.status) == ("NotFoundException", 400)


def test_an_alias_is_not_given_to_another_accounts_key() -> None:
    for key in (AWAY_KEY, "none"):
        params = {"AliasName": "alias/new", "TargetKeyId": key_arn(key, AWAY)}
        _, target = asked("kms", "CreateAlias", params)
        assert (target.owner, target.gate) == (AWAY, "key")


def test_only_identity_policies_give_an_alias_away() -> None:
    alias, key = asked("kms", "CreateAlias", {"AliasName": "alias/new", "TargetKeyId": "alias/data"})
    assert (alias.gate, alias.owner) == ("", HOME)
    assert (key.gate, key.why) == ("key", "to give the key an alias")


def test_another_accounts_key_is_its_owners_also_where_it_is_not_there() -> None:
    (permission,) = asked("kms", "Decrypt", {"KeyId": key_arn("none", AWAY), "CiphertextBlob": b""})
    assert (permission.owner, permission.gate) == (AWAY, "key")


def test_a_ciphertext_tells_its_key() -> None:
    made = asked("kms", "Decrypt", {"CiphertextBlob": HOME_KEY.encode() + b"and the rest"})
    assert [told(permission) for permission in made] == [f"kms:Decrypt on {key_arn(HOME_KEY)}"]


@pytest.mark.parametrize("ciphertext", [b"", b"\xff" * 80, b"short"])
def test_a_ciphertext_that_is_none_is_the_services_to_refuse(ciphertext: bytes) -> None:
    assert asked("kms", "Decrypt", {"CiphertextBlob": ciphertext}) == []


def test_to_encrypt_anew_is_from_one_key_to_another() -> None:
    source, target = asked(
        "kms",
        "ReEncrypt",
        {
            "CiphertextBlob": HOME_KEY.encode() + b"...",
            "SourceEncryptionContext": {"stage": "raw"},
            "DestinationKeyId": HOME_S3,
        },
    )
    assert told(source) == f"kms:ReEncryptFrom on {key_arn(HOME_KEY)}"
    assert told(target) == f"kms:ReEncryptTo on {key_arn(HOME_S3)}"
    assert source.context["kms:encryptioncontext:stage"] == "raw"
    assert "kms:encryptioncontextkeys" not in target.context
    assert {p.context["kms:reencryptonsamekey"] for p in (source, target)} == {"false"}


def test_to_encrypt_anew_under_the_same_key_says_so() -> None:
    params = {"CiphertextBlob": HOME_KEY.encode(), "DestinationKeyId": "alias/data"}
    made = asked("kms", "ReEncrypt", params)
    assert {p.context["kms:reencryptonsamekey"] for p in made} == {"true"}


@pytest.mark.parametrize(("operation", "parameter"), [("Decrypt", "KeyId"), ("ReEncrypt", "SourceKeyId")])
def test_a_ciphertexts_key_is_the_one_that_is_named(operation: str, parameter: str) -> None:
    params = {"CiphertextBlob": HOME_KEY.encode() + b"...", "DestinationKeyId": "alias/data"}
    assert asked("kms", operation, {**params, parameter: "alias/data"})
    with pytest.raises(AwsError) as refused:
        asked("kms", operation, {**params, parameter: "alias/aws/s3"})
    assert (refused.value.code, refused.value.status) == ("IncorrectKeyException", 400)


def test_a_replica_is_a_new_key_in_its_own_region() -> None:
    params = {"KeyId": "alias/data", "ReplicaRegion": "eu-west-1", "Tags": [{"TagKey": "a", "TagValue": "b"}]}
    replicate, create, tag = asked("kms", "ReplicateKey", params)
    assert told(replicate) == f"kms:ReplicateKey on {key_arn(HOME_KEY)}"
    assert told(create) == "kms:CreateKey on *"
    assert create.context["aws:requestedregion"] == "eu-west-1"
    assert told(tag) == f"kms:TagResource on arn:aws:kms:eu-west-1:{HOME}:key/*"


def test_a_services_grant_is_for_an_aws_resource() -> None:
    params = {"KeyId": "alias/data", "GranteePrincipal": "arn:g", "Operations": ["Decrypt"]}
    (permission,) = asked("kms", "CreateGrant", params, by=EVENTS)
    assert permission.context["kms:grantisforawsresource"] == "true"
