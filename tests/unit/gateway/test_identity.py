"""Whose credentials are good, over HTTP: and how each service tells that they are not."""

from __future__ import annotations

import urllib.request
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import botocore.auth
import pytest
from botocore.exceptions import ClientError

from harness.gateway.signature import Signature
from harness.model import AwsError, Credentials, HttpRequest, Principal, Session

# A call of each service, and how it says: (code, status) for an unknown key, an expired session, a wrong secret.
QUERY = (("InvalidClientTokenId", 403), ("ExpiredToken", 403), ("SignatureDoesNotMatch", 403))
JSON = (
    ("UnrecognizedClientException", 400),
    ("ExpiredTokenException", 400),
    ("InvalidSignatureException", 400),
)
REST_JSON = tuple((code, 403) for code, _ in JSON)
S3 = (("InvalidAccessKeyId", 403), ("ExpiredToken", 400), ("SignatureDoesNotMatch", 403))
SERVICES = [
    ("s3", "list_buckets", S3),
    ("sts", "get_caller_identity", QUERY),
    ("iam", "list_roles", QUERY),
    ("sns", "list_topics", QUERY),
    ("sqs", "list_queues", QUERY),
    ("cloudwatch", "list_metrics", QUERY),
    ("lambda", "list_functions", REST_JSON),
    ("sagemaker", "list_models", JSON),
    ("events", "list_rules", JSON),
    ("kms", "list_keys", JSON),
    ("logs", "describe_log_groups", JSON),
    ("ecr", "describe_repositories", JSON),
]
UNKNOWN = Credentials("AKIANOBODY0000000000", "secret")
each_service = pytest.mark.parametrize(("service", "call", "told"), SERVICES, ids=[s[0] for s in SERVICES])


def fault(call: Any) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        call()
    answer = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def message(call: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call()
    return str(caught.value.response["Error"]["Message"])


@each_service
def test_an_unknown_key_is_told_as_each_service_tells_it(
    gateway: Any, service: str, call: str, told: Any
) -> None:
    assert fault(getattr(gateway.client(service, UNKNOWN), call)) == told[0]


@each_service
def test_an_expired_session_is_told_as_each_service_tells_it(
    gateway: Any, ann: Any, service: str, call: str, told: Any
) -> None:
    role = replace(ann, kind="assumed-role", session=Session())
    issued = gateway.identities.start_session(role, gateway.clock.now() - timedelta(seconds=1))
    assert fault(getattr(gateway.client(service, issued.credentials), call)) == told[1]


@each_service
def test_a_wrong_secret_is_told_as_each_service_tells_it(
    gateway: Any, keys: Credentials, service: str, call: str, told: Any
) -> None:
    wrong = replace(keys, secret_key="wrong")
    assert fault(getattr(gateway.client(service, wrong), call)) == told[2]


@each_service
def test_a_session_s_key_without_its_token_is_unknown(
    gateway: Any, ann: Any, service: str, call: str, told: Any
) -> None:
    issued = gateway.identities.start_session(ann, None).credentials
    bare = replace(issued, session_token="")
    assert fault(getattr(gateway.client(service, bare), call)) == told[0]


@each_service
def test_another_session_s_token_and_one_beside_a_long_lived_key_are_wrong(
    gateway: Any, ann: Any, keys: Credentials, service: str, call: str, told: Any
) -> None:
    issued = gateway.identities.start_session(ann, None).credentials
    expected = ("InvalidToken", 400) if service == "s3" else told[0]
    for wrong in (replace(issued, session_token="another"), replace(keys, session_token="any")):
        assert fault(getattr(gateway.client(service, wrong), call)) == expected


@each_service
def test_a_signature_of_another_time_is_refused(
    gateway: Any, monkeypatch: pytest.MonkeyPatch, service: str, call: str, told: Any
) -> None:
    client = gateway.client(service)
    expected = ("RequestTimeTooSkewed", 403) if service == "s3" else told[2]
    for minutes in (-16, 16):
        signed = datetime.now(UTC).replace(tzinfo=None) + timedelta(minutes=minutes)
        monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda signed=signed: signed)
        assert fault(getattr(client, call)) == expected


def test_the_clock_of_signatures_is_the_machine_s_whatever_the_virtual_one_shows(gateway: Any) -> None:
    gateway.clock.advance(timedelta(days=30))
    gateway.client("sagemaker").list_models()
    assert [call[1] for call in gateway.calls] == ["ListModels"]


def test_a_signature_too_old_is_told_with_the_times(gateway: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client = gateway.client("sts")
    old = datetime(2026, 1, 2, 3, 4, 5)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: old)
    told = message(client.get_caller_identity)
    assert told.startswith("Signature expired: 20260102T030405Z is now earlier than 20")
    assert told.endswith("Z - 5 min.)")


def test_a_chained_session_ends_on_the_virtual_clock(gateway: Any, ann: Any) -> None:
    role = replace(ann, kind="assumed-role", session=Session(issued=gateway.clock.now()))
    issued = gateway.identities.start_session(role, gateway.clock.now() + timedelta(hours=1)).credentials
    gateway.client("sagemaker", issued).list_models()
    gateway.clock.advance(timedelta(hours=1))
    assert fault(gateway.client("sagemaker", issued).list_models) == ("ExpiredTokenException", 400)


def test_a_key_that_was_taken_away_is_unknown(gateway: Any, ann: Any) -> None:
    issued = gateway.identities.start_session(ann, None)
    gateway.identities.remove(issued.credentials.access_key)
    assert fault(gateway.client("s3", issued.credentials).list_buckets) == ("InvalidAccessKeyId", 403)


def test_a_key_that_is_switched_off_is_unknown_until_it_is_on_again(gateway: Any, ann: Any) -> None:
    key = Credentials("AKIASWITCH0000000000", "secret")
    gateway.identities.add(key, ann)
    gateway.identities.switch(key.access_key, False)
    assert fault(gateway.client("sts", key).get_caller_identity) == ("InvalidClientTokenId", 403)
    gateway.identities.switch(key.access_key, True)
    gateway.client("sts", key).get_caller_identity()


@pytest.mark.parametrize("kind", ["user", "federated-user"])
def test_a_user_s_session_without_mfa_is_not_good_for_iam(gateway: Any, ann: Any, kind: str) -> None:
    principal = replace(ann, kind=kind, session=Session())
    issued = gateway.identities.start_session(principal, None).credentials
    assert fault(gateway.client("iam", issued).list_roles) == ("InvalidClientTokenId", 403)
    gateway.client("sagemaker", issued).list_models()


def test_a_role_s_session_is_good_for_iam(gateway: Any) -> None:
    role = Principal(
        "111111111111", "arn:aws:sts::111111111111:assumed-role/r/s", "assumed-role", session=Session()
    )
    issued = gateway.identities.start_session(role, None).credentials
    gateway.client("iam", issued).list_roles()
    assert [call[1] for call in gateway.calls] == ["ListRoles"]


def test_a_presigned_url_opens_an_object(gateway: Any) -> None:
    client = gateway.client("s3", signature_version="s3v4")
    url = client.generate_presigned_url("get_object", Params={"Bucket": "a-bucket", "Key": "x y/ü+%.csv"})
    gateway.answer = lambda operation, params: {"Body": params["Key"].encode()}
    with urllib.request.urlopen(url) as answer:
        assert answer.read().decode() == "x y/ü+%.csv"


@pytest.mark.parametrize(
    ("service", "code"),
    [("s3", "AccessDenied"), ("sts", "IncompleteSignature"), ("kms", "IncompleteSignature")],
)
@pytest.mark.parametrize("timestamp", ["", "yesterday"])
def test_a_signature_without_a_time_is_refused(
    gateway: Any, keys: Credentials, service: str, code: str, timestamp: str
) -> None:
    signed = Signature(keys.access_key, "20260101", "us-east-1", service, ("host",), "00", timestamp, "")
    with pytest.raises(AwsError) as refused:
        gateway.identities.authenticate(HttpRequest("GET", "/", "", {}, b""), signed)
    assert refused.value.code == code
