"""What each policy said, in the words that the platform's own policies (infra/) give."""

from __future__ import annotations

import json

import pytest
from moto.iam.aws_managed_policies import aws_managed_policies_data

from harness.iam.documents import parse
from harness.iam.evaluation import evaluate
from harness.iam.explaining import explain
from harness.iam.model import Finding, Policies, Policy, Request

from .asking import DEV, PROD, REGISTRY, allow, ask, policy, service, session

KEY = f"arn:aws:kms:us-east-1:{PROD}:key/1234"
OBJECT = "arn:aws:s3:::mammo-artifacts/model.tar.gz"
EXECUTION = session("execution")
KEY_ACCESS = policy(
    "444455556666 role/execution inline kms-key-access-policy",
    allow(["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey*"], KEY, Sid="UseOwnKey"),
    allow(
        "kms:CreateGrant", KEY, Sid="LetServices", Condition={"Bool": {"kms:GrantIsForAWSResource": "true"}}
    ),
)
ARTIFACTS = policy(
    "777788889999 bucket mammo-artifacts policy",
    allow(
        ["s3:GetObject", "s3:PutObject"],
        "arn:aws:s3:::mammo-artifacts/*",
        Sid="ReadAndWrite",
        Principal={"AWS": [f"arn:aws:iam::{PROD}:root"]},
        Condition={"ArnEquals": {"aws:PrincipalArn": [f"arn:aws:iam::{PROD}:role/execution"]}},
    ),
)


def told(request: Request, policies: Policies) -> tuple[Finding, ...]:
    return explain(request, policies, evaluate(request, policies))


def only(request: Request, policies: Policies) -> tuple[str, str]:
    (finding,) = told(request, policies)
    return finding.says, finding.why


def test_an_action_that_is_not_among_a_statements_is_told_with_those_that_are() -> None:
    request = ask(EXECUTION, "kms:Encrypt", KEY)
    assert only(request, Policies(identity=(KEY_ACCESS,))) == (
        "does not allow",
        "UseOwnKey allows kms:Decrypt and 2 more, not kms:Encrypt",
    )


def test_a_resource_that_is_another_is_told_with_the_statements() -> None:
    other = f"arn:aws:kms:us-east-1:{DEV}:key/9"
    request = ask(EXECUTION, "kms:Decrypt", other, DEV)
    (identity, resource) = told(request, Policies(identity=(KEY_ACCESS,)))
    assert identity.why == f"UseOwnKey allows it on {KEY}, not on {other}"
    assert (resource.policy, resource.why) == ("111122223333 key 9 policy", "there is none")


def test_a_principal_that_is_not_named_is_told_with_those_that_are() -> None:
    trust = policy(
        "777788889999 role/approver trust",
        allow("sts:AssumeRole", Principal={"AWS": f"arn:aws:iam::{REGISTRY}:root"}),
    )
    role = f"arn:aws:iam::{REGISTRY}:role/approver"
    request = ask(EXECUTION, "sts:AssumeRole", role, REGISTRY, "trust")
    findings = told(request, Policies(resource=(trust,)))
    assert findings[0].why == (
        f"statement 1 allows it to arn:aws:iam::{REGISTRY}:root, not to arn:aws:iam::{PROD}:role/execution"
    )
    assert findings[1].policy == f"policies of arn:aws:iam::{PROD}:role/execution"


@pytest.mark.parametrize(
    ("condition", "context", "why"),
    [
        (
            {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}},
            {},
            "kms:ViaService is s3.us-east-1.amazonaws.com; here it is not set",
        ),
        (
            {"StringEquals": {"kms:ViaService": ["s3", "sqs", "sns", "ssm"]}},
            {"kms_viaservice": "ec2"},
            "kms:ViaService is s3 or sqs or 2 more; here it is ec2",
        ),
        (
            {"StringNotLikeIfExists": {"aws:PrincipalArn": "*root"}},
            {"aws_principalarn": "the root"},
            "aws:PrincipalArn is not like *root, or is not set; here it is the root",
        ),
        (
            {"ForAllValues:StringEquals": {"aws:TagKeys": "team"}},
            {"aws_tagkeys": ("team", "cost")},
            "every value of aws:TagKeys is team; here it is team and cost",
        ),
        (
            {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/mine"}},
            {"kms_resourcealiases": ("alias/a", "alias/b", "alias/c")},
            "some value of kms:ResourceAliases is alias/mine; here it is alias/a and 2 more",
        ),
        (
            {"Null": {"kms:ViaService": "false"}},
            {},
            "kms:ViaService is set; here it is not set",
        ),
        (
            {"DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}},
            {"aws_currenttime": "2026-11-22T09:00:00Z"},
            "aws:CurrentTime is before 2026-01-01T00:00:00Z; here it is 2026-11-22T09:00:00Z",
        ),
        (
            {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
            {"aws_sourceip": "127.0.0.1"},
            "aws:SourceIp is in 10.0.0.0/8; here it is 127.0.0.1",
        ),
    ],
)
def test_a_condition_is_told_with_what_it_wants_and_what_is(
    condition: dict[str, dict[str, str]], context: dict[str, str], why: str
) -> None:
    use = policy("p", allow("kms:Decrypt", "*", Sid="Use", Condition=condition))
    request = ask(EXECUTION, "kms:Decrypt", KEY, **context)
    assert only(request, Policies(identity=(use,)))[1] == f"Use allows it, but only where {why}"


def test_the_nearest_statement_is_the_one_with_the_most_elements_that_fit() -> None:
    request = ask(EXECUTION, "kms:CreateGrant", KEY)
    assert only(request, Policies(identity=(KEY_ACCESS,)))[1] == (
        "LetServices allows it, but only where kms:GrantIsForAWSResource is true; here it is not set"
    )


def test_a_policy_that_allows_all_resources_to_another_service_is_not_near() -> None:
    logs = policy("p", allow("logs:*", "*"), {"Effect": "Deny", "Action": "kms:Decrypt", "Resource": "arn:x"})
    assert (
        only(ask(EXECUTION, "kms:Decrypt", KEY), Policies(identity=(logs,)))[1] == "it allows nothing of kms"
    )


def test_a_policy_of_aws_with_many_statements_is_one_finding() -> None:
    managed_by_aws = json.loads(aws_managed_policies_data)["AmazonSageMakerFullAccess"]
    document = parse(json.dumps(managed_by_aws["Document"]))
    assert len(document.statements) > 20
    request = ask(EXECUTION, "s3:GetObject", OBJECT)
    managed = Policy("444455556666 role/execution AWS managed AmazonSageMakerFullAccess", document)
    says, why = only(request, Policies(identity=(managed,)))
    assert says == "does not allow"
    assert why.count(" allows ") == 1


def test_a_deny_is_told_first_with_its_first_condition() -> None:
    tls = policy(
        "bucket policy",
        {
            "Sid": "OnlyTls",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": "arn:aws:s3:::mammo-artifacts/*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    )
    allowing = policy("identity policy", allow("s3:*", "*", Sid="All"))
    request = ask(EXECUTION, "s3:GetObject", OBJECT, aws_securetransport="false")
    assert [(f.policy, f.says, f.why) for f in told(request, Policies((allowing,), (tls,)))] == [
        (
            "bucket policy",
            "denies",
            "OnlyTls denies s3:GetObject on arn:aws:s3:::mammo-artifacts/*, where aws:SecureTransport is false",
        ),
        ("identity policy", "allows", "All allows it"),
    ]


def test_near_misses_come_before_those_that_allow_and_the_unrelated_last() -> None:
    request = ask(
        session("other"), "s3:GetObject", OBJECT, REGISTRY, aws_principalarn="arn:aws:iam::1:role/x"
    )
    identity = (policy("a", allow("logs:*", "*")), policy("b", allow("s3:GetObject", "*", Sid="Read")))
    assert [(f.policy, f.why) for f in told(request, Policies(identity, (ARTIFACTS,)))] == [
        (
            ARTIFACTS.name,
            f"ReadAndWrite allows it, but only where aws:PrincipalArn is arn:aws:iam::{PROD}:role/execution; "
            "here it is arn:aws:iam::1:role/x",
        ),
        ("b", "Read allows it"),
        ("a", "it allows nothing of s3"),
    ]


def test_a_key_policy_that_leaves_it_to_the_account_says_so() -> None:
    delegating = policy("key policy", allow("kms:*", "*", Sid="Delegate", Principal={"AWS": PROD}))
    request = ask(EXECUTION, "kms:Encrypt", KEY, gate="key")
    findings = told(request, Policies((KEY_ACCESS,), (delegating,)))
    assert [f.why for f in findings] == [
        "UseOwnKey allows kms:Decrypt and 2 more, not kms:Encrypt",
        f"Delegate leaves it to the policies of account {PROD}",
    ]


def test_every_kind_of_policy_is_told_with_its_kind() -> None:
    everything = allow("*", "*")
    request = ask(EXECUTION, "s3:GetObject", OBJECT)
    policies = Policies(
        identity=(policy("i", everything),),
        boundary=(policy("b", everything),),
        session=(policy("s", allow("s3:GetObject", "arn:aws:s3:::other/*")),),
        scps=((policy("root", everything),), (policy("account", everything),)),
    )
    assert [(f.policy, f.kind) for f in told(request, policies)] == [
        ("s", "session"),
        ("i", "identity"),
        ("b", "boundary"),
        ("root", "scp"),
        ("account", "scp"),
    ]


def test_a_service_that_no_policy_lets_in_finds_none_on_the_resource() -> None:
    request = ask(service("events.amazonaws.com"), "sns:Publish", f"arn:aws:sns:us-east-1:{PROD}:alarms")
    (finding,) = told(request, Policies())
    assert finding == Finding(
        "444455556666 topic alarms policy", "resource", "does not allow", "there is none"
    )


@pytest.mark.parametrize(
    ("resource", "action", "named"),
    [
        (OBJECT, "s3:GetObject", "bucket mammo-artifacts policy"),
        ("arn:aws:sqs:us-east-1:777788889999:jobs", "sqs:SendMessage", "queue jobs policy"),
        (
            "arn:aws:ecr:us-east-1:777788889999:repository/team/app",
            "ecr:BatchGetImage",
            "repository team/app policy",
        ),
        (
            "arn:aws:lambda:us-east-1:777788889999:function:latest:PROD",
            "lambda:InvokeFunction",
            "function latest policy",
        ),
        (
            "arn:aws:events:us-east-1:777788889999:event-bus/mlops",
            "events:PutEvents",
            "event-bus mlops policy",
        ),
        (
            "arn:aws:sagemaker:us-east-1:777788889999:model-package/severity/3",
            "sagemaker:DescribeModelPackage",
            "model-package-group severity policy",
        ),
    ],
)
def test_the_policy_that_is_missing_is_the_one_of_what_can_have_it(
    resource: str, action: str, named: str
) -> None:
    everything = policy("p", allow("*", "*"))
    findings = told(ask(EXECUTION, action, resource, REGISTRY), Policies(identity=(everything,)))
    assert findings[-1].policy == f"777788889999 {named}"


def test_a_policy_that_only_denies_other_things_is_not_told() -> None:
    deny = {"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"}
    scps = ((policy("FullAWSAccess", allow("*", "*")), policy("deny-only", deny)),)
    findings = told(ask(EXECUTION, "s3:GetObject", OBJECT), Policies(scps=scps))
    assert [f.policy for f in findings] == [
        "FullAWSAccess",
        f"policies of arn:aws:iam::{PROD}:role/execution",
    ]


def test_a_policy_with_many_actions_of_the_service_is_told_by_the_one_that_it_has_not() -> None:
    many = policy("p", allow([f"kms:List{n}" for n in range(11)], "*"))
    assert only(ask(EXECUTION, "kms:Decrypt", KEY), Policies((many,)))[1] == "it has no kms:Decrypt"


def test_the_trust_policy_of_another_accounts_role_has_no_say_in_passing_it() -> None:
    passing = policy("p", allow("iam:PassRole", "*", Sid="Pass"))
    request = ask(EXECUTION, "iam:PassRole", f"arn:aws:iam::{REGISTRY}:role/approver", REGISTRY)
    assert only(request, Policies((passing,))) == ("allows", "Pass allows it")
