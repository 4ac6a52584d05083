"""A harness whose S3, KMS, SNS and SQS are somewhere else: decided on by policies that are kept there."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any

import pytest

from harness.model import Engines, HarnessError
from harness.stack import Stack, started
from tests.e2e.callers import DEV, PROD, Callers, allow, deny, own_name, policy, refused
from tests.moto_server import empty, moto_server


@pytest.fixture(scope="module", params=["moto-server", "localstack"])
def place(request: pytest.FixtureRequest) -> Iterator[str]:
    """The backend's name with its URL."""
    if request.param == "localstack":
        url = os.environ.get("LOCALSTACK_ENDPOINT")
        yield f"localstack={url}" if url else pytest.skip("LOCALSTACK_ENDPOINT names no LocalStack")
        return
    with moto_server() as url:
        yield f"moto-server={url}"


@pytest.fixture(scope="module")
def callers(place: str) -> Iterator[Callers]:
    with started(engines=Engines(backend=place)) as stack:
        made = Callers(stack)
        yield made
        for account in (DEV, PROD):
            remove_everything(made, account)


def remove_everything(callers: Callers, account: str) -> None:
    """The next harness begins with empty accounts."""
    s3, kms, sns, sqs = (callers.admin(service, account) for service in ("s3", "kms", "sns", "sqs"))
    for bucket in s3.list_buckets()["Buckets"]:
        for found in s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", ()):
            s3.delete_object(Bucket=bucket["Name"], Key=found["Key"])
        s3.delete_bucket(Bucket=bucket["Name"])
    for alias in kms.list_aliases()["Aliases"]:
        if not alias["AliasName"].startswith("alias/aws/"):
            kms.delete_alias(AliasName=alias["AliasName"])
    for topic in sns.list_topics()["Topics"]:
        sns.delete_topic(TopicArn=topic["TopicArn"])
    for url in sqs.list_queues().get("QueueUrls", ()):
        sqs.delete_queue(QueueUrl=url)


def lets(who: str, action: str | list[str], resource: str) -> str:
    return policy(allow(action, resource, Principal={"AWS": who}))


def code(call: Any, **parameters: Any) -> str:
    return refused(call, **parameters)[0]


def test_the_status_tells_the_backend(callers: Callers, place: str) -> None:
    assert callers.stack.client.status()["backend"] == place


def test_another_account_reads_a_bucket_for_as_long_as_its_policy_lets_it(callers: Callers) -> None:
    bucket, reader = callers.bucket(DEV, model="weights"), callers.user(allow("s3:*"), account=PROD)
    owner, wanted = callers.admin("s3"), {"Bucket": bucket, "Key": "model"}
    assert code(reader.client("s3").get_object, **wanted) == "AccessDenied"
    owner.put_bucket_policy(
        Bucket=bucket, Policy=lets(reader.arn, "s3:GetObject", f"arn:aws:s3:::{bucket}/*")
    )
    assert reader.client("s3").get_object(**wanted)["Body"].read() == b"weights"
    assert code(reader.client("s3").put_object, **wanted, Body=b"x") == "AccessDenied"
    owner.delete_bucket_policy(Bucket=bucket)
    assert code(reader.client("s3").get_object, **wanted) == "AccessDenied"


def test_a_bucket_s_policy_denies_its_own_account_s_users(callers: Callers) -> None:
    bucket, reader = callers.bucket(DEV, model="weights"), callers.user(allow("s3:*"))
    assert reader.client("s3").get_object(Bucket=bucket, Key="model")["Body"].read() == b"weights"
    denying = deny("s3:GetObject", f"arn:aws:s3:::{bucket}/*", Principal={"AWS": reader.arn})
    callers.admin("s3").put_bucket_policy(Bucket=bucket, Policy=policy(denying))
    _, status, message = refused(reader.client("s3").get_object, Bucket=bucket, Key="model")
    assert (status, "with an explicit deny in a resource-based policy" in message) == (403, True)
    assert f"bucket {bucket} policy" in str(callers.lesson(reader.arn))


def test_an_encrypted_object_needs_its_key_s_policy_too(callers: Callers) -> None:
    reader = callers.user(allow(["s3:*", "kms:*"]), account=PROD)
    kms, bucket = callers.admin("kms"), callers.bucket(DEV)
    key = kms.create_key()["KeyMetadata"]["Arn"]
    callers.admin("s3").put_object(
        Bucket=bucket, Key="k", Body=b"secret", ServerSideEncryption="aws:kms", SSEKMSKeyId=key
    )
    callers.admin("s3").put_bucket_policy(
        Bucket=bucket, Policy=lets(reader.arn, "s3:GetObject", f"arn:aws:s3:::{bucket}/*")
    )
    assert "kms:Decrypt" in refused(reader.client("s3").get_object, Bucket=bucket, Key="k")[2]
    owners = allow("kms:*", Principal={"AWS": f"arn:aws:iam::{DEV}:root"})
    readers = allow("kms:Decrypt", Principal={"AWS": reader.arn})
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=policy(owners, readers))
    assert reader.client("s3").get_object(Bucket=bucket, Key="k")["Body"].read() == b"secret"


def test_a_topic_and_a_queue_are_open_to_whom_their_policies_name(callers: Callers) -> None:
    name, sender = own_name("e2e"), callers.user(allow(["sns:*", "sqs:*"]), account=PROD)
    topic = callers.admin("sns").create_topic(Name=name)["TopicArn"]
    url = callers.admin("sqs").create_queue(QueueName=name)["QueueUrl"]
    assert code(sender.client("sns").publish, TopicArn=topic, Message="m") == "AuthorizationError"
    assert code(sender.client("sqs").send_message, QueueUrl=url, MessageBody="m").endswith("AccessDenied")
    callers.admin("sns").set_topic_attributes(
        TopicArn=topic, AttributeName="Policy", AttributeValue=lets(sender.arn, "sns:Publish", topic)
    )
    queue = topic.replace(":sns:", ":sqs:")
    callers.admin("sqs").set_queue_attributes(
        QueueUrl=url, Attributes={"Policy": lets(sender.arn, "sqs:SendMessage", queue)}
    )
    sender.client("sns").publish(TopicArn=topic, Message="m")
    sender.client("sqs").send_message(QueueUrl=url, MessageBody="from prod")
    (message,) = callers.admin("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"]
    assert message["Body"] == "from prod"


def test_a_mail_s_link_confirms_a_subscription(callers: Callers) -> None:
    sns, name = callers.admin("sns"), own_name("e2e")
    topic = sns.create_topic(Name=name)["TopicArn"]
    asked = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ml-team@example.com")
    assert asked["SubscriptionArn"] == "pending confirmation"
    sns.publish(TopicArn=topic, Message="not yet")
    letters = [r for r in callers.stack.client.journal(0, "mail") if r["topic"] == topic]
    assert [letter["to"] for letter in letters] == ["ml-team@example.com"]


def test_what_the_harness_of_before_has_left_is_told_by_name() -> None:
    with moto_server() as url:
        engines = Engines(backend=f"moto-server={url}")
        with started(engines=engines) as stack:
            bucket = Callers(stack).bucket(PROD)
        with pytest.raises(HarnessError) as error, started(engines=engines) as stack:
            ended(stack)
        assert f"{bucket} of {PROD}" in str(error.value)
        assert f"curl -X POST {url}/moto-api/reset" in str(error.value)
        empty(url)
        with started(engines=engines) as stack:
            assert Callers(stack).admin("s3", PROD).list_buckets()["Buckets"] == []


def test_where_nothing_answers_the_harness_does_not_come_up() -> None:
    engines = Engines(backend="localstack=http://127.0.0.1:9")
    with pytest.raises(HarnessError) as error, started(engines=engines) as stack:
        ended(stack)
    assert "no LocalStack answers at http://127.0.0.1:9; start one: make localstack" in str(error.value)


def test_a_backend_that_has_died_is_told_of_and_the_harness_lives_on() -> None:
    with moto_server() as url:
        up = started(engines=Engines(backend=f"moto-server={url}"))
        stack = up.__enter__()
        callers = Callers(stack)
        callers.admin("s3").list_buckets()
    try:
        error, status, message = refused(callers.admin("s3").list_buckets)
        assert (error, status) == ("ServiceUnavailable", 503)
        assert f"The backend at {url} does not answer" in message
        assert "start moto server again: moto_server -H 127.0.0.1" in message
        assert callers.admin("iam").list_roles()["Roles"] == []
    finally:
        up.__exit__(None, None, None)


def ended(stack: Stack) -> None:
    """Waits until a harness is gone that says, while it comes up, why it cannot."""
    deadline = time.monotonic() + 30
    while stack.alive() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not stack.alive(), "it has come up"
