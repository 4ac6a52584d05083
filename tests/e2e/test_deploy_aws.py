"""`make deploy-aws`, with a harness in the place of AWS: what it refuses, and what it has called by then; a deployment
by roles as an organization has them, and its end. Nothing may reach AWS: the only way out is a proxy that tells."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fake_accounts.accounts import INFRA, load_accounts, load_profiles
from harness.deploy.preflight import needed
from harness.model import Json
from harness.stack import Stack, started
from harness.usage import Use, usage
from tests.e2e.account import ADMINISTRATOR
from tests.e2e.callers import Callers, allow, policy, trust
from tests.e2e.deployer import Called, Deployer, Done, Keys, Told, keys, keys_of
from tests.e2e.inventory import inventory
from tests.e2e.proxy import Proxy, proxy
from tests.uncovered import uncovered

ACCOUNTS = load_accounts()
DEV, PROD, TOOLING = (ACCOUNTS[name].id for name in ("dev", "prod", "tooling"))
IDENTIFYING = {"GetCallerIdentity", "AssumeRole"}
TELLING_PERMISSIONS = {*IDENTIFYING, "SimulatePrincipalPolicy", "GetRole"}
ROLE = "OrganizationAccountAccessRole"


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """What stands for AWS."""
    with started() as stack:
        yield stack


@pytest.fixture(scope="module")
def callers(stack: Stack) -> Callers:
    return Callers(stack)


@pytest.fixture
def out() -> Iterator[Proxy]:
    with proxy() as made:
        yield made


@pytest.fixture(scope="module")
def deployments_out() -> Iterator[Proxy]:
    with proxy() as made:
        yield made


@pytest.fixture
def deployer(stack: Stack, out: Proxy, tmp_path: Path) -> Deployer:
    """Somebody without credentials."""
    return Deployer(tmp_path, out.url, stack.endpoint)


@pytest.fixture
def called(stack: Stack) -> Called:
    return Called(stack)


def everybody(**others: Keys) -> dict[str, Keys]:
    return {name: keys(name) for name in ACCOUNTS} | others


def refused(done: Done) -> str:
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout + done.stderr


def finding(account: str, problem: str, fix: str) -> str:
    return f"  error: {account}: {problem}\n    fix: {fix}\n"


# What is refused before anything is called


@pytest.mark.parametrize("confirmed", [(), ("--confirm", "yes"), ("--confirm", "PROD")])
def test_unless_prod_is_confirmed_nothing_is_called(
    deployer: Deployer, called: Called, confirmed: tuple[str, ...]
) -> None:
    said = refused(deployer.has(everybody()).harness("deploy", *confirmed))
    assert "may cost money: look with PLAN=1 (--plan) first, then say CONFIRM=prod (--confirm prod)" in said
    assert called.operations() == set()


@pytest.mark.parametrize(
    "command", [("deploy", "--plan"), ("destroy", "--plan"), ("terraform", "--root", "dev", "--", "plan")]
)
def test_a_shell_that_is_pointed_at_a_harness_is_not_taken_for_aws(
    deployer: Deployer, called: Called, out: Proxy, command: tuple[str, ...]
) -> None:
    done = deployer.has(everybody()).really(*command, AWS_ENDPOINT_URL=deployer.endpoint)
    assert (
        f"this shell's AWS_ENDPOINT_URL is {deployer.endpoint}, which is not AWS: use another shell"
        in refused(done)
    )
    assert (called.operations(), out.asked) == (set(), [])


@pytest.mark.parametrize("endpoint", ["http://192.0.2.1:5000", "https://sts.us-east-1.amazonaws.com"])
def test_what_is_not_on_this_machine_does_not_stand_for_aws(
    deployer: Deployer, out: Proxy, endpoint: str
) -> None:
    said = refused(deployer.has(everybody()).really("deploy", "--plan", "--endpoint", endpoint))
    assert f"--endpoint '{endpoint}' is no URL of this machine" in said
    assert out.asked == []


def test_an_endpoint_that_was_left_empty_is_not_taken_for_aws(deployer: Deployer, out: Proxy) -> None:
    done = deployer.has(everybody()).really("deploy", "--plan", "--endpoint", "")
    assert (done.returncode, out.asked) == (2, [])
    assert "it is empty: leave it out where AWS itself is meant" in " ".join(done.stderr.split())


def test_without_credentials_each_profile_is_told_with_how_to_make_it(
    deployer: Deployer, called: Called
) -> None:
    said = refused(deployer.harness("deploy", "--plan"))
    for name in ACCOUNTS:
        problem = f"there is no profile {name} in ~/.aws/config or ~/.aws/credentials"
        fix = f"make it with `aws configure sso --profile {name}` or `aws configure --profile {name}`"
        assert finding(name, problem, fix) in said
    assert said.rstrip().endswith("aws: nothing was changed")
    assert called.operations() == set()


def test_so_it_is_by_make(deployer: Deployer, called: Called) -> None:
    """The targets know the environment that this test runs in, and so make none."""
    ready = (f"BIN={Path(sys.executable).parent}", "READY=LICENSE")
    done = deployer.run("make", "deploy-aws", "PLAN=1", f"ENDPOINT={deployer.endpoint}", *ready)
    assert done.returncode == 2  # make's own, for the command's 1
    assert "Error 1" in done.stderr
    assert "there is no profile dev in ~/.aws/config or ~/.aws/credentials" in done.stdout
    assert called.operations() == set()


def test_an_environment_without_credentials_is_told(deployer: Deployer, called: Called) -> None:
    said = refused(deployer.harness("deploy", "--plan", "--credentials", "environment", "--account", "prod"))
    fix = "give it some with `aws configure sso` or `aws configure`"
    assert finding("prod", "the environment has no credentials", fix) in said
    assert called.operations() == set()


# What is refused once it is known who calls


def test_one_profile_that_is_missing_stops_all(deployer: Deployer, called: Called) -> None:
    credentials = everybody()
    del credentials["registry"]
    said = refused(deployer.has(credentials).harness("deploy", "--confirm", "prod"))
    assert "error: registry: there is no profile registry in ~/.aws/config or ~/.aws/credentials" in said
    assert said.count("error: ") == 1
    assert called.operations() <= IDENTIFYING


def test_credentials_of_another_account_stop_all(deployer: Deployer, called: Called) -> None:
    said = refused(
        deployer.has(everybody(dev=keys("prod"), prod=keys("dev"))).harness("deploy", "--confirm", "prod")
    )
    for name, own, other in (("dev", DEV, PROD), ("prod", PROD, DEV)):
        file = f"infra/environments/{name}.tfvars.json"
        who = f"profile {name} is of account {other} (arn:aws:iam::{other}:user/administrator), but {file} says {own}"
        fix = f"use credentials of {own}, or correct account_id in {file} and wherever else it is named"
        assert finding(name, who, fix) in said
    assert called.operations() <= IDENTIFYING


def test_a_key_that_aws_does_not_know_stops_all(deployer: Deployer, called: Called) -> None:
    unknown = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "mine"}
    said = refused(deployer.has(everybody(tooling=unknown)).harness("deploy", "--confirm", "prod"))
    assert "error: tooling: AWS does not know the access key of profile tooling" in said
    assert called.operations() <= IDENTIFYING | {""}


def test_a_permission_that_is_missing_stops_all_and_is_told_with_the_statement_that_gives_it(
    deployer: Deployer, callers: Callers
) -> None:
    """Who has the rest of what infra/permissions/ says, and nothing else, is found to lack this one alone."""
    has = [_without(statement, "kms:CreateKey") for statement in needed(INFRA, "dev", "dev")]
    user = callers.user(allow("iam:SimulatePrincipalPolicy"), account=DEV)
    iam = callers.admin("iam", DEV)
    made = iam.create_policy(PolicyName=user.name, PolicyDocument=policy(*has))["Policy"]
    iam.attach_user_policy(UserName=user.name, PolicyArn=made["Arn"])
    called = Called(callers.stack)
    said = refused(deployer.has(everybody(dev=keys_of(user))).harness("deploy", "--confirm", "prod"))
    assert f"  error: dev: {user.arn} may not do kms:CreateKey on *: no policy of its allows it" in said
    statement = '"Effect": "Allow", "Action": ["kms:CreateKey"], "Resource": "*"}'
    assert re.search(rf"    fix: let it, with a statement like .*{re.escape(statement)}\n", said)
    assert said.count("error: ") == 1
    assert called.operations() <= TELLING_PERMISSIONS


def _without(statement: Json, action: str) -> Json:
    actions = statement["Action"]
    return {
        **statement,
        "Action": [a for a in actions if a != action] if isinstance(actions, list) else actions,
    }


# AWS itself


def test_aws_that_cannot_be_reached_is_told_soon(deployer: Deployer, called: Called, out: Proxy) -> None:
    began = time.monotonic()
    said = refused(deployer.has(everybody()).really("deploy", "--plan"))
    assert time.monotonic() - began < 30
    assert 'error: dev: AWS STS cannot be reached: Failed to connect to proxy URL: "' in said
    assert "fix: look whether this machine reaches the network, HTTPS_PROXY is right" in said
    assert set(out.asked) == {"CONNECT sts.us-east-1.amazonaws.com:443 HTTP/1.0"}
    assert called.operations() == set()


OWN_TERRAFORM = """
terraform {
  backend "s3" {
    bucket      = "somebodys-sagemaker-state"
    key         = "state"
    region      = "us-east-1"
    max_retries = 0
    endpoints   = { s3 = "https://s3.us-east-1.amazonaws.com" }
  }
}
"""


def test_terraform_that_names_aws_itself_gets_nowhere_where_something_stands_for_it(
    deployer: Deployer, out: Proxy
) -> None:
    (deployer.home / "main.tf").write_text(OWN_TERRAFORM)
    own = {name.upper(): text for name, text in keys("dev").items()}
    done = deployer.harness("terraform", "--dir", str(deployer.home), "--", "init", "-no-color", **own)
    said = " ".join(refused(done).split())
    assert "s3.us-east-1.amazonaws.com" in said
    assert "proxyconnect tcp: dial tcp 127.0.0.1:9: connect: connection refused" in said
    assert out.asked == []


# A deployment


@pytest.fixture(scope="module")
def organization(
    stack: Stack, callers: Callers, deployments_out: Proxy, tmp_path_factory: pytest.TempPathFactory
) -> Deployer:
    """Somebody of the management account, which is tooling here. In each account there is a role that AWS Organizations
    makes for it, an administrator; a profile is such a role. Nothing else of the shell is meant for this."""
    for account in ACCOUNTS.values():
        iam = callers.admin("iam", account.id)
        iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=trust(TOOLING))
        iam.attach_role_policy(RoleName=ROLE, PolicyArn=ADMINISTRATOR)
    ada = callers.user(allow("sts:AssumeRole", f"arn:aws:iam::*:role/{ROLE}"), account=TOOLING)
    config = {name: _assuming(account.id) for name, account in ACCOUNTS.items()}
    home: Path = tmp_path_factory.mktemp("home")
    return Deployer(home, deployments_out.url, stack.endpoint).has({"company": keys_of(ada)}, config)


def _assuming(account: str) -> dict[str, str]:
    return {
        "role_arn": f"arn:aws:iam::{account}:role/{ROLE}",
        "source_profile": "company",
        "ignore_configured_endpoint_urls": "true",
    }


@pytest.fixture(scope="module")
def empty(organization: Deployer, callers: Callers) -> dict[str, dict[str, set[str]]]:
    """What the accounts have before."""
    return contents(callers)


def contents(callers: Callers) -> dict[str, dict[str, set[str]]]:
    return {name: inventory(callers.administrator(account.id)) for name, account in ACCOUNTS.items()}


# A shell's own settings are no part of a deployment.
SHELL = {
    "AWS_PROFILE": "somebody-else",
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "mine",
    "AWS_REGION": "eu-central-1",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_ENDPOINT_URL_S3": "https://s3.us-east-1.amazonaws.com",
    "TF_VAR_region": "eu-central-1",
}


@pytest.fixture(scope="module")
def planned(organization: Deployer, empty: object, stack: Stack) -> tuple[Told, Called]:
    called = Called(stack)
    return organization.told("deploy", "--plan", **SHELL), called


@pytest.fixture(scope="module")
def deployed(organization: Deployer, planned: object, stack: Stack) -> tuple[Told, list[Json]]:
    told = organization.told("deploy", "--confirm", "prod", **SHELL)
    return told, stack.client.journal(0, "call", "policy")


def test_a_plan_shows_everything_and_only_reads(planned: tuple[Told, Called]) -> None:
    told, called = planned
    assert told.summary == f"a deployment would change this: {len(told.changes)} created"
    assert called.changes() == set()


def test_a_plan_says_by_kind_what_costs_money(planned: tuple[Told, Called]) -> None:
    said = planned[0].said
    assert "costs money: 2 x KMS key: 1 USD a month each" in said
    assert "costs money: 4 x S3 bucket: storage" in said


def test_a_role_that_the_deployment_makes_is_no_error_before(planned: tuple[Told, Called]) -> None:
    (found,) = planned[0].findings
    assert (found["level"], found["check"], found["account"]) == ("warning", "identity", "prod")
    assert found["problem"].startswith(
        "profile jenkins cannot be used yet: cross-account-jenkins-role is not there"
    )


def test_what_was_planned_comes_out(planned: tuple[Told, Called], deployed: tuple[Told, list[Json]]) -> None:
    told, _ = deployed
    assert told.changes == planned[0].changes
    assert told.summary == f"done: {len(told.changes)} created"


def test_each_account_gets_its_part(
    deployed: tuple[Told, list[Json]], empty: dict[str, dict[str, set[str]]], callers: Callers
) -> None:
    """Resource by resource: test_deploy_on_moto.py."""
    for name, before in empty.items():
        found = inventory(callers.administrator(ACCOUNTS[name].id))
        assert found.keys() > before.keys(), name
        assert {line[2] for line in deployed[0].changes if line[:2] == (name, "pipeline")} == found.get(
            "pipeline", set()
        )


@pytest.mark.parametrize("typed", ["", "yes\n", "PROD\n"])
def test_unless_prod_is_typed_nothing_is_destroyed(
    organization: Deployer, deployed: object, stack: Stack, typed: str
) -> None:
    called = Called(stack)
    done = organization.harness("destroy", "--stage", "events", typed=typed)
    assert "aws_sns_topic.notification: deleted" in done.stdout
    assert "will be gone for good. Type prod to destroy it: " in done.stderr
    assert done.returncode == 1
    assert "error: nothing was destroyed" in done.stderr
    assert called.changes() == set()


@pytest.fixture(scope="module")
def destroyed(organization: Deployer, deployed: object, stack: Stack) -> list[Json]:
    """The journal of all of it."""
    done = organization.harness("destroy", typed="prod\n", **SHELL)
    assert done.returncode == 0, done.stdout + done.stderr
    return stack.client.journal(0, "call", "policy")


def test_once_prod_is_typed_the_accounts_are_as_empty_as_they_were(
    destroyed: object, empty: dict[str, dict[str, set[str]]], callers: Callers
) -> None:
    assert contents(callers) == empty


# The preflight's own, which infra/permissions/README.md tells of.
LOOKING = {"iam:SimulatePrincipalPolicy", "iam:GetRole"}


@pytest.mark.parametrize("profile", [*ACCOUNTS, "jenkins"])
def test_permissions_cover_what_was_done_from_the_first_plan_to_the_end(
    destroyed: list[Json], profile: str
) -> None:
    role = load_profiles().get(profile, {"account": profile, "role": ROLE})
    who = f"{ACCOUNTS[role['account']].id} role/{role['role']}"
    uses = [use for use in usage(destroyed).uses if use.who == who]
    assert uses
    missing = uncovered(needed(INFRA, profile, role["account"]), uses)
    assert [_said(use) for use in missing if use.action not in LOOKING] == []


def _said(use: Use) -> str:
    return f"{use.action} on {use.resource}" + "".join(f" with {key} {text}" for key, text in use.conditions)


def test_nobody_was_asked_for_aws(destroyed: object, deployments_out: Proxy) -> None:
    """Neither by the tools, Terraform and the SDKs, nor by what these call home to."""
    assert deployments_out.asked == []
