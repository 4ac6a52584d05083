"""An account at work over HTTP: what its people would type."""

from __future__ import annotations

import json
import uuid
from functools import cache
from pathlib import Path
from typing import Any

import boto3

from harness.model import Json
from harness.stack import Stack

ROOT = Path(__file__).parents[2]
SCIKIT_LEARN = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
MONITOR = "156813124566.dkr.ecr.us-east-1.amazonaws.com/sagemaker-model-monitor-analyzer"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": ["sagemaker.amazonaws.com", "events.amazonaws.com"]},
            "Action": "sts:AssumeRole",
        }
    ],
}
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


class Account:
    """A stand-in account with a bucket and a role that may do everything. Its session is a profile's."""

    bucket = "e2e-sagemaker-data"

    def __init__(self, name: str, stack: Stack) -> None:
        self.stack = stack
        self.session = boto3.Session(profile_name=name)
        self.client = cache(self.session.client)
        self.client("s3").create_bucket(Bucket=self.bucket)
        made = self.client("iam").create_role(RoleName="worker", AssumeRolePolicyDocument=json.dumps(TRUST))
        self.role: str = made["Role"]["Arn"]
        self.client("iam").attach_role_policy(RoleName="worker", PolicyArn=ADMINISTRATOR)

    def put(self, key: str, body: str | bytes) -> str:
        """Answers the object's URI."""
        self.client("s3").put_object(Bucket=self.bucket, Key=key, Body=body)
        return f"s3://{self.bucket}/{key}"

    def processing_request(self, **changes: Any) -> Json:
        """CreateProcessingJob's, of a job whose name is its own."""
        return {
            "ProcessingJobName": f"job-{uuid.uuid4().hex[:8]}",
            "RoleArn": self.role,
            "AppSpecification": {"ImageUri": SCIKIT_LEARN},
            "ProcessingResources": {
                "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 10}
            },
            **changes,
        }

    def process(self, **changes: Any) -> Json:
        """Creates a processing job, waits for its end; answers its description."""
        request = self.processing_request(**changes)
        sagemaker = self.client("sagemaker")
        sagemaker.create_processing_job(**request)
        name = request["ProcessingJobName"]
        while True:
            # The gateway holds a waiter's Describe until there is news, but boto3's waiter fails for a failed job.
            told: Json = sagemaker.describe_processing_job(ProcessingJobName=name)
            if told["ProcessingJobStatus"] not in ("InProgress", "Stopping"):
                return told

    def run(self, script: str, *arguments: str, **changes: Any) -> Json:
        """A processing job of a Python text."""
        command = {"ContainerEntrypoint": ["python3", "-c", script]}
        application = {"ImageUri": SCIKIT_LEARN, **command}
        if arguments:
            application["ContainerArguments"] = list(arguments)
        return self.process(AppSpecification=application, **changes)

    def input(self, uri: str, local: str, name: str = "input") -> Json:
        return {
            "InputName": name,
            "S3Input": {
                "S3Uri": uri,
                "LocalPath": f"/opt/ml/processing/{local}",
                "S3DataType": "S3Prefix",
                "S3InputMode": "File",
            },
        }

    def output(self, local: str, name: str = "output") -> Json:
        where = {
            "S3Uri": f"s3://{self.bucket}/{name}/{uuid.uuid4().hex[:8]}",
            "LocalPath": f"/opt/ml/processing/{local}",
            "S3UploadMode": "EndOfJob",
        }
        return {"Outputs": [{"OutputName": name, "S3Output": where}]}

    def logged(self, group: str, stream_prefix: str) -> str:
        """All that a stream says once everything has come to rest: a job's last lines come after its end."""
        assert self.stack.client.settle() == []
        logs = self.client("logs")
        streams = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=stream_prefix)[
            "logStreams"
        ]
        pages = (
            logs.get_log_events(logGroupName=group, logStreamName=s["logStreamName"], startFromHead=True)
            for s in streams
        )
        return "\n".join(event["message"] for page in pages for event in page["events"])

    def keys(self, uri: str) -> list[str]:
        prefix = uri.removeprefix(f"s3://{self.bucket}/")
        found = self.client("s3").list_objects_v2(Bucket=self.bucket, Prefix=prefix)
        return [item["Key"] for item in found.get("Contents", [])]
