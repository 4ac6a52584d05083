"""Policies with principals: resource-based ones, key policies, and the trust policies of roles.

Many services read them with one parser of AWS's, whose sentences are known from: S3's and IAM's answers that
LocalStack recorded, versity/versitygw (auth/bucket_policy.go, iamapi/policy/trust.go), badmintoncryer/cdk-preflight's
measurements, hashicorp/terraform-provider-aws's issues. The order in which it finds faults is not known; here it is
statement by statement.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from harness.iam.grammar import conditions, principals, text
from harness.iam.grammar.faults import each, refuse, unknown, values
from harness.iam.grammar.identity import ELEMENTS, VERSIONS
from harness.model import Json

INVALID_JSON = "This policy contains invalid Json"
INVALID_PRINCIPAL = "Invalid principal in policy"
INVALID_ACTION = "Policy has invalid action"
NO_PRINCIPALS = "The passed in policy has a statement with no principals!"

_TOP = ("Version", "Id", "Statement")


@dataclass(frozen=True)
class Kind:
    """What differs. `invalid_principal` may hold `{type}` and `{name}`."""

    syntax: str = "Invalid policy syntax."
    no_principal: str = "Missing required field Principal"
    invalid_principal: str = INVALID_PRINCIPAL
    has_resource: bool = True
    is_trust: bool = False


KINDS = {
    "resource": Kind(),
    "repository": Kind(has_resource=False),
    "key": Kind(
        no_principal="Policy contains a statement with no principal.",
        invalid_principal="Policy contains a statement with one or more invalid principals.",
    ),
    "trust": Kind(
        syntax="Syntax error in policy.",
        invalid_principal=INVALID_PRINCIPAL + ': "{type}":"{name}"',
        has_resource=False,
        is_trust=True,
    ),
}

# STS's actions; IAM refuses patterns of them.
_TRUST_ACTIONS = frozenset(
    f"sts:{name}".lower()
    for name in (
        "AssumeRole",
        "AssumeRoleWithSAML",
        "AssumeRoleWithWebIdentity",
        "TagSession",
        "SetSourceIdentity",
        "SetContext",
        "DecodeAuthorizationMessage",
        "GetAccessKeyInfo",
        "GetCallerIdentity",
        "GetFederationToken",
        "GetServiceBearerToken",
        "GetSessionToken",
    )
)


def check(document_text: str, *, kind: str) -> Json:
    """Checks a policy with principals and answers it. `kind` is one of KINDS. Raises Malformed."""
    differences = KINDS[kind]
    document = text.read(document_text, INVALID_JSON)
    _check_top(document, differences)
    statements = each(document["Statement"], "Statement")
    for place, statement in statements:
        _check_statement(place, statement, differences)
    _check_sids(statements)
    return document


def _check_top(document: Json, kind: Kind) -> None:
    for element in document:
        if element not in _TOP:
            refuse(f"Unknown field {element}", "", unknown("element", element, _TOP))
    if "Statement" not in document:
        refuse("Missing required field Statement", "")
    if document.get("Version", VERSIONS[0]) not in VERSIONS:
        what = f"{document['Version']} is neither 2012-10-17 nor 2008-10-17"
        refuse("The policy must contain a valid version string", "Version", what)
    if not isinstance(document.get("Id", ""), str):
        refuse(kind.syntax, "Id", "an Id is a string")
    if not document["Statement"]:
        refuse("Could not parse the policy: Statement is empty!", "Statement")


def _check_statement(place: str, statement: Any, kind: Kind) -> None:
    if not isinstance(statement, dict):
        refuse(kind.syntax, place, "a statement is an object")
    for element in statement:
        if element not in ELEMENTS:
            refuse(f"Unknown field {element}", place, unknown("element", element, ELEMENTS))
    if not isinstance(statement.get("Sid", ""), str):
        refuse(kind.syntax, f"{place}.Sid", "a Sid is a string")
    _check_effect(place, statement)
    _check_principal(place, statement, kind)
    # S3's sentence; Seagate's CORTX, made after S3, has it.
    conditions.check_form(
        statement, place, kind.syntax, "" if kind.is_trust else "Invalid Condition type : {operator}"
    )
    conditions.check_values(statement, place, kind.syntax)
    _check_action(place, statement, kind)
    _check_resource(place, statement, kind)


def _check_effect(place: str, statement: Json) -> None:
    if "Effect" not in statement:
        refuse("Missing required field Effect", place)
    if statement["Effect"] not in ("Allow", "Deny"):
        refuse(f"Invalid effect: {statement['Effect']}", f"{place}.Effect", "it is Allow or Deny")


def _check_principal(place: str, statement: Json, kind: Kind) -> None:
    if "NotPrincipal" in statement:
        _check_not_principal(place, statement, kind)
    elif "Principal" not in statement:
        refuse(kind.no_principal, place, "there is no Principal")
    element = "NotPrincipal" if "NotPrincipal" in statement else "Principal"
    _check_principal_form(statement[element], f"{place}.{element}", kind)
    for where, type_, name in principals.named(statement, place):
        # CanonicalUser is S3's alone; what other services answer to it is not known, and it passes.
        if not principals.is_valid(type_, name):
            sentence = kind.invalid_principal.format(type=type_.upper(), name=name)
            refuse(sentence, where, f"{name} is no {_FORMS[type_]}")


def _check_not_principal(place: str, statement: Json, kind: Kind) -> None:
    where = f"{place}.NotPrincipal"
    if "Principal" in statement:
        refuse(kind.syntax, place, "Principal and NotPrincipal exclude each other")
    if statement["Effect"] == "Allow":
        refuse("Allow with NotPrincipal is not allowed.", where)
    if kind.is_trust:
        refuse("AssumeRole policy must not contain NotPrincipal field.", where)


def _check_principal_form(element: Any, place: str, kind: Kind) -> None:
    if element == "*":
        if kind.is_trust:
            sentence = 'AssumeRolepolicy contained an invalid principal: "STAR":"*".'
            refuse(sentence, place, 'write {"AWS": "*"}')
        return
    if element in ({}, ""):
        refuse("Missing required field Principal cannot be empty!", place)
    if not isinstance(element, dict):
        refuse(kind.syntax, place, 'it is "*" or an object, as {"AWS": "111122223333"}')
    for type_, names in element.items():
        if type_ not in principals.TYPES:
            refuse(kind.syntax, place, unknown("type of principal", type_, principals.TYPES))
        if names == []:
            refuse(
                NO_PRINCIPALS if kind.is_trust else kind.invalid_principal,
                f"{place}.{type_}",
                "it names nobody",
            )


_FORMS = {
    "AWS": "account, role, user or session",
    "Service": "service's name, as sagemaker.amazonaws.com",
    "Federated": "identity provider",
    "CanonicalUser": "canonical user id",
}


def _check_action(place: str, statement: Json, kind: Kind) -> None:
    if "Action" in statement and "NotAction" in statement:
        refuse(kind.syntax, place, "Action and NotAction exclude each other")
    found = values([(place, statement)], "Action", "NotAction")
    if not found:
        refuse("Missing required field Action", place)
    for where, action in found:
        if not isinstance(action, str):
            refuse(kind.syntax, where, "an action is a string")
        if kind.is_trust and action.lower() not in _TRUST_ACTIONS:
            refuse("AssumeRole policy may only specify STS AssumeRole actions.", where, action)
        if action != "*" and action.count(":") != 1:
            refuse(INVALID_ACTION, where, f"{action} is not like s3:GetObject")


def _check_resource(place: str, statement: Json, kind: Kind) -> None:
    present = [element for element in ("Resource", "NotResource") if element in statement]
    if not kind.has_resource:
        if "Resource" in present:
            refuse(
                "Has prohibited field Resource", f"{place}.Resource", "what has the policy is its resource"
            )
        if present:
            refuse("AssumeRole policy must not contain resources.", f"{place}.NotResource")
        return
    if len(present) > 1:
        refuse(kind.syntax, place, "Resource and NotResource exclude each other")
    found = values([(place, statement)], *present)
    if not found:
        refuse("Missing required field Resource", place)
    for where, resource in found:
        if not isinstance(resource, str):
            refuse(kind.syntax, where, "a resource is a string")


def _check_sids(statements: list[tuple[str, Json]]) -> None:
    """A Sid may have any characters here; what else a service asks of it is not known."""
    seen: set[str] = set()
    for place, sid in values(statements, "Sid"):
        if sid in seen:
            refuse("The Statement Ids in the policy are not unique", place, f"{sid} is there twice")
        seen |= {sid} - {""}
