"""Builds, as a user of Jenkins sees them: the console, and what became of the stages."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from harness.jenkins.agent import Agent, Build, StageResult
from harness.model import HarnessError
from tests.unit.jenkins.conftest import Run, stages


def statuses(build: Build) -> dict[str, str]:
    return {stage.name: stage.status for stage in build.stages}


def console(build: Build) -> list[str]:
    """Without what Jenkins says of its own steps."""
    return [line for line in build.log.splitlines() if not line.startswith("[Pipeline]")]


def ended(pid: int) -> bool:
    """Within a moment. Whose parent is gone may be a zombie where nobody reaps it, as in a container."""
    for _ in range(50):
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.1)
    return False


def test_a_build_that_does_well_is_a_success(run: Run) -> None:
    build = run(stages("sh 'echo made'"))
    assert build.result == "SUCCESS"
    assert build.stages == (StageResult("Build", "SUCCESS"),)
    assert console(build) == ["+ echo made", "made", "Finished: SUCCESS"]


def test_a_script_stops_at_the_first_command_that_fails(run: Run) -> None:
    build = run(stages("sh '''false\necho never'''"))
    assert console(build) == ["+ false", "ERROR: script returned exit code 1", "Finished: FAILURE"]


THREE = """stages {
    stage('First') { steps { sh 'exit 3' } }
    stage('Second') { steps { sh 'touch second' } }
    stage('Third') { stages { stage('Within') { steps { sh 'touch within' } } } }
}"""


def test_after_a_failure_all_stages_are_skipped(run: Run, agent: Agent) -> None:
    build = run(THREE)
    skipped = "SKIPPED_FOR_FAILURE"
    assert statuses(build) == {"First": "FAILURE", "Second": skipped, "Third": skipped, "Within": skipped}
    assert 'Stage "Second" skipped due to earlier failure(s)' in console(build)
    assert console(build)[-2:] == ["ERROR: script returned exit code 3", "Finished: FAILURE"]
    assert not list(agent.workspace.iterdir())


NESTED = """stages {
    stage('Promotion') {
        when { branch 'main' }
        stages {
            stage('Scripts') { steps { sh 'exit 1' } }
            stage('Pipelines') { steps { sh 'true' } }
        }
    }
}"""


def test_a_failure_within_a_stage_is_its_failure(run: Run) -> None:
    expected = {"Promotion": "FAILURE", "Scripts": "FAILURE", "Pipelines": "SKIPPED_FOR_FAILURE"}
    assert statuses(run(NESTED)) == expected


def test_a_stage_of_another_branch_is_skipped_with_all_within_it(run: Run, agent: Agent) -> None:
    build = run(NESTED, on=replace(agent, branch="feature/x"))
    assert build.result == "SUCCESS"
    assert set(statuses(build).values()) == {"SKIPPED_FOR_CONDITIONAL"}
    assert 'Stage "Promotion" skipped due to when conditional' in console(build)


POST = """post {
    success { echo 'well' }
    failure { echo 'badly' }
    cleanup { echo 'cleaned' }
    unsuccessful { echo 'not well' }
    always { echo 'ended' }
}"""


def test_after_a_success_these_conditions_hold_in_this_order(run: Run) -> None:
    assert console(run(stages("echo 'x'"), POST))[1:-1] == ["ended", "well", "cleaned"]


def test_after_a_failure_these_conditions_hold_in_this_order(run: Run) -> None:
    build = run(stages("error 'no'"), POST)
    assert console(build) == ["ended", "not well", "badly", "cleaned", "ERROR: no", "Finished: FAILURE"]


def test_a_failure_in_post_fails_the_build_and_keeps_no_condition_from_being_looked_at(run: Run) -> None:
    build = run(stages("echo 'x'"), "post {\nalways { sh 'exit 4' }\nfailure { echo 'badly' }\n}")
    assert build.result == "FAILURE"
    assert "Error when executing always post condition:" in console(build)
    assert "badly" in console(build)


def test_a_stage_has_a_post_of_its_own(run: Run) -> None:
    text = "stages {\nstage('A') {\nsteps { echo 'in' }\npost { always { echo 'after' } }\n}\n}"
    assert console(run(text))[:2] == ["in", "after"]


def test_scripts_get_jenkins_variables_the_parameters_and_the_environment_and_nothing_else(
    run: Run, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "mine")
    build = run(
        "parameters { string(name: 'account') }",
        'environment { CONFIRM = "prod-${params.account}" }',
        stages("sh 'env | sort'"),
        account="444455556666",
    )
    shown = dict(line.split("=", 1) for line in console(build) if "=" in line)
    assert {
        name: shown[name] for name in sorted(shown) if name not in ("PATH", "PWD", "SHLVL", "_", "OLDPWD")
    } == {
        "BRANCH_NAME": "main",
        "BUILD_ID": "7",
        "BUILD_NUMBER": "7",
        "BUILD_TAG": "jenkins-promotion-main-7",
        "CONFIRM": "prod-444455556666",
        "GIT_COMMIT": "c0ffee",
        "JOB_NAME": "promotion/main",
        "WORKSPACE": str(agent.workspace),
        "account": "444455556666",
    }


def test_a_stages_environment_ends_with_it(run: Run) -> None:
    build = run(
        "stages {",
        "stage('A') {\nenvironment { CONFIRM = 'prod' }\nsteps { sh 'echo ${CONFIRM:-unset}' }\n}",
        "stage('B') { steps { sh 'echo ${CONFIRM:-unset}' } }",
        "}",
    )
    assert [line for line in console(build) if line in ("prod", "unset")] == ["prod", "unset"]


def test_a_branchs_slashes_are_written_as_jenkins_does(run: Run, agent: Agent) -> None:
    build = run(stages('echo "${env.JOB_NAME} ${env.BUILD_TAG}"'), on=replace(agent, branch="feature/x"))
    assert console(build)[0] == "promotion/feature%2Fx jenkins-promotion-feature%2Fx-7"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "the Jenkinsfile's parameter account has no default: give it a value"),
        ({"account": "1", "target": "gcp"}, "target is one of aws, local, not 'gcp'"),
        ({"account": "1", "acount": "2"}, "the Jenkinsfile has no parameter acount; it has: account, target"),
    ],
)
def test_wrong_parameters_are_named_before_anything_runs(run: Run, given: dict[str, str], said: str) -> None:
    console: list[str] = []
    parameters = "parameters {\nstring(name: 'account')\nchoice(name: 'target', choices: ['aws', 'local'])\n}"
    with pytest.raises(HarnessError, match=said):
        run(parameters, stages("echo 'x'"), said=console, **given)
    assert not console


def test_tee_appends_what_is_said_within_it(run: Run, agent: Agent) -> None:
    run(stages("sh 'echo before > build.log'", "tee('build.log') { sh 'echo within' }", "sh 'echo after'"))
    log = (agent.workspace / "build.log").read_text()
    assert log == "before\n[Pipeline] sh\n+ echo within\nwithin\n"


def test_dir_is_made_and_left(run: Run, agent: Agent) -> None:
    run(stages("dir('a/b') { sh 'touch here' }", "sh 'touch there'"))
    assert (agent.workspace / "a/b/here").exists()
    assert (agent.workspace / "there").exists()


def test_lines_are_told_as_they_come(run: Run) -> None:
    times: dict[str, float] = {}

    class Said(list[str]):
        def append(self, line: str) -> None:
            times[line] = time.monotonic()

    run(stages("sh 'echo one; sleep 0.5; echo two'"), said=Said())
    assert times["two"] - times["one"] > 0.3


def test_bytes_that_are_no_text_and_a_line_without_its_end_are_told(run: Run) -> None:
    assert "ok �" in console(run(stages(r"sh '''printf 'ok \\377' '''")))


def test_what_a_script_leaves_behind_keeps_nobody_waiting_and_is_ended(run: Run, agent: Agent) -> None:
    began = time.monotonic()
    run(stages("sh 'sleep 60 & echo $! > pid'"))
    assert time.monotonic() - began < 10
    pid = int((agent.workspace / "pid").read_text())
    assert ended(pid)


def test_a_build_that_takes_too_long_is_aborted_and_its_post_still_runs(run: Run) -> None:
    began = time.monotonic()
    build = run(
        "options { timeout(time: 1, unit: 'SECONDS') }",
        stages("sh 'sleep 60'"),
        "post { aborted { sh 'echo late' } }",
    )
    assert time.monotonic() - began < 10
    assert build.result == "ABORTED"
    assert console(build)[-4:] == [
        "+ echo late",
        "late",
        "ERROR: Timeout has been exceeded",
        "Finished: ABORTED",
    ]


INTERRUPTED = """
import os, sys
from pathlib import Path
from harness.jenkins.agent import Agent, build
from harness.jenkins.jenkinsfile import read_jenkinsfile
text = "pipeline {\\nagent any\\nstages { stage('a') { steps { sh 'echo $$; exec sleep 60' } } }\\n}"
say = lambda line: print(line, flush=True)
build(read_jenkinsfile(text), Agent(Path(sys.argv[1]), dict(os.environ), "job", "main", "c"), say=say)
"""


def test_an_interrupted_build_ends_its_script(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    script = next(int(line) for line in process.stdout if line.strip().isdigit())
    os.kill(process.pid, signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode
    assert ended(script)
