"""Service control policies: what they leave of the permissions of an organization's accounts.

The organization is given to an app in this process, for a started harness reads the checkout's `infra/`.
Source: AWS Organizations User Guide, "SCP evaluation".
"""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from fake_accounts.accounts import INFRA, load_accounts, load_organization
from harness.access.context import Organization
from harness.app import App
from harness.backends.moto import MotoBackend
from harness.clock import Clock
from harness.control import Control
from harness.gateway.server import listen, serve
from harness.model import Credentials
from harness.stack import Stack
from tests.e2e.callers import (
    DEV,
    PROD,
    REGISTRY,
    Callers,
    allow,
    deny,
    not_authorized,
    policy,
    refused,
    trust,
    unallowed,
)

NO_KEYS_GO = policy(deny("kms:ScheduleKeyDeletion", Sid="NoKeysGo"))
ONLY_OUR_REGION = policy(
    deny(
        "*",
        Sid="OnlyOurRegion",
        Condition={"StringNotEquals": {"aws:RequestedRegion": ["us-east-1"]}},
    )
)
STORAGE_ONLY = policy(allow(["s3:*", "iam:*", "sts:*"]))


@pytest.fixture(scope="module")
def callers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callers]:
    """The root lets everything be but two things; registry's own level knows storage only."""
    infra = tmp_path_factory.mktemp("checkout") / "infra"
    shutil.copytree(INFRA / "environments", infra / "environments")
    described = infra / "organization"
    described.mkdir()
    for name, text in (
        ("no-keys-go.json", NO_KEYS_GO),
        ("only-our-region.json", ONLY_OUR_REGION),
        ("storage-only.json", STORAGE_ONLY),
    ):
        (described / name).write_text(text)
    told = {
        "id": "o-example123",
        "root": ["FullAWSAccess", "no-keys-go.json", "only-our-region.json"],
        "accounts": {"registry": ["storage-only.json"]},
    }
    (described / "organization.json").write_text(json.dumps(told))
    with in_process(infra, tmp_path_factory.mktemp("app")) as stack:
        yield Callers(stack)


@contextmanager
def in_process(infra: Path, folder: Path) -> Iterator[Stack]:
    """A harness in this process, with the organization of that folder."""
    found = load_organization(infra)
    assert found
    sock = listen(0)
    endpoint = f"http://127.0.0.1:{sock.getsockname()[1]}"
    organization = Organization(found.id, found.levels)
    app = App(folder, Clock(datetime.now(UTC)), endpoint, print, "enforce", organization)
    app.add_administrators(
        (a.id, Credentials(a.access_key_id, a.secret_access_key)) for a in load_accounts(infra).values()
    )
    server = serve(app.handle, Control(app, lambda: None).handle)
    thread = threading.Thread(target=partial(server.run, sockets=[sock]), daemon=True)
    thread.start()
    try:
        yield Stack(endpoint, 0, folder, thread.is_alive)
    finally:
        server.should_exit = True
        thread.join(5)
        app.close()
        MotoBackend(app.clock).reset()  # the backend is one for the whole process


def test_what_an_organization_denies_no_administrator_may(callers: Callers) -> None:
    kms = callers.admin("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    admin = callers.administrator(DEV)
    assert refused(kms.schedule_key_deletion, KeyId=key) == (
        "AccessDeniedException",
        400,
        not_authorized(
            admin, "kms:ScheduleKeyDeletion", key, "with an explicit deny in a service control policy"
        ),
    )
    lesson = callers.lesson(admin.arn)
    assert [read["policy"] for read in lesson["policies"] if read["says"] == "denies"] == [
        "SCP no-keys-go.json"
    ]
    (change,) = lesson["changes"]
    assert change["where"] == "SCP no-keys-go.json"
    assert change["what"] == "narrow or remove NoKeysGo, which denies kms:ScheduleKeyDeletion"


def test_a_region_that_an_organization_does_not_use_is_closed_but_iam_has_none(callers: Callers) -> None:
    """IAM's one endpoint is in us-east-1."""
    admin = callers.administrator(DEV)
    abroad = admin.session.client("sqs", region_name="eu-west-1", endpoint_url=admin.endpoint)
    assert refused(abroad.list_queues)[2].endswith("with an explicit deny in a service control policy")
    assert "aws:RequestedRegion" in callers.lesson(admin.arn)["policies"][0]["why"]
    admin.client("sqs").list_queues()
    admin.session.client("iam", region_name="eu-west-1", endpoint_url=admin.endpoint).list_roles()


def test_what_a_level_does_not_allow_no_policy_of_the_account_grants(callers: Callers) -> None:
    admin = callers.administrator(REGISTRY)
    admin.client("s3").list_buckets()
    assert refused(admin.client("sagemaker").list_models) == (
        "AccessDeniedException",
        400,
        not_authorized(
            admin, "sagemaker:ListModels", "", unallowed("sagemaker:ListModels", "service control policy")
        ),
    )
    (change,) = callers.lesson(admin.arn)["changes"]
    assert change["where"] == "SCP storage-only.json"
    assert change["statement"]["Action"] == "sagemaker:ListModels"


def test_a_service_control_policy_grants_nothing(callers: Callers) -> None:
    ann = callers.user(account=PROD)
    assert refused(ann.client("s3").list_buckets)[2].endswith(unallowed("s3:ListAllMyBuckets"))


def test_a_role_in_another_account_is_bound_by_that_accounts_policies(callers: Callers) -> None:
    role = callers.role(allow("*"), trusts=trust(DEV), account=REGISTRY)
    session = callers.assumed(role, callers.user(allow("sts:AssumeRole")))
    session.client("s3").list_buckets()
    refusal = refused(session.client("sagemaker").list_models)
    assert refusal[2].endswith(unallowed("sagemaker:ListModels", "service control policy"))


def test_services_are_not_bound(callers: Callers) -> None:
    """SCPs bind a member account's principals; EventBridge itself is none."""
    events, sns = callers.admin("events", PROD), callers.admin("sns", PROD)
    topic = sns.create_topic(Name="news")["TopicArn"]
    letting_in = allow("sns:Publish", topic, Principal={"Service": "events.amazonaws.com"})
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy(letting_in))
    events.put_rule(Name="news", EventPattern='{"source": ["e2e.news"]}')
    events.put_targets(Rule="news", Targets=[{"Id": "1", "Arn": topic}])
    events.put_events(Entries=[{"Source": "e2e.news", "DetailType": "news", "Detail": "{}"}])
    client = callers.stack.client
    assert client.settle() == []
    assert [record["status"] for record in client.journal(0, "delivery")] == ["delivered"]


def test_a_bucket_that_is_open_to_the_organization_is_closed_to_everybody_else(callers: Callers) -> None:
    bucket = callers.bucket(PROD, x="x")
    ours = {"StringEquals": {"aws:PrincipalOrgID": "o-example123"}}
    statement = allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*", Principal="*", Condition=ours)
    callers.admin("s3", PROD).put_bucket_policy(Bucket=bucket, Policy=policy(statement))
    ann = callers.user(allow("s3:GetObject"))
    assert ann.client("s3").get_object(Bucket=bucket, Key="x")["Body"].read() == b"x"
    other = policy(statement).replace("o-example123", "o-another")
    callers.admin("s3", PROD).put_bucket_policy(Bucket=bucket, Policy=other)
    assert refused(ann.client("s3").get_object, Bucket=bucket, Key="x")[0] == "AccessDenied"


def test_within_an_organization_s3_explains_itself_across_accounts(callers: Callers) -> None:
    """S3 User Guide, "Troubleshoot access denied (403 Forbidden) errors in Amazon S3"."""
    bucket, ann = callers.bucket(PROD, x="x"), callers.user(allow("s3:*"))
    assert refused(ann.client("s3").get_object, Bucket=bucket, Key="x") == (
        "AccessDenied",
        403,
        not_authorized(
            ann,
            "s3:GetObject",
            f'"arn:aws:s3:::{bucket}/x"',
            unallowed("s3:GetObject", "resource-based policy"),
        ),
    )
