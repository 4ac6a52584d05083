"""`harness denials`, `harness policies`, `harness scenario --without` and `harness ablate`, as a user types them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.model import Json
from tests.e2e.callers import DEV
from tests.e2e.desk import Desk, lines

ROLE = f"{DEV} role/reader"
LISTING, READING = f"{ROLE} inline own#Listing", f"{ROLE} inline own#Reading"

# A role that lists a bucket, may read it and does not. Twice over, for a scenario may find what an earlier one left.
READER = '''
"""A role lists a bucket."""
import json
TRUST = {"Version": "2012-10-17", "Statement": [{"Sid": "Account", "Effect": "Allow", "Action": "sts:AssumeRole",
         "Principal": {"AWS": "111122223333"}}]}
OWN = {"Version": "2012-10-17", "Statement": [
    {"Sid": "Listing", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::reader-sagemaker"},
    {"Sid": "Reading", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reader-sagemaker/*"}]}
def scenario_reader(world):
    iam, s3 = world.client("dev", "iam"), world.client("dev", "s3")
    with world.moment("A role is made"):
        if not s3.list_buckets()["Buckets"]:
            s3.create_bucket(Bucket="reader-sagemaker")
            iam.create_role(RoleName="reader", AssumeRolePolicyDocument=json.dumps(TRUST))
            iam.put_role_policy(RoleName="reader", PolicyName="own", PolicyDocument=json.dumps(OWN))
    with world.moment("It lists a bucket"):
        reader = world.assumed("dev", "reader", "me").client("s3", region_name="us-east-1")
        reader.list_objects_v2(Bucket="reader-sagemaker")
'''
# Then it writes, which it may not.
REFUSED = "        reader.put_object(Bucket='reader-sagemaker', Key='x', Body=b'x')\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("permissions")
    (folder / "reader.py").write_text(READER)
    (folder / "writer.py").write_text(READER.replace("scenario_reader", "scenario_writer") + REFUSED)
    return folder


@pytest.fixture(scope="module")
def desk(folder: Path) -> Iterator[Desk]:
    """With a harness up on which the role has listed once and been refused to write twice."""
    desk = Desk.under(folder)
    with desk.up("--no-infra"):
        assert desk.harness("denials").stdout == "none yet\n"
        for _ in range(2):
            failed = desk.harness("scenario", str(folder / "writer.py"))
            assert failed.returncode == 1, failed.stdout
        yield desk


def read(desk: Desk, *command: str) -> Any:
    result = desk.harness(*command)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


# harness denials


def test_denials_tells_each_lesson_once_with_what_was_read_and_what_would_allow_it(desk: Desk) -> None:
    first, *why = lines(desk.harness("denials").stdout)
    place = "arn:aws:s3:::reader-sagemaker/x"
    head, _, when = first.partition(" (2 times since ")
    assert head == f"denied: {ROLE} (session me) s3:PutObject on {place}"
    assert re.fullmatch(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\)", when)
    *said, change, statement = why
    assert said == [
        "    because no identity-based policy allows the s3:PutObject action",
        "    read: inline own: does not allow: Reading allows s3:GetObject, not s3:PutObject",
    ]
    assert change.startswith("    change: a new inline policy of role/reader: ")
    assert json.loads(statement)["Action"] == "s3:PutObject"


def test_denials_for_programs_have_all_that_the_lesson_has(desk: Desk) -> None:
    (row,) = read(desk, "denials", "--json")
    assert (row["times"], row["decision"]) == (2, "denied")
    assert row["role"] == f"arn:aws:iam::{DEV}:role/reader"
    assert (row["call"], row["action"], row["owner"]) == ("s3:PutObject", "s3:PutObject", DEV)
    assert {"policies", "changes", "cause", "first", "principal", "account"} <= row.keys()


def test_denials_of_an_account_are_its_callers(desk: Desk) -> None:
    assert desk.harness("denials", "--account", "prod").stdout == "none yet\n"
    for account in ("dev", DEV):
        assert len(read(desk, "denials", "--account", account, "--json")) == 1


# harness policies


def test_policies_shows_what_was_used_and_what_never_was(desk: Desk) -> None:
    legend, *told = lines(desk.harness("policies").stdout)
    assert legend.startswith("used: calls that a statement allowed; needed: ")
    at = told.index("dev: role/reader")
    assert told[at + 1 : at + 5] == [
        "    used  needed  statement",
        "       2       2  inline own#Listing",
        "       2       2  trust#Account",
        "  never used: inline own#Reading",
    ]


def test_policies_of_a_role_end_with_the_least_that_it_needs(desk: Desk) -> None:
    for role in ("reader", ROLE):
        told, _, least = desk.harness("policies", role).stdout.partition(f"least privilege for {ROLE}:\n")
        assert [line for line in lines(told)[1:] if not line.startswith(" ")] == ["dev: role/reader"]
        assert json.loads(least) == LEAST


LEAST: Json = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": ["arn:aws:s3:::reader-sagemaker"]}
    ],
}


def test_policies_for_programs_have_both(desk: Desk) -> None:
    told = read(desk, "policies", "reader", "--json")
    rows = {row["statement"]: row for row in told["statements"]}
    assert rows[LISTING]["used"] == rows[LISTING]["needed"] == 2
    assert (rows[LISTING]["policy"], rows[LISTING]["label"]) == (f"{ROLE} inline own", "Listing")
    assert (rows[READING]["used"], rows[READING]["others"]) == (0, [])
    assert told["least_privilege"] == {ROLE: LEAST}


@pytest.mark.parametrize("command", ["denials", "policies"])
def test_where_nothing_is_decided_each_says_so(tmp_path: Path, command: str) -> None:
    desk = Desk.under(tmp_path)
    with desk.up("--no-infra", "--iam", "off"):
        (said,) = lines(desk.harness(command).stdout)
    assert said.startswith("the harness that is up runs with --iam off: ")


def test_env_tells_every_profile(desk: Desk) -> None:
    last = lines(desk.harness("env", DEV).stdout)[-1]
    assert "jenkins-server, jenkins, approver reach every account: aws --profile dev s3 ls" in last


def test_policies_writes_a_file_for_each_role(desk: Desk, tmp_path: Path) -> None:
    result = desk.harness("policies", "--write", str(tmp_path / "least"))
    assert result.returncode == 0
    file = tmp_path / "least" / f"{DEV}-reader.json"
    assert json.loads(file.read_text()) == LEAST
    assert lines(result.stderr) == [f"wrote {file}"]


def test_an_unknown_role_is_told_with_those_that_there_are(desk: Desk) -> None:
    result = desk.harness("policies", "writer")
    assert lines(result.stderr) == [f"error: there is no role 'writer'; there are: {ROLE}"]
    assert result.returncode == 1


@pytest.mark.parametrize("command", ["denials", "policies"])
def test_without_a_harness_each_says_how_to_start_one(tmp_path: Path, command: str) -> None:
    result = Desk.under(tmp_path).harness(command)
    assert result.stderr == "error: no harness is running here; start one with `harness up`\n"
    assert result.returncode == 1


def test_policies_of_a_scenario_need_no_harness_that_is_up(tmp_path: Path, folder: Path) -> None:
    desk = Desk.under(tmp_path)
    told = read(desk, "policies", "--scenario", str(folder / "reader.py"), "--json")
    assert told["least_privilege"] == {ROLE: LEAST}
    assert desk.left() == []


# harness scenario --without


def test_without_a_statement_a_scenario_fails_where_it_was_needed_and_it_comes_back(
    desk: Desk, folder: Path
) -> None:
    scenario = str(folder / "reader.py")
    result = desk.harness("scenario", scenario, "--json", "--without", LISTING)
    last = json.loads(result.stdout.splitlines()[-1])
    assert (result.returncode, last["passed"], last["moment"]) == (1, False, "It lists a bucket")
    (lesson,) = last["refused"]
    assert (lesson["action"], lesson["principal"]) == ("s3:ListBucket", "assumed-role/reader/me")
    assert desk.harness("scenario", scenario, "--without", READING).returncode == 0
    assert desk.harness("scenario", scenario).returncode == 0


def test_a_whole_policy_can_be_left_out(desk: Desk, folder: Path) -> None:
    result = desk.harness("scenario", str(folder / "reader.py"), "--without", f"{ROLE} trust")
    assert result.returncode == 1
    assert "is not authorized to perform: sts:AssumeRole" in result.stdout


# harness ablate


def test_ablate_proves_each_statement_needed_or_shows_that_it_is_not(tmp_path: Path, folder: Path) -> None:
    desk, table = Desk.under(tmp_path), tmp_path / "table.md"
    result = desk.harness("ablate", str(folder / "reader.py"), "--json", "--markdown", str(table))
    assert result.returncode == 0, result.stderr
    trials = {row["statement"]: row for row in map(json.loads, result.stdout.splitlines())}
    assert trials[LISTING]["outcome"] == "breaks"
    assert trials[LISTING]["where"] == "It lists a bucket"
    assert trials[LISTING]["why"] == "s3:ListBucket refused to assumed-role/reader/me"
    assert (trials[READING]["outcome"], trials[READING]["why"]) == ("not needed", "never used")
    assert trials[f"{ROLE} trust#Account"]["outcome"] == "breaks"
    assert "Listing" in table.read_text()
    assert desk.left() == []


def test_a_scenario_that_fails_as_it_is_cannot_be_ablated(tmp_path: Path, folder: Path) -> None:
    writer = str(folder / "writer.py")
    result = Desk.under(tmp_path).harness("ablate", writer)
    assert result.returncode == 1
    assert f"error: scenario {writer} fails as it is:" in result.stderr
    assert result.stdout == ""
