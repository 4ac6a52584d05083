"""`harness deploy` and `harness destroy --target local`, as a developer types them in a checkout of their own."""

from __future__ import annotations

import json
import re
import shlex
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from fake_accounts.accounts import load_accounts
from harness.running import environment
from harness.stack import Stack, started
from tests.e2e.deployer import Told
from tests.e2e.desk import interrupt, lines
from tests.e2e.developer import Developer

PROD = load_accounts()["prod"].id
ROOTS = {"dev", "prod", "registry", "tooling", "prod-events"}
NOTHING = "nothing to change: everything is as it should be"
TRAIN, INFERENCE = "mammo-severity-train-pipeline", "mammo-severity-inference-pipeline"
FUNCTION = "mammo-severity-sagemaker-latest-approved-model"
SCHEDULE, TOPIC = "mammo-severity-inference-schedule", "mammography-model-notification"
STATES = "mammo-severity-sagemaker-terraform-state-444455556666"

EARLIER = ("infra/prod-events/main.tf", "cron(0 23 * * ? *)", "cron(0 22 * * ? *)")
STRICTER = (
    "pipelines/environment.py",
    "auc_score_threshold: float = 0.5",
    "auc_score_threshold: float = 0.6",
)
SCRIPT = ("pipelines/scripts/preprocess.py", "def main(", "# Edited.\ndef main(")
BROKEN = (
    "pipelines/inference.py",
    "    approved = _latest_approved_model(environment, session)",
    "    raise ValueError('a bad night')",
)


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with started() as stack, environment(stack):
        yield stack


@pytest.fixture(scope="module")
def developer(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Developer:
    return Developer.at(stack, tmp_path_factory.mktemp("developer"))


@pytest.fixture(scope="module")
def prod(stack: Stack) -> boto3.Session:
    return boto3.Session(profile_name="prod")


@dataclass(frozen=True)
class Planned:
    """A plan on empty accounts, what it called that changes anything, and what the accounts have after it."""

    told: Told
    calls: list[str]
    left: set[str]


@pytest.fixture(scope="module")
def planned(developer: Developer) -> Planned:
    assert developer.everything() == set()
    before = developer.records
    told = developer.told("deploy", "--plan")
    return Planned(told, developer.changing_calls(before), developer.everything())


@pytest.fixture(scope="module")
def deployed(developer: Developer, planned: Planned) -> Told:
    return developer.told("deploy")


# A plan, a deployment, and another.


def test_a_plan_on_empty_accounts_shows_everything_that_would_be_made(planned: Planned) -> None:
    changes = planned.told.changes
    assert set(changes.values()) == {"created"}
    assert planned.told.summary == f"a deployment would change this: {len(changes)} created"
    assert {place for place, kind, _ in changes if kind.startswith("aws_")} == ROOTS
    assert {
        *(("dev", "file", "mammo-batch-dataset.csv"), ("prod", "file", "mammo-train-dataset-part2.csv")),
        *((place, "script", "preprocess.py") for place in ("dev", "prod")),
        *((place, "function", FUNCTION) for place in ("dev", "prod")),
        *((place, "pipeline", name) for place in ("dev", "prod") for name in (TRAIN, INFERENCE)),
    } <= changes.keys()


def test_a_plan_shows_terraforms_own_words_the_definitions_and_where_files_would_go(planned: Planned) -> None:
    terraform = {
        line["place"]: line["diff"] for line in planned.told.lines if "diff" in line and "name" not in line
    }
    assert terraform.keys() == ROOTS
    assert '+ schedule_expression = "cron(0 23 * * ? *)"' in terraform["prod-events"]
    own = {(line["place"], line["name"]): line["diff"] for line in planned.told.lines if "name" in line}
    assert '"Name": "AucScoreThreshold"' in own["prod", TRAIN]
    assert own["dev", "mammo-batch-dataset.csv"].startswith("+s3://mammo-severity-sagemaker-111122223333/")


def test_a_plan_tells_what_costs_money_by_kind(planned: Planned) -> None:
    told = re.findall(r"^costs money: \d+ x (.*?):", planned.told.said, re.MULTILINE)
    assert Counter(told) == Counter(
        [
            "KMS key",
            "S3 bucket",
            "log group",
            "file",
            "script",
            "Lambda function",
            "SageMaker pipeline",
            "SNS topic",
        ]
    )
    assert "(ml.m5.large)" in planned.told.said


def test_a_plan_changes_nothing_and_calls_nothing_that_would(planned: Planned) -> None:
    assert planned.calls == []
    assert planned.left == set()


def test_a_deployment_makes_what_was_planned(deployed: Told, planned: Planned, developer: Developer) -> None:
    assert deployed.changes == planned.told.changes
    assert deployed.summary == f"done: {len(planned.told.changes)} created"
    assert {
        f"prod: rule {SCHEDULE}",
        f"dev: pipeline {TRAIN}",
        f"prod: bucket {STATES}",
        "registry: model package group mammo-severity-model-package",
        "tooling: role jenkins-server-role",
    } <= developer.everything()


def test_the_second_deployment_changes_nothing_and_says_so(deployed: Told, developer: Developer) -> None:
    before = developer.records
    said = lines(developer.deploy())
    assert said[-1] == f"✓ local: {NOTHING}"
    assert {line.strip() for line in said if line.endswith("no changes")} == {
        f"{r}: no changes" for r in ROOTS
    }
    assert {line.strip() for line in said if line.endswith("unchanged")} == {
        *("dev: 3 unchanged", "prod: 4 unchanged"),  # files
        *("dev: 2 unchanged", "prod: 2 unchanged"),  # scripts
        *("dev: 3 unchanged", "prod: 3 unchanged"),  # the function and both pipelines
    }
    assert developer.changing_calls(before) == []


# Edits, and the way back.


def test_a_plan_after_editing_a_rules_schedule_shows_exactly_that(
    deployed: Told, developer: Developer, tmp_path: Path
) -> None:
    page = tmp_path / "plan.md"
    with developer.edited(*EARLIER):
        said = developer.deploy("--plan", "--account", "prod", "--markdown", str(page))
    changed = [line for line in lines(said) if line.strip().startswith(("+", "-", "~", "±"))]
    assert [line.strip() for line in changed] == [
        "~ prod-events: aws_cloudwatch_event_rule.schedule: updated",
        '~ resource "aws_cloudwatch_event_rule" "schedule" {',
        '~ schedule_expression = "cron(0 23 * * ? *)" -> "cron(0 22 * * ? *)"',
    ]
    assert lines(said)[-1] == "✓ local: a deployment would change this: 1 updated"
    assert page.read_text().startswith("## Deployment to local: a deployment would change this: 1 updated\n")
    assert "<details><summary>prod-events</summary>" in page.read_text()
    assert '"cron(0 23 * * ? *)" -> "cron(0 22 * * ? *)"' in page.read_text()


def test_an_edited_parameter_and_script_are_shown_line_by_line_deployed_and_rolled_back(
    deployed: Told, developer: Developer
) -> None:
    part = ("--account", "dev", "--stage", "scripts", "--stage", "pipelines")
    before = definitions("dev")
    with developer.edited(*STRICTER), developer.edited(*SCRIPT):
        planned = developer.told("deploy", "--plan", *part)
        changed = {change: what for change, what in planned.changes.items() if what != "unchanged"}
        assert changed == {
            ("dev", "script", "preprocess.py"): "created",
            ("dev", "pipeline", TRAIN): "updated",
        }
        [diff] = [line["diff"] for line in planned.lines if line.get("name") == TRAIN]
        edits = [line.replace(" ", "") for line in diff.splitlines() if line[0] in "+-"]
        assert edits[:2] == ['-"DefaultValue":0.5,', '+"DefaultValue":0.6,']
        assert [edit.rpartition("/")[2] for edit in edits[2:]] == ['preprocess.py"', 'preprocess.py"']
        assert developer.told("deploy", *part).changes == planned.changes
        assert definitions("dev") != before
        told = developer.told("deploy", "--to", "main", *part)
    assert told.summary == "done: 1 updated"
    assert definitions("dev") == before


# What goes wrong.


def test_what_was_changed_behind_its_back_is_shown_and_put_right(
    deployed: Told, developer: Developer, prod: boto3.Session
) -> None:
    events, s3 = prod.client("events"), prod.client("s3")
    events.disable_rule(Name=SCHEDULE)
    key = "mammography-severity-model/data/batch-dataset/mammo-batch-dataset.csv"
    s3.delete_object(Bucket=f"mammo-severity-sagemaker-{PROD}", Key=key)
    part = ("--account", "prod", "--stage", "data", "--stage", "events")
    said = developer.deploy("--plan", *part)
    assert "+ prod: file mammo-batch-dataset.csv: created" in said
    assert '~ state               = "DISABLED" -> "ENABLED"' in said
    assert developer.deploy(*part).endswith("local: done: 1 created, 1 updated\n")
    assert events.describe_rule(Name=SCHEDULE)["State"] == "ENABLED"
    assert s3.head_object(Bucket=f"mammo-severity-sagemaker-{PROD}", Key=key)


def test_broken_pipeline_code_is_told_with_what_was_done_before_it_and_mended_by_the_next_run(
    deployed: Told, developer: Developer
) -> None:
    dev = boto3.Session(profile_name="dev")
    dev.client("sagemaker").delete_pipeline(PipelineName=TRAIN)
    part = ("--account", "dev", "--stage", "pipelines")
    with developer.edited(*BROKEN):
        said = developer.refused("deploy", "--target", "local", *part)
    assert f"+ dev: pipeline {TRAIN}: created" in said
    assert "ValueError: a bad night" in said
    assert lines(said)[-1] == "✗ local: it broke off; do it again when mended"
    assert developer.told("deploy", *part).summary == NOTHING


def test_a_permission_that_is_missing_half_way_and_a_name_that_is_taken_are_mended_as_told(
    deployed: Told, developer: Developer, prod: boto3.Session
) -> None:
    events = ("--target", "local", "--stage", "events")
    assert developer.told("destroy", *events[2:]).summary == "done: 10 deleted"
    role = f"{PROD} role/cross-account-jenkins-role AWS managed"
    developer.stack.client.without([f"{role} AmazonSNSFullAccess", f"{role} CloudWatchFullAccess"])
    try:
        said = developer.refused("deploy", *events)
    finally:
        developer.stack.client.without([])
    assert "+ prod-events: aws_cloudwatch_event_rule.schedule: created" in said
    assert (
        f"not authorized to perform: SNS:CreateTopic on resource: arn:aws:sns:us-east-1:{PROD}:{TOPIC}"
        in (" ".join(said.split()))
    )
    assert lines(said)[-1] == "✗ local: it broke off; do it again when mended"

    prod.client("sns").create_topic(Name=TOPIC)
    said = developer.refused("deploy", *events)
    assert (
        f"error: prod: topic {TOPIC} is there already, but Terraform's state of prod-events does not have it"
        in said
    )
    assert lines(said)[-1] == "✗ local: nothing was changed"
    [command] = re.findall(r"take it in with `harness (.*?)`", said)
    done = developer.run(*shlex.split(command))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "+ prod-events: aws_sns_topic_subscription.email: created" in developer.deploy(*events[2:])


def test_a_state_that_somebody_else_has_locked_stops_it_and_tells_who(
    deployed: Told, developer: Developer, prod: boto3.Session
) -> None:
    lock = {
        "ID": "0a1b2c3d-0000-0000-0000-000000000000",
        "Who": "somebody@elsewhere",
        "Operation": "OperationTypeApply",
    }
    s3, key = prod.client("s3"), "terraform/prod-events.tfstate.tflock"
    s3.put_object(Bucket=STATES, Key=key, Body=json.dumps(lock))
    said = developer.refused("deploy", "--target", "local", "--stage", "events")
    assert "Error acquiring the state lock" in said
    assert "somebody@elsewhere" in said
    s3.delete_object(Bucket=STATES, Key=key)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            "--stage nowhere",
            "there is no stage 'nowhere'; there are: foundations, data, scripts, pipelines, events",
        ),
        ("--account nowhere", "there is no account 'nowhere'; there are: dev, prod, registry, tooling"),
        ("--account registry --stage data --stage events", "data, events: there is none of it in registry"),
        ("--to nowhere", "there is no commit 'nowhere' in "),
        (
            "--endpoint http://127.0.0.1:1",
            "--endpoint is for --target aws; --target local is the harness that is up",
        ),
    ],
)
def test_a_mistake_is_told_in_one_line_before_anything_is_called(
    developer: Developer, options: str, sentence: str
) -> None:
    before = developer.records
    done = developer.run("deploy", "--target", "local", *options.split())
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {sentence}")
    assert len(lines(done.stderr)) == 1
    assert developer.stack.client.journal(before) == []


def test_a_bucket_without_sagemaker_in_its_name_stops_it_before_anything_is_called(
    developer: Developer,
) -> None:
    before = developer.records
    name = f"mammo-severity-sagemaker-{PROD}"
    with developer.edited("infra/environments/prod.tfvars.json", f'"{name}"', '"mammo-severity"'):
        said = developer.refused("deploy", "--target", "local")
    assert (
        "error: prod: infra/environments/prod.tfvars.json: bucket_name 'mammo-severity' has no `sagemaker`"
        in said
    )
    assert "    fix: choose another bucket_name in every file of infra/environments/ that has it" in said
    assert lines(said)[-1] == "✗ local: nothing was changed"
    assert developer.stack.client.journal(before) == []


def test_credentials_of_the_environment_deploy_to_their_account_and_to_no_other(
    deployed: Told, developer: Developer
) -> None:
    dev = load_accounts()["dev"]
    keys = {"AWS_ACCESS_KEY_ID": dev.access_key_id, "AWS_SECRET_ACCESS_KEY": dev.secret_access_key}
    options = (
        "deploy",
        "--target",
        "local",
        "--credentials",
        "environment",
        "--stage",
        "scripts",
        "--account",
    )
    done = developer.run(*options, "dev", **keys)
    assert done.stdout.endswith(f"local: {NOTHING}\n"), done.stdout + done.stderr
    said = developer.refused(*options, "prod", **keys)
    assert f"the environment is of account {dev.id} (arn:aws:iam::{dev.id}:user/administrator)" in said
    said = developer.refused(*options, "dev")
    assert "error: dev: the environment has no credentials" in said
    said = developer.refused(*options, "dev", "--account", "prod", **keys)
    assert "the environment's credentials are of one account, and this is about dev, prod: choose one" in said


def test_without_a_harness_it_says_how_to_start_one(developer: Developer) -> None:
    said = developer.refused("deploy", "--target", "local", AWS_ENDPOINT_URL="")
    assert said == "error: no harness is running here; start one with `harness up`\n"


# And back to nothing; these are the last.


def test_destroying_leaves_the_accounts_as_empty_as_they_were_and_twice_is_fine(
    deployed: Told, developer: Developer
) -> None:
    assert set(developer.told("destroy").changes.values()) == {"deleted"}
    assert developer.everything() == set()
    assert developer.told("destroy").summary == NOTHING


def test_a_deployment_that_is_interrupted_in_the_middle_of_terraform_is_completed_by_the_next(
    developer: Developer,
) -> None:
    """After the test before: what was destroyed is deployed again."""
    options, before = ("--stage", "foundations", "--stage", "events"), developer.records
    process = developer.begin("deploy", "--target", "local", *options)
    wait_for_call(developer, before, "CreateBucket", PROD)
    _, error = interrupt(process)
    assert (process.returncode, error) == (130, "interrupted; what this command started has been ended\n")
    assert f"prod: bucket {STATES}" in developer.everything()
    assert developer.told("deploy", *options).summary.startswith("done: ")
    assert {f"prod: rule {SCHEDULE}", "tooling: role jenkins-server-role"} <= developer.everything()


def definitions(account: str) -> dict[str, Any]:
    """By pipeline."""
    sagemaker = boto3.Session(profile_name=account).client("sagemaker")
    return {
        name: json.loads(sagemaker.describe_pipeline(PipelineName=name)["PipelineDefinition"])
        for name in (TRAIN, INFERENCE)
    }


def wait_for_call(developer: Developer, after: int, operation: str, account: str) -> None:
    while True:
        calls = developer.stack.client.journal(after, "call", wait=30)
        assert calls, f"nobody has called {operation}"
        if any((call["operation"], call["account"]) == (operation, account) for call in calls):
            return
        after = calls[-1]["n"]
