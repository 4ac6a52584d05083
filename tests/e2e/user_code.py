"""A user's own code, as it would run on AWS: nothing in it knows of the harness. Run in a shell that has evaluated
`harness env dev` and nothing else, it prints what came of it as JSON."""

from __future__ import annotations

import json
import logging
import sys
import time
from pathlib import Path

import boto3
from sagemaker.processing import ScriptProcessor
from sagemaker.workflow.pipeline import Pipeline
from sagemaker.workflow.pipeline_context import PipelineSession
from sagemaker.workflow.steps import ProcessingStep

from pipelines import data
from pipelines.building import pipeline_session, sklearn_image
from pipelines.deploy import deploy
from pipelines.environment import Environment
from pipelines.source import load
from pipelines.train import build_train_pipeline

EVERYTHING = "arn:aws:iam::aws:policy/AdministratorAccess"
FOLLOW_UP = "follow-up-pipeline"

logging.disable(logging.WARNING)
dev = Environment.named("dev")
ours, registry = boto3.Session(), boto3.Session(profile_name="registry")


def make_account() -> None:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": ["sagemaker.amazonaws.com", "events.amazonaws.com"]},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    iam = ours.client("iam")
    iam.create_role(RoleName=dev.execution_role_name, AssumeRolePolicyDocument=json.dumps(trust))
    iam.attach_role_policy(RoleName=dev.execution_role_name, PolicyArn=EVERYTHING)
    key = ours.client("kms").create_key()["KeyMetadata"]["KeyId"]
    ours.client("kms").create_alias(AliasName=dev.kms_key_alias, TargetKeyId=key)
    ours.client("s3").create_bucket(Bucket=dev.bucket_name)
    share_registry()


def share_registry() -> None:
    """Nothing across accounts is allowed by itself."""
    both = {"AWS": [dev.execution_role]}
    bucket = f"arn:aws:s3:::{dev.artifacts_bucket_name}"
    statement = {"Effect": "Allow", "Principal": both, "Action": "s3:*", "Resource": [bucket, f"{bucket}/*"]}
    s3 = registry.client("s3")
    s3.create_bucket(Bucket=dev.artifacts_bucket_name)
    s3.put_bucket_policy(
        Bucket=dev.artifacts_bucket_name,
        Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
    sagemaker = registry.client("sagemaker")
    group = dev.model_package_group_name
    sagemaker.create_model_package_group(ModelPackageGroupName=group)
    packages = dev.model_package_group.replace("model-package-group", "model-package") + "/*"
    statement |= {"Action": "sagemaker:*", "Resource": [dev.model_package_group, packages], "Sid": "share"}
    sagemaker.put_model_package_group_policy(
        ModelPackageGroupName=group,
        ResourcePolicy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )


def upload(folder: Path) -> None:
    deploy(dev, ours, "scripts")
    data.prepare(folder, load())
    data.upload(dev, ours, folder)


def follow_up(session: PipelineSession, folder: Path) -> Pipeline:
    """A pipeline of one step whose script the SDK uploads by itself."""
    script = folder / "greet.py"
    script.write_text("print('started by a rule')\n")
    processor = ScriptProcessor(
        image_uri=sklearn_image(dev),
        command=["python3"],
        role=dev.execution_role,
        instance_type="ml.m5.large",
        instance_count=1,
        sagemaker_session=session,
    )
    step = ProcessingStep(name="Greet", step_args=processor.run(code=str(script)))
    return Pipeline(name=FOLLOW_UP, steps=[step], sagemaker_session=session)


def put_rules(arn: str) -> None:
    """The train pipeline's success starts the follow-up and sends a mail; so does midday, without the mail."""
    events, sns = ours.client("events"), ours.client("sns")
    topic = sns.create_topic(Name="news-sagemaker")["TopicArn"]
    allowed = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sns:Publish"}
    policy = {"Version": "2012-10-17", "Statement": [{**allowed, "Resource": topic}]}
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(policy))
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="user@example.com")
    pattern = {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Model Building Pipeline Execution Status Change"],
        "detail": {
            "currentPipelineExecutionStatus": ["Succeeded"],
            "pipelineArn": [{"suffix": dev.train_pipeline_name}],
        },
    }
    target = {"Id": "follow-up", "Arn": arn, "RoleArn": dev.execution_role}
    events.put_rule(Name="trained", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="trained", Targets=[target, {"Id": "news", "Arn": topic}])
    events.put_rule(Name="midday", ScheduleExpression="cron(0 12 * * ? *)")
    events.put_targets(Rule="midday", Targets=[target])


def main(folder: Path) -> None:
    make_account()
    upload(folder)
    session = pipeline_session(dev, ours)
    second = follow_up(session, folder)
    put_rules(second.upsert(role_arn=dev.execution_role)["PipelineArn"])
    first = build_train_pipeline(dev, session)
    first.upsert(role_arn=dev.execution_role)
    execution = first.start()
    began = time.monotonic()
    execution.wait(delay=1)
    told = {
        "account": ours.client("sts").get_caller_identity()["Account"],
        "arn": execution.arn,
        "status": execution.describe()["PipelineExecutionStatus"],
        "steps": {s["StepName"]: s["StepStatus"] for s in execution.list_steps()},
        "seconds": time.monotonic() - began,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
