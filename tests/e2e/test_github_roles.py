"""infra/tooling with a GitHub repository: who may sign in from GitHub Actions, and what for."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from fake_accounts.accounts import INFRA
from fake_accounts.terraform import Terraform
from harness.running import environment
from harness.stack import started
from tests.e2e.callers import PROD

PROVIDER = "token.actions.githubusercontent.com"


def applied(infra: Path, states: Path) -> list[str]:
    """What applying infra/tooling changes."""
    (outcome,) = Terraform(states, infra).run("apply", ["tooling"])
    assert outcome.ok, outcome.error
    return [change.address for change in outcome.changes]


@pytest.fixture(scope="module")
def iam(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Of a tooling account that was applied without a repository at first, and then with one."""
    folder = tmp_path_factory.mktemp("github")
    infra = folder / "infra"
    shutil.copytree(INFRA, infra, symlinks=True)
    # The root by itself: its state is a file, and prod's bucket is not needed.
    (infra / "deployment.json").unlink()
    backend = infra / "tooling" / "providers.tf"
    backend.write_text(backend.read_text().replace('backend "s3" {}', ""))
    values = infra / "environments" / "tooling.tfvars.json"
    with started() as stack, environment(stack):
        assert not any("github" in address for address in applied(infra, folder / "states"))
        values.write_text(
            json.dumps({**json.loads(values.read_text()), "github_repository": "octo-org/octo-repo"})
        )
        assert all("github" in address for address in applied(infra, folder / "states"))
        yield boto3.Session(profile_name="tooling").client("iam")


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
