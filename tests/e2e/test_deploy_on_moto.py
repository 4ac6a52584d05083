"""`harness deploy --target aws` on a bare moto server, as if it were AWS: all accounts come out right, each resource of
them, and nothing beside; doing it again changes nothing; destroying it leaves nothing.

moto decides no permissions; that is test_deploy_aws.py's. It is real in that nothing of it is the harness's.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.server import DomainDispatcherApplication, create_backend_app

from fake_accounts.accounts import load_accounts
from fake_accounts.deployment import load_deployment
from harness.model import Json
from harness.scenario import boto_session
from tests.e2e.account import ROOT
from tests.e2e.callers import Caller
from tests.e2e.deployer import Deployer, Told
from tests.e2e.inventory import inventory
from tests.e2e.proxy import proxy
from tests.e2e.resources import LOOK_UP, Resource, plain, resources
from tests.small_aws import LACKING, served

ACCOUNTS = load_accounts()
DEPLOYMENT = load_deployment()
# moto takes any key for one of its default account's, and an assumed role's for one of the role's.
COMPANY = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG", "")
KEYS = {"aws_access_key_id": COMPANY[0], "aws_secret_access_key": COMPANY[1]}
ADMINISTRATORS = {
    name: {
        "region": account.region,
        "role_arn": f"arn:aws:iam::{account.id}:role/OrganizationAccountAccessRole",
        "source_profile": "company",
    }
    for name, account in ACCOUNTS.items()
}


@dataclass(frozen=True)
class Aws:
    """A moto server, and what was deployed to it."""

    deployer: Deployer
    told: Told

    def account(self, account: str) -> Caller:
        return administrator(self.deployer.endpoint, account)

    def states(self) -> list[Resource]:
        """Every resource of every root, from the bucket."""
        place = DEPLOYMENT.state
        assert place
        s3 = self.account(place.account.id).client("s3")
        found = []
        for root in DEPLOYMENT.roots:
            body = s3.get_object(Bucket=place.bucket, Key=f"terraform/{root}.tfstate")["Body"].read()
            found += resources(root, json.loads(body))
        return found


def administrator(endpoint: str, account: str) -> Caller:
    sts = Caller("", boto_session(keys=COMPANY), endpoint).client("sts")
    told = sts.assume_role(
        RoleArn=f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole", RoleSessionName="me"
    )
    made = told["Credentials"]
    keys = (made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])
    return Caller(told["AssumedRoleUser"]["Arn"], boto_session(keys=keys), endpoint)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """In a process of its own: in this one moto may have been changed by the harness's use of it."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("AWS_", "MOTO_"))}
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "tests" / "small_aws.py")],
        env={**kept, "MOTO_IAM_LOAD_MANAGED_POLICIES": "true"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout
    yield process.stdout.readline().strip()
    process.communicate(timeout=20)  # it ends with its input


@pytest.fixture(scope="module")
def aws(endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    home: Path = tmp_path_factory.mktemp("home")
    with proxy() as out:
        deployer = Deployer(home, out.url, endpoint).has({"company": KEYS}, ADMINISTRATORS)
        yield Aws(deployer, deployer.told("deploy", "--confirm", "prod"))
    assert out.asked == []


@pytest.fixture(scope="module")
def states(aws: Aws) -> list[Resource]:
    return aws.states()


def test_whose_permissions_cannot_be_simulated_is_warned_and_goes_on(aws: Aws) -> None:
    assert {(found["level"], found["check"]) for found in aws.told.findings} == {("warning", "permissions")}
    assert sorted(found["account"] for found in aws.told.findings) == [
        "dev",
        "prod",
        "prod",
        "registry",
        "tooling",
    ]


@pytest.mark.parametrize("kind", LOOK_UP)
def test_each_resource_is_there_with_the_attributes_that_terraform_has(
    aws: Aws, states: list[Resource], kind: str
) -> None:
    mine = [resource for resource in states if resource.type == kind]
    assert mine
    for resource in mine:
        found = LOOK_UP[kind](aws.account(resource.account), resource.attributes)
        wanted = {name: resource.attributes[name] for name in found}
        assert plain(found) == plain(wanted), f"{resource.root}: {resource.address}"


def test_there_is_no_resource_that_is_not_looked_up(states: list[Resource]) -> None:
    assert {resource.type for resource in states} == set(LOOK_UP)


def test_terraform_has_what_it_was_said_to_make(aws: Aws, states: list[Resource]) -> None:
    said = {
        (place, kind) for place, kind, _ in aws.told.changes if place in DEPLOYMENT.roots and "aws_" in kind
    }
    assert {(resource.root, resource.type) for resource in states} == said
    assert set(aws.told.changes.values()) == {"created"}


@pytest.mark.parametrize("name", ACCOUNTS)
def test_an_account_has_this_and_nothing_beside(aws: Aws, states: list[Resource], name: str) -> None:
    found = inventory(aws.account(ACCOUNTS[name].id))
    objects = {key.rpartition("/")[2] for key in found.pop("object", ())}
    assert found == _wanted(aws, states, name)
    assert objects == _objects(aws, name)


_NAMED_BY = {"aws_s3_bucket": "bucket", "aws_kms_key": "key_id", "aws_sns_topic": "arn"} | {
    "aws_sns_topic_subscription": "endpoint",
    "aws_sagemaker_model_package_group": "model_package_group_name",
}
_PARTS = re.compile(".*_(policy|attachment|block|configuration|versioning|target)")


def _wanted(aws: Aws, states: list[Resource], name: str) -> dict[str, set[str]]:
    """What Terraform's states and the commands say that an account has, by kind."""
    found: dict[str, set[str]] = defaultdict(set)
    for resource in states:
        if resource.account == ACCOUNTS[name].id and not _PARTS.fullmatch(resource.type):
            found[resource.type].add(resource.attributes[_NAMED_BY.get(resource.type, "name")])
    for place, kind, thing in aws.told.changes:
        if place == name and kind in ("function", "pipeline"):
            found[kind].add(thing)
    return dict(found)


def _objects(aws: Aws, name: str) -> set[str]:
    """Files and scripts, and in prod the states of all roots."""
    sent = {thing for place, kind, thing in aws.told.changes if place == name and kind in ("file", "script")}
    return sent | {f"{root}.tfstate" for root in DEPLOYMENT.roots if name == "prod"}


def test_what_the_platform_is_known_by_is_there(aws: Aws) -> None:
    """Literally, and not as Terraform has it: see the platform's description."""
    prod, registry = (aws.account(ACCOUNTS[name].id) for name in ("prod", "registry"))
    (rule,) = [r for r in prod.client("events").list_rules()["Rules"] if "ScheduleExpression" in r]
    assert rule["ScheduleExpression"] == "cron(0 23 * * ? *)"
    (group,) = registry.client("sagemaker").list_model_package_groups()["ModelPackageGroupSummaryList"]
    assert group["ModelPackageGroupName"] == "mammo-severity-model-package"
    trust: Any = prod.client("iam").get_role(RoleName="cross-account-jenkins-role")["Role"][
        "AssumeRolePolicyDocument"
    ]
    assert trust["Statement"][0]["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNTS['tooling'].id}:root"}


def test_doing_it_again_would_change_nothing(aws: Aws) -> None:
    again = aws.deployer.told("deploy", "--plan")
    assert again.summary == "nothing to change: everything is as it should be"
    assert set(again.changes.values()) == {"unchanged"}


def test_destroyed_the_accounts_are_empty(aws: Aws) -> None:
    done = aws.deployer.harness("destroy", "--json", typed="prod\n")
    assert done.returncode == 0, done.stdout + done.stderr
    left = {name: inventory(aws.account(account.id)) for name, account in ACCOUNTS.items()}
    assert left == {name: {} for name in ACCOUNTS}


REQUIRED: Json = {"ModelPackageGroupName": "models"}


@pytest.mark.parametrize("operation", LACKING)
def test_of_what_is_deployed_moto_itself_lacks_this_alone(operation: str) -> None:
    """Where it has it some day, SmallAws need not."""
    with served(DomainDispatcherApplication(create_backend_app)) as url:
        sagemaker = Caller("", boto_session(keys=COMPANY), url).client("sagemaker")
        method = re.sub("(?<!^)(?=[A-Z])", "_", operation).lower()
        more = {"ResourcePolicy": "{}"} if operation.startswith("Put") else {}
        with pytest.raises(ClientError, match=r"\(500\)"):
            getattr(sagemaker, method)(**REQUIRED, **more)
