"""S3 across accounts, with encrypted objects, and what it tells whom."""

from __future__ import annotations

import pytest

from harness.model import Json
from tests.e2e.callers import (
    DEV,
    REGISTRY,
    Caller,
    Callers,
    allow,
    deny,
    not_authorized,
    own_name,
    policy,
    refused,
    unallowed,
)

NOTHING_TOLD = ("AccessDenied", 403, "Access Denied")


def of(bucket: str) -> list[str]:
    return [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]


def share(callers: Callers, bucket: str, caller: Caller, *actions: str, account: str = REGISTRY) -> None:
    """Puts the bucket's policy: it lets the caller do these actions."""
    statement = allow(list(actions), of(bucket), Sid="share", Principal={"AWS": caller.arn})
    callers.admin("s3", account).put_bucket_policy(Bucket=bucket, Policy=policy(statement))


@pytest.fixture(scope="module")
def writer(callers: Callers) -> Caller:
    """Of dev; its own policies let it do everything."""
    return callers.user(allow("*"))


@pytest.fixture
def theirs(callers: Callers) -> str:
    """A bucket of the registry's."""
    return callers.bucket(REGISTRY, x="x")


# Across accounts


def test_across_accounts_the_bucket_has_to_let_in_who_comes(
    callers: Callers, writer: Caller, theirs: str
) -> None:
    """S3 explains itself to callers of the bucket's own account only; the journal does to all."""
    s3 = writer.client("s3")
    assert refused(s3.get_object, Bucket=theirs, Key="x") == NOTHING_TOLD
    lesson = callers.lesson(writer.arn)
    assert lesson["owner"] == REGISTRY
    assert lesson["cause"] == unallowed("s3:GetObject", "resource-based policy")
    (change,) = lesson["changes"]
    assert change["where"] == f"{REGISTRY} bucket {theirs} policy"
    assert change["statement"]["Principal"] == {"AWS": writer.arn}
    callers.admin("s3", REGISTRY).put_bucket_policy(Bucket=theirs, Policy=policy(change["statement"]))
    assert s3.get_object(Bucket=theirs, Key="x")["Body"].read() == b"x"


def test_across_accounts_the_callers_own_policies_have_to_allow_too(callers: Callers, theirs: str) -> None:
    ann = callers.user()
    share(callers, theirs, ann, "s3:GetObject")
    assert refused(ann.client("s3").get_object, Bucket=theirs, Key="x") == NOTHING_TOLD
    lesson = callers.lesson(ann.arn)
    assert lesson["cause"] == unallowed("s3:GetObject")
    assert [change["where"] for change in lesson["changes"]] == [f"{DEV} user/{ann.name} inline policy"]


def test_a_bucket_that_lets_an_account_in_leaves_it_to_that_accounts_policies(
    callers: Callers, theirs: str
) -> None:
    statement = allow("s3:GetObject", of(theirs), Principal={"AWS": DEV})
    callers.admin("s3", REGISTRY).put_bucket_policy(Bucket=theirs, Policy=policy(statement))
    nobody, ann = callers.user(), callers.user(allow("s3:GetObject"))
    assert refused(nobody.client("s3").get_object, Bucket=theirs, Key="x") == NOTHING_TOLD
    assert ann.client("s3").get_object(Bucket=theirs, Key="x")["Body"].read() == b"x"


def test_a_bucket_may_refuse_what_is_not_encrypted_with_kms(callers: Callers, writer: Caller) -> None:
    """S3 User Guide, "Using server-side encryption with AWS KMS keys", the policy that requires SSE-KMS."""
    bucket = callers.bucket()
    unencrypted = {"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}}
    statement = deny("s3:PutObject", of(bucket)[1], Sid="OnlyKms", Principal="*", Condition=unencrypted)
    callers.admin("s3").put_bucket_policy(Bucket=bucket, Policy=policy(statement))
    s3, place = writer.client("s3"), f'"arn:aws:s3:::{bucket}/x"'
    assert refused(s3.put_object, Bucket=bucket, Key="x", Body=b"x") == (
        "AccessDenied",
        403,
        not_authorized(writer, "s3:PutObject", place, "with an explicit deny in a resource-based policy"),
    )
    assert "s3:x-amz-server-side-encryption" in callers.lesson(writer.arn)["policies"][0]["why"]
    s3.put_object(Bucket=bucket, Key="x", Body=b"x", ServerSideEncryption="aws:kms")


# What is told of what is not there


def test_that_an_object_is_missing_is_told_to_those_only_who_may_list(callers: Callers) -> None:
    """S3 API reference, GetObject: without s3:ListBucket the answer is 403, with it 404 NoSuchKey."""
    bucket = callers.bucket(x="x")
    ann, bob = (
        callers.user(allow("s3:GetObject", of(bucket)[1])),
        callers.user(allow(["s3:GetObject", "s3:ListBucket"], of(bucket))),
    )
    listing, place = "s3:ListBucket", f'"arn:aws:s3:::{bucket}"'
    assert refused(ann.client("s3").get_object, Bucket=bucket, Key="y") == (
        "AccessDenied",
        403,
        not_authorized(ann, listing, place, unallowed(listing)),
    )
    assert callers.lesson(ann.arn)["why"] == "to be told that the object does not exist"
    assert refused(bob.client("s3").get_object, Bucket=bucket, Key="y") == (
        "NoSuchKey",
        404,
        "The specified key does not exist.",
    )


def test_heads_are_refused_with_a_bare_status(callers: Callers) -> None:
    """An answer to HEAD has no body: boto3 makes the code and the message of the status."""
    bucket = callers.bucket(x="x")
    nobody, ann = callers.user(), callers.user(allow("s3:GetObject", of(bucket)[1]))
    both = callers.user(allow(["s3:GetObject", "s3:ListBucket"], of(bucket)))
    assert refused(nobody.client("s3").head_object, Bucket=bucket, Key="x") == ("403", 403, "Forbidden")
    assert refused(nobody.client("s3").head_bucket, Bucket=bucket) == ("403", 403, "Forbidden")
    assert callers.lesson(nobody.arn)["action"] == "s3:ListBucket"
    assert ann.client("s3").head_object(Bucket=bucket, Key="x")["ContentLength"] == 1
    assert refused(ann.client("s3").head_object, Bucket=bucket, Key="y") == ("403", 403, "Forbidden")
    assert refused(both.client("s3").head_object, Bucket=bucket, Key="y") == ("404", 404, "Not Found")


def test_a_bucket_that_is_not_there_is_told_to_everybody_who_may_ask(callers: Callers) -> None:
    ann = callers.user(allow("s3:*"))
    code, status, _ = refused(ann.client("s3").list_objects_v2, Bucket=own_name("no-such-sagemaker"))
    assert (code, status) == ("NoSuchBucket", 404)


def test_a_listing_of_another_prefix_than_the_policys_is_refused(callers: Callers) -> None:
    bucket = callers.bucket()
    home = {"StringLike": {"s3:prefix": "home/*"}}
    ann = callers.user(allow("s3:ListBucket", of(bucket)[0], Condition=home))
    assert ann.client("s3").list_objects_v2(Bucket=bucket, Prefix="home/ann")["KeyCount"] == 0
    assert refused(ann.client("s3").list_objects_v2, Bucket=bucket, Prefix="work/")[0] == "AccessDenied"
    (read,) = callers.lesson(ann.arn)["policies"]
    assert read["why"] == "statement 1 allows it, but only where s3:prefix is like home/*; here it is work/"


# Copies and deletions


def test_a_copy_needs_to_read_the_one_end_and_to_write_the_other(callers: Callers) -> None:
    source, target = callers.bucket(x="x"), callers.bucket()
    reading, writing = allow("s3:GetObject", of(source)[1]), allow("s3:PutObject", of(target)[1])
    copy = {"Bucket": target, "Key": "copy", "CopySource": {"Bucket": source, "Key": "x"}}
    reader, writer, both = callers.user(reading), callers.user(writing), callers.user(reading, writing)
    assert refused(reader.client("s3").copy_object, **copy)[2] == not_authorized(
        reader, "s3:PutObject", f'"arn:aws:s3:::{target}/copy"', unallowed("s3:PutObject")
    )
    assert refused(writer.client("s3").copy_object, **copy)[2] == not_authorized(
        writer, "s3:GetObject", f'"arn:aws:s3:::{source}/x"', unallowed("s3:GetObject")
    )
    assert callers.lesson(writer.arn)["why"] == "to read the object that is copied"
    both.client("s3").copy_object(**copy)
    assert callers.admin("s3").get_object(Bucket=target, Key="copy")["Body"].read() == b"x"


def test_deleting_many_needs_s3_delete_object_on_each(callers: Callers) -> None:
    """AWS tells of the keys that may not be deleted inside a 200 answer; here one refuses the whole request, and
    nothing is deleted. The action's name is not DeleteObjects."""
    bucket = callers.bucket(x="x", y="y")
    ann = callers.user(allow("s3:DeleteObject", f"arn:aws:s3:::{bucket}/x"))
    delete = ann.client("s3").delete_objects
    both = {"Objects": [{"Key": "x"}, {"Key": "y"}]}
    place = f'"arn:aws:s3:::{bucket}/y"'
    assert refused(delete, Bucket=bucket, Delete=both) == (
        "AccessDenied",
        403,
        not_authorized(ann, "s3:DeleteObject", place, unallowed("s3:DeleteObject")),
    )
    assert callers.admin("s3").list_objects_v2(Bucket=bucket)["KeyCount"] == 2
    delete(Bucket=bucket, Delete={"Objects": [{"Key": "x"}]})
    assert callers.admin("s3").list_objects_v2(Bucket=bucket)["KeyCount"] == 1


# Encryption


def key(callers: Callers, account: str, *statements: Json) -> str:
    """A customer managed key's ARN; its policy lets its account decide, and what the statements say."""
    root = allow("kms:*", Sid="account", Principal={"AWS": f"arn:aws:iam::{account}:root"})
    kms = callers.admin("kms", account)
    arn: str = kms.create_key(Policy=policy(root, *statements))["KeyMetadata"]["Arn"]
    return arn


def test_whoever_writes_with_a_key_has_to_be_let_use_it(callers: Callers) -> None:
    bucket, arn = callers.bucket(), key(callers, DEV)
    ann = callers.user(allow("s3:*"))
    encrypted = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": arn}
    put = ann.client("s3").put_object
    assert refused(put, Bucket=bucket, Key="x", Body=b"x", **encrypted) == (
        "AccessDenied",
        403,
        not_authorized(ann, "kms:GenerateDataKey", arn, unallowed("kms:GenerateDataKey")),
    )
    lesson = callers.lesson(ann.arn)
    assert (lesson["call"], lesson["action"]) == ("s3:PutObject", "kms:GenerateDataKey")
    assert lesson["why"] == "to encrypt the object with the key that the request names"
    put(Bucket=bucket, Key="x", Body=b"x")


def test_whoever_reads_what_is_encrypted_has_to_be_let_decrypt_and_need_not_to_know_its_size(
    callers: Callers, writer: Caller
) -> None:
    bucket, arn = callers.bucket(), key(callers, DEV)
    writer.client("s3").put_object(
        Bucket=bucket, Key="x", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=arn
    )
    ann = callers.user(allow("s3:*"))
    assert refused(ann.client("s3").get_object, Bucket=bucket, Key="x") == (
        "AccessDenied",
        403,
        not_authorized(ann, "kms:Decrypt", arn, unallowed("kms:Decrypt")),
    )
    assert ann.client("s3").head_object(Bucket=bucket, Key="x")["SSEKMSKeyId"] == arn


def test_a_permission_for_s3_only_is_no_permission_to_decrypt_by_oneself(callers: Callers) -> None:
    """KMS Developer Guide, "kms:ViaService"."""
    bucket, arn = callers.bucket(), key(callers, DEV)
    via_s3 = {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}
    ann = callers.user(allow("s3:*"), allow(["kms:GenerateDataKey", "kms:Decrypt"], arn, Condition=via_s3))
    ann.client("s3").put_object(
        Bucket=bucket, Key="x", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=arn
    )
    assert ann.client("s3").get_object(Bucket=bucket, Key="x")["Body"].read() == b"x"
    assert refused(ann.client("kms").generate_data_key, KeyId=arn, KeySpec="AES_256") == (
        "AccessDeniedException",
        400,
        not_authorized(ann, "kms:GenerateDataKey", arn, unallowed("kms:GenerateDataKey")),
    )


def test_a_buckets_default_key_counts_though_the_request_does_not_name_it(callers: Callers) -> None:
    bucket, arn = callers.bucket(), key(callers, DEV)
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": arn}
    callers.admin("s3").put_bucket_encryption(
        Bucket=bucket,
        ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": default}]},
    )
    ann = callers.user(allow("s3:*"))
    assert refused(ann.client("s3").put_object, Bucket=bucket, Key="x", Body=b"x")[2] == not_authorized(
        ann, "kms:GenerateDataKey", arn, unallowed("kms:GenerateDataKey")
    )
    assert callers.lesson(ann.arn)["why"] == "to encrypt the object with the key of its bucket"
    ann.client("s3").put_object(Bucket=bucket, Key="x", Body=b"x", ServerSideEncryption="AES256")


def test_an_object_in_anothers_bucket_under_the_writers_key_is_read_only_by_those_whom_that_key_lets(
    callers: Callers, writer: Caller, theirs: str
) -> None:
    """The faults of a shared model bucket, one after the other: the writer's permission for its own key, then the
    reader's by its own policies and by that key's."""
    reader = callers.user(allow("s3:*"), account=REGISTRY)
    ann, arn = callers.user(allow("s3:PutObject")), key(callers, DEV)
    encrypted = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": arn}
    share(callers, theirs, ann, "s3:PutObject")
    put, get = ann.client("s3").put_object, reader.client("s3").get_object
    assert refused(put, Bucket=theirs, Key="model", Body=b"m", **encrypted)[2] == not_authorized(
        ann, "kms:GenerateDataKey", arn, unallowed("kms:GenerateDataKey")
    )
    callers.admin("iam").put_user_policy(
        UserName=ann.name, PolicyName="key", PolicyDocument=policy(allow("kms:GenerateDataKey", arn))
    )
    put(Bucket=theirs, Key="model", Body=b"m", **encrypted)

    assert refused(get, Bucket=theirs, Key="model")[2].endswith(unallowed("kms:Decrypt"))
    lesson = callers.lesson(reader.arn)
    assert lesson["owner"] == DEV
    assert {change["where"] for change in lesson["changes"]} == {
        f"{DEV} key {arn.rsplit('/', 1)[-1]} policy",
        f"{REGISTRY} user/{reader.name} inline policy",
    }
    callers.admin("iam", REGISTRY).put_user_policy(
        UserName=reader.name, PolicyName="key", PolicyDocument=policy(allow("kms:Decrypt", arn))
    )
    assert refused(get, Bucket=theirs, Key="model") == ("AccessDenied", 403, unknown_key(reader))
    letting_in = allow("kms:Decrypt", Principal={"AWS": f"arn:aws:iam::{REGISTRY}:root"})
    root = allow("kms:*", Principal={"AWS": f"arn:aws:iam::{DEV}:root"})
    callers.admin("kms").put_key_policy(KeyId=arn, PolicyName="default", Policy=policy(root, letting_in))
    assert get(Bucket=theirs, Key="model")["Body"].read() == b"m"


def unknown_key(caller: Caller) -> str:
    """KMS does not tell another account whether a key is there."""
    because = (
        "because the resource does not exist in this Region, no resource-based policies allow access, "
        "or a resource-based policy explicitly denies access"
    )
    where = "on the resource associated with this ciphertext"
    return f"User: {caller.arn} is not authorized to perform: kms:Decrypt {where} {because}"


def test_aws_managed_keys_are_for_their_own_account_only(callers: Callers, writer: Caller) -> None:
    """S3 User Guide, "Using server-side encryption with AWS KMS keys": objects for other accounts need a customer
    managed key, because the policy of aws/s3 cannot be changed."""
    bucket = callers.bucket()
    writer.client("s3").put_object(Bucket=bucket, Key="x", Body=b"x", ServerSideEncryption="aws:kms")
    mine = callers.user(allow("s3:*"))
    assert mine.client("s3").get_object(Bucket=bucket, Key="x")["Body"].read() == b"x"
    foreign = callers.user(allow("*"), account=REGISTRY)
    share(callers, bucket, foreign, "s3:GetObject", account=DEV)
    assert refused(foreign.client("s3").get_object, Bucket=bucket, Key="x")[2] == unknown_key(foreign)
    (change,) = callers.lesson(foreign.arn)["changes"]
    assert change["what"].startswith("use a key of your own")


# SageMaker's managed policy


def test_full_access_to_sagemaker_reaches_only_buckets_with_sagemaker_in_their_names(
    callers: Callers,
) -> None:
    """AmazonSageMakerFullAccess: s3:GetObject, PutObject, ... on `arn:aws:s3:::*SageMaker*`, `*Sagemaker*`,
    `*sagemaker*` and `*aws-glue*`."""
    ann = callers.user()
    callers.admin("iam").attach_user_policy(
        UserName=ann.name, PolicyArn="arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"
    )
    near, far = callers.bucket(x="x"), own_name("ml-data")
    callers.admin("s3").create_bucket(Bucket=far)
    callers.admin("s3").put_object(Bucket=far, Key="x", Body=b"x")
    assert ann.client("s3").get_object(Bucket=near, Key="x")["Body"].read() == b"x"
    assert refused(ann.client("s3").get_object, Bucket=far, Key="x") == (
        "AccessDenied",
        403,
        not_authorized(ann, "s3:GetObject", f'"arn:aws:s3:::{far}/x"', unallowed("s3:GetObject")),
    )
    lesson = callers.lesson(ann.arn)
    (read,) = lesson["policies"]
    assert read["policy"] == f"{DEV} user/{ann.name} AWS managed AmazonSageMakerFullAccess"
    (change,) = lesson["changes"]
    assert change["where"] == f"{DEV} user/{ann.name} inline policy"
