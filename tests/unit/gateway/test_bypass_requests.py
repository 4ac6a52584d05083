"""What was decided on is what is done: nothing else that a request says reaches the backend."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from harness.model import Credentials

from .attack import AWAY, HOME, Accounts, allow, code, deny, told

SECRETS = ["arn:aws:s3:::vault", "arn:aws:s3:::vault/*", "arn:aws:s3:::shelf/secret"]


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Accounts]:
    made = Accounts(tmp_path_factory.mktemp("harness"))
    for bucket in ("shelf", "vault"):
        made.send(made.admin, "s3", "PUT", f"/{bucket}")
        for key in ("open", "secret"):
            made.send(made.admin, "s3", "PUT", f"/{bucket}/{key}", body=f"{bucket} {key}")
    yield made
    made.app._backend.reset()
    made.app.close()


@pytest.fixture(scope="module")
def mallory(accounts: Accounts) -> Credentials:
    return accounts.user(
        "mallory",
        allow("s3:*", "kms:ListKeys", "sqs:SendMessage", "sqs:ListQueues"),
        deny("s3:*", on=SECRETS),
        deny("s3:DeleteBucket", "s3:CreateBucket", "s3:PutBucketPolicy", "s3:*Tagging", "s3:*Version"),
    )


def test_an_action_in_the_query_does_not_replace_the_target(accounts: Accounts, mallory: Credentials) -> None:
    key = accounts.key(accounts.admin)
    query = f"Action=ScheduleKeyDeletion&KeyId={key}"
    answer = accounts.json(mallory, "kms", "TrentService.ListKeys", {"KeyId": key}, query=query)
    assert "Keys" in told(answer)
    described = accounts.json(accounts.admin, "kms", "TrentService.DescribeKey", {"KeyId": key})
    assert told(described)["KeyMetadata"]["KeyState"] == "Enabled"


def test_a_message_that_reads_like_a_form_is_a_message(accounts: Accounts, mallory: Credentials) -> None:
    accounts.json(accounts.admin, "sqs", "AmazonSQS.CreateQueue", {"QueueName": "letters"})
    url = f"http://sqs/{HOME}/letters"
    message = {"QueueUrl": url, "MessageBody": f"&Action=DeleteQueue&QueueUrl={url}&"}
    assert "MessageId" in told(accounts.json(mallory, "sqs", "AmazonSQS.SendMessage", message))
    received = accounts.json(accounts.admin, "sqs", "AmazonSQS.ReceiveMessage", {"QueueUrl": url})
    assert told(received)["Messages"][0]["Body"] == message["MessageBody"]


def test_of_two_actions_in_a_form_one_is_decided_on_and_done(
    accounts: Accounts, mallory: Credentials
) -> None:
    body = f"Action=DeleteQueue&QueueUrl=http://sqs/{HOME}/letters&Action=ListQueues"
    answer = accounts.send(mallory, "sqs", body=body, content_type="application/x-www-form-urlencoded")
    assert b"ListQueuesResult" in answer.body


def test_a_queue_in_the_path_is_not_the_one_that_is_meant(accounts: Accounts, mallory: Credentials) -> None:
    form = "application/x-www-form-urlencoded"
    answer = accounts.send(
        mallory, "sqs", path=f"/{HOME}/letters", body="Action=SendMessage&MessageBody=m", content_type=form
    )
    assert code(answer) == "ValidationError"


@pytest.mark.parametrize(
    "query", ["tagging&policy", "policy&tagging", "versioning&policy", "publicAccessBlock&policy", "x&policy"]
)
def test_of_several_subresources_one_is_decided_on_and_done(
    accounts: Accounts, mallory: Credentials, query: str
) -> None:
    body = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
    assert code(accounts.send(mallory, "s3", "PUT", "/shelf", query, body)) == "AccessDenied"


@pytest.mark.parametrize(
    ("method", "query"),
    [
        ("DELETE", "analytics&id=x"),
        ("DELETE", "metrics&id=x"),
        ("PUT", "requestPayment"),
        ("PUT", "analytics&id=x"),
        ("GET", "requestPayment"),
    ],
)
def test_what_the_backend_would_take_for_another_operation_is_refused(
    accounts: Accounts, mallory: Credentials, method: str, query: str
) -> None:
    """It would delete, create or list the bucket."""
    body = b"<RequestPaymentConfiguration><Payer>Requester</Payer></RequestPaymentConfiguration>"
    assert code(accounts.send(mallory, "s3", method, "/shelf", query, body)) == "UnsupportedOperation"


@pytest.mark.parametrize(
    "path",
    [
        "/vault/open",
        "/shelf/secret",
        "/shelf%2Fsecret",
        "/%73helf/secret",
        "/shelf/%73ecret",
        "//shelf/secret",
        "/shelf/x/../secret",
        "/shelf/../vault/open",
        "/shelf/%2E%2E/vault/open",
        "/shelf/secret%3Fx",
        "/shelf/secret;x",
    ],
)
def test_no_spelling_of_a_path_reads_what_is_denied(
    accounts: Accounts, mallory: Credentials, path: str
) -> None:
    answer = accounts.send(mallory, "s3", "GET", path)
    assert answer.status >= 400
    assert answer.body.find(b"secret</") < 0 or code(answer) in ("AccessDenied", "NoSuchKey")


@pytest.mark.parametrize(
    "source",
    [
        "shelf/secret",
        "/shelf/secret",
        "shelf%2Fsecret",
        "%73helf/secr%65t",
        "vault/open",
        "//vault/open",
        "http://vault/open",
        "shelf/open#/vault/open",
        "shelf/open;x=/vault/open",
        "arn:aws:s3:::vault/open",
    ],
)
def test_no_spelling_of_a_copys_source_reads_what_is_denied(
    accounts: Accounts, mallory: Credentials, source: str
) -> None:
    assert code(accounts.send(mallory, "s3", "PUT", "/shelf/copy", x_amz_copy_source=source))


def test_a_tagging_directive_that_is_none_copies_no_tags(accounts: Accounts, mallory: Credentials) -> None:
    accounts.send(accounts.admin, "s3", "PUT", "/shelf/tagged", body=b"t", x_amz_tagging="team=ml")
    answer = accounts.send(
        mallory,
        "s3",
        "PUT",
        "/shelf/copy",
        x_amz_copy_source="shelf/tagged",
        x_amz_tagging_directive="copy",
    )
    assert code(answer) == "AccessDenied"


def test_a_body_says_nothing_about_which_version_is_deleted(accounts: Accounts, mallory: Credentials) -> None:
    answer = accounts.send(
        mallory,
        "s3",
        "DELETE",
        "/shelf/open",
        body=b"versionId=null",
        content_type="application/x-www-form-urlencoded",
    )
    assert answer.status >= 400


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"]
)
def test_an_object_is_what_was_put_whatever_its_type_says(
    accounts: Accounts, mallory: Credentials, kind: str
) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="key"\r\n\r\nsecret\r\n--x--&key=secret&file=other'
    accounts.send(mallory, "s3", "PUT", "/shelf/form", body=body, content_type=kind)
    got = accounts.send(mallory, "s3", "GET", "/shelf/form")
    assert (got.body, got.headers["content-type"].split(";")[0]) == (body, kind.split(";")[0])


def test_a_browsers_form_is_no_way_in(accounts: Accounts, mallory: Credentials) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="key"\r\n\r\nsecret\r\n--x--'
    for who in (mallory, None):
        answer = accounts.send(
            who, "s3", "POST", "/vault", body=body, content_type="multipart/form-data; boundary=x"
        )
        assert answer.status >= 400


@pytest.mark.parametrize(
    "headers",
    [
        {"x_moto_account_id": AWAY},
        {"x_http_method_override": "DELETE"},
        {"x_original_url": "/vault/open"},
        {"x_forwarded_host": "vault.s3.amazonaws.com"},
    ],
)
def test_a_header_that_is_none_of_s3s_changes_nothing(
    accounts: Accounts, mallory: Credentials, headers: dict[str, Any]
) -> None:
    assert accounts.send(mallory, "s3", "GET", "/shelf/open", **headers).body == b"shelf open"


@pytest.mark.parametrize("host", ["vault.s3.amazonaws.com", "vault.localhost:4599", "VAULT.s3.amazonaws.com"])
def test_a_host_names_the_bucket_for_the_decision_too(
    accounts: Accounts, mallory: Credentials, host: str
) -> None:
    for path in ("/open", "/shelf/open"):
        assert accounts.send(mallory, "s3", "GET", path, host=host).status >= 400


def test_an_upload_goes_on_under_its_own_key_only(accounts: Accounts, mallory: Credentials) -> None:
    begun = accounts.send(accounts.admin, "s3", "POST", "/shelf/secret", "uploads").body.decode()
    id = begun.partition("<UploadId>")[2].partition("<")[0]
    done = b"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>e</ETag></Part></CompleteMultipartUpload>"
    for method, query, body in (
        ("PUT", f"partNumber=1&uploadId={id}", b"evil"),
        ("POST", f"uploadId={id}", done),
        ("GET", f"uploadId={id}", b""),
        ("DELETE", f"uploadId={id}", b""),
    ):
        assert code(accounts.send(mallory, "s3", method, "/shelf/open", query, body)) == "NoSuchUpload"
    assert accounts.send(accounts.admin, "s3", "GET", "/shelf/secret", f"uploadId={id}").status == 200


def test_a_retention_is_not_bypassed_by_saying_false(accounts: Accounts) -> None:
    accounts.send(accounts.admin, "s3", "PUT", "/kept", x_amz_bucket_object_lock_enabled="true")
    put = accounts.send(
        accounts.admin,
        "s3",
        "PUT",
        "/kept/k",
        body=b"1",
        content_md5="xMpCOKC5I4INzFCab3WEmw==",
        x_amz_object_lock_mode="GOVERNANCE",
        x_amz_object_lock_retain_until_date="2099-01-01T00:00:00Z",
    )
    version = f"versionId={put.headers['x-amz-version-id']}"
    for header in ({}, {"x_amz_bypass_governance_retention": "false"}):
        assert (
            code(accounts.send(accounts.admin, "s3", "DELETE", "/kept/k", version, **header))
            == "AccessDenied"
        )


def test_an_element_that_is_there_twice_is_refused(accounts: Accounts, mallory: Credentials) -> None:
    body = b"<Delete><Object><Key>open</Key><Key>secret</Key></Object></Delete>"
    assert code(accounts.send(mallory, "s3", "POST", "/shelf", "delete", body)) == "SerializationException"


@pytest.mark.parametrize("value", [5, True, {"a": "b"}, ["x"], "\ud800"])
def test_a_text_that_is_none_is_refused(accounts: Accounts, mallory: Credentials, value: object) -> None:
    answer = accounts.json(accounts.admin, "kms", "TrentService.DescribeKey", {"KeyId": value})
    assert code(answer) == "SerializationException"


def test_a_call_that_leaves_out_what_it_needs_is_told_so(accounts: Accounts) -> None:
    answer = accounts.json(accounts.admin, "kms", "TrentService.DescribeKey", {})
    assert (code(answer), answer.status) == ("ValidationException", 400)
    assert b"Value null at 'keyId'" in answer.body


def test_a_bucket_of_another_account_than_is_expected_is_refused(
    accounts: Accounts, mallory: Credentials
) -> None:
    answers = [
        accounts.send(mallory, "s3", "GET", "/shelf/open", x_amz_expected_bucket_owner=who).status
        for who in (HOME, AWAY)
    ]
    assert answers == [200, 403]


def test_half_a_character_is_no_policy(accounts: Accounts) -> None:
    policy = (
        '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "\\ud800"}}'
    )
    answer = accounts.form(
        accounts.admin, "iam", "PutUserPolicy", UserName="mallory", PolicyName="p", PolicyDocument=policy
    )
    assert (code(answer), answer.status) == ("MalformedPolicyDocument", 400)
