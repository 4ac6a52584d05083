"""AWS managed keys (`alias/aws/sns`): what their key policies let whom do.

AWS writes these policies and nobody can change them. They let the account's principals use the key, and only through
its own service (kms:ViaService): which is why EventBridge, a service itself, cannot publish to a topic under
`alias/aws/sns`. They are as GetKeyPolicy answered in us-east-1 in 2025, recorded at
github.com/FogSecurity/aws-managed-kms-keys, of the services that the harness has. Of other services' keys moto makes
some when they are named, with a customer key's policy; those stay so.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from functools import lru_cache

from harness.access.facts import Key
from harness.model import Json

_METADATA = ("kms:Describe*", "kms:Get*", "kms:List*")
_USE = ("kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*")
_GRANT = ("kms:CreateGrant", "kms:DescribeKey")


@dataclass(frozen=True)
class _Managed:
    """`through` and `use` are the service's names in the Sid; `actions` are allowed through the service, `account` the
    account's own principals directly, as far as their policies allow."""

    id: str
    through: str
    use: str
    actions: tuple[str, ...]
    account: tuple[str, ...] = (*_METADATA, "kms:RevokeGrant")


_SERVICES = {
    "s3": _Managed("auto-s3-2", "S3", "S3", (*_USE, "kms:DescribeKey"), _METADATA),
    "sns": _Managed(
        "auto-sns-2",
        "SNS",
        "SNS",
        ("kms:Decrypt", "kms:GenerateDataKey*", "kms:CreateGrant", "kms:ListGrants", "kms:DescribeKey"),
    ),
    "sqs": _Managed("auto-sqs-1", "Simple Queue Service (SQS)", "SQS", (*_USE, *_GRANT)),
    "ecr": _Managed("auto-ecr-1", "Amazon ECR", "Amazon ECR", (*_USE, *_GRANT, "kms:RetireGrant")),
    "lambda": _Managed("auto-awslambda", "AWS Lambda", "AWS Lambda", (*_USE, *_GRANT)),
}


def key(id: str, account: str, region: str) -> Key | None:
    """By its alias, or by the id that we give it. Every account has one for each service in each region: AWS makes it
    when it is first used."""
    return _keys(account, region).get(id)


@lru_cache(maxsize=64)
def _keys(account: str, region: str) -> dict[str, Key]:
    known: dict[str, Key] = {}
    for service in _SERVICES:
        alias = f"alias/aws/{service}"
        # AWS's ids are random; ours is the same at every look.
        id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"arn:aws:kms:{region}:{account}:{alias}"))
        made = Key(
            f"arn:aws:kms:{region}:{account}:key/{id}", account, policy(service, account, region), (alias,)
        )
        known |= {alias: made, id: made}
    return known


@lru_cache(maxsize=256)
def policy(service: str, account: str, region: str) -> str:
    """The key policy's JSON text; empty for a service whose we do not know."""
    managed = _SERVICES.get(service)
    if managed is None:
        return ""
    statements = [_through(managed, service, account, region), _direct(managed, account)]
    if service == "sns":
        statements.append(_archive(account, region))
    return json.dumps({"Version": "2012-10-17", "Id": managed.id, "Statement": statements})


def _through(managed: _Managed, service: str, account: str, region: str) -> Json:
    return {
        "Sid": f"Allow access through {managed.through} for all principals in the account"
        f" that are authorized to use {managed.use}",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": managed.actions,
        "Resource": "*",
        "Condition": {
            "StringEquals": {
                "kms:CallerAccount": account,
                "kms:ViaService": f"{service}.{region}.amazonaws.com",
            }
        },
    }


def _direct(managed: _Managed, account: str) -> Json:
    return {
        "Sid": "Allow direct access to key metadata to the account",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": managed.account,
        "Resource": "*",
    }


def _archive(account: str, region: str) -> Json:
    return {
        "Sid": "Allow SNS to decrypt archived messages",
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "kms:Decrypt",
        "Resource": "*",
        "Condition": {
            "StringEquals": {"aws:SourceAccount": account},
            "ArnLike": {"aws:SourceArn": f"arn:*:sns:{region}:{account}:*"},
        },
    }
