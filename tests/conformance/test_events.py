"""EventBridge."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from harness.model import Json
from tests.conformance.test_notifications import Queue, confirm, mails
from tests.e2e.callers import DEV, Callers, allow, own_name, policy, refused, trust
from tests.e2e.test_bad_definitions import definition
from tests.e2e.test_permissions_of_s3 import key
from tests.e2e.test_permissions_of_services import EVENTS, LAMBDA, LOGS, SAGEMAKER, Rule, function, publishing

WHOLE_ACCOUNT = {"AWS": f"arn:aws:iam::{DEV}:root"}
STATUS_CHANGE = "SageMaker Model Building Pipeline Execution Status Change"


@pytest.fixture
def rule(callers: Callers) -> Iterator[Rule]:
    """A rule on events of a source of its own."""
    rule, events = Rule(callers, own_name("rule")), callers.admin("events")
    events.put_rule(Name=rule.name, EventPattern=json.dumps({"source": [f"e2e.{rule.name}"]}))
    yield rule
    events.remove_targets(Rule=rule.name, Ids=["1"])
    events.delete_rule(Name=rule.name)


@pytest.fixture
def queue(callers: Callers, rule: Rule) -> Queue:
    """A queue that lets the rule in."""
    queue = Queue(callers)
    queue.let_in(EVENTS, rule.arn)
    return queue


@pytest.fixture(scope="module")
def starter(callers: Callers) -> str:
    """A role for targets that are pipelines."""
    return callers.role(allow("sagemaker:StartPipelineExecution"), trusts=trust(EVENTS))


class Pipeline:
    """Of one step, which fails and says so with the pipeline's parameter Reason."""

    def __init__(self, callers: Callers) -> None:
        self.sagemaker, self.name = callers.admin("sagemaker"), own_name("pipeline")
        step = {"Name": "End", "Type": "Fail", "Arguments": {"ErrorMessage": {"Get": "Parameters.Reason"}}}
        reason = {"Name": "Reason", "Type": "String", "DefaultValue": "by default"}
        made = self.sagemaker.create_pipeline(
            PipelineName=self.name,
            PipelineDefinition=definition(step, Parameters=[reason]),
            RoleArn=callers.role(trusts=trust(SAGEMAKER)),
            ClientRequestToken=self.name.ljust(32, "0"),
        )
        self.arn = made["PipelineArn"]

    def reasons(self) -> list[str]:
        """Why each of its executions failed, the newest first."""
        listed = self.sagemaker.list_pipeline_executions(PipelineName=self.name)["PipelineExecutionSummaries"]
        arns = [execution["PipelineExecutionArn"] for execution in listed]
        steps = [self.sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=arn) for arn in arns]
        return [told["PipelineExecutionSteps"][0]["FailureReason"] for told in steps]


@pytest.fixture
def pipeline(callers: Callers) -> Pipeline:
    return Pipeline(callers)


def test_a_rules_life(callers: Callers) -> None:
    """A rule is listed and described with its targets and tags, and deleted once it has none"""
    events, name = callers.admin("events"), own_name("rule")
    tags = [{"Key": "Project", "Value": "mammo"}]
    pattern = json.dumps({"source": ["aws.sagemaker"]})
    arn = events.put_rule(Name=name, EventPattern=pattern, Tags=tags)["RuleArn"]
    target = {"Id": "queue", "Arn": f"arn:aws:sqs:us-east-1:{DEV}:nobody"}
    events.put_targets(Rule=name, Targets=[target])
    (listed,) = events.list_rules(NamePrefix=name)["Rules"]
    assert (listed["Arn"], listed["State"]) == (arn, "ENABLED")
    assert events.describe_rule(Name=name)["EventPattern"] == pattern
    assert events.list_targets_by_rule(Rule=name)["Targets"] == [target]
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == tags
    assert refused(events.delete_rule, Name=name)[0] == "ValidationException"
    events.remove_targets(Rule=name, Ids=["queue"])
    events.delete_rule(Name=name)
    assert refused(events.describe_rule, Name=name)[0] == "ResourceNotFoundException"


def test_an_event_to_a_queue(rule: Rule, queue: Queue) -> None:
    """An event that matches reaches a queue that lets the rule in, as EventBridge's envelope"""
    assert rule.to(queue.arn)["status"] == "delivered"
    (body,) = queue.received()
    told = json.loads(body)
    assert (told["source"], told["detail-type"], told["account"]) == (f"e2e.{rule.name}", "news", DEV)


def test_an_event_that_does_not_match(callers: Callers, rule: Rule, queue: Queue) -> None:
    """An event that does not match goes nowhere"""
    events = callers.admin("events")
    events.put_targets(Rule=rule.name, Targets=[{"Id": "1", "Arn": queue.arn}])
    events.put_events(Entries=[{"Source": "e2e.other", "DetailType": "news", "Detail": "{}"}])
    callers.stack.client.settle()
    assert queue.received() == []


def test_an_event_to_a_queue_that_lets_nobody_in(callers: Callers, rule: Rule) -> None:
    """An event does not reach a queue that does not let the rule in"""
    queue = Queue(callers)
    assert rule.to(queue.arn)["status"] == "failed"
    assert queue.received() == []


def test_an_event_starts_a_pipeline(rule: Rule, pipeline: Pipeline, starter: str) -> None:
    """An event starts a pipeline under the target's role, with the target's parameters"""
    parameters = {"PipelineParameterList": [{"Name": "Reason", "Value": "told by the rule"}]}
    told = rule.to(pipeline.arn, RoleArn=starter, SageMakerPipelineParameters=parameters)
    assert told["status"] == "delivered"
    assert pipeline.reasons() == ["told by the rule"]


def test_a_targets_role_that_may_not(callers: Callers, rule: Rule, pipeline: Pipeline) -> None:
    """A target's role that may not start the pipeline starts nothing, and a metric counts it"""
    told = rule.to(pipeline.arn, RoleArn=callers.role(trusts=trust(EVENTS)))
    assert (told["status"], pipeline.reasons()) == ("failed", [])
    assert (rule.counted("Invocations"), rule.counted("FailedInvocations")) == (1, 1)


def test_an_event_becomes_a_mail(callers: Callers, rule: Rule) -> None:
    """An event becomes a mail by way of a topic that lets EventBridge in, in the words of the target"""
    sns, address = callers.admin("sns"), f"{own_name('team')}@example.com"
    topic = sns.create_topic(Name=own_name("topic"))["TopicArn"]
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=publishing(topic))
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=address)
    confirm(callers, address)
    words = {"InputPathsMap": {"what": "$.detail-type"}, "InputTemplate": '"There is <what>."'}
    assert rule.to(topic, InputTransformer=words)["status"] == "delivered"
    assert "There is news." in mails(callers, address)[-1].get_content()


def test_a_topic_that_does_not_let_eventbridge_in(callers: Callers, rule: Rule) -> None:
    """A topic whose policy does not let EventBridge in gets no event"""
    topic = callers.admin("sns").create_topic(Name=own_name("topic"))["TopicArn"]
    assert rule.to(topic)["reason"].startswith("AuthorizationError: ")


def topic_under(callers: Callers, arn: str) -> str:
    """A topic that lets EventBridge in, under a key."""
    sns = callers.admin("sns")
    topic: str = sns.create_topic(Name=own_name("topic"), Attributes={"KmsMasterKeyId": arn})["TopicArn"]
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=publishing(topic))
    return topic


def test_a_topic_under_a_key_of_ones_own(callers: Callers, rule: Rule) -> None:
    """A topic under a key of one's own gets an event when the key's policy lets EventBridge use it, and not before"""
    arn = key(callers, DEV)
    topic = topic_under(callers, arn)
    assert rule.to(topic)["reason"].startswith("KMSAccessDenied: ")
    using = allow(["kms:Decrypt", "kms:GenerateDataKey*"], Principal={"Service": EVENTS})
    text = policy(allow("kms:*", Principal=WHOLE_ACCOUNT), using)
    callers.admin("kms").put_key_policy(KeyId=arn, PolicyName="default", Policy=text)
    assert rule.to(topic)["status"] == "delivered"


def test_a_topic_under_the_aws_managed_key(callers: Callers, rule: Rule) -> None:
    """A topic under alias/aws/sns gets no event, and the event's sender hears nothing of it"""
    assert rule.to(topic_under(callers, "alias/aws/sns"))["reason"].startswith("KMSAccessDenied: ")


def test_an_event_invokes_a_function(callers: Callers, rule: Rule) -> None:
    """An event invokes a function whose policy lets EventBridge, and not before"""
    name = function(callers, callers.role(LOGS, trusts=trust(LAMBDA)), "print(event['source'])")
    arn = f"arn:aws:lambda:us-east-1:{DEV}:function:{name}"
    assert rule.to(arn)["reason"].startswith("AccessDeniedException: ")
    letting_in = {"StatementId": "rule", "Action": "lambda:InvokeFunction", "Principal": EVENTS}
    callers.admin("lambda").add_permission(FunctionName=name, SourceArn=rule.arn, **letting_in)
    assert rule.to(arn)["status"] == "delivered"
    found = callers.admin("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    assert f"e2e.{rule.name}" in [event["message"].strip() for event in found]


def test_a_dead_letter_queue(callers: Callers, rule: Rule, queue: Queue) -> None:
    """What cannot be delivered waits in the target's dead-letter queue"""
    topic = callers.admin("sns").create_topic(Name=own_name("topic"))["TopicArn"]
    rule.to(topic, DeadLetterConfig={"Arn": queue.arn})
    (body,) = queue.received()
    assert json.loads(body)["source"] == f"e2e.{rule.name}"


def watch(callers: Callers, queue: Queue, **pattern: Any) -> str:
    """A rule on SageMaker's events that puts them into the queue; its name."""
    events, name = callers.admin("events"), own_name("rule")
    text = json.dumps({"source": ["aws.sagemaker"], **pattern})
    queue.let_in(EVENTS, events.put_rule(Name=name, EventPattern=text)["RuleArn"])
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": queue.arn}])
    return name


def received(callers: Callers, queue: Queue) -> list[Json]:
    """The details of the events that have arrived."""
    callers.stack.client.settle()
    return [json.loads(body)["detail"] for body in queue.received()]


def test_a_pipelines_status(callers: Callers, pipeline: Pipeline) -> None:
    """A pipeline's failure is an event, which a rule on that pipeline and that status sees once"""
    queue = Queue(callers)
    detail = {"pipelineArn": [pipeline.arn], "currentPipelineExecutionStatus": ["Failed"]}
    watch(callers, queue, **{"detail-type": [STATUS_CHANGE], "detail": detail})
    arn = pipeline.sagemaker.start_pipeline_execution(PipelineName=pipeline.name)["PipelineExecutionArn"]
    (told,) = received(callers, queue)
    assert (told["pipelineExecutionArn"], told["previousPipelineExecutionStatus"]) == (arn, "Executing")


def test_a_versions_approval(callers: Callers) -> None:
    """A model package's approval is an event"""
    queue, sagemaker, group = Queue(callers), callers.admin("sagemaker"), own_name("group")
    detail = {"ModelPackageGroupName": [group], "ModelApprovalStatus": ["Approved"]}
    watch(callers, queue, detail=detail)
    sagemaker.create_model_package_group(ModelPackageGroupName=group)
    version = sagemaker.create_model_package(ModelPackageGroupName=group)["ModelPackageArn"]
    sagemaker.update_model_package(ModelPackageArn=version, ModelApprovalStatus="Approved")
    (told,) = received(callers, queue)
    assert told["ModelPackageArn"] == version


def test_a_schedule(callers: Callers, pipeline: Pipeline, starter: str) -> None:
    """A schedule starts a pipeline when its time comes, once"""
    client, events, name = callers.stack.client, callers.admin("events"), own_name("rule")
    due = client.now() + timedelta(minutes=10)
    events.put_rule(Name=name, ScheduleExpression=f"cron({due.minute} {due.hour} * * ? *)")
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": pipeline.arn, "RoleArn": starter}])
    client.advance_to(due - timedelta(minutes=2))
    assert pipeline.reasons() == []
    client.advance_to(due + timedelta(minutes=1))
    assert pipeline.reasons() == ["by default"]
