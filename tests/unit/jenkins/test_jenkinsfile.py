"""What is read from a Jenkinsfile, and what is said of one that is wrong or not known."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from harness.jenkins.groovy import JenkinsfileError, Text
from harness.jenkins.jenkinsfile import Jenkinsfile, Parameter, Stage, every_stage, read_jenkinsfile

CASES = Path(__file__).parents[2] / "cases" / "jenkinsfile"
WHOLE = """
// A comment.
pipeline {
    agent any
    parameters {
        string(name: 'account', description: "whose") /* and a comment
                                                        of two lines */
        string name: 'region', defaultValue: 'us-east-1'
        choice(choices: ['aws', 'local'], name: 'target')
    }
    environment {
        CONFIRM = 'prod'
        GREETING = "to ${params.account}"
    }
    options { disableConcurrentBuilds(); timeout(unit: 'MINUTES', time: 30) }
    stages {
        stage('Build') { steps { sh 'make' } }
        stage('Promotion') {
            when { branch 'main' }
            environment { WHERE = params.target }
            stages {
                stage('Scripts') {
                    steps {
                        tee('build.log') {
                            withAWS(region: 'us-east-1', role: 'r', roleAccount: params.account, duration: 900) {
                                sh(
                                    script: "make ${params.target}",
                                    label: 'making',
                                )
                            }
                        }
                    }
                    post { failure { echo 'failed' } }
                }
            }
        }
    }
    post {
        always { echo message: 'ended' }
        cleanup { dir('folder') { echo 'gone' } }
    }
}
"""


def cases(name: str) -> list[Any]:
    told = json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))
    return [pytest.param(case, id=case["rule"]) for case in told]


@pytest.fixture
def whole() -> Jenkinsfile:
    return read_jenkinsfile(WHOLE)


def stage(jenkinsfile: Jenkinsfile, name: str) -> Stage:
    return next(stage for stage in every_stage(jenkinsfile.stages) if stage.name == name)


@pytest.mark.parametrize("case", cases("mistakes"))
def test_what_is_wrong_or_not_known_is_named_with_its_line(case: dict[str, Any]) -> None:
    with pytest.raises(JenkinsfileError, match=re.escape(f"Jenkinsfile, {case['error']}")):
        read_jenkinsfile("\n".join(case["jenkinsfile"]))


@pytest.mark.parametrize("case", cases("strings"))
def test_a_string_is_groovys(case: dict[str, Any]) -> None:
    text = f"""pipeline {{
        agent any
        parameters {{ choice(name: 'target', choices: ['aws']) }}
        stages {{ stage('a') {{ steps {{ echo {case["groovy"]} }} }} }}
    }}"""
    message = read_jenkinsfile(text).stages[0].steps[0].arguments["message"]
    assert isinstance(message, Text)
    assert message.filled({"target": "aws"}, {"BUILD_TAG": "jenkins-7"}) == case["is"]


def test_parameters_have_their_defaults_and_choices(whole: Jenkinsfile) -> None:
    assert whole.parameters == (
        Parameter("account", None),
        Parameter("region", "us-east-1"),
        Parameter("target", "aws", ("aws", "local")),
    )


def test_a_timeout_is_told_in_seconds(whole: Jenkinsfile) -> None:
    assert whole.timeout == 1800


def test_stages_are_told_in_order_with_those_within_them(whole: Jenkinsfile) -> None:
    assert [stage.name for stage in every_stage(whole.stages)] == ["Build", "Promotion", "Scripts"]
    assert [stage.name for stage in whole.stages] == ["Build", "Promotion"]


def test_a_stage_may_be_for_one_branch(whole: Jenkinsfile) -> None:
    assert (stage(whole, "Build").branch, stage(whole, "Promotion").branch) == (None, "main")


def test_an_environment_may_refer_to_parameters(whole: Jenkinsfile) -> None:
    filled = {name: text.filled({"account": "1"}, {}) for name, text in whole.environment.items()}
    assert filled == {"CONFIRM": "prod", "GREETING": "to 1"}
    assert stage(whole, "Promotion").environment["WHERE"].filled({"target": "local"}, {}) == "local"


def test_steps_are_told_within_steps(whole: Jenkinsfile) -> None:
    (tee,) = stage(whole, "Scripts").steps
    (with_aws,) = tee.steps
    (sh,) = with_aws.steps
    assert [step.name for step in (tee, with_aws, sh)] == ["tee", "withAWS", "sh"]


def test_named_arguments_come_in_any_order(whole: Jenkinsfile) -> None:
    arguments = stage(whole, "Scripts").steps[0].steps[0].arguments
    filled = {k: v.filled({"account": "1"}, {}) if isinstance(v, Text) else v for k, v in arguments.items()}
    assert filled == {"region": "us-east-1", "role": "r", "roleAccount": "1", "duration": 900}


def test_post_conditions_have_their_steps(whole: Jenkinsfile) -> None:
    assert {condition: [s.name for s in steps] for condition, steps in whole.post.items()} == {
        "always": ["echo"],
        "cleanup": ["dir"],
    }
    assert list(stage(whole, "Scripts").post) == ["failure"]
