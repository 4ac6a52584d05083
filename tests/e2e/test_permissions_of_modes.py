"""`--iam audit` tells what would be denied and denies nothing; `--iam off` decides nothing; nobody mixes them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.stack import started
from tests.e2e.callers import DEV, Callers, allow, refused, trust, unallowed
from tests.e2e.desk import Desk, lines


@pytest.fixture(scope="module")
def audited() -> Iterator[Callers]:
    with started(iam="audit") as stack:
        yield Callers(stack)


@pytest.fixture(scope="module")
def unjudged() -> Iterator[Callers]:
    with started(iam="off") as stack:
        yield Callers(stack)


def test_audit_lets_pass_and_journals_what_would_be_denied_with_its_lesson(audited: Callers) -> None:
    ann, client = audited.user(), audited.stack.client
    assert client.status()["iam"] == "audit"
    bucket = audited.bucket(x="x")
    before = client.status()["records"]
    assert ann.client("s3").get_object(Bucket=bucket, Key="x")["Body"].read() == b"x"
    (record,) = client.journal(before, "call")
    assert (record["decision"], record["status"], record["error"]) == ("would be denied", 200, "")
    assert record["denial"]["cause"] == unallowed("s3:GetObject")
    assert record["denial"]["changes"][0]["statement"]["Resource"] == f"arn:aws:s3:::{bucket}/x"


def test_audit_tells_of_what_is_allowed_as_always(audited: Callers) -> None:
    ann, client = audited.user(allow("s3:ListAllMyBuckets")), audited.stack.client
    before = client.status()["records"]
    ann.client("s3").list_buckets()
    (record,) = client.journal(before, "call")
    assert (record["decision"], record["denial"]) == ("allowed", {})


def test_audit_lets_a_role_be_assumed_that_trusts_nobody_here(audited: Callers) -> None:
    role = audited.role(trusts=trust("lambda.amazonaws.com"))
    session = audited.assumed(role, audited.user())
    assert session.client("sts").get_caller_identity()["Account"] == DEV


def test_audit_still_asks_who_one_is(audited: Callers) -> None:
    ann = audited.user()
    iam = audited.admin("iam")
    (key,) = iam.list_access_keys(UserName=ann.name)["AccessKeyMetadata"]
    iam.delete_access_key(UserName=ann.name, AccessKeyId=key["AccessKeyId"])
    assert refused(ann.client("sts").get_caller_identity)[0] == "InvalidClientTokenId"


def test_off_decides_nothing(unjudged: Callers) -> None:
    ann, client = unjudged.user(), unjudged.stack.client
    before = client.status()["records"]
    ann.client("s3").list_buckets()
    (record,) = client.journal(before, "call")
    assert (record["decision"], record["denial"], record["permissions"]) == ("not enforced", {}, [])


def test_off_still_refuses_a_malformed_policy(unjudged: Callers) -> None:
    role = unjudged.role(trusts=trust("lambda.amazonaws.com")).rsplit("/", 1)[-1]
    put = unjudged.admin("iam").put_role_policy
    refusal = refused(put, RoleName=role, PolicyName="x", PolicyDocument="{}")
    assert refusal[:2] == ("MalformedPolicyDocument", 400)


SMALL = '''
"""A user without policies lists the buckets."""
from harness.scenario import boto_session
def scenario_small(world):
    with world.moment("A user without policies lists the buckets"):
        iam = world.client("dev", "iam")
        iam.create_user(UserName="ann")
        key = iam.create_access_key(UserName="ann")["AccessKey"]
        ann = boto_session(keys=(key["AccessKeyId"], key["SecretAccessKey"], None))
        ann.client("s3", region_name="us-east-1").list_buckets()
'''


@pytest.fixture
def small(tmp_path: Path) -> str:
    file = tmp_path / "small.py"
    file.write_text(SMALL)
    return str(file)


def test_a_scenario_in_another_mode_than_the_harness_that_is_up_is_refused(
    tmp_path: Path, small: str
) -> None:
    desk = Desk.under(tmp_path)
    with desk.up("--no-infra", "--iam", "audit"):
        other = desk.harness("scenario", small)
        assert lines(other.stderr) == [
            "error: the harness that is up runs with --iam audit, not enforce; end it with `harness down`, or ask for"
            " --iam audit"
        ]
        assert (other.stdout, other.returncode) == ("", 1)
        same = desk.harness("scenario", small, "--iam", "audit")
        assert same.returncode == 0, same.stdout
        (row,) = json.loads(desk.harness("denials", "--json").stdout)
        assert (row["decision"], row["action"]) == ("would be denied", "s3:ListAllMyBuckets")
        assert desk.harness("denials").stdout.startswith(
            "would be denied: 111122223333 user/ann s3:ListAllMyBuckets on * ("
        )
    assert desk.left() == []


@pytest.mark.parametrize(("mode", "status"), [("enforce", 1), ("audit", 0), ("off", 0)])
def test_a_scenario_of_its_own_runs_in_the_mode_that_is_asked_for(
    tmp_path: Path, small: str, mode: str, status: int
) -> None:
    result = Desk.under(tmp_path).harness("scenario", small, "--iam", mode)
    assert result.returncode == status, result.stdout
    assert ("AccessDenied" in result.stdout) is (mode == "enforce")


def test_a_mode_that_there_is_not_is_told_with_the_usage(tmp_path: Path) -> None:
    result = Desk.under(tmp_path).harness("up", "--iam", "strict")
    assert result.returncode == 2
    assert "'strict' is not one of 'enforce', 'audit', 'off'" in result.stderr
