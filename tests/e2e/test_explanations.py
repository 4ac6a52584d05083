"""A scenario made to fail on purpose explains itself: what was expected, what happened instead, and why."""

from __future__ import annotations

import io
import json
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.console import Console

from harness.running import environment
from harness.scenario import ExpectationFailed, Telling, World, run
from harness.stack import Stack
from tests.e2e.account import TRUST, Account
from tests.e2e.desk import Desk
from tests.e2e.test_bad_definitions import create, definition, step

Fail = Callable[[str], ExpectationFailed]


@pytest.fixture
def fail(gateway: Stack, dev: Account, tmp_path: Path) -> Iterator[Fail]:
    """Runs a scenario of this body, which has to fail."""

    def run_to_failure(body: str) -> ExpectationFailed:
        file = tmp_path / "broken.py"
        file.write_text("def scenario_broken(world):\n" + textwrap.indent(textwrap.dedent(body), "    "))
        failure = run(str(file), World(gateway, Telling(console=Console(file=io.StringIO()))))
        assert failure
        return failure

    with environment(gateway):
        yield run_to_failure


def crashing(dev: Account) -> str:
    crash = step("Crash")
    script = "print('looking at the batch'); raise SystemExit('the batch is empty')"
    crash["Arguments"]["AppSpecification"]["ContainerEntrypoint"] = ["python3", "-c", script]
    return create(dev, definition(crash))


STARTED = """
with world.moment("A run that should succeed"):
    sagemaker = world.client("dev", "sagemaker")
    arn = sagemaker.start_pipeline_execution(PipelineName="{pipeline}")["PipelineExecutionArn"]
    run = world.ended("dev", arn)
    world.settle()
"""


def test_a_step_that_failed_is_told_with_its_reason_and_its_jobs_last_lines(fail: Fail, dev: Account) -> None:
    pipeline = crashing(dev)
    failure = fail(STARTED.format(pipeline=pipeline) + '    world.expect_status(run, "Succeeded")\n')
    assert failure.expected.startswith("execution ")
    assert failure.expected.endswith(f" of {pipeline} to end Succeeded")
    assert failure.instead.startswith("it ended Failed Step failure")
    assert "step Crash failed: " in failure.why[0]
    assert "exit code: 1" in failure.why[0]
    assert failure.why[-3:-1] == ["    looking at the batch", "    the batch is empty"]
    assert failure.why[-1] == f"event: {pipeline} Failed, in 111122223333: it matched no rule there"
    text = str(failure)
    assert text.index("expected: ") < text.index("instead: ") < text.index("why: ")


def test_an_event_that_could_not_be_delivered_is_told_with_its_rule_and_its_reason(
    fail: Fail, dev: Account
) -> None:
    pipeline, events = crashing(dev), dev.client("events")
    pattern = {"source": ["aws.sagemaker"], "detail": {"currentPipelineExecutionStatus": ["Failed"]}}
    events.put_rule(Name="to-nowhere", EventPattern=json.dumps(pattern))
    target = f"arn:aws:sagemaker:us-east-1:111122223333:pipeline/{pipeline}-that-is-not-there"
    events.put_targets(
        Rule="to-nowhere", Targets=[{"Id": "1", "Arn": target, "RoleArn": dev.role, "RetryPolicy": {}}]
    )
    try:
        failure = fail(STARTED.format(pipeline=pipeline) + '    world.expect(False, "a mail", "none came")\n')
    finally:
        events.remove_targets(Rule="to-nowhere", Ids=["1"])
        events.delete_rule(Name="to-nowhere")
    (told,) = (line for line in failure.why if line.startswith("rule "))
    assert told.startswith("rule arn:aws:events:us-east-1:111122223333:rule/to-nowhere could not reach ")
    assert "that-is-not-there" in told
    assert "ResourceNotFound" in told
    assert not any("matched no rule" in line for line in failure.why)


def test_a_refused_call_that_escapes_is_told_with_its_place_and_the_denial(fail: Fail) -> None:
    failure = fail('with world.moment("Promotion"):\n    world.assumed("prod", "no-such-role", "me")\n')
    assert failure.expected == "moment 1 to go through: Promotion"
    assert failure.instead.startswith(
        "ClientError: An error occurred (AccessDenied) when calling the AssumeRole"
    )
    assert failure.why[0].startswith("at broken.py:3: world.assumed(")
    assert failure.why[1].startswith("denied: 444455556666 user/administrator sts:AssumeRole")


def test_a_step_that_failed_for_want_of_a_permission_is_told_with_what_would_allow_it(
    fail: Fail, dev: Account
) -> None:
    iam, pipeline = dev.client("iam"), create(dev, definition(step("Work")))
    iam.create_role(RoleName="powerless", AssumeRolePolicyDocument=json.dumps(TRUST))
    dev.client("sagemaker").update_pipeline(
        PipelineName=pipeline, RoleArn=dev.role.replace("worker", "powerless")
    )
    failure = fail(STARTED.format(pipeline=pipeline) + '    world.expect_status(run, "Succeeded")\n')
    assert failure.why[0].startswith("step Work failed: ")
    first, cause, *more = failure.why[1:]
    assert first.startswith("denied: 111122223333 role/powerless (session ")
    assert (
        " sagemaker:CreateProcessingJob on arn:aws:sagemaker:us-east-1:111122223333:processing-job/" in first
    )
    assert cause == "    because no identity-based policy allows the sagemaker:CreateProcessingJob action"
    assert (
        "    change: a new inline policy of role/powerless: let it do sagemaker:CreateProcessingJob" in more
    )


def test_a_mistake_in_the_scenario_is_told_with_its_place(fail: Fail) -> None:
    failure = fail('with world.moment("Counting"):\n    assert 1 + 1 == 3, "it is two"\n')
    assert failure.instead == "AssertionError: it is two"
    assert failure.why == ['at broken.py:3: assert 1 + 1 == 3, "it is two"']


def test_a_step_that_never_ran_is_told_by_name(fail: Fail, dev: Account) -> None:
    failure = fail(STARTED.format(pipeline=crashing(dev)) + '    run.step("Later")\n')
    assert failure.instead.startswith("KeyError: ")
    assert "Later did not run; these did: Crash" in failure.instead


def test_a_scenario_that_cannot_be_read_is_told(fail: Fail) -> None:
    failure = fail("this is no Python")
    assert failure.expected == "it to begin"
    assert failure.instead.startswith("SyntaxError: ")


def test_a_failure_is_told_as_json_too_with_status_1(tmp_path: Path) -> None:
    desk, file = Desk.under(tmp_path), tmp_path / "broken.py"
    file.write_text(
        "def scenario_broken(world):\n"
        '    with world.moment("A bucket of nobody\'s"):\n'
        '        world.client("dev", "s3").get_object(Bucket="nobodys-sagemaker", Key="x")\n'
    )
    result = desk.harness("scenario", str(file), "--json")
    *_, last = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.returncode == 1
    assert result.stderr == ""
    assert last["passed"] is False
    assert last["expected"] == "moment 1 to go through: A bucket of nobody's"
    assert last["instead"].startswith("NoSuchBucket: ")
    assert last["why"][0].startswith("at broken.py:3: ")
    assert desk.left() == []
