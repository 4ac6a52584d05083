"""The Principal element of trust and resource-based policies: who may be named, and how.

Source: "AWS JSON policy elements: Principal". Whether who is named exists is for who knows the accounts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from harness.iam.grammar.faults import each
from harness.model import Json

TYPES = ("AWS", "Service", "Federated", "CanonicalUser")

_NAME = r"[\w+=,.@/-]+"
# Groups cannot be named, and wildcards not in a part. A unique id stands for a role or user that was deleted, or for
# one that is there; an origin access identity of CloudFront has no account.
_AWS = re.compile(
    r"\*|\d{12}|arn:aws:iam::\d{12}:root"
    rf"|arn:aws:iam::\d{{12}}:(user|role)/{_NAME}"
    rf"|arn:aws:sts::\d{{12}}:(assumed-role/{_NAME}/{_NAME}|federated-user/{_NAME}|self)"
    r"|arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity \w+"
    r"|A(IDA|ROA)[A-Z0-9]{12,}"
)
# AWS has a list of its services' names, which it does not publish.
_SERVICE = re.compile(r"([a-z0-9-]+\.)+(amazonaws\.com(\.cn)?|amazon\.com|aws\.com)")
_FEDERATED = re.compile(
    rf"arn:aws:iam::\d{{12}}:(saml|oidc)-provider/{_NAME}|([a-z0-9-]+\.)+[a-z]+(/{_NAME})?"
)
_CANONICAL = re.compile(r"[0-9a-f]{64}")
_FORMS = dict(zip(TYPES, (_AWS, _SERVICE, _FEDERATED, _CANONICAL), strict=True))


def is_valid(type_: str, name: Any) -> bool:
    return isinstance(name, str) and _FORMS[type_].fullmatch(name) is not None


def named(statement: Json, place: str) -> Iterator[tuple[str, str, Any]]:
    """(place, type, name) of everyone that a statement's Principal or NotPrincipal names one by one."""
    for element in ("Principal", "NotPrincipal"):
        names = statement.get(element)
        if isinstance(names, dict):
            for type_, listed in names.items():
                for where, name in each(listed, f"{place}.{element}.{type_}"):
                    yield where, type_, name
