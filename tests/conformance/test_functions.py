"""Lambda."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from harness.model import Json
from tests.e2e.callers import DEV, Callers, allow, own_name, policy, refused, trust
from tests.e2e.test_permissions_of_services import LAMBDA, LOGS, function


@pytest.fixture
def client(callers: Callers) -> Any:
    return callers.admin("lambda")


@pytest.fixture(scope="module")
def role(callers: Callers) -> str:
    return callers.role(LOGS, trusts=trust(LAMBDA))


def invoked(client: Any, name: str, event: Json | None = None) -> Any:
    answer = client.invoke(FunctionName=name, Payload=json.dumps(event or {}))
    told = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, told
    return told


def packed(code: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("main.py", code)
    return file.getvalue()


def test_a_functions_life(callers: Callers, client: Any, role: str) -> None:
    """A function is listed and described, until it is deleted"""
    name = function(callers, role, "return 1")
    assert client.get_function(FunctionName=name)["Configuration"]["Handler"] == "main.handler"
    assert client.get_function_configuration(FunctionName=name)["Role"] == role
    listed = client.get_paginator("list_functions").paginate()
    assert name in [one["FunctionName"] for page in listed for one in page["Functions"]]
    client.delete_function(FunctionName=name)
    assert refused(client.get_function, FunctionName=name)[:2] == ("ResourceNotFoundException", 404)


def test_a_function_gets_the_event(callers: Callers, client: Any, role: str) -> None:
    """A function gets the event, and what it returns is the answer"""
    name = function(callers, role, "return {'doubled': event['n'] * 2}")
    assert invoked(client, name, {"n": 21}) == {"doubled": 42}


def test_a_functions_context(callers: Callers, client: Any, role: str) -> None:
    """A function knows its name, its ARN, its region and its environment's variables"""
    known = "context.function_name, context.invoked_function_arn"
    code = f"import os; return [{known}, os.environ['AWS_REGION'], os.environ['STAGE']]"
    name = function(callers, role, code)
    client.update_function_configuration(FunctionName=name, Environment={"Variables": {"STAGE": "dev"}})
    arn = f"arn:aws:lambda:us-east-1:{DEV}:function:{name}"
    assert invoked(client, name) == [name, arn, "us-east-1", "dev"]


def test_a_functions_code_is_read_only(callers: Callers, client: Any, role: str) -> None:
    """A function cannot write beside its code, and can in /tmp"""
    code = """import os, tempfile
    tempfile.TemporaryFile(dir="/tmp").close()
    try:
        open(os.environ["LAMBDA_TASK_ROOT"] + "/left", "w")
    except OSError as error:
        return os.strerror(error.errno)"""
    name = function(callers, role, code)
    assert invoked(client, name) == "Read-only file system"


def test_a_functions_code_is_updated(callers: Callers, client: Any, role: str) -> None:
    """A function's updated code runs from the next call on"""
    name = function(callers, role, "return 1")
    assert invoked(client, name) == 1
    client.update_function_code(FunctionName=name, ZipFile=packed("def handler(event, context): return 2"))
    assert invoked(client, name) == 2


def test_a_function_acts_in_its_role(callers: Callers, client: Any) -> None:
    """A function's own calls are its role's: refused, then allowed by a policy of the role"""
    role = callers.role(LOGS, trusts=trust(LAMBDA))
    name = function(callers, role, "return len(boto3.client('s3').list_buckets()['Buckets']) > 0")
    callers.bucket()
    answer = client.invoke(FunctionName=name)
    assert answer["FunctionError"] == "Unhandled"
    assert "s3:ListAllMyBuckets" in json.loads(answer["Payload"].read())["errorMessage"]
    callers.admin("iam").put_role_policy(
        RoleName=role.rsplit("/", 1)[-1],
        PolicyName="more",
        PolicyDocument=policy(allow("s3:ListAllMyBuckets")),
    )
    assert invoked(client, name) is True


def test_a_function_that_raises(callers: Callers, client: Any, role: str) -> None:
    """A function that raises answers with the error's type and message"""
    name = function(callers, role, "raise ValueError('no model')")
    answer = client.invoke(FunctionName=name)
    told = json.loads(answer["Payload"].read())
    assert (answer["FunctionError"], answer["StatusCode"]) == ("Unhandled", 200)
    assert (told["errorType"], told["errorMessage"]) == ("ValueError", "no model")


def test_a_function_that_takes_too_long(callers: Callers, client: Any, role: str) -> None:
    """A function is ended at its time limit"""
    name = function(callers, role, "import time; time.sleep(60)")
    client.update_function_configuration(FunctionName=name, Timeout=1)
    answer = client.invoke(FunctionName=name)
    assert answer["FunctionError"] == "Unhandled"
    assert "Task timed out after 1.00 seconds" in json.loads(answer["Payload"].read())["errorMessage"]


def test_a_functions_lines(callers: Callers, client: Any, role: str) -> None:
    """What a function prints is in its own log group"""
    name = function(callers, role, "print('looked for a model')")
    invoked(client, name)
    callers.stack.client.settle()
    logs, group = callers.admin("logs"), f"/aws/lambda/{name}"
    (stream,) = logs.describe_log_streams(logGroupName=group)["logStreams"]
    told = logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])["events"]
    assert "looked for a model" in [event["message"].strip() for event in told]


def test_who_may_not_invoke(callers: Callers, client: Any, role: str) -> None:
    """A function is invoked by those only whom its own policy or theirs lets"""
    name, own = function(callers, role, "return 1"), own_name("statement")
    ann = callers.user()
    assert refused(ann.client("lambda").invoke, FunctionName=name)[:2] == ("AccessDeniedException", 403)
    client.add_permission(
        FunctionName=name, StatementId=own, Action="lambda:InvokeFunction", Principal=ann.arn
    )
    assert invoked(ann.client("lambda"), name) == 1
