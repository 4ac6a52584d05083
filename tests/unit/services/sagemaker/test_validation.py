"""Calls are refused in AWS's words."""

from __future__ import annotations

import time

import pytest

NOUGHT = "1 validation error detected: "


def test_a_missing_member_is_told_as_null(bench):
    assert bench.refusal("StopProcessingJob") == (
        "ValidationException",
        NOUGHT + "Value null at 'processingJobName' failed to satisfy constraint: Member must not be null",
    )


def test_a_member_given_as_null_is_missing(bench):
    _, message = bench.refusal("StopProcessingJob", ProcessingJobName=None)
    assert "Value null at 'processingJobName'" in message


def test_a_name_that_breaks_its_pattern_is_told_with_the_pattern(bench):
    _, message = bench.refusal("DescribeProcessingJob", ProcessingJobName="no_underscores")
    assert message == (
        NOUGHT + "Value 'no_underscores' at 'processingJobName' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"
    )


def test_a_pattern_has_to_match_the_whole_value(bench, a_processing_job):
    request = a_processing_job(RoleArn=bench.role + "\n")
    assert "at 'roleArn'" in bench.refusal("CreateProcessingJob", **request)[1]


def test_several_errors_are_told_together_and_counted(bench):
    _, message = bench.refusal("DescribeProcessingJob", ProcessingJobName="x_" * 40)
    assert message.startswith("2 validation errors detected: Value 'x_x_")
    assert message.endswith(
        "at 'processingJobName' failed to satisfy constraint: "
        "Member must have length less than or equal to 63"
    )


def test_nested_members_are_told_by_their_path(bench, a_processing_job):
    request = a_processing_job(AppSpecification={})
    assert (
        "Value null at 'appSpecification.imageUri' failed"
        in bench.refusal("CreateProcessingJob", **request)[1]
    )


def test_members_of_a_list_are_told_by_their_index(bench, a_processing_job):
    request = a_processing_job(ProcessingInputs=[{"InputName": "a"}, {}])
    assert bench.refusal("CreateProcessingJob", **request)[1] == (
        NOUGHT + "Value null at 'processingInputs.2.member.inputName' failed to satisfy constraint: "
        "Member must not be null"
    )


def test_a_value_outside_its_set_is_told_with_the_set(bench):
    _, message = bench.refusal("ListProcessingJobs", SortOrder="Up")
    assert message == (
        NOUGHT + "Value 'Up' at 'sortOrder' failed to satisfy constraint: "
        "Member must satisfy enum value set: [Ascending, Descending]"
    )


def test_an_instance_type_that_aws_does_not_have_is_refused(bench):
    resources = {"InstanceType": "ml.t2.medium", "InstanceCount": 1, "VolumeSizeInGB": 1}
    with pytest.raises(Exception, match=r"Value 'ml.t2.medium' at 'resourceConfig.instanceType' failed"):
        bench.create_training_job(ResourceConfig=resources)


@pytest.mark.parametrize(
    ("given", "than"), [(0, "greater than or equal to 1"), (101, "less than or equal to 100")]
)
def test_a_number_out_of_range_is_told_with_its_bound(bench, given, than):
    assert bench.refusal("ListProcessingJobs", MaxResults=given)[1] == (
        NOUGHT
        + f"Value '{given}' at 'maxResults' failed to satisfy constraint: Member must have value {than}"
    )


def test_a_wrong_scalar_in_a_list_is_told_of_the_list(bench, a_processing_job):
    request = a_processing_job(
        AppSpecification={"ImageUri": bench.image, "ContainerArguments": ["a", "b" * 257]}
    )
    _, message = bench.refusal("CreateProcessingJob", **request)
    assert "Value '[a, bbb" in message
    assert message.endswith(
        "at 'appSpecification.containerArguments' failed to satisfy constraint: "
        "Member must satisfy constraint: [Member must have length less than or equal to 256, "
        "Member must have length greater than or equal to 0, "
        "Member must satisfy regular expression pattern: .*, Member must not be null]"
    )


def test_a_wrong_key_in_a_map_is_told_of_the_map(bench, a_processing_job):
    _, message = bench.refusal("CreateProcessingJob", **a_processing_job(Environment={"1A": "x"}))
    assert message.startswith(
        NOUGHT + "Value '{1A=x}' at 'environment' failed to satisfy constraint: Map keys must"
    )


def test_a_wrong_type_is_a_serialization_error(bench):
    code, message = bench.refusal("DescribeProcessingJob", ProcessingJobName=7)
    assert (code, message) == ("SerializationException", "NUMBER_VALUE can not be converted to String")


def test_a_truth_value_is_no_number(bench):
    assert bench.refusal("ListProcessingJobs", MaxResults=True)[0] == "SerializationException"


def test_members_that_aws_does_not_know_are_ignored(bench):
    assert bench.call("ListProcessingJobs", Colour="blue") == {"ProcessingJobSummaries": []}


def test_tags_take_letters_of_any_script(bench):
    bench.create_processing_job(Tags=[{"Key": "größe", "Value": "大 1"}])
    assert (
        "tags.1.member.key"
        in bench.refusal(
            "CreateModelPackageGroup", ModelPackageGroupName="g", Tags=[{"Key": "no!", "Value": ""}]
        )[1]
    )


def test_an_unknown_operation_is_said_to_be_unsupported(bench):
    assert bench.refusal("CreateEndpoint") == (
        "UnsupportedOperation",
        "The harness does not support sagemaker:CreateEndpoint yet",
    )


def test_validating_a_processing_job_takes_no_time_worth_naming(bench, a_processing_job):
    request = a_processing_job(Environment={f"V{i}": "x" for i in range(20)})
    check = bench.sagemaker._validator.check
    check("CreateProcessingJob", request)
    started = time.perf_counter()
    for _ in range(200):
        check("CreateProcessingJob", request)
    assert (time.perf_counter() - started) / 200 < 0.001
