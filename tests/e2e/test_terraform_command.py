"""`harness terraform --target local`: real Terraform, as somebody types it on Terraform of their own or on a root."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from harness.running import environment
from harness.stack import Stack, started, terraform
from tests.e2e.account import ROOT
from tests.e2e.desk import lines
from tests.e2e.developer import Developer

OWN = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" {
  profile = "dev"
  region  = "us-east-1"
}
variable "name" {
  default = "own-topic"
}
resource "aws_sns_topic" "this" {
  name = var.name
}
"""
TOPIC = "arn:aws:sns:us-east-1:111122223333:own-topic"
ROOTS = "dev, prod, registry, tooling, prod-events"


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with started() as stack, environment(stack):
        terraform(stack, "apply", lambda _: None)
        yield stack


@pytest.fixture(scope="module")
def developer(stack: Stack) -> Developer:
    return Developer(ROOT, stack)


@pytest.fixture
def own(developer: Developer, tmp_path: Path) -> Terraform:
    (tmp_path / "main.tf").write_text(OWN)
    return Terraform(developer, tmp_path)


class Terraform:
    """What somebody types on Terraform of their own; `said` is the last command's word."""

    def __init__(self, developer: Developer, folder: Path) -> None:
        self._developer = developer
        self._folder = folder
        self.said = ""

    def __call__(self, *arguments: str, **environment: str) -> int:
        """The exit status."""
        where = ("terraform", "--target", "local", "--dir", str(self._folder), "--")
        done = self._developer.run(*where, *arguments, **environment)
        self.said = done.stdout + done.stderr
        return done.returncode


def topics() -> list[str]:
    listed = boto3.Session(profile_name="dev").client("sns").list_topics()["Topics"]
    return [topic["TopicArn"] for topic in listed]


def test_terraform_of_ones_own_is_validated_planned_applied_imported_and_destroyed(own: Terraform) -> None:
    assert own("init") == 0
    assert own("validate") == 0
    assert "The configuration is valid." in own.said
    assert own("plan", "-detailed-exitcode") == 2
    assert "Plan: 1 to add, 0 to change, 0 to destroy." in own.said
    assert topics() == []
    assert own("apply", "-auto-approve") == 0
    assert topics() == [TOPIC]
    assert own("plan", "-detailed-exitcode") == 0
    assert own("state", "rm", "aws_sns_topic.this") == 0
    assert own("import", "aws_sns_topic.this", TOPIC) == 0
    assert own("plan", "-detailed-exitcode") == 0
    assert "No changes. Your infrastructure matches the configuration." in own.said
    assert own("destroy", "-auto-approve") == 0
    assert topics() == []


def test_its_variables_may_come_from_the_environment(own: Terraform) -> None:
    assert own("init") == 0
    assert own("plan", TF_VAR_name="another-topic") == 0
    assert '= "another-topic"' in own.said


def test_a_mistake_of_terraforms_is_told_in_its_own_words_with_its_exit_status(own: Terraform) -> None:
    assert own("plan", "-nonsense") == 1
    assert "flag provided but not defined: -nonsense" in own.said


def test_a_root_of_infra_is_planned_with_its_state_variables_and_profile(developer: Developer) -> None:
    root = ("terraform", "--target", "local", "--root", "prod-events", "--")
    assert developer.run(*root, "init").returncode == 0
    done = developer.run(*root, "plan", "-detailed-exitcode")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No changes. Your infrastructure matches the configuration." in done.stdout
    events = boto3.Session(profile_name="prod").client("events")
    events.disable_rule(Name="mammo-severity-inference-schedule")
    done = developer.run(*root, "plan", "-detailed-exitcode")
    assert done.returncode == 2, done.stdout + done.stderr
    assert '~ state               = "DISABLED" -> "ENABLED"' in done.stdout
    assert developer.run(*root, "apply", "-auto-approve").returncode == 0
    assert events.describe_rule(Name="mammo-severity-inference-schedule")["State"] == "ENABLED"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--root", "nowhere", "--", "plan"], f"there is no root 'nowhere' in infra/; there are: {ROOTS}"),
        (
            ["--root", "prod-events"],
            "say what Terraform is to do: ARGS=plan, or `harness terraform ... -- plan`",
        ),
        (["--", "plan"], f"{ROOT} has no Terraform: name a folder that has (DIR=, --dir), or a root"),
        (
            ["--root", "dev", "--dir", "/", "--", "plan"],
            "--root is one of infra/'s roots, --dir a folder of your own",
        ),
    ],
)
def test_a_mistake_is_told_in_one_line(developer: Developer, options: list[str], sentence: str) -> None:
    said = developer.refused("terraform", "--target", "local", *options)
    assert said.startswith(f"error: {sentence}")
    assert len(lines(said)) == 1
