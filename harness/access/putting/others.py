"""The resource-based policies of SageMaker, ECR, CloudWatch Logs, EventBridge and Lambda."""

from __future__ import annotations

import re

from harness.access.facts import Facts
from harness.access.putting.existence import check_existence
from harness.iam.grammar import Malformed, check
from harness.iam.grammar.faults import each, refuse
from harness.iam.grammar.principals import is_valid, named
from harness.iam.grammar.resource import INVALID_PRINCIPAL
from harness.model import ApiCall, AwsError, Json

_NOT_FOUND = "Principal not found"
_NOT_PERSISTABLE = "Could not convert to persistable policy"


def put_model_package_group_policy(call: ApiCall, facts: Facts) -> None:
    """How SageMaker begins, and that nobody may be named twice, is from awslabs/aiops-modules#397; the code, and what
    it says of other faults, is not known."""
    try:
        document = check(str(call.params.get("ResourcePolicy", "")), "resource")
        check_existence(document, call, facts, INVALID_PRINCIPAL)
        _check_duplicates(document)
    except Malformed as fault:
        raise AwsError("ValidationException", f"Invalid policy provided: {fault}") from fault


def _check_duplicates(document: Json) -> None:
    for place, statement in each(document["Statement"], "Statement"):
        seen: set[tuple[str, str]] = set()
        for where, type_, name in named(statement, place):
            if (type_, name) in seen:
                refuse("Duplicate principal", where, f"{name} is there twice")
            seen.add((type_, name))


def set_repository_policy(call: ApiCall, facts: Facts) -> None:
    """ECR refuses a Resource, too (awsdocs/amazon-ecr-user-guide#20)."""
    _put_ecr_policy(call, facts, "repository")


def put_registry_policy(call: ApiCall, facts: Facts) -> None:
    _put_ecr_policy(call, facts, "registry")


def _put_ecr_policy(call: ApiCall, facts: Facts, kind: str) -> None:
    """terraform-aws-modules/terraform-aws-ecr#19, hashicorp/terraform-provider-aws#39064, pulumi/pulumi-aws#2326."""
    try:
        document = check(
            str(call.params.get("policyText", "")), "repository" if kind == "repository" else "resource"
        )
        check_existence(document, call, facts, _NOT_FOUND)
    except Malformed as fault:
        rule = _NOT_FOUND if fault.sentence == _NOT_FOUND else f"Invalid {kind} policy provided"
        sentence = f"Invalid parameter at 'PolicyText' failed to satisfy constraint: '{rule}'"
        raise AwsError("InvalidParameterException", fault.said(sentence)) from fault


def put_resource_policy(call: ApiCall, facts: Facts) -> None:
    """hashicorp/terraform-provider-aws#32260, and badmintoncryer/cdk-preflight's measurement."""
    try:
        document = check(str(call.params.get("policyDocument", "")), "resource")
        check_existence(document, call, facts, _NOT_PERSISTABLE)
    except Malformed as fault:
        is_principal = fault.sentence in (_NOT_PERSISTABLE, INVALID_PRINCIPAL)
        sentence = f"{_NOT_PERSISTABLE}." if is_principal else _UNPARSED
        raise AwsError("InvalidParameterException", fault.said(sentence)) from fault


_UNPARSED = (
    "Error occurred while parsing accessPolicy. "
    "Please check if the accessPolicy has been constructed correctly using IAM grammar."
)


def put_permission(call: ApiCall, facts: Facts) -> None:
    """EventBridge answers ValidationException; its sentences for a malformed policy are not known."""
    if "Policy" in call.params:
        try:
            check_existence(check(str(call.params["Policy"]), "resource"), call, facts, INVALID_PRINCIPAL)
        except Malformed as fault:
            raise AwsError("ValidationException", str(fault)) from fault
        return
    principal = str(call.params.get("Principal", ""))
    if not re.fullmatch(r"\d{12}|\*", principal):
        message = (
            f"1 validation error detected: Value '{principal}' at 'principal' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: (\\d{12}|\\*)"
        )
        raise AwsError("ValidationException", message)


def add_permission(call: ApiCall, facts: Facts) -> None:
    """LocalStack recorded the sentence."""
    principal = str(call.params.get("Principal", ""))
    if not is_valid("AWS", principal) and not is_valid("Service", principal):
        raise _invalid_principal(f"{principal} is no account, role, user or service")
    try:
        check_existence({"Statement": {"Principal": {"AWS": principal}}}, call, facts, INVALID_PRINCIPAL)
    except Malformed as fault:
        raise _invalid_principal(fault.what) from fault


def _invalid_principal(what: str) -> AwsError:
    message = "The provided principal was invalid. Please check the principal and try again."
    return AwsError("InvalidParameterValueException", f"{message} ({what})")
