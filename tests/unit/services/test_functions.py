"""Functions are made, changed and invoked as on AWS Lambda; their code runs in real processes."""

from __future__ import annotations

import base64
import io
import json
import re
import textwrap
import threading
import zipfile

import boto3
import botocore.session
import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator
from moto import mock_aws
from sagemaker.lambda_helper import Lambda

from harness.clock import Clock
from harness.jobs.process import ProcessRunner
from harness.journal import Journal
from harness.model import ApiCall, AwsError, ContainerSpec, Credentials, Principal
from harness.services.functions import Functions

ACCOUNT = "111111111111"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/lambda-role"
ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:hello"
MODEL = botocore.session.get_session().get_service_model("lambda")


@pytest.fixture(scope="module")
def runner():
    runner = ProcessRunner(print)
    runner.start(ContainerSpec("warm-up", ("python3", "-c", "pass"), {}, None, print)).wait()
    yield runner
    runner.close()


class Caller:
    principal = Principal(ACCOUNT, f"arn:aws:sts::{ACCOUNT}:assumed-role/lambda-role/hello", "assumed-role")

    def __init__(self, account):
        self.credentials = Credentials(f"ASIA{account}", "secret", "token")

    def client(self, service):
        keys = {"aws_access_key_id": "x", "aws_secret_access_key": "y"}
        return boto3.client(service, region_name="us-east-1", **keys)


class FakeWire:
    endpoint = "http://127.0.0.1:4566"

    def __init__(self):
        self.sources = []

    def as_role(self, role_arn, service, session_name, region, source_arn=""):
        self.sources.append(source_arn)
        if role_arn.endswith("/untrusting"):
            raise AwsError("AccessDenied", "not authorized to perform: sts:AssumeRole", 403)
        return Caller(role_arn.split(":")[4])

    def as_harness(self, account, region):
        return Caller(account)


class Client:
    """Like boto3's Lambda client, for one account; the botocore model checks what goes in and what comes out."""

    def __init__(self, functions, account=ACCOUNT, region="us-east-1"):
        self._functions = functions
        self._where = account, region
        self._operations = {xform_name(name): name for name in MODEL.operation_names}

    def __getattr__(self, method):
        operation = MODEL.operation_model(self._operations[method])

        def call(**params):
            assert not ParamValidator().validate(params, operation.input_shape).has_errors()
            account, region = self._where
            principal = Principal(account, f"arn:aws:iam::{account}:user/ann", "user")
            try:
                answer = self._functions.handle(
                    ApiCall("lambda", operation.name, params, principal, account, region, "request-1")
                )
            except AwsError as error:
                raise ClientError(
                    {"Error": {"Code": error.code, "Message": error.message}}, operation.name
                ) from error
            if operation.output_shape:
                assert not answer.keys() - operation.output_shape.members.keys()
            return answer

        return call


@pytest.fixture
def aws():
    with mock_aws():
        yield Caller(ACCOUNT)


@pytest.fixture
def journal():
    return Journal(Clock())


@pytest.fixture
def wire():
    return FakeWire()


@pytest.fixture
def functions(wire, runner, journal, aws, tmp_path):
    return Functions(wire, runner, journal, Clock(), tmp_path)


@pytest.fixture
def client(functions):
    return Client(functions)


def package(source, name="index.py"):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, textwrap.dedent(source))
    return file.getvalue()


ECHO = "def handler(event, context):\n    return event"


def create(client, source=ECHO, **changes):
    return client.create_function(
        **{
            "FunctionName": "hello",
            "Runtime": "python3.11",
            "Handler": "index.handler",
            "Role": ROLE,
            "Code": {"ZipFile": package(source)},
            **changes,
        }
    )


def invoke(client, event=None, **members):
    if event is not None:
        members["Payload"] = json.dumps(event).encode()
    answer = client.invoke(FunctionName="hello", **members)
    return answer, json.loads(answer["Payload"])


def code_of(raised):
    return raised.value.response["Error"]["Code"]


def message_of(raised):
    return raised.value.response["Error"]["Message"]


def log_of(aws):
    logs = aws.client("logs")
    (stream,) = logs.describe_log_streams(logGroupName="/aws/lambda/hello")["logStreams"]
    events = logs.get_log_events(logGroupName="/aws/lambda/hello", logStreamName=stream["logStreamName"])
    return [event["message"] for event in events["events"]]


def test_a_function_answers_its_event(client):
    create(client)
    answer, payload = invoke(client, {"a": [1, None, "é"]})
    assert (answer["StatusCode"], answer["ExecutedVersion"], payload) == (
        200,
        "$LATEST",
        {"a": [1, None, "é"]},
    )
    assert "FunctionError" not in answer


def test_without_payload_the_event_is_empty(client):
    create(client)
    assert invoke(client)[1] == {}


def test_a_new_function_is_described_with_awss_defaults(client):
    created = create(client, Environment={"Variables": {"A": "1"}}, Tags={"team": "ml"})
    assert created["FunctionArn"] == ARN
    assert (created["Timeout"], created["MemorySize"], created["State"]) == (3, 128, "Active")
    assert created["Environment"] == {"Variables": {"A": "1"}}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000", created["LastModified"])
    got = client.get_function(FunctionName="hello")
    assert (got["Configuration"], got["Tags"]) == (created, {"team": "ml"})
    assert client.get_function_configuration(FunctionName=ARN) == created


def test_the_context_tells_about_the_invocation(client):
    source = """
        import os
        def handler(event, context):
            return [
                context.function_name, context.function_version, context.invoked_function_arn,
                context.memory_limit_in_mb, context.log_group_name, len(context.aws_request_id),
                0 < context.get_remaining_time_in_millis() <= 3000, os.getcwd() == os.environ["LAMBDA_TASK_ROOT"],
            ]
    """
    create(client, source)
    assert invoke(client)[1] == ["hello", "$LATEST", ARN, "128", "/aws/lambda/hello", 36, True, True]


def test_the_environment_leads_to_the_gateway_as_the_functions_role(client):
    source = "import os\ndef handler(event, context): return dict(os.environ)"
    create(client, source, Environment={"Variables": {"MINE": "1", "AWS_ENDPOINT_URL": "https://aws"}})
    _, environment = invoke(client)
    expected = {
        "MINE": "1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
        "AWS_ACCESS_KEY_ID": f"ASIA{ACCOUNT}",
        "AWS_REGION": "us-east-1",
        "AWS_LAMBDA_FUNCTION_NAME": "hello",
        "_HANDLER": "index.handler",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.11",
    }
    assert {name: environment.get(name) for name in expected} == expected


def test_output_goes_to_cloudwatch_logs(client, aws):
    source = """
        import logging
        logging.getLogger().setLevel("INFO")
        def handler(event, context):
            print("printed")
            logging.info("logged")
    """
    create(client, source)
    answer, payload = invoke(client, LogType="Tail")
    assert payload is None
    start, printed, logged, end, report = log_of(aws)
    assert re.fullmatch(r"START RequestId: [0-9a-f-]{36} Version: \$LATEST", start)
    assert printed == "printed"
    assert re.fullmatch(r"\[INFO\]\t[\d-]+T[\d:.]+Z\t[0-9a-f-]{36}\tlogged", logged)
    assert end.startswith("END RequestId: ")
    assert re.search(r"\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB", report)
    assert "printed\n" in base64.b64decode(answer["LogResult"]).decode()


def test_an_exception_is_awss_error_payload(client, journal):
    create(client, "def handler(event, context):\n    raise ValueError('no such version')")
    answer, payload = invoke(client)
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert (payload["errorMessage"], payload["errorType"]) == ("no such version", "ValueError")
    assert len(payload["requestId"]) == 36
    (frame,) = payload["stackTrace"]
    assert 'index.py", line 2, in handler\n    raise ValueError' in frame
    (record,) = journal.read(0, "invoke")
    assert (record["function"], record["status"], record["reason"]) == (ARN, "Failed", "no such version")
    assert "[ERROR] ValueError: no such version" in record["log_tail"]


def test_a_function_over_its_timeout_fails_with_awss_sentence(client):
    create(client, "import time\ndef handler(event, context): time.sleep(60)", Timeout=1)
    answer, payload = invoke(client)
    assert answer["FunctionError"] == "Unhandled"
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z [0-9a-f-]{36} Task timed out after 1.00 seconds",
        payload["errorMessage"],
    )


@pytest.mark.parametrize(
    ("source", "handler", "kind", "message"),
    [
        (
            "import nothing_like_it",
            "index.handler",
            "Runtime.ImportModuleError",
            "Unable to import module 'index'",
        ),
        (ECHO, "index.main", "Runtime.HandlerNotFound", "Handler 'main' missing on module 'index'"),
        (ECHO, "index", "Runtime.MalformedHandlerName", "Bad handler 'index'"),
        ("def", "index.handler", "Runtime.UserCodeSyntaxError", "Syntax error in module 'index'"),
        (
            "def handler(event, context): return object()",
            "index.handler",
            "Runtime.MarshalError",
            "Unable to marshal response",
        ),
        (
            "import os\ndef handler(event, context): os._exit(3)",
            "index.handler",
            "Runtime.ExitError",
            "exit status 3",
        ),
    ],
)
def test_what_is_wrong_with_the_code_is_a_runtime_error(client, source, handler, kind, message):
    create(client, source, Handler=handler)
    answer, payload = invoke(client)
    assert (answer["FunctionError"], payload["errorType"]) == ("Unhandled", kind)
    assert message in payload["errorMessage"]


def test_an_event_is_answered_at_once_and_settles_later(client, journal):
    create(client, "import time\ndef handler(event, context): time.sleep(0.2)")
    answer = client.invoke(FunctionName="hello", InvocationType="Event")
    assert answer == {"StatusCode": 202}
    assert journal.running() == [f"lambda {ARN}"]
    assert journal.settle(10) == []
    assert [record["status"] for record in journal.read(0, "invoke")] == ["Succeeded"]


def test_an_event_that_fails_is_tried_three_times(client, journal):
    create(client, "def handler(event, context): 1/0")
    client.invoke(FunctionName="hello", InvocationType="Event")
    assert journal.settle(10) == []
    assert [record["status"] for record in journal.read(0, "invoke")] == ["Failed"] * 3


def test_invocations_run_side_by_side(client):
    create(client, "import time\ndef handler(event, context):\n    time.sleep(0.5)\n    return event")
    answers = []
    threads = [threading.Thread(target=lambda n=n: answers.append(invoke(client, n)[1])) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [0, 1, 2, 3]


def test_a_dry_run_runs_nothing(client, journal):
    create(client)
    assert client.invoke(FunctionName="hello", InvocationType="DryRun") == {"StatusCode": 204}
    assert journal.read(0, "invoke") == []


def test_a_payload_that_is_not_json_is_refused(client):
    create(client)
    with pytest.raises(ClientError) as raised:
        client.invoke(FunctionName="hello", Payload=b"{")
    assert code_of(raised) == "InvalidRequestContentException"


def test_code_and_configuration_can_be_changed(client):
    create(client, Environment={"Variables": {"A": "1"}}, Timeout=10)
    before = client.get_function_configuration(FunctionName="hello")
    client.update_function_code(
        FunctionName="hello", ZipFile=package("def handler(event, context): return 'new'")
    )
    assert invoke(client)[1] == "new"
    after = client.update_function_configuration(FunctionName="hello", Timeout=20, Description="better")
    assert (after["Timeout"], after["Description"], after["Environment"]) == (
        20,
        "better",
        {"Variables": {"A": "1"}},
    )
    assert before["CodeSha256"] != after["CodeSha256"]
    assert before["RevisionId"] != after["RevisionId"]


def test_an_update_of_another_revision_is_refused(client):
    create(client)
    with pytest.raises(ClientError) as raised:
        client.update_function_configuration(FunctionName="hello", Timeout=4, RevisionId="older")
    assert code_of(raised) == "PreconditionFailedException"


def test_code_can_come_from_s3(client, aws):
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="code-bucket")
    s3.put_object(Bucket="code-bucket", Key="hello.zip", Body=package(ECHO))
    create(client, Code={"S3Bucket": "code-bucket", "S3Key": "hello.zip"})
    assert invoke(client, 1)[1] == 1
    with pytest.raises(ClientError) as raised:
        client.update_function_code(FunctionName="hello", S3Bucket="code-bucket", S3Key="gone.zip")
    assert code_of(raised) == "InvalidParameterValueException"
    assert "S3 Error Code: NoSuchKey" in message_of(raised)


def test_a_published_version_stays_as_it_was(client):
    create(client)
    version = client.publish_version(FunctionName="hello")
    assert (version["Version"], version["FunctionArn"]) == ("1", f"{ARN}:1")
    assert client.publish_version(FunctionName="hello")["Version"] == "1"
    client.update_function_code(FunctionName="hello", ZipFile=package("def handler(e, c): return 'new'"))
    assert invoke(client, "old", Qualifier="1")[1] == "old"
    assert invoke(client, "old")[1] == "new"


def test_functions_are_listed_per_account_and_region(functions, client):
    create(client)
    create(client, FunctionName="another")
    create(Client(functions, "222222222222"))
    listed = client.list_functions()
    assert [function["FunctionName"] for function in listed["Functions"]] == ["another", "hello"]
    first = client.list_functions(MaxItems=1)
    assert first["NextMarker"] == "another"
    rest = client.list_functions(MaxItems=1, Marker="another")
    assert [function["FunctionName"] for function in rest["Functions"]] == ["hello"]
    assert Client(functions, region="eu-west-1").list_functions()["Functions"] == []


def test_a_deleted_function_is_gone(client):
    create(client)
    client.delete_function(FunctionName="hello")
    with pytest.raises(ClientError) as raised:
        client.invoke(FunctionName="hello")
    assert (code_of(raised), message_of(raised)) == (
        "ResourceNotFoundException",
        f"Function not found: {ARN}",
    )


def test_a_name_can_be_taken_once(client):
    create(client)
    with pytest.raises(ClientError) as raised:
        create(client)
    assert code_of(raised) == "ResourceConflictException"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"Runtime": "nodejs20.x"}, "python3.x functions only, not nodejs20.x"),
        ({"Code": {"ZipFile": b"not a zip"}}, "Could not unzip uploaded file"),
        ({"Code": {}}, "Please provide a source for function code."),
        ({"Role": f"arn:aws:iam::{ACCOUNT}:role/untrusting"}, "cannot be assumed by Lambda"),
        ({"Timeout": 901}, "Value '901' at 'timeout'"),
        ({"Layers": ["arn:aws:lambda:us-east-1:1:layer:x:1"]}, "does not support functions with Layers"),
    ],
)
def test_what_aws_or_the_harness_would_refuse_is_refused(client, changes, message):
    with pytest.raises(ClientError) as raised:
        create(client, **changes)
    assert code_of(raised) == "InvalidParameterValueException"
    assert message in message_of(raised)


def test_the_role_is_assumed_for_the_function(client, wire):
    create(client)
    client.publish_version(FunctionName="hello")
    invoke(client, 1, Qualifier="1")
    assert wire.sources == [ARN, ARN]


def test_tags_can_be_set_and_taken_away(client):
    create(client, Tags={"a": "1"})
    client.tag_resource(Resource=ARN, Tags={"b": "2"})
    client.untag_resource(Resource=ARN, TagKeys=["a"])
    assert client.list_tags(Resource=ARN) == {"Tags": {"b": "2"}}


def test_permissions_make_a_policy(functions, client):
    create(client)
    with pytest.raises(ClientError) as raised:
        client.get_policy(FunctionName="hello")
    assert code_of(raised) == "ResourceNotFoundException"
    rule = f"arn:aws:events:us-east-1:{ACCOUNT}:rule/nightly"
    permission = {
        "FunctionName": "hello",
        "StatementId": "events",
        "Action": "lambda:InvokeFunction",
        "Principal": "events.amazonaws.com",
        "SourceArn": rule,
    }
    client.add_permission(**permission)
    (statement,) = json.loads(client.get_policy(FunctionName="hello")["Policy"])["Statement"]
    assert statement == {
        "Sid": "events",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": ARN,
        "Condition": {"ArnLike": {"AWS:SourceArn": rule}},
    }
    assert functions.facts.policy(ARN) == client.get_policy(FunctionName="hello")["Policy"]
    with pytest.raises(ClientError) as raised:
        client.add_permission(**permission)
    assert code_of(raised) == "ResourceConflictException"
    client.remove_permission(FunctionName="hello", StatementId="events")
    assert functions.facts.policy(ARN) == ""


def test_an_operation_that_is_not_there_says_so(client):
    with pytest.raises(ClientError) as raised:
        client.list_layers()
    assert code_of(raised) == "UnsupportedOperation"
    assert message_of(raised) == "The harness does not support lambda:ListLayers yet"


def test_the_sagemaker_sdks_helper_works(client, tmp_path):
    script = tmp_path / "hello.py"
    script.write_text("def handler(event, context): return {'statusCode': 200}")

    class Session:
        lambda_client = client

    def helper(**changes):
        return Lambda(
            **{
                "function_name": "hello",
                "execution_role_arn": ROLE,
                "script": str(script),
                "handler": "hello.handler",
                "session": Session(),
                "runtime": "python3.11",
                **changes,
            }
        )

    assert helper().upsert()["FunctionArn"] == ARN
    script.write_text("def handler(event, context): return {'statusCode': 201}")
    assert helper().upsert()["FunctionArn"] == ARN
    assert json.loads(helper().invoke()["Payload"]) == {"statusCode": 201}
    assert json.loads(Lambda(function_arn=ARN, session=Session()).invoke()["Payload"]) == {"statusCode": 201}
    helper().delete()
    with pytest.raises(ValueError, match="ResourceNotFoundException"):
        helper().update()
