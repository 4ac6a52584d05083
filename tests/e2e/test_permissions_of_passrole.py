"""iam:PassRole: whoever hands a role to a service needs it, for that role and that service.

Source: IAM User Guide, "Grant a user permissions to pass a role to an AWS service".
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from harness.model import Json
from tests.e2e.account import SCIKIT_LEARN
from tests.e2e.callers import (
    DEV,
    PROD,
    Caller,
    Callers,
    allow,
    not_authorized,
    own_name,
    refused,
    trust,
    unallowed,
)
from tests.e2e.test_bad_definitions import definition

WORK = ["sagemaker:*", "events:*", "lambda:*"]
NO_STEPS_NEED_A_ROLE = definition({"Name": "End", "Type": "Fail", "Arguments": {"ErrorMessage": "the end"}})


@pytest.fixture(scope="module")
def passed(callers: Callers) -> str:
    """A role that all the services may act in."""
    return callers.role(
        trusts=trust("sagemaker.amazonaws.com", "events.amazonaws.com", "lambda.amazonaws.com")
    )


@pytest.fixture(scope="module")
def rule(callers: Callers) -> str:
    name = own_name("rule")
    callers.admin("events").put_rule(Name=name, EventPattern='{"source": ["e2e.passrole"]}')
    return name


def create_pipeline(caller: Caller, role: str) -> Any:
    return caller.client("sagemaker").create_pipeline(
        PipelineName=own_name("pipeline"),
        PipelineDefinition=NO_STEPS_NEED_A_ROLE,
        RoleArn=role,
        ClientRequestToken=own_name("token").ljust(32, "0"),
    )


def create_processing_job(caller: Caller, role: str) -> Any:
    cluster = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
    return caller.client("sagemaker").create_processing_job(
        ProcessingJobName=own_name("job"),
        RoleArn=role,
        AppSpecification={"ImageUri": SCIKIT_LEARN, "ContainerEntrypoint": ["python3", "-c", "pass"]},
        ProcessingResources={"ClusterConfig": cluster},
    )


def create_model(caller: Caller, role: str) -> Any:
    return caller.client("sagemaker").create_model(
        ModelName=own_name("model"), ExecutionRoleArn=role, PrimaryContainer={"Image": SCIKIT_LEARN}
    )


def create_function(caller: Caller, role: str) -> Any:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("main.py", "def handler(event, context): pass")
    return caller.client("lambda").create_function(
        FunctionName=own_name("function"),
        Runtime="python3.12",
        Handler="main.handler",
        Role=role,
        Code={"ZipFile": packed.getvalue()},
    )


CREATING: dict[str, tuple[Callable[[Caller, str], Any], str, int]] = {
    "CreatePipeline": (create_pipeline, "sagemaker.amazonaws.com", 400),
    "CreateProcessingJob": (create_processing_job, "sagemaker.amazonaws.com", 400),
    "CreateModel": (create_model, "sagemaker.amazonaws.com", 400),
    "CreateFunction": (create_function, "lambda.amazonaws.com", 403),
}


@pytest.mark.parametrize("operation", CREATING)
def test_a_role_that_one_may_not_pass_cannot_be_given_to_a_service(
    callers: Callers, passed: str, operation: str
) -> None:
    create, service, status = CREATING[operation]
    ann = callers.user(allow(WORK))
    assert refused(lambda: create(ann, passed)) == (
        "AccessDeniedException",
        status,
        not_authorized(ann, "iam:PassRole", passed, unallowed("iam:PassRole")),
    )
    lesson = callers.lesson(ann.arn)
    assert lesson["call"].endswith(f":{operation}")
    assert lesson["why"] == f"to pass the role to {service}"
    assert lesson["changes"][0]["statement"]["Resource"] == passed


@pytest.mark.parametrize("operation", CREATING)
def test_a_role_that_one_may_pass_can_be_given(callers: Callers, passed: str, operation: str) -> None:
    create, service, _ = CREATING[operation]
    only = {"StringEquals": {"iam:PassedToService": service}}
    ann = callers.user(allow(WORK), allow("iam:PassRole", passed, Condition=only))
    assert create(ann, passed)["ResponseMetadata"]["HTTPStatusCode"] in (200, 201)


def test_a_role_that_may_be_passed_to_another_service_only_is_refused(callers: Callers, passed: str) -> None:
    only = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    ann = callers.user(allow(WORK), allow("iam:PassRole", passed, Condition=only))
    create_function(ann, passed)
    assert refused(lambda: create_pipeline(ann, passed))[2] == not_authorized(
        ann, "iam:PassRole", passed, unallowed("iam:PassRole")
    )
    (read,) = callers.lesson(ann.arn)["policies"]
    assert "iam:PassedToService is lambda.amazonaws.com" in read["why"]
    assert "sagemaker.amazonaws.com" in read["why"]


def test_a_permission_to_pass_one_role_is_none_to_pass_another(callers: Callers, passed: str) -> None:
    other = callers.role(trusts=trust("sagemaker.amazonaws.com"))
    ann = callers.user(allow(WORK), allow("iam:PassRole", other))
    create_pipeline(ann, other)
    assert refused(lambda: create_pipeline(ann, passed))[0] == "AccessDeniedException"


def test_each_role_of_a_rules_targets_has_to_be_passed(callers: Callers, passed: str, rule: str) -> None:
    other = callers.role(trusts=trust("events.amazonaws.com"))
    ann = callers.user(allow(WORK), allow("iam:PassRole", passed))
    put = ann.client("events").put_targets
    assert put(Rule=rule, Targets=targets(passed))["FailedEntryCount"] == 0
    assert refused(put, Rule=rule, Targets=targets(passed, other)) == (
        "AccessDeniedException",
        400,
        not_authorized(ann, "iam:PassRole", other, unallowed("iam:PassRole")),
    )


def targets(*roles: str) -> list[Json]:
    arn = f"arn:aws:sagemaker:us-east-1:{DEV}:pipeline/none"
    return [{"Id": str(number), "Arn": arn, "RoleArn": role} for number, role in enumerate(roles)]


def test_who_may_start_a_pipeline_need_not_pass_its_role(callers: Callers, passed: str) -> None:
    """It was passed when the pipeline was created: that is why PassRole matters."""
    name = create_pipeline(callers.administrator(DEV), passed)["PipelineArn"].rsplit("/", 1)[-1]
    ann = callers.user(allow("sagemaker:StartPipelineExecution"))
    arn = ann.client("sagemaker").start_pipeline_execution(PipelineName=name)["PipelineExecutionArn"]
    assert f":pipeline/{name}/execution/" in arn
    callers.stack.client.settle()


def test_passing_is_not_trusting(callers: Callers) -> None:
    """The role has to trust the service, too; the service says so in its own words."""
    role = callers.role(trusts=trust(PROD))
    code, status, message = refused(lambda: create_processing_job(callers.administrator(DEV), role))
    assert (code, status) == ("ValidationException", 400)
    assert message.startswith(
        f"Could not assume role {role}. Please ensure that the role exists and allows principal"
    )
    lesson = callers.lesson("sagemaker.amazonaws.com")
    assert lesson["action"] == "sts:AssumeRole"
    (change,) = lesson["changes"]
    assert change["where"] == f"{DEV} {role.split(':')[5]} trust"
    assert json.dumps(change["statement"]["Principal"]) == '{"Service": "sagemaker.amazonaws.com"}'
