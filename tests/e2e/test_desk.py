"""A user at their desk: `harness up --no-infra`, then their own code and AWS CLI in another shell."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.finding import found
from harness.stack import Stack
from tests.e2e.account import ROOT
from tests.e2e.desk import BIN, Desk, lines

USER_CODE = Path(__file__).with_name("user_code.py")
TRAIN = "mammo-severity-train-pipeline"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    desk = Desk.under(tmp_path_factory.mktemp("desk"))
    with desk.up("--no-infra"):
        yield desk


@pytest.fixture(scope="module")
def stack(desk: Desk) -> Stack:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HARNESS_HOME", str(desk.home))
        running = found()
    assert running
    return running


@pytest.fixture(scope="module")
def ran(desk: Desk, stack: Stack) -> Any:
    """What came of the user's code, once everything that it set off has come to rest."""
    result = desk.shell(
        f"""
        eval "$(harness env dev)"
        cd {ROOT} && MAMMOGRAPHY_OFFLINE=1 python {USER_CODE} {desk.temporary}
        """
    )
    assert result.returncode == 0, result.stderr[-3000:]
    assert stack.client.settle() == []
    return json.loads(result.stdout.splitlines()[-1])


def executions(desk: Desk) -> Any:
    listed = desk.harness("executions", "--json")
    assert listed.returncode == 0, listed.stderr
    return json.loads(listed.stdout)


def test_aws_cli_works_in_a_fresh_shell_with_nothing_but_harness_env(desk: Desk) -> None:
    result = desk.shell(
        f"""
        eval "$(harness env dev)"
        {BIN}/aws s3 mb s3://cli-sagemaker-bucket
        {BIN}/aws s3 ls
        {BIN}/aws --profile prod sts get-caller-identity --query Account --output text
        """
    )
    assert result.returncode == 0, result.stderr
    assert "make_bucket: cli-sagemaker-bucket" in result.stdout
    assert result.stdout.splitlines()[-1] == "444455556666"
    assert result.stdout.splitlines()[-2].endswith("cli-sagemaker-bucket")


def test_a_setting_of_the_users_that_would_lead_past_the_harness_is_unset(desk: Desk) -> None:
    mine = {
        "AWS_PROFILE": "mine",
        "AWS_ENDPOINT_URL_S3": "https://s3.example.com",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        "AWS_SESSION_TOKEN": "real",
    }
    said = desk.harness("env", "dev", **mine).stdout.splitlines()
    assert said[0].split()[0] == "unset"
    assert mine.keys() - set(said[0].split()) == {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"}
    assert "export AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=false" in said


def test_unmodified_sdk_code_makes_runs_and_lists_a_pipeline_of_the_platform(ran: Any) -> None:
    assert ran["account"] == "111122223333"
    assert ran["status"] == "Succeeded"
    assert set(ran["steps"].values()) == {"Succeeded"}
    assert set(ran["steps"]) >= {"Mammo-PreProcessing", "Mammo-Train", "Mammo-Eval", "Mammo-CheckAUCScore"}


def test_waiting_with_the_sdk_takes_no_longer_than_the_execution(ran: Any) -> None:
    assert ran["seconds"] < 20


def test_a_rule_put_with_boto3_starts_a_pipeline_when_another_succeeds(desk: Desk, ran: Any) -> None:
    rows = [(row["pipeline"], row["status"]) for row in executions(desk)]
    assert rows[-1] == (TRAIN, "Succeeded")
    assert rows[-2] == ("follow-up-pipeline", "Succeeded")


def test_the_rules_topic_is_silent_until_its_subscriber_confirms(stack: Stack, ran: Any) -> None:
    mails = stack.client.inbox()
    assert [m["to"] for m in mails] == ["user@example.com"]
    assert "Subscription Confirmation" in mails[0]["text"]


def test_executions_shows_a_table_to_people(desk: Desk, ran: Any) -> None:
    said = desk.harness("executions", "--account", "dev").stdout
    assert lines(said)[0].split() == [
        "account",
        "pipeline",
        "execution",
        "started",
        "status",
        "failed",
        "step",
    ]
    assert ran["arn"].rsplit("/", 1)[-1] in said


def test_logs_prints_what_the_jobs_of_an_execution_and_a_part_of_a_name_logged(desk: Desk, ran: Any) -> None:
    said = desk.harness("logs", ran["arn"].rsplit("/", 1)[-1]).stdout
    assert "train: " in said
    assert "/aws/sagemaker/TrainingJobs" in said
    assert "started by a rule" in desk.harness("logs", "Greet").stdout


def test_logs_are_still_there_when_the_clock_has_jumped_weeks_ahead(desk: Desk, ran: Any) -> None:
    """CloudWatch refuses events that are older than 14 days or two hours ahead: by its clock, which is ours."""
    before = len(executions(desk))
    assert desk.harness("clock", "+15d").returncode == 0
    rows = executions(desk)
    assert len(rows) == before + 15
    assert {row["status"] for row in rows} == {"Succeeded"}
    assert "started by a rule" in desk.harness("logs", rows[0]["execution"]).stdout
    assert "started by a rule" in desk.harness("logs", rows[-2]["execution"]).stdout


def test_a_schedule_put_with_boto3_fires_when_the_clock_passes_it(desk: Desk, ran: Any) -> None:
    before = len(executions(desk))
    said = desk.harness("clock", "12:00")
    assert said.returncode == 0, said.stderr
    assert said.stdout.split()[1].startswith("12:00")
    assert len(executions(desk)) == before + 1


def test_approve_approves_and_rejects_by_number_and_by_arn(desk: Desk, ran: Any) -> None:
    assert desk.harness("approve", "1", "--reject").stdout.rstrip().endswith("/1 is Rejected")
    said = desk.harness("approve", "1").stdout.rstrip()
    assert said.endswith("mammo-severity-model-package/1 is Approved")
    assert desk.harness("approve", said.split()[0]).returncode == 0


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("approve 7", "error: mammo-severity-model-package has no version 7; it has: 1"),
        ("approve 1 --group nothing", "error: name the model package group with --group; there are: mammo-"),
        (
            "approve arn:nonsense",
            "error: An error occurred (ValidationException) when calling the UpdateModelP",
        ),
        (
            "approve 1 --account nowhere",
            "error: there is no account 'nowhere'; there are: dev, prod, registry,",
        ),
        ("env nowhere", "error: there is no account 'nowhere'; there are: dev, prod, registry, tooling"),
        ("executions --account nowhere", "error: there is no account 'nowhere'"),
        (
            "logs nothing-of-that-name",
            "error: nothing has logged under a name with 'nothing-of-that-name' in",
        ),
        ("clock 25:00", "error: '25:00' is no time; write +2h, +1d, 23:00 or 2026-11-22T23:00:00Z"),
        ("clock yesterday", "error: 'yesterday' is no time"),
        ("clock +1w", "error: '+1w' is no time"),
        ("clock +99999999999999d", "error: '+99999999999999d' is no time"),
        ("clock 2020-01-01T00:00:00Z", "error: the clock cannot go back: it is 20"),
        ("clock 9999-12-31", "error: the clock goes no further than 2999-12-31"),
        (
            "scenario nowhere",
            "error: there is no scenario 'nowhere'; there are: approval, clean, outliers, per",
        ),
        ("scenario nowhere.py", "error: there is no file nowhere.py"),
        ("up --no-infra", "error: a harness is up already at http://127.0.0.1:"),
    ],
)
def test_a_mistake_is_told_in_one_line_with_status_1(
    desk: Desk, ran: Any, command: str, sentence: str
) -> None:
    result = desk.harness(*command.split())
    assert result.stderr.startswith(sentence)
    assert len(lines(result.stderr)) == 1
    assert result.stdout == ""
    assert result.returncode == 1


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("bogus", "No such command 'bogus'"),
        ("clock -- -1d extra", "unexpected extra argument"),
        ("up --port many", "Invalid value for '--port'"),
        ("up --port 99999", "should be less than or equal to 65535"),
        ("scenario", "Missing argument 'name'"),
    ],
)
def test_a_misspelt_command_is_told_with_the_usage_and_status_2(
    desk: Desk, command: str, sentence: str
) -> None:
    result = desk.harness(*command.split())
    assert sentence in result.stderr
    assert result.stderr.startswith("Usage: ")
    assert "Traceback" not in result.stderr
    assert result.returncode == 2


def test_the_clock_is_told_and_stays(desk: Desk) -> None:
    first, second = (desk.harness("clock").stdout for _ in range(2))
    assert first[:13] == second[:13]
    assert first.endswith(" UTC\n")
