"""Tags are kept for whatever is there, and go with it."""

from __future__ import annotations


def tags(bench, arn):
    return {tag["Key"]: tag["Value"] for tag in bench.call("ListTags", ResourceArn=arn)["Tags"]}


def test_tags_given_at_creation_can_be_changed_and_taken_away(bench):
    arn = bench.create_model(Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])["ModelArn"]
    bench.call("AddTags", ResourceArn=arn, Tags=[{"Key": "b", "Value": "3"}, {"Key": "c", "Value": ""}])
    bench.call("DeleteTags", ResourceArn=arn, TagKeys=["a", "none"])
    assert tags(bench, arn) == {"b": "3", "c": ""}


def test_jobs_groups_and_packages_have_tags_too(bench):
    given = [{"Key": "a", "Value": "1"}]
    group = bench.call("CreateModelPackageGroup", ModelPackageGroupName="g", Tags=given)[
        "ModelPackageGroupArn"
    ]
    package = bench.create_version("g", Tags=given)
    job = bench.create_processing_job("one", Tags=given)["ProcessingJobArn"]
    assert tags(bench, group) == tags(bench, package) == tags(bench, job) == {"a": "1"}


def test_tags_go_with_what_had_them(bench):
    arn = bench.create_model(Tags=[{"Key": "a", "Value": "1"}])["ModelArn"]
    bench.call("DeleteModel", ModelName="severity")
    assert bench.refusal("ListTags", ResourceArn=arn) == ("ValidationException", "Resource does not exist.")
    bench.create_model()
    assert tags(bench, arn) == {}


def test_there_are_fifty_tags_at_most(bench):
    arn = bench.create_model()["ModelArn"]
    bench.call("AddTags", ResourceArn=arn, Tags=[{"Key": str(i), "Value": ""} for i in range(50)])
    one_more = [{"Key": "more", "Value": ""}]
    assert bench.refusal("AddTags", ResourceArn=arn, Tags=one_more)[0] == "ValidationException"


def test_what_is_of_no_kind_of_ours_does_not_exist(bench):
    arn = f"arn:aws:sagemaker:us-east-1:{bench.dev}:endpoint/none"
    assert bench.refusal("AddTags", ResourceArn=arn, Tags=[])[1] == "Resource does not exist."
