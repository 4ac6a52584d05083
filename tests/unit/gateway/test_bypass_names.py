"""However a resource is named, the one that is decided on is the one that is acted on."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from harness.model import Credentials

from .attack import AWAY, HOME, Accounts, allow, code, deny, told

KEY, QUEUE, GROUP = (f"arn:aws:{place}" for place in (
    f"kms:us-east-1:{HOME}:key/", f"sqs:us-east-1:{HOME}:", f"logs:us-east-1:{HOME}:log-group:"
))  # fmt: skip
TOPIC, REPOSITORY = f"arn:aws:sns:us-east-1:{HOME}:", f"arn:aws:ecr:us-east-1:{HOME}:repository/"
PIPELINE, BUS = f"arn:aws:sagemaker:us-east-1:{HOME}:pipeline/", f"arn:aws:events:us-east-1:{HOME}:event-bus/"
REFUSED = ("AccessDeniedException", "AccessDenied", "AuthorizationError", "ValidationException")


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Accounts]:
    made = Accounts(tmp_path_factory.mktemp("harness"))
    for name in ("mine", "secret"):
        for who in (made.admin, made.stranger):
            made.json(who, "sqs", "AmazonSQS.CreateQueue", {"QueueName": name})
        made.form(made.admin, "sns", "CreateTopic", Name=name)
        made.json(made.admin, "ecr", f"{ECR}.CreateRepository", {"repositoryName": name})
        made.json(made.admin, "logs", f"{LOGS}.CreateLogGroup", {"logGroupName": name})
        stream = {"logGroupName": name, "logStreamName": "s"}
        made.json(made.admin, "logs", f"{LOGS}.CreateLogStream", stream)
        events = [{"timestamp": int(time.time() * 1000), "message": f"from {name}"}]
        made.json(made.admin, "logs", f"{LOGS}.PutLogEvents", {**stream, "logEvents": events})
        rule = {"Name": name, "EventPattern": '{"source": ["a"]}'}
        made.json(made.admin, "events", "AWSEvents.PutRule", rule)
    yield made
    made.app._backend.reset()
    made.app.close()


ECR, LOGS = "AmazonEC2ContainerRegistry_V20150921", "Logs_20140328"


@pytest.fixture(scope="module")
def keys(accounts: Accounts) -> dict[str, str]:
    return {name: accounts.key(accounts.admin) for name in ("open", "shut")}


@pytest.fixture(scope="module")
def mallory(accounts: Accounts, keys: dict[str, str]) -> Credentials:
    return accounts.user(
        "mallory",
        allow("kms:*", on=[KEY + keys["open"], f"arn:aws:kms:us-east-1:{HOME}:alias/*"]),
        allow("sqs:*", "logs:*", "sns:*", "ecr:*", "lambda:*", "sagemaker:*", "events:*", "iam:*AccessKey*"),
        deny("sqs:*", on=QUEUE + "secret"),
        deny("sns:*", on=TOPIC + "secret"),
        deny("logs:*", on=GROUP + "secret*"),
        deny("ecr:*", on=REPOSITORY + "secret"),
        deny("sagemaker:*", on=PIPELINE + "secret"),
        deny("lambda:*", on=f"arn:aws:lambda:us-east-1:{HOME}:function:secret"),
        deny("events:*", on=[f"arn:aws:events:us-east-1:{HOME}:rule/secret"]),
        deny("iam:*", on=f"arn:aws:iam::{HOME}:user/victim"),
    )


@pytest.mark.parametrize(
    "name",
    [
        "{id}",
        "key/{id}",
        "arn:x:key/{id}",
        "arn:aws-cn:kms:us-east-1:111122223333:key/{id}",
        "arn:aws:s3:us-east-1:111122223333:key/{id}",
        "arn:aws:kms:eu-west-1:111122223333:key/{id}",
        "arn:aws:kms:us-east-1:444455556666:key/{id}",
        "arn:aws:kms:us-east-1:111122223333:alias/:key/{id}",
        "alias/aws/acm",
        "alias/none",
    ],
)
def test_no_name_of_a_key_uses_one_that_may_not_be_used(
    accounts: Accounts, mallory: Credentials, keys: dict[str, str], name: str
) -> None:
    named = name.format(id=keys["shut"])
    for operation, params in (
        ("DescribeKey", {"KeyId": named}),
        ("GenerateDataKey", {"KeyId": named, "KeySpec": "AES_256"}),
        ("CreateAlias", {"AliasName": "alias/mallorys", "TargetKeyId": named}),
    ):
        answer = accounts.json(mallory, "kms", f"TrentService.{operation}", params)
        assert code(answer) in ("NotFoundException", "AccessDeniedException")


@pytest.mark.parametrize(
    ("operation", "named"),
    [
        ("Decrypt", {}),
        ("Decrypt", {"KeyId": "open"}),
        ("ReEncrypt", {}),
        ("ReEncrypt", {"SourceKeyId": "open"}),
    ],
)
def test_a_ciphertext_is_not_deciphered_under_another_keys_name(
    accounts: Accounts, mallory: Credentials, keys: dict[str, str], operation: str, named: dict[str, str]
) -> None:
    params: dict[str, Any] = {name: keys[key] for name, key in named.items()}
    params["CiphertextBlob"] = accounts.sealed(accounts.admin, keys["shut"])
    if operation == "ReEncrypt":
        params["DestinationKeyId"] = keys["open"]
    answer = accounts.json(mallory, "kms", f"TrentService.{operation}", params)
    assert code(answer) == ("IncorrectKeyException" if named else "AccessDeniedException")


def test_a_ciphertext_is_deciphered_under_its_own_keys_name(
    accounts: Accounts, mallory: Credentials, keys: dict[str, str]
) -> None:
    sealed = {"CiphertextBlob": accounts.sealed(accounts.admin, keys["open"])}
    for named in ({}, {"KeyId": keys["open"]}, {"KeyId": KEY + keys["open"]}):
        opened = told(accounts.json(mallory, "kms", "TrentService.Decrypt", {**sealed, **named}))
        assert base64.b64decode(opened["Plaintext"]) == b"hush"


def test_a_replica_of_a_key_is_a_new_key(
    accounts: Accounts, mallory: Credentials, keys: dict[str, str]
) -> None:
    """Who may replicate a key need not be allowed to create one."""
    params = {"KeyId": keys["open"], "ReplicaRegion": "eu-west-1"}
    answer = accounts.json(mallory, "kms", "TrentService.ReplicateKey", params)
    assert b"kms:CreateKey" in answer.body


@pytest.mark.parametrize(
    "url",
    [
        "secret",
        f"http://sqs/{HOME}/secret",
        f"http://sqs/{HOME}/mine?x=/secret",
        f"http://sqs/{HOME}/mine?x=/{AWAY}/mine",
        f"http://sqs/{HOME}/mine#/secret",
        f"http://sqs/{HOME}/secret/",
        f"http://sqs//{HOME}/secret",
        f"http://sqs/{HOME}/%73ecret",
        QUEUE + "secret",
        f"http://sqs/{AWAY}/mine",
    ],
)
def test_no_url_of_a_queue_reaches_another(accounts: Accounts, mallory: Credentials, url: str) -> None:
    answer = accounts.json(mallory, "sqs", "AmazonSQS.PurgeQueue", {"QueueUrl": url})
    assert code(answer) in ("AccessDenied", "InvalidAddress")


def test_a_queues_url_and_its_name_alone_are_good(accounts: Accounts, mallory: Credentials) -> None:
    for url in ("mine", f"http://sqs/{HOME}/mine", f"https://sqs.us-east-1.amazonaws.com/{HOME}/mine"):
        assert accounts.json(mallory, "sqs", "AmazonSQS.ReceiveMessage", {"QueueUrl": url}).status == 200


@pytest.mark.parametrize(
    "named",
    [
        {"TopicArn": TOPIC + "secret"},
        {"TargetArn": TOPIC + "secret"},
        {"TopicArn": TOPIC + "mine", "TargetArn": TOPIC + "secret"},
        {"TopicArn": TOPIC + "mine", "PhoneNumber": "+441234567890"},
        {"TopicArn": TOPIC + "secret:subscription"},
        {"TopicArn": TOPIC.replace("aws:", "aws-cn:") + "secret"},
        {"TopicArn": TOPIC.replace("us-east", "eu-west") + "secret"},
    ],
)
def test_no_name_of_a_topic_publishes_to_another(
    accounts: Accounts, mallory: Credentials, named: dict[str, str]
) -> None:
    answer = accounts.form(mallory, "sns", "Publish", Message="m", **named)
    assert code(answer) in ("AuthorizationError", "InvalidParameter", "NotFound")


@pytest.mark.parametrize(
    "identifier",
    [
        "secret",
        GROUP + "secret",
        GROUP + "secret:*",
        GROUP.replace("us-east", "eu-west") + "secret",
        GROUP.replace("aws:", "aws-cn:") + "secret",
        GROUP.replace(HOME, AWAY) + "secret",
        GROUP.replace(HOME, "") + "secret",
        GROUP.replace("log-group:", "x:log-group:") + "secret",
    ],
)
def test_no_identifier_of_a_log_group_reads_another(
    accounts: Accounts, mallory: Credentials, identifier: str
) -> None:
    params = {"logGroupIdentifier": identifier, "logStreamName": "s"}
    assert accounts.json(mallory, "logs", f"{LOGS}.GetLogEvents", params).status == 400


def test_a_log_group_is_read_by_its_identifier(accounts: Accounts, mallory: Credentials) -> None:
    """The backend by itself would read the one that was created last."""
    for identifier in ("mine", GROUP + "mine", GROUP + "mine:*"):
        params = {"logGroupIdentifier": identifier, "logStreamName": "s"}
        read = told(accounts.json(mallory, "logs", f"{LOGS}.GetLogEvents", params))
        assert [event["message"] for event in read["events"]] == ["from mine"]


def test_of_several_log_groups_each_counts(accounts: Accounts, mallory: Credentials) -> None:
    for several in (
        {"logGroupNames": ["mine"], "logGroupName": "secret"},
        {"logGroupNames": ["mine"], "logGroupIdentifiers": [GROUP + "secret"]},
    ):
        params = {**several, "startTime": 0, "endTime": 1, "queryString": "fields @message"}
        assert code(accounts.json(mallory, "logs", f"{LOGS}.StartQuery", params)) == "AccessDeniedException"


@pytest.mark.parametrize(
    "arn",
    [
        REPOSITORY + "secret",
        REPOSITORY.replace("us-east", "eu-west") + "secret",
        REPOSITORY.replace("aws:", "aws-cn:") + "secret",
        REPOSITORY.replace(HOME, AWAY) + "secret",
    ],
)
def test_no_arn_of_a_repository_tags_another(accounts: Accounts, mallory: Credentials, arn: str) -> None:
    params = {"resourceArn": arn, "tags": [{"Key": "a", "Value": "b"}]}
    assert code(accounts.json(mallory, "ecr", f"{ECR}.TagResource", params)) in REFUSED


@pytest.mark.parametrize(
    "named",
    [
        "secret",
        PIPELINE + "secret",
        PIPELINE.replace("aws:", "aws-cn:") + "secret",
        PIPELINE.replace("us-east", "eu-west") + "secret",
        PIPELINE.replace("sagemaker", "events") + "secret",
        PIPELINE.replace(HOME, "") + "secret",
    ],
)
def test_no_name_of_a_pipeline_reaches_another(accounts: Accounts, mallory: Credentials, named: str) -> None:
    for operation, params in (
        ("DescribePipeline", {"PipelineName": named}),
        ("UpdatePipeline", {"PipelineName": named, "PipelineDescription": "x"}),
        ("AddTags", {"ResourceArn": named, "Tags": [{"Key": "a", "Value": "b"}]}),
    ):
        assert code(accounts.json(mallory, "sagemaker", f"SageMaker.{operation}", params)) in REFUSED


@pytest.mark.parametrize(
    "named",
    [
        "secret",
        "function:secret",
        f"{HOME}:function:secret",
        f"arn:aws:lambda:us-east-1:{HOME}:function:secret",
    ],
)
def test_a_function_is_tagged_by_its_arn_alone(accounts: Accounts, mallory: Credentials, named: str) -> None:
    answer = accounts.send(
        mallory,
        "lambda",
        "POST",
        f"/2017-03-31/tags/{named}",
        body=json.dumps({"Tags": {"a": "b"}}),
        content_type="application/json",
    )
    assert answer.status in (400, 403)


@pytest.mark.parametrize(
    "bus",
    [
        "default",
        BUS + "default",
        BUS.replace("aws:", "aws-cn:") + "default",
        BUS.replace("us-east", "eu-west") + "default",
        BUS.replace(HOME, "somebody") + "default",
        "arn:x:event-bus/default",
    ],
)
def test_no_name_of_a_bus_reaches_another_rule(accounts: Accounts, mallory: Credentials, bus: str) -> None:
    for operation in ("DescribeRule", "DisableRule"):
        params = {"Name": "secret", "EventBusName": bus}
        assert code(accounts.json(mallory, "events", f"AWSEvents.{operation}", params)) in REFUSED


@pytest.mark.parametrize("path", ["rule/secret", "rule/default/secret"])
def test_a_rule_has_one_arn_for_its_tags(accounts: Accounts, mallory: Credentials, path: str) -> None:
    params = {"ResourceARN": f"arn:aws:events:us-east-1:{HOME}:{path}", "Tags": [{"Key": "a", "Value": "b"}]}
    assert code(accounts.json(mallory, "events", "AWSEvents.TagResource", params)) == "AccessDeniedException"


def test_without_a_user_name_a_key_is_the_callers_own(accounts: Accounts, mallory: Credentials) -> None:
    victim = accounts.user("victim")
    for operation, more in (("UpdateAccessKey", {"Status": "Inactive"}), ("DeleteAccessKey", {})):
        answer = accounts.form(mallory, "iam", operation, AccessKeyId=victim.access_key, **more)
        assert code(answer) == "NoSuchEntity"
    assert accounts.form(victim, "sts", "GetCallerIdentity").status == 200
    assert b"<UserName>mallory</UserName>" in accounts.form(mallory, "iam", "CreateAccessKey").body


@pytest.mark.parametrize("name", ["path/victim", "*", "a\nb", ""])
def test_a_users_name_is_one_that_iam_takes(accounts: Accounts, name: str) -> None:
    answer = accounts.form(accounts.admin, "iam", "CreateUser", UserName=name)
    assert (code(answer), answer.status) == ("ValidationError", 400)


@pytest.mark.parametrize(
    "arn", ["arn:aws:iam::{}:user/mallory", "arn:aws-cn:iam::{}:role/r", "arn:aws:sts::{}:role/r"]
)
def test_only_a_role_is_assumed(accounts: Accounts, mallory: Credentials, arn: str) -> None:
    answer = accounts.form(mallory, "sts", "AssumeRole", RoleArn=arn.format(HOME), RoleSessionName="ss")
    assert (code(answer), answer.status) == ("ValidationError", 400)


@pytest.mark.parametrize("region", ["us-east-1:444455556666", "*", "", "nowhere", "cn-north-1"])
def test_a_region_is_one_of_awss(accounts: Accounts, region: str) -> None:
    """ARNs are made of it."""
    answer = accounts.json(accounts.admin, "sqs", "AmazonSQS.ListQueues", {}, region=region)
    assert answer.status == 403
    assert b"scoped to a valid region" in answer.body
