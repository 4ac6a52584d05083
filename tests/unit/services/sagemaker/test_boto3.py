"""A real boto3 client reads every kind of answer; its requests take the gateway's protocol, and no socket."""

from __future__ import annotations

import io
from datetime import datetime
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError

from harness.gateway import protocol
from harness.model import AwsError, HttpRequest


class Body(io.BytesIO):
    def stream(self, **_):
        yield self.getvalue()


@pytest.fixture
def client(bench):
    """A client of the dev account, before SageMaker."""
    made = boto3.client(
        "sagemaker",
        region_name=bench.region,
        endpoint_url="http://127.0.0.1:1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
    )

    def send(request, **_):
        headers = {k.lower(): v.decode() if isinstance(v, bytes) else v for k, v in request.headers.items()}
        plain = HttpRequest(request.method, urlsplit(request.url).path, "", headers, request.body)
        try:
            operation, params = protocol.parse("sagemaker", plain)
            answer = protocol.answer("sagemaker", operation, plain, bench.call(operation, **params), "id")
        except AwsError as error:
            answer = protocol.error("sagemaker", plain, error, "id")
        return AWSResponse(request.url, answer.status, dict(answer.headers), Body(answer.body))

    made.meta.events.register("before-send.sagemaker", send)
    return made


def test_boto3_creates_waits_for_and_describes_a_job(bench, client, a_processing_job):
    request = a_processing_job("one", Environment={"A": "1"})
    assert client.create_processing_job(**request)["ProcessingJobArn"].endswith("processing-job/one")
    client.get_waiter("processing_job_completed_or_stopped").wait(
        ProcessingJobName="one", WaiterConfig={"Delay": 0.01, "MaxAttempts": 500}
    )
    description = client.describe_processing_job(ProcessingJobName="one")
    assert description["Environment"] == {"A": "1"}
    assert isinstance(description["ProcessingEndTime"], datetime)


def test_boto3_reads_a_training_jobs_phases(bench, client):
    bench.create_training_job("one")
    bench.settle()
    phases = client.describe_training_job(TrainingJobName="one")["SecondaryStatusTransitions"]
    assert [phase["Status"] for phase in phases][-1] == "Completed"
    assert isinstance(phases[0]["StartTime"], datetime)


def test_boto3_pages_through_versions_and_filters_by_time(bench, client):
    client.create_model_package_group(ModelPackageGroupName="g")
    for _ in range(12):
        client.create_model_package(ModelPackageGroupName="g", ModelApprovalStatus="Approved")
    pages = client.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName="g", CreationTimeAfter=datetime(2000, 1, 1)
    )
    assert [p["ModelPackageVersion"] for page in pages for p in page["ModelPackageSummaryList"]] == list(
        range(1, 13)
    )
    described = client.describe_model_package(ModelPackageName="g/12")
    assert described["CreatedBy"]["IamIdentity"]["PrincipalId"] == "AIDAANN"


def test_boto3_lists_everything_and_deletes_it(bench, client):
    bench.create_model()
    assert client.list_models()["Models"][0]["ModelName"] == "severity"
    client.delete_model(ModelName="severity")
    assert (
        client.list_tags(
            ResourceArn=client.create_model_package_group(ModelPackageGroupName="g")["ModelPackageGroupArn"]
        )["Tags"]
        == []
    )
    client.delete_model_package_group(ModelPackageGroupName="g")
    assert client.list_model_package_groups()["ModelPackageGroupSummaryList"] == []


def test_boto3_raises_the_modelled_errors(bench, client, a_processing_job):
    client.create_processing_job(**a_processing_job("one"))
    with pytest.raises(client.exceptions.ResourceInUse):
        client.create_processing_job(**a_processing_job("one"))
    with pytest.raises(ClientError, match="Could not find requested job with name: none"):
        client.describe_processing_job(ProcessingJobName="none")
