"""Pipelines are created, changed, described, listed and deleted as on AWS."""

from __future__ import annotations

import io
import json
import threading
from typing import Any

import pytest
from botocore.exceptions import ClientError

from harness.model import AwsError, Json, Principal

DEV = "111111111111"
DEFINITION = json.dumps({"Version": "2020-12-01", "Steps": [{"Name": "F", "Type": "Fail", "Arguments": {}}]})
OTHER = DEFINITION.replace('"F"', '"G"')


def create(bench: Any, name: str = "Train-Pipeline", **more: Any) -> str:
    params = {
        "PipelineName": name,
        "PipelineDefinition": DEFINITION,
        "RoleArn": bench.role,
        "ClientRequestToken": name.ljust(32, "x"),
    }
    answer: Json = bench.call("CreatePipeline", **{**params, **more})
    return str(answer["PipelineArn"])


def describe(bench: Any, name: str = "Train-Pipeline", **more: Any) -> Json:
    described: Json = bench.call("DescribePipeline", PipelineName=name, **more)
    return described


def test_a_pipeline_s_arn_keeps_the_case_of_its_name(bench: Any) -> None:
    assert create(bench) == f"arn:aws:sagemaker:us-east-1:{DEV}:pipeline/Train-Pipeline"


def test_a_pipeline_is_described_as_it_was_created(bench: Any) -> None:
    arn = create(
        bench, PipelineDescription="trains", ParallelismConfiguration={"MaxParallelExecutionSteps": 2}
    )
    described = describe(bench)
    times = {described.pop("CreationTime"), described.pop("LastModifiedTime")}
    user = {"IamIdentity": {"Arn": f"arn:aws:iam::{DEV}:user/ann", "PrincipalId": "AIDAANN"}}
    assert len(times) == 1
    assert described == {
        "PipelineArn": arn,
        "PipelineName": "Train-Pipeline",
        "PipelineDisplayName": "Train-Pipeline",
        "PipelineDescription": "trains",
        "PipelineDefinition": DEFINITION,
        "RoleArn": bench.role,
        "PipelineStatus": "Active",
        "CreatedBy": user,
        "LastModifiedBy": user,
        "ParallelismConfiguration": {"MaxParallelExecutionSteps": 2},
    }


def test_a_pipeline_is_found_by_its_arn_too(bench: Any) -> None:
    arn = create(bench)
    assert describe(bench, arn)["PipelineName"] == "Train-Pipeline"


def test_another_account_finds_it_by_its_arn_only(bench: Any) -> None:
    arn = create(bench)
    assert describe(bench, arn, account=bench.registry)["PipelineArn"] == arn
    assert (
        bench.refusal("DescribePipeline", bench.registry, PipelineName="Train-Pipeline")[0]
        == "ResourceNotFound"
    )


@pytest.mark.parametrize(
    "operation", ["DescribePipeline", "UpdatePipeline", "DeletePipeline", "ListPipelineExecutions"]
)
def test_a_pipeline_that_is_not_there_is_told_by_its_arn(bench: Any, operation: str) -> None:
    more = {"ClientRequestToken": "t" * 32} if operation == "DeletePipeline" else {}
    code, message = bench.refusal(operation, PipelineName="train-pipeline", **more)
    assert (code, message) == (
        "ResourceNotFound",
        f"Pipeline 'arn:aws:sagemaker:us-east-1:{DEV}:pipeline/train-pipeline' does not exist.",
    )


def test_a_name_is_taken_once_and_the_refusal_is_what_the_sdk_s_upsert_reads(bench: Any) -> None:
    create(bench)
    code, message = bench.refusal(
        "CreatePipeline",
        PipelineName="Train-Pipeline",
        PipelineDefinition=DEFINITION,
        RoleArn=bench.role,
        ClientRequestToken="another" * 5,
    )
    assert code == "ValidationException"
    assert "already exists" in message
    assert message.startswith("Pipeline names must be unique within an AWS account and region.")


def test_the_same_token_creates_once(bench: Any) -> None:
    assert create(bench) == create(bench)


def test_a_wrong_definition_is_refused_with_its_reason(bench: Any) -> None:
    code, message = bench.refusal(
        "CreatePipeline",
        PipelineName="P",
        PipelineDefinition="{",
        RoleArn=bench.role,
        ClientRequestToken="t" * 32,
    )
    assert code == "ValidationException"
    assert message.startswith("Unable to parse pipeline definition. It is not JSON: ")
    assert bench.call("ListPipelines") == {"PipelineSummaries": []}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "Either Pipeline Definition or Pipeline Definition S3 location should be provided"),
        (
            {
                "PipelineDefinition": DEFINITION,
                "PipelineDefinitionS3Location": {"Bucket": "b-b-b", "ObjectKey": "k"},
            },
            "Both Pipeline Definition and Pipeline Definition S3 Location shouldn't be present",
        ),
    ],
)
def test_a_definition_comes_in_one_way(bench: Any, given: Json, message: str) -> None:
    refusal = bench.refusal(
        "CreatePipeline", PipelineName="P", RoleArn=bench.role, ClientRequestToken="t" * 32, **given
    )
    assert refusal == ("ValidationException", message)


class Bucket:
    def __init__(self, objects: dict[tuple[str, str], str]) -> None:
        self.objects = objects

    def get_object(self, Bucket: str, Key: str, VersionId: str = "") -> Json:  # noqa: N803 - boto3's names
        if (Key, VersionId) not in self.objects:
            raise ClientError({"Error": {"Code": "NoSuchKey", "Message": "no such key"}}, "GetObject")
        return {"Body": io.BytesIO(self.objects[Key, VersionId].encode())}


def test_a_definition_may_lie_in_s3_and_is_read_with_the_pipeline_s_role(bench: Any) -> None:
    bench.wire.clients["s3"] = Bucket({("p.json", ""): DEFINITION, ("p.json", "v2"): OTHER})
    place = {"Bucket": "a-bucket", "ObjectKey": "p.json"}
    create(bench, PipelineDefinition=None, PipelineDefinitionS3Location=place)
    assert describe(bench)["PipelineDefinition"] == DEFINITION
    pipeline = f"arn:aws:sagemaker:us-east-1:{DEV}:pipeline/Train-Pipeline"
    assert bench.wire.assumed[-1] == (
        bench.role,
        "sagemaker.amazonaws.com",
        "SageMaker",
        "us-east-1",
        pipeline,
    )
    bench.call(
        "UpdatePipeline",
        PipelineName="Train-Pipeline",
        PipelineDefinitionS3Location={**place, "VersionId": "v2"},
    )
    assert describe(bench)["PipelineDefinition"] == OTHER


def test_a_definition_that_cannot_be_read_from_s3_is_told(bench: Any) -> None:
    bench.wire.clients["s3"] = Bucket({})
    with pytest.raises(AwsError, match=r"s3://a-bucket/p\.json cannot be read: no such key"):
        create(
            bench,
            PipelineDefinition=None,
            PipelineDefinitionS3Location={"Bucket": "a-bucket", "ObjectKey": "p.json"},
        )


def test_an_update_changes_what_it_names(bench: Any) -> None:
    create(bench)
    before = describe(bench)
    bench.call(
        "UpdatePipeline", PipelineName="Train-Pipeline", PipelineDefinition=OTHER, PipelineDescription="new"
    )
    after = describe(bench)
    changed = {k for k in after if after[k] != before.get(k)} - {"LastModifiedTime"}
    assert changed == {"PipelineDefinition", "PipelineDescription"}
    assert after["LastModifiedTime"] >= before["LastModifiedTime"]


def test_a_wrong_update_changes_nothing(bench: Any) -> None:
    create(bench)
    assert (
        bench.refusal("UpdatePipeline", PipelineName="Train-Pipeline", PipelineDefinition="[]")[0]
        == "ValidationException"
    )
    assert describe(bench)["PipelineDefinition"] == DEFINITION


def test_tags_are_the_pipeline_s(bench: Any) -> None:
    arn = create(bench, Tags=[{"Key": "team", "Value": "ml"}])
    assert bench.call("ListTags", ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "ml"}]


def test_pipelines_are_listed_by_prefix_and_page_by_page(bench: Any) -> None:
    for name in ("b-1", "a-1", "a-2"):
        create(bench, name)
    first = bench.call(
        "ListPipelines", PipelineNamePrefix="a", MaxResults=1, SortBy="Name", SortOrder="Ascending"
    )
    assert [p["PipelineName"] for p in first["PipelineSummaries"]] == ["a-1"]
    second = bench.call(
        "ListPipelines",
        PipelineNamePrefix="a",
        MaxResults=1,
        SortBy="Name",
        SortOrder="Ascending",
        NextToken=first["NextToken"],
    )
    assert [p["PipelineName"] for p in second["PipelineSummaries"]] == ["a-2"]
    assert "NextToken" not in second
    assert "LastExecutionTime" not in second["PipelineSummaries"][0]


def test_the_list_says_when_a_pipeline_last_ran(bench: Any) -> None:
    create(bench)
    bench.call("StartPipelineExecution", PipelineName="Train-Pipeline", ClientRequestToken="t" * 32)
    bench.settle()
    assert "LastExecutionTime" in bench.call("ListPipelines")["PipelineSummaries"][0]


def test_a_deleted_pipeline_and_its_executions_are_gone(bench: Any) -> None:
    arn = create(bench, Tags=[{"Key": "team", "Value": "ml"}])
    execution = bench.call("StartPipelineExecution", PipelineName=arn, ClientRequestToken="t" * 32)[
        "PipelineExecutionArn"
    ]
    bench.settle()
    answer = bench.call("DeletePipeline", PipelineName="Train-Pipeline", ClientRequestToken="t" * 32)
    assert answer == {"PipelineArn": arn}
    assert bench.refusal("DescribePipeline", PipelineName=arn)[0] == "ResourceNotFound"
    assert bench.refusal("DescribePipelineExecution", PipelineExecutionArn=execution)[0] == "ResourceNotFound"
    create(bench)
    assert bench.call("ListPipelineExecutions", PipelineName=arn)["PipelineExecutionSummaries"] == []


def test_a_pipeline_that_runs_is_not_deleted(bench: Any) -> None:
    go_on = threading.Event()
    as_role = bench.wire.as_role

    def slow(*arguments: str) -> Any:
        go_on.wait(10)
        return as_role(*arguments)

    bench.wire.as_role = slow
    create(bench)
    bench.call("StartPipelineExecution", PipelineName="Train-Pipeline", ClientRequestToken="t" * 32)
    code, message = bench.refusal(
        "DeletePipeline", PipelineName="Train-Pipeline", ClientRequestToken="t" * 32
    )
    assert code == "ConflictException"
    assert "has running executions" in message
    go_on.set()
    bench.settle()


def test_who_created_it_is_who_called(bench: Any) -> None:
    create(bench)
    assert Principal(DEV, describe(bench)["CreatedBy"]["IamIdentity"]["Arn"], "user").name == "user/ann"
