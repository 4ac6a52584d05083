"""The platform's own Jenkinsfile and its twin on GitHub."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from harness.jenkins.groovy import Text
from harness.jenkins.jenkinsfile import Jenkinsfile, Step, every_stage, read_jenkinsfile

ROOT = Path(__file__).parents[3]
PROD = json.loads((ROOT / "infra/environments/prod.tfvars.json").read_text())
BUILT_IN = {"BUILD_TAG": "jenkins-promotion-main-7"}


@pytest.fixture(scope="module")
def jenkinsfile() -> Jenkinsfile:
    return read_jenkinsfile((ROOT / "Jenkinsfile").read_text())


def commands(steps: tuple[Step, ...], target: str = "aws") -> list[str]:
    parameters = {"target": target, "prodAccount": PROD["account_id"]}
    found = []
    for step in steps:
        script = step.arguments.get("script")
        if isinstance(script, Text):
            found.append(script.filled(parameters, BUILT_IN))
        found += commands(step.steps, target)
    return found


def promoting(jenkinsfile: Jenkinsfile, target: str) -> list[str]:
    stage = next(stage for stage in jenkinsfile.stages if stage.name == "Promotion")
    return [command for within in stage.stages for command in commands(within.steps, target)]


def test_stages_come_in_the_platforms_order(jenkinsfile: Jenkinsfile) -> None:
    assert [stage.name for stage in every_stage(jenkinsfile.stages)] == [
        "Setup",
        "Regression",
        "Promotion",
        "Scripts",
        "Pipelines",
        "Terraform init",
        "Terraform plan",
        "Terraform apply",
    ]


def test_the_account_it_promotes_to_is_that_of_prods_environment(jenkinsfile: Jenkinsfile) -> None:
    assert jenkinsfile.parameters[0].default == PROD["account_id"]


def test_one_word_tells_aws_from_the_stand_in_accounts(jenkinsfile: Jenkinsfile) -> None:
    aws, local = (promoting(jenkinsfile, target) for target in ("aws", "local"))
    assert aws != local
    assert [re.sub(r"-aws\b", "-local", command) for command in aws] == local


def test_every_promoting_command_has_prods_role_and_only_main_promotes(jenkinsfile: Jenkinsfile) -> None:
    promotion = next(stage for stage in jenkinsfile.stages if stage.name == "Promotion")
    assert promotion.branch == "main"
    for stage in promotion.stages:
        ((with_aws,),) = (tee.steps for tee in stage.steps)
        role = with_aws.arguments["role"]
        assert isinstance(role, Text)
        assert (with_aws.name, role.filled({}, {})) == ("withAWS", PROD["jenkins_role_name"])


def test_nothing_but_promoting_is_confirmed(jenkinsfile: Jenkinsfile) -> None:
    confirmed = [stage.name for stage in every_stage(jenkinsfile.stages) if "CONFIRM" in stage.environment]
    assert confirmed == ["Promotion"]
    assert not jenkinsfile.environment


def test_the_log_goes_to_prods_group_however_the_build_ends(jenkinsfile: Jenkinsfile) -> None:
    log = "LOG=build.log GROUP=jenkins-log STREAM=jenkins-promotion-main-7"
    assert commands(jenkinsfile.post["always"]) == [f"make publish-log-aws ACCOUNT=prod {log}"]


def test_every_command_is_a_target_of_the_makefile(jenkinsfile: Jenkinsfile) -> None:
    targets = re.findall(r"^([a-z%-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    steps = [step for stage in every_stage(jenkinsfile.stages) for step in stage.steps]
    made = [c.split()[1] for c in commands((*steps, *jenkinsfile.post["always"])) if c.startswith("make ")]
    known = [re.compile(target.replace("%", ".+")) for target in targets]
    assert [name for name in made if not any(pattern.fullmatch(name) for pattern in known)] == []


def test_github_promotes_with_the_same_commands(jenkinsfile: Jenkinsfile) -> None:
    workflow = (ROOT / ".github/workflows/promote.yml").read_text()
    _, _, deploy = workflow.partition("\n  deploy:\n")
    assert re.findall(r"- run: (make (?:deploy|terraform)-.*)", deploy) == promoting(jenkinsfile, "aws")
