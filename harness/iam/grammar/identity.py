"""Identity-based policies, as IAM checks them: one phase after the other, each over the whole document.

The phases and their sentences are those of moto's recordings of IAM's answers (tests/test_iam/test_iam_policies.py of
getmoto/moto); ministackorg/ministack#1738 measured the same of inline policies. What those do not have is from
badmintoncryer/cdk-preflight's measurements: wildcards in vendors, Sids, NullIfExists, base64, numbers, addresses, ARNs.
IAM knows no actions by name: an action that does not exist is accepted.
"""

from __future__ import annotations

import re
from typing import Any

from harness.iam.grammar import arns, conditions, text
from harness.iam.grammar.faults import Malformed, each, refuse, unknown, values
from harness.model import Json

SYNTAX = "Syntax errors in policy."
LEGACY = "The policy failed legacy parsing"

# `Conditions` passes at the top, and means nothing: so moto recorded it.
_TOP = ("Version", "Id", "Statement", "Conditions")
ELEMENTS = (
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
)
VERSIONS = ("2008-10-17", "2012-10-17")
_VENDOR = re.compile(r"[A-Za-z0-9.-]*")

# (place, statement)
Statements = list[tuple[str, Json]]


def check(document_text: str, *, managed: bool = False) -> Json:
    """Checks an identity-based policy and answers it. Raises Malformed.

    `managed`: a policy of its own, which has to be of version 2012-10-17. Inline ones get by without a version: IAM
    answered one of them that it failed legacy parsing, which comes after (Graylog2/graylog-plugin-aws#172).
    """
    document = text.read(document_text, SYNTAX)
    _check_top(document)
    statements: Statements = each(document["Statement"], "Statement")
    for place, statement in statements:
        _check_syntax(place, statement)
    # When exactly IAM looks for principals is not known.
    _check_principals(statements)
    if managed:
        _check_version(document)
    _check_legacy(statements)
    resource_fault = _first_resource_fault(statements)
    _check_sids(statements)
    _check_present(statements, ("Action", "NotAction"), "Policy statement must contain actions.")
    if resource_fault:
        raise resource_fault
    for place, action in values(statements, "Action", "NotAction"):
        _check_action(place, action)
    _check_present(statements, ("Resource", "NotResource"), "Policy statement must contain resources.")
    return document


def _check_top(document: Json) -> None:
    for element in document:
        if element not in _TOP:
            refuse(SYNTAX, "", unknown("element", element, _TOP[:3]))
    if document.get("Version", VERSIONS[0]) not in VERSIONS:
        refuse(SYNTAX, "Version", f"{document['Version']} is neither 2012-10-17 nor 2008-10-17")
    if not isinstance(document.get("Id", ""), str):
        refuse(SYNTAX, "Id", "an Id is a string")
    if not document.get("Statement"):
        refuse(SYNTAX, "", "there is no Statement")


def _check_syntax(place: str, statement: Any) -> None:
    if not isinstance(statement, dict):
        refuse(SYNTAX, place, "a statement is an object")
    for element in statement:
        if element not in ELEMENTS:
            refuse(SYNTAX, place, unknown("element", element, ELEMENTS))
    if not isinstance(statement.get("Sid", ""), str):
        refuse(SYNTAX, f"{place}.Sid", "a Sid is a string")
    if "Effect" not in statement:
        refuse(SYNTAX, place, "there is no Effect")
    if str(statement["Effect"]).lower() not in ("allow", "deny"):
        refuse(SYNTAX, f"{place}.Effect", f"{statement['Effect']} is neither Allow nor Deny")
    for element in ("Action", "Resource"):
        if element in statement and f"Not{element}" in statement:
            refuse(SYNTAX, place, f"{element} and Not{element} exclude each other")
    _check_strings(statement, place, "Action")
    _check_strings(statement, place, "Resource")
    conditions.check_form(statement, place, SYNTAX)


def _check_strings(statement: Json, place: str, element: str) -> None:
    for name in (element, f"Not{element}"):
        for where, value in each(statement.get(name, []), f"{place}.{name}"):
            # A null among resources passes: so moto recorded it.
            is_null_resource = value is None and element == "Resource" and isinstance(statement[name], list)
            if not isinstance(value, str) and not is_null_resource:
                refuse(SYNTAX, where, f"{name} is a string or a list of strings")


def _check_principals(statements: Statements) -> None:
    for place, statement in statements:
        for element in ("Principal", "NotPrincipal"):
            if element in statement:
                what = "a policy of an identity is about that identity"
                refuse("Policy document should not specify a principal.", f"{place}.{element}", what)


def _check_version(document: Json) -> None:
    sentence = f"Policy document must be version {VERSIONS[-1]} or greater."
    if "Version" not in document:
        refuse(sentence, "", "there is no Version")
    if document["Version"] != VERSIONS[-1]:
        refuse(sentence, "Version", document["Version"])


def _check_legacy(statements: Statements) -> None:
    for place, statement in statements:
        if statement["Effect"] not in ("Allow", "Deny"):
            refuse(LEGACY, f"{place}.Effect", f"{statement['Effect']} is neither Allow nor Deny")
        conditions.check_values(statement, place, LEGACY)


def _first_resource_fault(statements: Statements) -> Malformed | None:
    """IAM tells a resource's fault only after it has looked at Sids and for actions; legacy parsing it ends there."""
    for place, resource in values(statements, "Resource", "NotResource"):
        if resource is None:
            continue
        found = arns.fault(resource, place)
        if found:
            return found
        if not arns.is_legacy(resource):
            refuse(LEGACY, place, f"{resource} is not an ARN: its six parts are separated by colons")
    return None


def _check_sids(statements: Statements) -> None:
    seen: set[str] = set()
    for place, sid in values(statements, "Sid"):
        if not re.fullmatch(r"[0-9A-Za-z]*", sid):
            said = "Check that your input satisfies the regular expression [0-9A-Za-z]*"
            refuse(f"Statement IDs (SID) must be alpha-numeric. {said}", place, sid)
        if sid in seen:
            refuse("Statement IDs (SID) in a single policy must be unique.", place, f"{sid} is there twice")
        seen |= {sid} - {""}


def _check_present(statements: Statements, elements: tuple[str, str], sentence: str) -> None:
    for place, statement in statements:
        if all(statement.get(element) in (None, []) for element in elements):
            refuse(sentence, place, f"there is neither {elements[0]} nor {elements[1]}")


def _check_action(place: str, action: str) -> None:
    vendor, *names = action.split(":")
    if action == "*":
        return
    if not names:
        sentence = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
        refuse(sentence, place, f"{action or 'an empty string'} has none")
    if len(names) > 1:
        refuse("Actions/Condition can contain only one colon.", place, action)
    if "*" in vendor or "?" in vendor:
        refuse("Action vendors (e.g., aws, ec2, etc.) must not contain wildcards.", place, action)
    if not _VENDOR.fullmatch(vendor):
        refuse(f"Vendor {vendor} is not valid", place)
