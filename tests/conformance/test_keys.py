"""KMS: keys, and objects under them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.callers import DEV, PROD, Caller, Callers, allow, own_name, policy, refused
from tests.e2e.test_permissions_of_s3 import key, of

WHOLE_ACCOUNT = {"AWS": f"arn:aws:iam::{DEV}:root"}


@pytest.fixture
def kms(callers: Callers) -> Any:
    return callers.admin("kms")


def encrypted(arn: str) -> dict[str, str]:
    return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": arn}


def read(caller: Caller, bucket: str) -> bytes:
    body: bytes = caller.client("s3").get_object(Bucket=bucket, Key="x")["Body"].read()
    return body


def test_a_keys_life(kms: Any) -> None:
    """A key has a policy, tags, rotation and an alias that leads to it, until its deletion is scheduled"""
    arn = kms.create_key(Tags=[{"TagKey": "Project", "TagValue": "mammo"}])["KeyMetadata"]["Arn"]
    alias = f"alias/{own_name('key')}"
    kms.create_alias(AliasName=alias, TargetKeyId=arn)
    kms.enable_key_rotation(KeyId=arn)
    assert kms.describe_key(KeyId=alias)["KeyMetadata"]["Arn"] == arn
    assert kms.get_key_rotation_status(KeyId=arn)["KeyRotationEnabled"]
    assert kms.list_resource_tags(KeyId=arn)["Tags"] == [{"TagKey": "Project", "TagValue": "mammo"}]
    assert alias in [
        a["AliasName"] for p in kms.get_paginator("list_aliases").paginate() for a in p["Aliases"]
    ]
    kms.delete_alias(AliasName=alias)
    kms.schedule_key_deletion(KeyId=arn.rsplit("/", 1)[-1], PendingWindowInDays=7)
    assert kms.describe_key(KeyId=arn)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    assert refused(kms.describe_key, KeyId=alias)[0] == "NotFoundException"


def test_what_is_encrypted_is_decrypted(kms: Any) -> None:
    """What is encrypted by a key's alias is decrypted without naming it"""
    arn = kms.create_key()["KeyMetadata"]["Arn"]
    alias = f"alias/{own_name('key')}"
    kms.create_alias(AliasName=alias, TargetKeyId=arn)
    made = kms.generate_data_key(KeyId=alias, KeySpec="AES_256")
    told = kms.decrypt(CiphertextBlob=made["CiphertextBlob"])
    assert (told["Plaintext"], told["KeyId"]) == (made["Plaintext"], arn)


def test_the_default_policy_leaves_it_to_iam(callers: Callers, kms: Any) -> None:
    """A key that lets its account decide is used by those whose own policies allow it"""
    arn = kms.create_key()["KeyMetadata"]["Arn"]
    assert "root" in kms.get_key_policy(KeyId=arn, PolicyName="default")["Policy"]
    ann, bob = callers.user(allow("kms:GenerateDataKey", arn)), callers.user()
    ann.client("kms").generate_data_key(KeyId=arn, KeySpec="AES_256")
    code = refused(bob.client("kms").generate_data_key, KeyId=arn, KeySpec="AES_256")[0]
    assert code == "AccessDeniedException"


def test_a_key_policy_that_names_its_users(callers: Callers, kms: Any) -> None:
    """A key that does not let its account decide is used by those only whom its own policy names"""
    ann, bob = callers.user(), callers.user(allow("kms:*"))
    keeping = allow("kms:*", Principal={"AWS": callers.administrator(DEV).arn})
    using = allow("kms:GenerateDataKey", Principal={"AWS": ann.arn})
    arn = kms.create_key(Policy=policy(keeping, using))["KeyMetadata"]["Arn"]
    ann.client("kms").generate_data_key(KeyId=arn, KeySpec="AES_256")
    code = refused(bob.client("kms").generate_data_key, KeyId=arn, KeySpec="AES_256")[0]
    assert code == "AccessDeniedException"


def test_a_changed_key_policy_counts_at_once(callers: Callers, kms: Any) -> None:
    """A changed key policy is told, and in force at the next call"""
    arn, ann = key(callers, DEV), callers.user()
    text = policy(allow("kms:*", Principal=WHOLE_ACCOUNT), allow("kms:Encrypt", Principal={"AWS": ann.arn}))
    assert refused(ann.client("kms").encrypt, KeyId=arn, Plaintext=b"x")[0] == "AccessDeniedException"
    kms.put_key_policy(KeyId=arn, PolicyName="default", Policy=text)
    assert ann.arn in kms.get_key_policy(KeyId=arn, PolicyName="default")["Policy"]
    ann.client("kms").encrypt(KeyId=arn, Plaintext=b"x")


def test_a_write_needs_generate_data_key(callers: Callers) -> None:
    """An object is written under a key by those only who may kms:GenerateDataKey"""
    bucket, arn, ann = callers.bucket(), key(callers, DEV), callers.user(allow("s3:*"))
    bob = callers.user(allow("s3:*"), allow("kms:GenerateDataKey", arn))
    code, _, message = refused(
        ann.client("s3").put_object, Bucket=bucket, Key="x", Body=b"x", **encrypted(arn)
    )
    assert (code, "kms:GenerateDataKey" in message) == ("AccessDenied", True)
    bob.client("s3").put_object(Bucket=bucket, Key="x", Body=b"x", **encrypted(arn))
    assert callers.admin("s3").head_object(Bucket=bucket, Key="x")["SSEKMSKeyId"] == arn


def test_a_read_needs_decrypt(callers: Callers) -> None:
    """An object under a key is read by those only who may kms:Decrypt"""
    bucket, arn = callers.bucket(), key(callers, DEV)
    callers.admin("s3").put_object(Bucket=bucket, Key="x", Body=b"x", **encrypted(arn))
    ann, bob = callers.user(allow("s3:*")), callers.user(allow("s3:*"), allow("kms:Decrypt", arn))
    code, _, message = refused(ann.client("s3").get_object, Bucket=bucket, Key="x")
    assert (code, "kms:Decrypt" in message) == ("AccessDenied", True)
    assert read(bob, bucket) == b"x"


def test_a_write_by_alias(callers: Callers, kms: Any) -> None:
    """An object is written under the key that its alias leads to"""
    bucket, arn, alias = callers.bucket(), key(callers, DEV), f"alias/{own_name('key')}"
    kms.create_alias(AliasName=alias, TargetKeyId=arn)
    ann = callers.user(allow("s3:*"), allow(["kms:GenerateDataKey", "kms:Decrypt"], arn))
    ann.client("s3").put_object(Bucket=bucket, Key="x", Body=b"x", **encrypted(alias))
    assert read(ann, bucket) == b"x"
    code, _, message = refused(read, caller=callers.user(allow("s3:*")), bucket=bucket)
    assert (code, "kms:Decrypt" in message) == ("AccessDenied", True)


@pytest.fixture
def shared(callers: Callers) -> tuple[str, str]:
    """A bucket of dev's that lets prod read it, with an object under a key of dev's; and the key."""
    bucket, arn = callers.bucket(), key(callers, DEV)
    callers.admin("s3").put_object(Bucket=bucket, Key="x", Body=b"model", **encrypted(arn))
    letting_in = allow("s3:GetObject", of(bucket)[1], Principal={"AWS": PROD})
    callers.admin("s3").put_bucket_policy(Bucket=bucket, Policy=policy(letting_in))
    return bucket, arn


def let_prod_decrypt(callers: Callers, arn: str) -> None:
    text = policy(allow("kms:*", Principal=WHOLE_ACCOUNT), allow("kms:Decrypt", Principal={"AWS": PROD}))
    callers.admin("kms").put_key_policy(KeyId=arn, PolicyName="default", Policy=text)


def test_a_key_that_another_account_may_use(callers: Callers, shared: tuple[str, str]) -> None:
    """Prod reads what dev has encrypted when the key's policy and prod's own allow kms:Decrypt"""
    bucket, arn = shared
    let_prod_decrypt(callers, arn)
    ann = callers.user(allow("s3:GetObject"), allow("kms:Decrypt", arn), account=PROD)
    assert read(ann, bucket) == b"model"


def test_a_key_that_another_account_may_not_use(callers: Callers, shared: tuple[str, str]) -> None:
    """Prod does not read what dev has encrypted when the key's policy does not let it"""
    ann = callers.user(allow("s3:GetObject"), allow("kms:Decrypt"), account=PROD)
    assert refused(read, caller=ann, bucket=shared[0])[:2] == ("AccessDenied", 403)


def test_a_key_that_ones_own_policies_do_not_allow(callers: Callers, shared: tuple[str, str]) -> None:
    """Prod does not read what dev has encrypted when its own policies do not allow kms:Decrypt"""
    bucket, arn = shared
    let_prod_decrypt(callers, arn)
    ann = callers.user(allow("s3:GetObject"), account=PROD)
    assert refused(read, caller=ann, bucket=bucket)[:2] == ("AccessDenied", 403)


def test_another_accounts_object_under_ones_own_key(callers: Callers) -> None:
    """What prod writes into dev's bucket under its own key, dev does not read"""
    bucket, arn = callers.bucket(), key(callers, PROD)
    writer = callers.user(allow("s3:PutObject"), allow("kms:GenerateDataKey"), account=PROD)
    letting_in = allow("s3:PutObject", of(bucket)[1], Principal={"AWS": PROD})
    callers.admin("s3").put_bucket_policy(Bucket=bucket, Policy=policy(letting_in))
    writer.client("s3").put_object(Bucket=bucket, Key="x", Body=b"x", **encrypted(arn))
    reader = callers.user(allow("s3:*"), allow("kms:*"))
    assert refused(read, caller=reader, bucket=bucket)[:2] == ("AccessDenied", 403)


def test_a_key_that_is_to_be_deleted(callers: Callers, kms: Any) -> None:
    """A key whose deletion is scheduled encrypts nothing more"""
    arn = kms.create_key()["KeyMetadata"]["Arn"]
    kms.schedule_key_deletion(KeyId=arn.rsplit("/", 1)[-1], PendingWindowInDays=7)
    assert refused(kms.encrypt, KeyId=arn, Plaintext=b"x")[0] == "KMSInvalidStateException"


def test_a_keys_arn_serves_wherever_its_id_does(kms: Any) -> None:
    """A key's deletion is scheduled by its ARN, too"""
    arn = kms.create_key()["KeyMetadata"]["Arn"]
    kms.schedule_key_deletion(KeyId=arn, PendingWindowInDays=7)
    assert kms.describe_key(KeyId=arn)["KeyMetadata"]["KeyState"] == "PendingDeletion"
