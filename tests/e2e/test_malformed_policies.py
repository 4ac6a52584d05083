"""Who puts a malformed policy gets the service's own error, and the place of the fault. What is right is stored."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.account import TRUST, Account


def policy(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def refusal(put: Callable[[], Any]) -> tuple[str, int, str]:
    """The error's code, HTTP status and message."""
    with pytest.raises(ClientError) as refused:
        put()
    response: Any = refused.value.response
    return (
        response["Error"]["Code"],
        response["ResponseMetadata"]["HTTPStatusCode"],
        response["Error"]["Message"],
    )


def own_name() -> str:
    return f"policies-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def role(dev: Account) -> str:
    name = own_name()
    dev.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
    return name


def test_iam_tells_the_misspelt_operator_of_an_inline_policy(dev: Account, role: str) -> None:
    document = policy(
        Action="s3:GetObject", Resource="*", Condition={"StringEqual": {"aws:SourceAccount": "111122223333"}}
    )
    assert refusal(
        lambda: dev.client("iam").put_role_policy(RoleName=role, PolicyName="x", PolicyDocument=document)
    ) == (
        "MalformedPolicyDocument",
        400,
        "Syntax errors in policy. (at Statement[0].Condition.StringEqual: there is no condition operator StringEqual;"
        " did you mean StringEquals?)",
    )


def test_iam_refuses_a_managed_policy_that_names_a_bucket_instead_of_its_arn(dev: Account) -> None:
    document = policy(Action="s3:GetObject", Resource=["arn:aws:s3:::models/*", "models"])
    assert refusal(
        lambda: dev.client("iam").create_policy(PolicyName=own_name(), PolicyDocument=document)
    ) == (
        "MalformedPolicyDocument",
        400,
        'Resource models must be in ARN format or "*". (at Statement[0].Resource[1])',
    )


def test_iam_refuses_more_than_a_role_s_inline_policies_may_hold(dev: Account, role: str) -> None:
    iam = dev.client("iam")
    large = policy(Action="s3:GetObject", Resource=f"arn:aws:s3:::models/{'x' * 6_000}")
    iam.put_role_policy(RoleName=role, PolicyName="first", PolicyDocument=large)
    assert refusal(lambda: iam.put_role_policy(RoleName=role, PolicyName="second", PolicyDocument=large)) == (
        "LimitExceeded",
        409,
        f"Maximum policy size of 10240 bytes exceeded for role {role}",
    )


def test_nobody_can_be_trusted_who_does_not_exist(dev: Account, role: str) -> None:
    iam = dev.client("iam")
    there = iam.get_role(RoleName=role)["Role"]["Arn"]
    ghost = there.replace(role, "ghost")
    trust = policy(Principal={"AWS": ghost}, Action="sts:AssumeRole")
    code, status, message = refusal(
        lambda: iam.create_role(RoleName=own_name(), AssumeRolePolicyDocument=trust)
    )
    assert (code, status) == ("MalformedPolicyDocument", 400)
    assert message.startswith(f'Invalid principal in policy: "AWS":"{ghost}" (at Statement[0].Principal.AWS')
    iam.create_role(RoleName=own_name(), AssumeRolePolicyDocument=trust.replace(ghost, there))


def test_s3_refuses_a_policy_for_another_bucket(dev: Account) -> None:
    document = policy(Principal="*", Action="s3:GetObject", Resource="arn:aws:s3:::somewhere-else/*")
    assert refusal(lambda: dev.client("s3").put_bucket_policy(Bucket=dev.bucket, Policy=document)) == (
        "MalformedPolicy",
        400,
        "Policy has invalid resource (at Statement[0].Resource: arn:aws:s3:::somewhere-else/* is not of the bucket"
        f" {dev.bucket})",
    )


def test_s3_refuses_what_is_not_json(dev: Account) -> None:
    assert refusal(lambda: dev.client("s3").put_bucket_policy(Bucket=dev.bucket, Policy="Version: 1")) == (
        "MalformedPolicy",
        400,
        "Policies must be valid JSON and the first byte must be '{' (it is 'V')",
    )


def test_kms_does_not_let_anybody_lock_themselves_out(dev: Account) -> None:
    document = policy(Principal={"AWS": "999999999999"}, Action="kms:*", Resource="*")
    code, status, message = refusal(lambda: dev.client("kms").create_key(Policy=document))
    assert (code, status) == ("MalformedPolicyDocumentException", 400)
    assert message.startswith("The new key policy will not allow you to update the key policy in the future.")


def test_sns_says_little_and_the_place_is_added(dev: Account) -> None:
    topic = dev.client("sns").create_topic(Name=own_name())["TopicArn"]
    document = policy(Action="sns:Publish", Resource=topic)
    assert refusal(
        lambda: dev.client("sns").set_topic_attributes(
            TopicArn=topic, AttributeName="Policy", AttributeValue=document
        )
    ) == (
        "InvalidParameter",
        400,
        "Invalid parameter: Policy Error: null (at Statement[0]: there is no Principal)",
    )


def test_sqs_says_one_thing_of_every_fault(dev: Account) -> None:
    document = policy(Principal="*", Action="sqs:SendMessage")
    assert refusal(
        lambda: dev.client("sqs").create_queue(QueueName=own_name(), Attributes={"Policy": document})
    ) == (
        "InvalidAttributeValue",
        400,
        "Invalid value for the parameter Policy. (at Statement[0]: Missing required field Resource)",
    )


def test_sagemaker_refuses_a_policy_without_actions(dev: Account) -> None:
    sagemaker, name = dev.client("sagemaker"), own_name()
    sagemaker.create_model_package_group(ModelPackageGroupName=name)
    document = policy(Principal={"AWS": "999999999999"}, Resource="*")
    assert refusal(
        lambda: sagemaker.put_model_package_group_policy(ModelPackageGroupName=name, ResourcePolicy=document)
    ) == (
        "ValidationException",
        400,
        "Invalid policy provided: Missing required field Action (at Statement[0])",
    )


def test_ecr_and_logs_refuse_in_their_own_words(dev: Account) -> None:
    ecr, name = dev.client("ecr"), own_name()
    ecr.create_repository(repositoryName=name)
    everybody = policy(Principal="*", Action="ecr:BatchGetImage", Resource="*")
    code, _, message = refusal(lambda: ecr.set_repository_policy(repositoryName=name, policyText=everybody))
    assert code == "InvalidParameterException"
    assert "'Invalid repository policy provided'" in message
    code, _, message = refusal(
        lambda: dev.client("logs").put_resource_policy(policyName=name, policyDocument="{}")
    )
    assert code == "InvalidParameterException"
    assert message.startswith("Error occurred while parsing accessPolicy.")


def test_a_session_policy_is_checked_when_the_role_is_assumed(dev: Account, role: str) -> None:
    iam = dev.client("iam")
    arn = iam.get_role(RoleName=role)["Role"]["Arn"]
    code, status, message = refusal(
        lambda: dev.client("sts").assume_role(RoleArn=arn, RoleSessionName="me", Policy=policy(Resource="*"))
    )
    # Nobody is trusted yet, which is told first.
    assert (code, status) == ("AccessDenied", 403)
    account = arn.split(":")[4]
    trust = policy(Principal={"AWS": account}, Action="sts:AssumeRole")
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=trust)
    code, status, message = refusal(
        lambda: dev.client("sts").assume_role(RoleArn=arn, RoleSessionName="me", Policy=policy(Resource="*"))
    )
    assert (code, status) == ("MalformedPolicyDocument", 400)
    assert (
        message
        == "Policy statement must contain actions. (at Statement[0]: there is neither Action nor NotAction)"
    )


def test_what_is_well_formed_is_stored_as_it_was_put(dev: Account, role: str) -> None:
    iam = dev.client("iam")
    document = policy(Sid="Read", Action=["s3:Get*", "unheard-of:Do"], Resource="*")
    iam.put_role_policy(RoleName=role, PolicyName="x", PolicyDocument=document)
    assert iam.get_role_policy(RoleName=role, PolicyName="x")["PolicyDocument"] == json.loads(document)
    bucket_policy = policy(
        Principal={"AWS": iam.get_role(RoleName=role)["Role"]["Arn"]},
        Action=["s3:GetObject", "s3:ListBucket"],
        Resource=[f"arn:aws:s3:::{dev.bucket}", f"arn:aws:s3:::{dev.bucket}/*"],
    )
    dev.client("s3").put_bucket_policy(Bucket=dev.bucket, Policy=bucket_policy)
    stored = dev.client("s3").get_bucket_policy(Bucket=dev.bucket)["Policy"]
    assert json.loads(stored) == json.loads(bucket_policy)
    dev.client("s3").delete_bucket_policy(Bucket=dev.bucket)
