"""infra/ with a GitHub repository: who may sign in from GitHub Actions, and what for."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from fake_accounts.accounts import INFRA, load_accounts
from fake_accounts.terraform import Terraform
from harness.running import environment
from harness.scenario import boto_session
from harness.stack import Stack, started
from tests.e2e.account import ROOT
from tests.e2e.callers import PROD, refused

PROVIDER = "token.actions.githubusercontent.com"
TOOLING = load_accounts()["tooling"].id
PLAN_ROLE = f"arn:aws:iam::{PROD}:role/cross-account-plan-role"
STATES = f"mammo-severity-sagemaker-terraform-state-{PROD}"
LOCK = f"arn:aws:s3:::{STATES}/terraform/prod-events.tfstate.tflock"
READING = re.compile(r"\w+:(Get|List|Describe)\w+|kms:(Decrypt|GenerateDataKey)")


def applied(infra: Path, states: Path, *roots: str) -> list[str]:
    """What applying the roots changes."""
    outcomes = list(Terraform(states, infra).run("apply", roots))
    assert all(outcome.ok for outcome in outcomes), [outcome.error for outcome in outcomes]
    return [change.address for outcome in outcomes for change in outcome.changes]


def of_github(address: str) -> bool:
    return ".github" in address or address.startswith("module.plan_role")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Accounts to which infra/ was applied without a repository at first, and then with one."""
    folder = tmp_path_factory.mktemp("github")
    infra, states = folder / "infra", folder / "states"
    shutil.copytree(INFRA, infra, symlinks=True, ignore=shutil.ignore_patterns(".terraform*"))
    with started() as stack, environment(stack):
        os.environ["MAMMOGRAPHY_OFFLINE"] = "1"
        assert not any(
            of_github(address) for address in applied(infra, states, "prod", "tooling", "prod-events")
        )
        for account in ("prod", "tooling"):
            values = infra / "environments" / f"{account}.tfvars.json"
            with_repository = {**json.loads(values.read_text()), "github_repository": "octo-org/octo-repo"}
            values.write_text(json.dumps(with_repository))
        assert all(of_github(address) for address in applied(infra, states, "prod", "tooling"))
        yield stack


@pytest.fixture(scope="module")
def iam(stack: Stack) -> Any:
    """tooling's."""
    return boto3.Session(profile_name="tooling").client("iam")


@pytest.fixture(scope="module")
def planning(stack: Stack) -> boto3.Session:
    """A session of prod's role that plans, which somebody of the tooling account has assumed."""
    sts = boto3.Session(profile_name="tooling").client("sts")
    made = sts.assume_role(RoleArn=PLAN_ROLE, RoleSessionName="plan-1")["Credentials"]
    return boto_session(keys=(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"]))


def trusted(iam: Any, role: str) -> Any:
    (statement,) = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]["Statement"]
    return statement


def test_githubs_tokens_are_taken_where_they_are_for_aws(iam: Any) -> None:
    (provider,) = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    told = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=provider["Arn"])
    assert (told["Url"], told["ClientIDList"]) == (PROVIDER, ["sts.amazonaws.com"])


@pytest.mark.parametrize(
    ("role", "subjects"),
    [
        (
            "github-actions-role",
            ["repo:octo-org/octo-repo:ref:refs/heads/main", "repo:octo-org/octo-repo:environment:production"],
        ),
        ("github-actions-plan-role", ["repo:octo-org/octo-repo:pull_request"]),
    ],
)
def test_a_role_is_for_this_repositorys_jobs_alone(iam: Any, role: str, subjects: list[str]) -> None:
    statement = trusted(iam, role)
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert statement["Principal"]["Federated"].endswith(f":oidc-provider/{PROVIDER}")
    assert statement["Condition"] == {
        "StringEquals": {f"{PROVIDER}:aud": "sts.amazonaws.com", f"{PROVIDER}:sub": subjects}
    }


@pytest.mark.parametrize(
    ("role", "assumes"),
    [
        ("github-actions-role", "cross-account-jenkins-role"),
        ("github-actions-plan-role", "cross-account-plan-role"),
    ],
)
def test_a_role_may_assume_one_role_in_prod_and_nothing_else(iam: Any, role: str, assumes: str) -> None:
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    (statement,) = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]["Statement"]
    assert (statement["Action"], statement["Resource"]) == (
        "sts:AssumeRole",
        f"arn:aws:iam::{PROD}:role/{assumes}",
    )
    assert not iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]


def test_the_workflow_takes_roles_that_are_there(iam: Any) -> None:
    workflow = (ROOT / ".github/workflows/promote.yml").read_text()
    taken = set(re.findall(r"vars\.(\w+)_ACCOUNT }}:role/([\w-]+)", workflow))
    prod = boto3.Session(profile_name="prod").client("iam")
    made = {
        (a, r["RoleName"]) for a, c in (("TOOLING", iam), ("PROD", prod)) for r in c.list_roles()["Roles"]
    }
    assert len(taken) == 4
    assert taken <= made


# prod's role that plans


def deploy(planning: boto3.Session, *more: str) -> subprocess.CompletedProcess[str]:
    """As the workflow does."""
    keys = planning.get_credentials().get_frozen_credentials()
    credentials = {
        "AWS_ACCESS_KEY_ID": keys.access_key,
        "AWS_SECRET_ACCESS_KEY": keys.secret_key,
        "AWS_SESSION_TOKEN": keys.token,
    }
    where = ("--target", "local", "--account", "prod", "--credentials", "environment")
    stages = ("--stage", "scripts", "--stage", "pipelines", "--stage", "events")
    return subprocess.run(
        [sys.executable, "-m", "harness", "deploy", *where, *stages, *more],
        cwd=ROOT,
        env={**os.environ, **credentials},
        capture_output=True,
        text=True,
        check=False,
    )


def changing(stack: Stack, before: int) -> set[tuple[str, str]]:
    """What was done since that record but for reading: actions and resources."""
    done = [call for call in stack.client.journal(before, "call") if call["status"] < 300]
    used = [(use["action"], use["resource"]) for call in done for use in call["permissions"]]
    return {(action, resource) for action, resource in used if not READING.fullmatch(action)}


def test_the_role_that_plans_trusts_the_tooling_account(stack: Stack) -> None:
    prod = boto3.Session(profile_name="prod").client("iam")
    statement = trusted(prod, "cross-account-plan-role")
    assert statement["Principal"] == {"AWS": f"arn:aws:iam::{TOOLING}:root"}


def test_it_plans_a_deployment_and_changes_nothing_but_the_lock(
    stack: Stack, planning: boto3.Session
) -> None:
    before = stack.client.status()["records"]
    done = deploy(planning, "--plan")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "pipeline mammo-severity-train-pipeline: created" in done.stdout
    assert "prod-events: no changes" in done.stdout
    assert changing(stack, before) == {("s3:PutObject", LOCK), ("s3:DeleteObject", LOCK)}
    kept = planning.client("s3").list_objects_v2(Bucket=STATES)["Contents"]
    assert not [item["Key"] for item in kept if item["Key"].endswith(".tflock")]


def test_it_deploys_nothing(stack: Stack, planning: boto3.Session) -> None:
    before = stack.client.status()["records"]
    done = deploy(planning)
    assert done.returncode == 1
    assert "An error occurred (AccessDenied)" in done.stdout
    assert (
        "assumed-role/cross-account-plan-role/plan-1 is not authorized to perform: s3:PutObject"
        in done.stdout
    )
    assert changing(stack, before) == set()


def test_it_writes_no_state_and_applies_no_change(planning: boto3.Session) -> None:
    state = {"Bucket": STATES, "Key": "terraform/prod-events.tfstate"}
    rule = {"Name": "mammo-severity-inference-schedule", "ScheduleExpression": "rate(1 minute)"}
    s3, events = planning.client("s3"), planning.client("events")
    assert refused(s3.put_object, **state, Body=b"{}")[:2] == ("AccessDenied", 403)
    assert refused(s3.delete_object, **state)[:2] == ("AccessDenied", 403)
    assert refused(events.put_rule, **rule)[0] == "AccessDeniedException"


def test_it_uses_prods_key_for_the_state_and_not_for_prods_data(planning: boto3.Session) -> None:
    """Where a writer says nothing, the state's bucket encrypts with the key."""
    s3, lock = planning.client("s3"), {"Bucket": STATES, "Key": "terraform/own.tflock"}
    assert s3.put_object(**lock, Body=b"held")["ServerSideEncryption"] == "aws:kms"
    assert s3.get_object(**lock)["Body"].read() == b"held"
    s3.delete_object(**lock)
    data = {"Bucket": f"mammo-severity-sagemaker-{PROD}", "Key": "data.csv"}
    encrypted = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "alias/mammo-severity-sagemaker-key"}
    boto3.Session(profile_name="prod").client("s3").put_object(**data, **encrypted, Body=b"1,2")
    code, _, message = refused(s3.get_object, **data)
    assert (code, "kms:Decrypt" in message) == ("AccessDenied", True)
