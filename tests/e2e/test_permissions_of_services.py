"""What services do for people they do as somebody: in the role that they were given, or as themselves, where the
resource's policy has to let them. Nobody waits for the answer, so the journal has to tell."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from harness.model import Json
from tests.e2e.account import SCIKIT_LEARN
from tests.e2e.callers import (
    DEV,
    Callers,
    allow,
    not_authorized,
    own_name,
    policy,
    refused,
    trust,
    unallowed,
)
from tests.e2e.test_bad_definitions import definition

EVENTS, SAGEMAKER, LAMBDA = "events.amazonaws.com", "sagemaker.amazonaws.com", "lambda.amazonaws.com"
LOGS = allow(["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"])
ENDS = definition({"Name": "End", "Type": "Fail", "Arguments": {"ErrorMessage": "the end"}})


# Jobs run in their execution role


def processed(callers: Callers, role: str, command: str = "pass", **more: Any) -> Json:
    """The description of a processing job that has ended."""
    sagemaker, name = callers.admin("sagemaker"), own_name("job")
    cluster = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
    sagemaker.create_processing_job(
        ProcessingJobName=name,
        RoleArn=role,
        AppSpecification={"ImageUri": SCIKIT_LEARN, "ContainerEntrypoint": ["python3", "-c", command]},
        ProcessingResources={"ClusterConfig": cluster},
        **more,
    )
    callers.stack.client.settle()
    told: Json = sagemaker.describe_processing_job(ProcessingJobName=name)
    return told


def from_bucket(bucket: str) -> list[Json]:
    where = {
        "S3Uri": f"s3://{bucket}/data/",
        "LocalPath": "/opt/ml/processing/input",
        "S3DataType": "S3Prefix",
        "S3InputMode": "File",
    }
    return [{"InputName": "data", "S3Input": where}]


def to_bucket(bucket: str) -> Json:
    where = {
        "S3Uri": f"s3://{bucket}/out",
        "LocalPath": "/opt/ml/processing/output",
        "S3UploadMode": "EndOfJob",
    }
    return {"Outputs": [{"OutputName": "out", "S3Output": where}]}


def test_a_job_whose_role_may_not_list_its_input_fails_and_says_so(callers: Callers) -> None:
    """The administrator who created the job may: that does not matter."""
    bucket = callers.bucket(**{"data/x": "x"})
    role = callers.role(LOGS, trusts=trust(SAGEMAKER))
    told = processed(callers, role, ProcessingInputs=from_bucket(bucket))
    assert told["ProcessingJobStatus"] == "Failed"
    assert told["FailureReason"].startswith("ClientError: ")
    assert "AccessDenied" in told["FailureReason"]
    session = f"arn:aws:sts::{DEV}:assumed-role/{role.rsplit('/', 1)[-1]}/SageMaker"
    lesson = callers.lesson(session)
    assert lesson["role"] == role
    assert lesson["action"] == "s3:ListBucket"
    assert lesson["changes"][0]["where"] == f"{DEV} {role.split(':')[5]} inline policy"


def test_a_job_whose_role_may_list_but_not_read_its_input_fails_by_the_action(callers: Callers) -> None:
    bucket = callers.bucket(**{"data/x": "x"})
    role = callers.role(LOGS, allow("s3:ListBucket"), trusts=trust(SAGEMAKER))
    told = processed(callers, role, ProcessingInputs=from_bucket(bucket))
    assert told["ProcessingJobStatus"] == "Failed"
    assert told["FailureReason"].startswith("ClientError: Failed to download data. ")
    assert unallowed("s3:GetObject") in told["FailureReason"]


def test_a_job_whose_role_may_read_completes_unless_it_may_not_write(callers: Callers) -> None:
    bucket = callers.bucket(**{"data/x": "x"})
    reading = allow(["s3:GetObject", "s3:ListBucket"])
    write = "open('/opt/ml/processing/output/y', 'w').write('y')"
    wanted = {"ProcessingInputs": from_bucket(bucket), "ProcessingOutputConfig": to_bucket(bucket)}
    reader = callers.role(LOGS, reading, trusts=trust(SAGEMAKER))
    told = processed(callers, reader, write, **wanted)
    assert told["ProcessingJobStatus"] == "Failed"
    assert "s3:PutObject" in told["FailureReason"]
    writer = callers.role(LOGS, reading, allow("s3:PutObject"), trusts=trust(SAGEMAKER))
    assert processed(callers, writer, write, **wanted)["ProcessingJobStatus"] == "Completed"
    assert callers.admin("s3").get_object(Bucket=bucket, Key="out/y")["Body"].read() == b"y"


def test_what_a_jobs_program_calls_it_calls_in_the_jobs_role(callers: Callers) -> None:
    script = "import boto3; boto3.client('s3').list_buckets()"
    role = callers.role(LOGS, trusts=trust(SAGEMAKER))
    told = processed(callers, role, script)
    assert told["FailureReason"] == "AlgorithmError: , exit code: 1"
    logs = callers.admin("logs")
    group = "/aws/sagemaker/ProcessingJobs"
    (stream,) = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=told["ProcessingJobName"])[
        "logStreams"
    ]
    events = logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])["events"]
    assert unallowed("s3:ListAllMyBuckets") in events[-1]["message"]


def test_a_job_whose_role_may_not_write_logs_completes_without_any(callers: Callers) -> None:
    role = callers.role(trusts=trust(SAGEMAKER))
    told = processed(callers, role, "print('hello')")
    assert told["ProcessingJobStatus"] == "Completed"
    session = f"arn:aws:sts::{DEV}:assumed-role/{role.rsplit('/', 1)[-1]}/SageMaker"
    assert callers.lesson(session)["action"].startswith("logs:")


def test_a_pipelines_step_fails_where_its_role_may_not_create_jobs(callers: Callers) -> None:
    sagemaker, name = callers.admin("sagemaker"), own_name("pipeline")
    role = callers.role(trusts=trust(SAGEMAKER))
    arguments = {
        "ProcessingResources": {
            "ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}
        },
        "AppSpecification": {"ImageUri": SCIKIT_LEARN},
        "RoleArn": role,
    }
    sagemaker.create_pipeline(
        PipelineName=name,
        PipelineDefinition=definition({"Name": "Work", "Type": "Processing", "Arguments": arguments}),
        RoleArn=role,
        ClientRequestToken=name.ljust(32, "0"),
    )
    arn = sagemaker.start_pipeline_execution(PipelineName=name)["PipelineExecutionArn"]
    callers.stack.client.settle()
    (step,) = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=arn)["PipelineExecutionSteps"]
    assert step["StepStatus"] == "Failed"
    assert "is not authorized to perform: sagemaker:CreateProcessingJob on resource" in step["FailureReason"]
    assert f"assumed-role/{role.rsplit('/', 1)[-1]}/" in step["FailureReason"]


# Functions run in theirs


def function(callers: Callers, role: str, code: str) -> str:
    packed, name = io.BytesIO(), own_name("function")
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("main.py", f"import boto3\ndef handler(event, context):\n    {code}\n")
    callers.admin("lambda").create_function(
        FunctionName=name,
        Runtime="python3.12",
        Handler="main.handler",
        Role=role,
        Code={"ZipFile": packed.getvalue()},
        Timeout=30,
    )
    return name


def test_what_a_function_calls_it_calls_in_its_own_role_whoever_invokes_it(callers: Callers) -> None:
    role = callers.role(LOGS, trusts=trust(LAMBDA))
    name = function(callers, role, "return len(boto3.client('s3').list_buckets()['Buckets'])")
    invoke = callers.admin("lambda").invoke
    answer = invoke(FunctionName=name)
    told = json.loads(answer["Payload"].read())
    assert answer["FunctionError"] == "Unhandled"
    who = f"arn:aws:sts::{DEV}:assumed-role/{role.rsplit('/', 1)[-1]}/{name}"
    assert (
        not_authorized(who, "s3:ListAllMyBuckets", "", unallowed("s3:ListAllMyBuckets"))
        in told["errorMessage"]
    )
    callers.admin("iam").put_role_policy(
        RoleName=role.rsplit("/", 1)[-1],
        PolicyName="more",
        PolicyDocument=policy(allow("s3:ListAllMyBuckets")),
    )
    assert "FunctionError" not in invoke(FunctionName=name)


def test_who_may_not_invoke_a_function_is_refused_in_lambdas_words(callers: Callers) -> None:
    name = function(callers, callers.role(LOGS, trusts=trust(LAMBDA)), "return 1")
    ann = callers.user(allow("lambda:Get*"))
    arn = f"arn:aws:lambda:us-east-1:{DEV}:function:{name}"
    assert refused(ann.client("lambda").invoke, FunctionName=name) == (
        "AccessDeniedException",
        403,
        not_authorized(ann, "lambda:InvokeFunction", arn, unallowed("lambda:InvokeFunction")),
    )
    callers.admin("lambda").add_permission(
        FunctionName=name, StatementId="ann", Action="lambda:InvokeFunction", Principal=ann.arn
    )
    assert ann.client("lambda").invoke(FunctionName=name)["Payload"].read() == b"1"


# EventBridge's targets


@dataclass(frozen=True)
class Rule:
    """A rule on events of a source of its own."""

    callers: Callers
    name: str

    @property
    def arn(self) -> str:
        return f"arn:aws:events:us-east-1:{DEV}:rule/{self.name}"

    def to(self, arn: str, **more: Any) -> Json:
        """Sends one event to one target; answers the delivery's record."""
        events, client = self.callers.admin("events"), self.callers.stack.client
        events.put_targets(Rule=self.name, Targets=[{"Id": "1", "Arn": arn, **more}])
        before = client.status()["records"]
        entry = {"Source": f"e2e.{self.name}", "DetailType": "news", "Detail": "{}"}
        answer = events.put_events(Entries=[entry])
        assert answer["FailedEntryCount"] == 0
        assert client.settle() == []
        (record,) = client.journal(before, "delivery")
        return dict(record)

    def counted(self, metric: str) -> float:
        """How often the metric of AWS/Events was counted for the rule."""
        now = self.callers.stack.client.now()
        points = self.callers.admin("cloudwatch").get_metric_statistics(
            Namespace="AWS/Events",
            MetricName=metric,
            Dimensions=[{"Name": "RuleName", "Value": self.name}],
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(hours=1),
            Period=60,
            Statistics=["Sum"],
        )["Datapoints"]
        return float(sum(point["Sum"] for point in points))


@pytest.fixture
def rule(callers: Callers) -> Iterator[Rule]:
    rule = Rule(callers, own_name("rule"))
    pattern = json.dumps({"source": [f"e2e.{rule.name}"]})
    callers.admin("events").put_rule(Name=rule.name, EventPattern=pattern)
    yield rule
    callers.admin("events").remove_targets(Rule=rule.name, Ids=["1"])
    callers.admin("events").delete_rule(Name=rule.name)


@pytest.fixture(scope="module")
def pipeline(callers: Callers) -> str:
    """The ARN of a pipeline that ends at once."""
    name = own_name("pipeline")
    made = callers.admin("sagemaker").create_pipeline(
        PipelineName=name,
        PipelineDefinition=ENDS,
        RoleArn=callers.role(trusts=trust(SAGEMAKER)),
        ClientRequestToken=name.ljust(32, "0"),
    )
    arn: str = made["PipelineArn"]
    return arn


def test_a_targets_role_that_does_not_trust_eventbridge_starts_nothing(
    callers: Callers, rule: Rule, pipeline: str
) -> None:
    role = callers.role(allow("sagemaker:StartPipelineExecution"), trusts=trust(SAGEMAKER))
    delivery = rule.to(pipeline, RoleArn=role)
    assert delivery["status"] == "failed"
    assert delivery["reason"] == f"AccessDenied: {not_authorized(EVENTS, 'sts:AssumeRole', role, '')}"
    (change,) = callers.lesson(EVENTS)["changes"]
    assert change["where"] == f"{DEV} {role.split(':')[5]} trust"
    assert change["statement"]["Principal"] == {"Service": EVENTS}
    assert change["statement"]["Condition"]["ArnEquals"] == {"aws:SourceArn": rule.arn}


def test_a_targets_role_that_may_not_start_the_pipeline_starts_nothing(
    callers: Callers, rule: Rule, pipeline: str
) -> None:
    role = callers.role(trusts=trust(EVENTS))
    delivery = rule.to(pipeline, RoleArn=role)
    assert delivery["status"] == "failed"
    assert delivery["reason"].startswith("AccessDeniedException: User: ")
    assert f"sagemaker:StartPipelineExecution on resource: {pipeline} because" in delivery["reason"]
    assert rule.counted("FailedInvocations") == 1
    callers.admin("iam").put_role_policy(
        RoleName=role.rsplit("/", 1)[-1],
        PolicyName="start",
        PolicyDocument=policy(allow("sagemaker:StartPipelineExecution", pipeline)),
    )
    assert rule.to(pipeline, RoleArn=role)["status"] == "delivered"


def test_a_function_without_permission_for_eventbridge_is_not_invoked(callers: Callers, rule: Rule) -> None:
    name = function(callers, callers.role(LOGS, trusts=trust(LAMBDA)), "return 1")
    arn = f"arn:aws:lambda:us-east-1:{DEV}:function:{name}"
    delivery = rule.to(arn)
    why = unallowed("lambda:InvokeFunction", "resource-based policy")
    assert delivery["reason"] == (
        f"AccessDeniedException: {not_authorized(EVENTS, 'lambda:InvokeFunction', arn, why)}"
    )
    callers.admin("lambda").add_permission(
        FunctionName=name,
        StatementId="rule",
        Action="lambda:InvokeFunction",
        Principal=EVENTS,
        SourceArn=rule.arn,
    )
    assert rule.to(arn)["status"] == "delivered"


def publishing(topic: str, **more: Any) -> str:
    """The topic's policy that lets EventBridge publish."""
    return policy(allow("sns:Publish", topic, Sid="rules", Principal={"Service": EVENTS}, **more))


def test_a_topic_whose_policy_does_not_let_eventbridge_in_gets_nothing(callers: Callers, rule: Rule) -> None:
    """EventBridge User Guide, "Using resource-based policies for Amazon EventBridge": SNS."""
    sns = callers.admin("sns")
    topic = sns.create_topic(Name=own_name("topic"))["TopicArn"]
    delivery = rule.to(topic)
    why = unallowed("SNS:Publish", "resource-based policy")
    assert delivery["reason"] == f"AuthorizationError: {not_authorized(EVENTS, 'SNS:Publish', topic, why)}"
    (change,) = callers.lesson(EVENTS)["changes"]
    sns.set_topic_attributes(
        TopicArn=topic, AttributeName="Policy", AttributeValue=policy({"Sid": "a", **change["statement"]})
    )
    assert rule.to(topic)["status"] == "delivered"


def test_a_topics_default_policy_lets_no_user_publish_without_a_policy_of_its_own(callers: Callers) -> None:
    """Its condition is aws:SourceOwner, which is of services' requests only (SNS Developer Guide, "aws:SourceAccount
    versus aws:SourceOwner"); users and roles of the account get this answer in many a public issue."""
    topic = callers.admin("sns").create_topic(Name=own_name("topic"))["TopicArn"]
    ann = callers.user()
    assert refused(ann.client("sns").publish, TopicArn=topic, Message="hello") == (
        "AuthorizationError",
        403,
        not_authorized(ann, "SNS:Publish", topic, unallowed("SNS:Publish")),
    )


def test_a_topic_may_let_in_one_rule_only(callers: Callers, rule: Rule) -> None:
    """IAM User Guide, "The confused deputy problem"."""
    sns, other = callers.admin("sns"), f"arn:aws:events:us-east-1:{DEV}:rule/another"
    topic = sns.create_topic(Name=own_name("topic"))["TopicArn"]
    for source, status in ((other, "failed"), (rule.arn, "delivered")):
        text = publishing(topic, Condition={"ArnEquals": {"aws:SourceArn": source}})
        sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=text)
        assert rule.to(topic)["status"] == status
    (read,) = (r for r in callers.lesson(EVENTS)["policies"] if r["kind"] == "resource")
    assert "aws:SourceArn" in read["why"]
    assert rule.arn in read["why"]


def test_to_a_topic_under_the_aws_managed_key_eventbridge_cannot_publish_and_tells_nobody(
    callers: Callers, rule: Rule
) -> None:
    """AWS re:Post, "Why aren't my EventBridge rules sending notifications to my SNS topic": the policy of alias/aws/sns
    cannot be changed. The sender of the event hears nothing of it: `rule.to` has seen PutEvents succeed."""
    topic = callers.admin("sns").create_topic(
        Name=own_name("topic"), Attributes={"KmsMasterKeyId": "alias/aws/sns"}
    )["TopicArn"]
    callers.admin("sns").set_topic_attributes(
        TopicArn=topic, AttributeName="Policy", AttributeValue=publishing(topic)
    )
    delivery = rule.to(topic)
    assert (delivery["rule"], delivery["target"], delivery["status"]) == (rule.arn, topic, "failed")
    assert delivery["reason"].startswith(
        f"KMSAccessDenied: User: {EVENTS} is not authorized to perform: kms:"
    )
    lesson = callers.lesson(EVENTS)
    assert (lesson["call"], lesson["action"]) == ("sns:Publish", "kms:GenerateDataKey")
    assert lesson["why"] == "to encrypt the message with the topic's key"
    (read,) = (r for r in lesson["policies"] if r["kind"] == "resource")
    assert read["policy"] == f"{DEV} key alias/aws/sns policy"
    (change,) = lesson["changes"]
    assert change["what"].startswith("use a key of your own, and let ")
    assert rule.counted("Invocations") == rule.counted("FailedInvocations") == 1


def test_to_a_topic_under_a_key_of_ones_own_eventbridge_publishes_if_the_keys_policy_lets_it(
    callers: Callers, rule: Rule
) -> None:
    """SNS Developer Guide, "Enable compatibility between event sources from AWS services and encrypted topics"."""
    kms, sns = callers.admin("kms"), callers.admin("sns")
    root = allow("kms:*", Sid="account", Principal={"AWS": f"arn:aws:iam::{DEV}:root"})
    use = allow(["kms:Decrypt", "kms:GenerateDataKey*"], Sid="rules", Principal={"Service": EVENTS})
    key = kms.create_key(Policy=policy(root))["KeyMetadata"]["Arn"]
    topic = sns.create_topic(Name=own_name("topic"), Attributes={"KmsMasterKeyId": key})["TopicArn"]
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=publishing(topic))
    why = unallowed("kms:GenerateDataKey", "resource-based policy")
    assert rule.to(topic)["reason"] == (
        f"KMSAccessDenied: {not_authorized(EVENTS, 'kms:GenerateDataKey', key, why)}"
    )
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=policy(root, use))
    assert rule.to(topic)["status"] == "delivered"
    assert rule.counted("FailedInvocations") == 1


def test_a_keys_policy_that_asks_for_the_source_of_an_event_does_not_let_eventbridge_in(
    callers: Callers, rule: Rule
) -> None:
    """SNS Developer Guide, "Managing Amazon SNS encryption keys and costs": aws:SourceAccount, aws:SourceArn and
    aws:SourceOrgID in a key's policy are "not supported for EventBridge-to-encrypted topics"."""
    sns, source = callers.admin("sns"), {"StringEquals": {"aws:SourceAccount": DEV}}
    root = allow("kms:*", Sid="account", Principal={"AWS": f"arn:aws:iam::{DEV}:root"})
    use = allow("kms:*", Sid="rules", Principal={"Service": EVENTS}, Condition=source)
    key = callers.admin("kms").create_key(Policy=policy(use, root))["KeyMetadata"]["Arn"]
    topic = sns.create_topic(Name=own_name("topic"), Attributes={"KmsMasterKeyId": key})["TopicArn"]
    sns.set_topic_attributes(
        TopicArn=topic, AttributeName="Policy", AttributeValue=publishing(topic, Condition=source)
    )
    assert rule.to(topic)["reason"].startswith("KMSAccessDenied: ")
    lesson = callers.lesson(EVENTS)
    assert "aws:SourceAccount" in lesson["policies"][0]["why"]
    (change,) = lesson["changes"]
    assert "Condition" not in change["statement"]


def test_what_could_not_be_delivered_waits_in_a_dead_letter_queue_that_lets_eventbridge_in(
    callers: Callers, rule: Rule
) -> None:
    sqs = callers.admin("sqs")
    topic = callers.admin("sns").create_topic(Name=own_name("topic"))["TopicArn"]
    name = own_name("queue")
    arn = f"arn:aws:sqs:us-east-1:{DEV}:{name}"
    sending = allow("sqs:SendMessage", arn, Principal={"Service": EVENTS})
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    rule.to(topic, DeadLetterConfig={"Arn": arn})
    assert rule.counted("InvocationsFailedToBeSentToDlq") == 1
    assert callers.lesson(EVENTS)["action"] == "sqs:SendMessage"
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy(sending)})
    rule.to(topic, DeadLetterConfig={"Arn": arn})
    (letter,) = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"]
    assert letter["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "AuthorizationError"
