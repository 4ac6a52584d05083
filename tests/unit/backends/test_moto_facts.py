"""What the facts say is what AWS's own API answers of the same things."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from harness.access.facts import Bucket, Facts, StoredObject
from harness.backends.moto_objects import backends
from harness.clock import Clock

from .bench import DEV, PROD, START, Bench, backend

REGION = "us-east-1"
READ = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
}
LIST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}],
}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "sagemaker.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
FULL_ACCESS = "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"
TAGS = [{"Key": "team", "Value": "ml"}]


@pytest.fixture(scope="module", params=["moto", "moto-server", "localstack"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """One for all: emptying moto's accounts takes longer than a test. The facts are the same wherever they are kept."""
    with backend(request.param, Clock(START)) as made:
        yield Bench(made)


# docs/backends.md: it refuses a key for a bucket's dual-layer encryption, and objects cannot do without a bucket key.
_LOCALSTACK_DOES_OTHERWISE = (
    "test_a_bucket_s_key_is_told_as_its_configuration_names_it[localstack-rule3-alias/ours]",
    "test_an_object_has_the_bucket_s_key_unless_it_names_another[localstack]",
)


@pytest.fixture(autouse=True)
def otherwise(request: pytest.FixtureRequest) -> None:
    if request.node.name in _LOCALSTACK_DOES_OTHERWISE:
        request.applymarker(pytest.mark.xfail(strict=True))


@pytest.fixture
def facts(bench: Bench) -> Facts:
    return bench.backend.facts


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """The test's own, for what it makes."""
    return f"thing-{abs(hash(request.node.nodeid))}"


@pytest.fixture
def bucket(bench: Bench, name: str) -> str:
    bench.client("s3").create_bucket(Bucket=name, ObjectOwnership="ObjectWriter")
    return name


def text(document: Any) -> str:
    return json.dumps(document)


# Roles, users, policies


def policy(bench: Bench, name: str, document: Any) -> str:
    made = bench.client("iam").create_policy(PolicyName=name, PolicyDocument=text(document), Tags=TAGS)
    return str(made["Policy"]["Arn"])


def test_a_role_is_as_iam_answers_it(bench: Bench, facts: Facts, name: str) -> None:
    iam, own = bench.client("iam"), policy(bench, name, LIST)
    iam.create_role(
        RoleName=name,
        Path="/ml/",
        AssumeRolePolicyDocument=text(TRUST),
        PermissionsBoundary=own,
        MaxSessionDuration=7200,
        Tags=TAGS,
    )
    iam.put_role_policy(RoleName=name, PolicyName="reading", PolicyDocument=text(READ))
    for arn in (own, FULL_ACCESS):
        iam.attach_role_policy(RoleName=name, PolicyArn=arn)

    said = facts.identity(f"arn:aws:iam::{DEV}:role/ml/{name}")
    assert said
    role = iam.get_role(RoleName=name)["Role"]
    inline = iam.get_role_policy(RoleName=name, PolicyName="reading")["PolicyDocument"]
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    assert (said.arn, said.id) == (role["Arn"], role["RoleId"])
    assert json.loads(said.trust) == role["AssumeRolePolicyDocument"]
    assert [(name, json.loads(text)) for name, text in said.inline] == [("reading", inline)]
    assert {arn for arn, _ in said.attached} == {each["PolicyArn"] for each in attached}
    assert dict(said.attached)[own] == text(LIST)
    assert said.boundary == (role["PermissionsBoundary"]["PermissionsBoundaryArn"], text(LIST))
    assert said.tags == {"team": "ml"}


def test_a_user_has_its_groups_policies_under_their_names(bench: Bench, facts: Facts, name: str) -> None:
    iam, own = bench.client("iam"), policy(bench, name, LIST)
    iam.create_user(UserName=name, Tags=TAGS)
    iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=text(READ))
    for group in (f"{name}-in", f"{name}-out"):
        iam.create_group(GroupName=group)
        iam.put_group_policy(GroupName=group, PolicyName="reading", PolicyDocument=text(READ))
        iam.attach_group_policy(GroupName=group, PolicyArn=own)
    iam.add_user_to_group(GroupName=f"{name}-in", UserName=name)

    said = facts.identity(f"arn:aws:iam::{DEV}:user/{name}")
    assert said
    assert said.id == iam.get_user(UserName=name)["User"]["UserId"]
    assert said.inline == (("own", text(READ)), (f"group/{name}-in inline reading", text(READ)))
    assert said.attached == ((f"group/{name}-in managed {own}", text(LIST)),)
    assert said.tags == {"team": "ml"}
    assert said.boundary is None


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:iam::{account}:role/nobody",
        "arn:aws:iam::{account}:user/nobody",
        "arn:aws:iam::{account}:role/other/path/{name}",
        "arn:aws:iam::{account}:root",
        "arn:aws:sts::{account}:assumed-role/{name}/session",
        "events.amazonaws.com",
    ],
)
def test_nobody_else_is_taken_for_a_role(bench: Bench, facts: Facts, name: str, arn: str) -> None:
    bench.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=text(TRUST))
    assert facts.identity(arn.format(account=DEV, name=name)) is None


def test_a_policy_s_default_version_is_in_force(bench: Bench, facts: Facts, name: str) -> None:
    iam, own = bench.client("iam"), policy(bench, name, READ)
    iam.create_policy_version(PolicyArn=own, PolicyDocument=text(LIST), SetAsDefault=False)
    assert facts.managed_policy(own) == text(READ)
    iam.set_default_policy_version(PolicyArn=own, VersionId="v2")
    assert facts.managed_policy(own) == text(LIST)


def test_a_boundary_whose_policy_is_gone_allows_nothing(bench: Bench, facts: Facts, name: str) -> None:
    gone = f"arn:aws:iam::{DEV}:policy/{name}"
    bench.client("iam").create_role(
        RoleName=name, AssumeRolePolicyDocument=text(TRUST), PermissionsBoundary=gone
    )
    said = facts.identity(f"arn:aws:iam::{DEV}:role/{name}")
    assert said
    assert said.boundary
    assert json.loads(said.boundary[1])["Statement"] == []


def test_aws_s_own_policies_are_as_iam_answers_them(bench: Bench, facts: Facts) -> None:
    iam = bench.client("iam")
    every = [
        each
        for page in iam.get_paginator("list_policies").paginate(
            Scope="AWS", PaginationConfig={"PageSize": 1000}
        )
        for each in page["Policies"]
    ]
    assert len(every) > 1500
    for each in every[::60]:
        version = iam.get_policy_version(PolicyArn=each["Arn"], VersionId=each["DefaultVersionId"])
        assert json.loads(facts.managed_policy(each["Arn"])) == version["PolicyVersion"]["Document"]


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:iam::aws:policy/NoSuchPolicy",
        "arn:aws:iam::aws:policy/service-role/AmazonSageMakerFullAccess",
        f"arn:aws:iam::{DEV}:policy/nothing",
        f"arn:aws:iam::{DEV}:policy/AmazonSageMakerFullAccess",
    ],
)
def test_a_policy_that_is_not_there_is_empty(facts: Facts, arn: str) -> None:
    assert facts.managed_policy(arn) == ""


def test_looking_at_an_account_does_not_make_one(facts: Facts) -> None:
    unused = "999999999999"
    assert facts.identity(f"arn:aws:iam::{unused}:role/r") is None
    assert facts.managed_policy(f"arn:aws:iam::{unused}:policy/p") == ""
    assert facts.kms_key("some-id", unused, REGION) is None
    assert facts.resource_policy(f"arn:aws:sns:{REGION}:{unused}:t") == ""
    assert facts.resource_key(f"arn:aws:sqs:{REGION}:{unused}:q") == ""
    assert facts.tags(f"arn:aws:ecr:{REGION}:{unused}:repository/r") == {}
    assert all(unused not in backends(service) for service in ("iam", "kms", "sns", "sqs", "ecr"))


# Buckets and what is in them


def encrypt(bench: Bench, bucket: str, rule: dict[str, Any], bucket_key: bool = False) -> None:
    bench.client("s3").put_bucket_encryption(
        Bucket=bucket,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": rule, "BucketKeyEnabled": bucket_key}]
        },
    )


def stored(facts: Facts, bucket: str, key: str, version: str = "") -> StoredObject:
    found = facts.stored_object(bucket, key, version)
    assert found
    return found


def test_a_new_bucket_has_aws_s_defaults(bench: Bench, facts: Facts, name: str) -> None:
    bench.client("s3", PROD).create_bucket(Bucket=name)
    assert facts.bucket(name) == Bucket(name, PROD)


def test_a_bucket_is_as_s3_answers_it(bench: Bench, facts: Facts, bucket: str) -> None:
    s3 = bench.client("s3")
    s3.put_bucket_policy(Bucket=bucket, Policy=text(READ))
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": TAGS})
    s3.put_bucket_ownership_controls(
        Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    )
    said = facts.bucket(bucket)
    assert said
    assert said.policy == s3.get_bucket_policy(Bucket=bucket)["Policy"] == text(READ)
    rules = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    assert said.ownership == rules[0]["ObjectOwnership"]
    assert facts.tags(f"arn:aws:s3:::{bucket}") == {"team": "ml"}


def test_the_same_text_is_given_each_time(bench: Bench, facts: Facts, bucket: str) -> None:
    bench.client("s3").put_bucket_policy(Bucket=bucket, Policy=text(READ))
    first, second = facts.bucket(bucket), facts.bucket(bucket)
    assert first
    assert second
    assert first.policy is second.policy


@pytest.mark.parametrize(
    ("rule", "key"),
    [
        ({"SSEAlgorithm": "AES256"}, ""),
        ({"SSEAlgorithm": "aws:kms"}, "alias/aws/s3"),
        ({"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/ours"}, "alias/ours"),
        ({"SSEAlgorithm": "aws:kms:dsse", "KMSMasterKeyID": "alias/ours"}, "alias/ours"),
    ],
)
def test_a_bucket_s_key_is_told_as_its_configuration_names_it(
    bench: Bench, facts: Facts, bucket: str, rule: dict[str, Any], key: str
) -> None:
    encrypt(bench, bucket, rule, bucket_key=True)
    said = facts.bucket(bucket)
    assert said
    assert (said.key, said.bucket_key) == (key, True)


def test_a_bucket_that_is_gone_is_none(bench: Bench, facts: Facts, bucket: str) -> None:
    bench.client("s3").delete_bucket(Bucket=bucket)
    assert facts.bucket(bucket) is None
    assert facts.stored_object(bucket, "k") is None
    assert facts.multipart_key(bucket, "id") == ""


@pytest.mark.parametrize(
    ("named", "algorithm"),
    [("id", "aws:kms"), ("arn", "aws:kms"), ("alias", "aws:kms"), ("arn", "aws:kms:dsse")],
)
def test_an_object_s_key_is_told_by_its_arn(
    bench: Bench, facts: Facts, bucket: str, name: str, named: str, algorithm: str
) -> None:
    key = new_key(bench, alias=f"alias/{name}")
    names = {"id": key.rsplit("/", 1)[-1], "arn": key, "alias": f"alias/{name}"}
    s3 = bench.client("s3")
    s3.put_object(Bucket=bucket, Key="x y/ü.csv", ServerSideEncryption=algorithm, SSEKMSKeyId=names[named])
    assert stored(facts, bucket, "x y/ü.csv").key == key


def test_an_object_has_the_bucket_s_key_unless_it_names_another(
    bench: Bench, facts: Facts, bucket: str
) -> None:
    s3, key, other = bench.client("s3"), new_key(bench), new_key(bench)
    s3.put_object(Bucket=bucket, Key="before")
    encrypt(bench, bucket, {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}, bucket_key=True)
    s3.put_object(Bucket=bucket, Key="by default")
    s3.put_object(
        Bucket=bucket,
        Key="another",
        ServerSideEncryption="aws:kms",
        SSEKMSKeyId=other,
        BucketKeyEnabled=False,
    )
    s3.put_object(Bucket=bucket, Key="without", ServerSideEncryption="AES256")
    said = [stored(facts, bucket, each) for each in ("before", "by default", "another", "without")]
    assert [each.key for each in said] == ["", key, other, ""]
    assert [each.bucket_key for each in said[:3]] == [False, True, False]


def test_an_object_under_s3_s_own_key_leads_to_that_key(bench: Bench, facts: Facts, bucket: str) -> None:
    bench.client("s3").put_object(Bucket=bucket, Key="k", ServerSideEncryption="aws:kms")
    key = facts.kms_key(stored(facts, bucket, "k").key, DEV, REGION)
    assert key
    assert key.aliases == ("alias/aws/s3",)


def test_another_account_s_object_is_its_writer_s_with_its_writer_s_key(
    bench: Bench, facts: Facts, bucket: str, name: str
) -> None:
    """S3 looks a key without an account up in the account of who writes."""
    key = new_key(bench, PROD, f"alias/{name}")
    new_key(bench, DEV, f"alias/{name}")
    bench.client("s3", PROD).put_object(
        Bucket=bucket,
        Key="k",
        ServerSideEncryption="aws:kms",
        SSEKMSKeyId=f"alias/{name}",
        Tagging="team=ops",
    )
    assert stored(facts, bucket, "k") == StoredObject(PROD, key, False, {"team": "ops"})


@pytest.mark.parametrize(
    ("ownership", "owner"),
    [("BucketOwnerEnforced", DEV), ("BucketOwnerPreferred", DEV), ("ObjectWriter", PROD)],
)
def test_the_bucket_s_ownership_tells_whose_an_object_is(
    bench: Bench, facts: Facts, name: str, ownership: str, owner: str
) -> None:
    bench.client("s3").create_bucket(Bucket=name, ObjectOwnership=ownership)
    bench.client("s3", PROD).put_object(Bucket=name, Key="k")
    assert stored(facts, name, "k").owner == owner


def test_each_version_of_an_object_is_found(bench: Bench, facts: Facts, bucket: str) -> None:
    s3, key = bench.client("s3"), new_key(bench)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=bucket, Key="k", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    second = s3.put_object(Bucket=bucket, Key="k", Tagging="team=ml")
    assert stored(facts, bucket, "k").tags == {"team": "ml"}
    assert stored(facts, bucket, "k", second["VersionId"]).key == ""
    assert stored(facts, bucket, "k", first["VersionId"]).key == key
    assert facts.stored_object(bucket, "k", "no-such-version") is None

    marker = s3.delete_object(Bucket=bucket, Key="k")["VersionId"]
    assert facts.stored_object(bucket, "k") is None
    assert facts.stored_object(bucket, "k", marker) is None
    assert stored(facts, bucket, "k", first["VersionId"]).key == key


def test_an_object_s_tags_are_as_s3_answers_them(bench: Bench, facts: Facts, bucket: str) -> None:
    s3 = bench.client("s3")
    s3.put_object(Bucket=bucket, Key="k", Tagging="stage=raw")
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": TAGS})
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == TAGS
    assert stored(facts, bucket, "k").tags == {"team": "ml"}


def test_an_upload_in_parts_has_the_key_that_it_began_with(bench: Bench, facts: Facts, bucket: str) -> None:
    s3, key, other = bench.client("s3"), new_key(bench), new_key(bench)
    encrypt(bench, bucket, {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key})
    named = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": other.rsplit("/", 1)[-1]}
    keys = {}
    for asked, expected in (({}, key), (named, other), ({"ServerSideEncryption": "AES256"}, "")):
        upload = s3.create_multipart_upload(Bucket=bucket, Key="k", **asked)["UploadId"]
        keys[upload] = expected
        assert facts.multipart_key(bucket, upload) == expected

        part = s3.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=1, Body=b"x")
        parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
        s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload, MultipartUpload=parts)
        assert stored(facts, bucket, "k").key == expected
        assert facts.multipart_key(bucket, upload) == ""


# Keys


def new_key(bench: Bench, account: str = DEV, alias: str = "", **asked: Any) -> str:
    """Its ARN."""
    kms = bench.client("kms", account)
    key = kms.create_key(**asked)["KeyMetadata"]
    if alias:
        kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    return str(key["Arn"])


def test_a_key_is_as_kms_answers_it(bench: Bench, facts: Facts, name: str) -> None:
    kms, alias = bench.client("kms"), f"alias/{name}"
    arn = new_key(bench, alias=alias, Tags=[{"TagKey": "team", "TagValue": "ml"}])
    subset = {"EncryptionContextSubset": {"aws:s3:arn": "arn:aws:s3:::b"}}
    role = f"arn:aws:iam::{PROD}:role/r"
    kms.create_grant(KeyId=arn, GranteePrincipal=role, Operations=["Decrypt"], Constraints=subset)
    kms.create_grant(KeyId=arn, GranteePrincipal=role, Operations=["Encrypt", "DescribeKey"])

    said = facts.kms_key(arn, "", "")
    assert said
    assert (said.arn, said.owner, said.aliases) == (arn, DEV, (alias,))
    assert said.policy == kms.get_key_policy(KeyId=arn, PolicyName="default")["Policy"]
    assert said.grants == ((role, ("Decrypt",), subset), (role, ("Encrypt", "DescribeKey"), {}))
    assert len(kms.list_grants(KeyId=arn)["Grants"]) == 2
    assert said.tags == facts.tags(arn) == {"team": "ml"}


def test_a_key_has_four_names(bench: Bench, facts: Facts, name: str) -> None:
    arn = new_key(bench, alias=f"alias/{name}")
    for id in (arn, arn.rsplit("/", 1)[-1], f"alias/{name}", f"arn:aws:kms:{REGION}:{DEV}:alias/{name}"):
        said = facts.kms_key(id, DEV, REGION)
        assert said
        assert said.arn == arn


def test_an_alias_is_the_account_s_own_and_an_arn_every_account_s(
    bench: Bench, facts: Facts, name: str
) -> None:
    arn = new_key(bench, alias=f"alias/{name}")
    assert facts.kms_key(f"alias/{name}", PROD, REGION) is None
    assert facts.kms_key(f"alias/{name}", DEV, "eu-west-1") is None
    assert facts.kms_key(arn, PROD, "eu-west-1") == facts.kms_key(arn, DEV, REGION)


def test_a_key_s_policy_is_the_latest(bench: Bench, facts: Facts) -> None:
    arn = new_key(bench)
    bench.client("kms").put_key_policy(KeyId=arn, PolicyName="default", Policy=text(READ))
    said = facts.kms_key(arn, "", "")
    assert said
    assert said.policy == text(READ)


@pytest.mark.parametrize(
    "id", ["", "no-such-id", "alias/none", "arn:aws:kms", f"arn:aws:kms:{REGION}:{DEV}:key/none"]
)
def test_a_key_that_is_not_there_is_none(facts: Facts, id: str) -> None:
    assert facts.kms_key(id, DEV, REGION) is None


def test_sns_s_own_key_is_the_account_s_principals_through_sns_only(facts: Facts) -> None:
    key = facts.kms_key("alias/aws/sns", PROD, REGION)
    assert key
    through, direct, archive = json.loads(key.policy)["Statement"]
    assert through["Sid"] == (
        "Allow access through SNS for all principals in the account that are authorized to use SNS"
    )
    assert through["Condition"]["StringEquals"] == {
        "kms:ViaService": f"sns.{REGION}.amazonaws.com",
        "kms:CallerAccount": PROD,
    }
    assert direct["Principal"] == {"AWS": f"arn:aws:iam::{PROD}:root"}
    assert "kms:Decrypt" not in direct["Action"]
    assert archive["Principal"] == {"Service": "sns.amazonaws.com"}


@pytest.mark.parametrize("service", ["s3", "sns", "sqs", "ecr", "lambda"])
def test_an_aws_managed_key_is_the_same_one_by_every_name(facts: Facts, service: str) -> None:
    alias = f"alias/aws/{service}"
    key = facts.kms_key(alias, PROD, REGION)
    assert key
    assert key.owner == PROD
    for id in (key.arn, key.arn.rsplit("/", 1)[-1], f"arn:aws:kms:{REGION}:{PROD}:{alias}"):
        assert facts.kms_key(id, PROD, REGION) == key
    elsewhere = facts.kms_key(alias, PROD, "eu-west-1")
    assert elsewhere
    assert elsewhere.arn != key.arn


def test_a_managed_key_that_kms_has_made_keeps_aws_s_policy(bench: Bench, facts: Facts) -> None:
    before = facts.kms_key("alias/aws/s3", DEV, "eu-west-1")
    made = bench.client("kms", DEV, "eu-west-1").describe_key(KeyId="alias/aws/s3")["KeyMetadata"]
    after = facts.kms_key("alias/aws/s3", DEV, "eu-west-1")
    assert before
    assert after
    assert after.arn == made["Arn"]
    assert after.policy == before.policy


# Topics, queues, repositories, log groups, alarms


def topic(bench: Bench, name: str) -> str:
    sns = bench.client("sns")
    arn = str(
        sns.create_topic(Name=name, Tags=TAGS, Attributes={"KmsMasterKeyId": "alias/aws/sns"})["TopicArn"]
    )
    sns.add_permission(TopicArn=arn, Label="prod", AWSAccountId=[PROD], ActionName=["Publish"])
    return arn


def queue(bench: Bench, name: str) -> str:
    attributes = {"KmsMasterKeyId": "alias/ours", "Policy": text(READ)}
    bench.client("sqs").create_queue(QueueName=name, Attributes=attributes, tags={"team": "ml"})
    return f"arn:aws:sqs:{REGION}:{DEV}:{name}"


def repository(bench: Bench, name: str) -> str:
    ecr = bench.client("ecr")
    arn = str(ecr.create_repository(repositoryName=f"ml/{name}", tags=TAGS)["repository"]["repositoryArn"])
    ecr.set_repository_policy(repositoryName=f"ml/{name}", policyText=text(READ))
    return arn


def log_group(bench: Bench, name: str) -> str:
    key = f"arn:aws:kms:{REGION}:{DEV}:key/k"
    bench.client("logs").create_log_group(logGroupName=f"/aws/{name}", kmsKeyId=key, tags={"team": "ml"})
    return f"arn:aws:logs:{REGION}:{DEV}:log-group:/aws/{name}"


def alarm(bench: Bench, name: str) -> str:
    bench.client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        Namespace="n",
        MetricName="m",
        Period=60,
        Statistic="Sum",
        Threshold=1,
        EvaluationPeriods=1,
        ComparisonOperator="GreaterThanThreshold",
        Tags=TAGS,
    )
    return f"arn:aws:cloudwatch:{REGION}:{DEV}:alarm:{name}"


def test_a_topic_is_as_sns_answers_it(bench: Bench, facts: Facts, name: str) -> None:
    arn = topic(bench, name)
    said = bench.client("sns").get_topic_attributes(TopicArn=arn)["Attributes"]
    assert facts.resource_policy(arn) == said["Policy"]
    assert [s["Sid"] for s in json.loads(said["Policy"])["Statement"]] == ["__default_statement_ID", "prod"]
    assert facts.resource_key(arn) == said["KmsMasterKeyId"] == "alias/aws/sns"


def test_a_queue_is_as_sqs_answers_it(bench: Bench, facts: Facts, name: str) -> None:
    arn, sqs = queue(bench, name), bench.client("sqs")
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    said = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert facts.resource_policy(arn) == said["Policy"]
    assert facts.resource_key(arn) == said["KmsMasterKeyId"] == "alias/ours"


def test_a_repository_is_as_ecr_answers_it(bench: Bench, facts: Facts, name: str) -> None:
    arn = repository(bench, name)
    said = bench.client("ecr").get_repository_policy(repositoryName=f"ml/{name}")
    assert facts.resource_policy(arn) == said["policyText"]


def test_a_log_group_s_key_is_found_by_its_streams_arn_too(bench: Bench, facts: Facts, name: str) -> None:
    arn = log_group(bench, name)
    said = bench.client("logs").describe_log_groups(logGroupNamePrefix=f"/aws/{name}")["logGroups"][0]
    for named in (arn, f"{arn}:*", f"{arn}:log-stream:s"):
        assert facts.resource_key(named) == said["kmsKeyId"]
        assert facts.tags(named) == {"team": "ml"}


def test_a_plain_topic_and_a_plain_queue_have_no_key(bench: Bench, facts: Facts, name: str) -> None:
    arn = bench.client("sns").create_topic(Name=name)["TopicArn"]
    bench.client("sqs").create_queue(QueueName=name)
    assert facts.resource_key(arn) == ""
    assert facts.resource_key(f"arn:aws:sqs:{REGION}:{DEV}:{name}") == ""
    assert facts.resource_policy(f"arn:aws:sqs:{REGION}:{DEV}:{name}") == ""


@pytest.mark.parametrize("make", [topic, queue, repository, log_group, alarm, policy])
def test_tags_are_found_by_the_arn(bench: Bench, facts: Facts, name: str, make: Callable[..., str]) -> None:
    arn = make(bench, name, READ) if make is policy else make(bench, name)
    assert facts.tags(arn) == {"team": "ml"}


@pytest.mark.parametrize(
    "arn",
    [
        f"arn:aws:lambda:{REGION}:{DEV}:function:f",
        f"arn:aws:events:{REGION}:{DEV}:event-bus/default",
        f"arn:aws:sagemaker:{REGION}:{DEV}:model-package-group/g",
        f"arn:aws:sns:{REGION}:{DEV}:no-such-topic",
        "arn:aws:s3:::no-such-bucket/key",
        "*",
        "",
    ],
)
def test_of_what_the_backend_does_not_hold_there_is_nothing(facts: Facts, arn: str) -> None:
    assert (facts.resource_policy(arn), facts.resource_key(arn), facts.tags(arn)) == ("", "", {})


def test_all_identities_and_all_with_policies_are_listed(bench: Bench, facts: Facts, name: str) -> None:
    bench.client("iam", PROD).create_role(RoleName=name, AssumeRolePolicyDocument=text(TRUST))
    bench.client("iam").create_user(UserName=name)
    identities = {f"arn:aws:iam::{PROD}:role/{name}", f"arn:aws:iam::{DEV}:user/{name}"}
    assert identities <= set(facts.identities())

    s3 = bench.client("s3")
    for each in (name, f"{name}-plain"):
        s3.create_bucket(Bucket=each)
    s3.put_bucket_policy(Bucket=name, Policy=text(READ))
    policied = {
        f"arn:aws:s3:::{name}",
        new_key(bench),
        topic(bench, name),
        queue(bench, name),
        repository(bench, name),
    }
    listed = facts.policied()
    assert policied <= set(listed)
    assert f"arn:aws:s3:::{name}-plain" not in listed


def test_every_policy_on_logs_of_a_region_speaks_for_its_groups(bench: Bench, facts: Facts) -> None:
    logs = bench.client("logs", PROD)
    for name, sid in (("of-events", "Events"), ("of-es", "Search")):
        statement = {
            "Sid": sid,
            "Effect": "Allow",
            "Principal": {"Service": f"{sid.lower()}.amazonaws.com"},
            "Action": "logs:PutLogEvents",
            "Resource": "*",
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        logs.put_resource_policy(policyName=name, policyDocument=document)
    group = f"arn:aws:logs:{REGION}:{PROD}:log-group:/aws/events/all:*"
    statements = json.loads(facts.resource_policy(group))["Statement"]
    assert {s["Sid"] for s in statements} == {"Events", "Search"}
    assert f"arn:aws:logs:{REGION}:{PROD}:log-group:*" in facts.policied()
