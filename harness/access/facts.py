"""What decisions are made on: the accounts' resources and policies as they are at this moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

# A policy as it is stored: (name or ARN, JSON text).
Stored = tuple[str, str]


@dataclass(frozen=True)
class Identity:
    """An IAM user, role or group with all that is attached to it. `inline` and `attached` of a user hold its groups',
    too, told by their names: `group/analysts inline reading`."""

    arn: str
    id: str
    inline: tuple[Stored, ...] = ()
    attached: tuple[Stored, ...] = ()
    boundary: Stored | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    trust: str = ""


@dataclass(frozen=True)
class Bucket:
    """`key`: how the bucket encrypts by default, the KMS key as its configuration names it (`aws:kms` without a key is
    `alias/aws/s3`); empty without KMS. `ownership` is ObjectOwnership, BucketOwnerEnforced by default."""

    name: str
    owner: str
    policy: str = ""
    key: str = ""
    bucket_key: bool = False
    ownership: str = "BucketOwnerEnforced"


@dataclass(frozen=True)
class StoredObject:
    """`key` is the ARN or id of the KMS key that it is encrypted with; empty without KMS. `bucket_key`: by way of an S3
    Bucket Key."""

    owner: str
    key: str = ""
    bucket_key: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Key:
    """`grants`: (grantee, operations, constraints) of each grant; constraints as CreateGrant takes them."""

    arn: str
    owner: str
    policy: str
    aliases: tuple[str, ...] = ()
    grants: tuple[tuple[str, tuple[str, ...], Mapping[str, Mapping[str, str]]], ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


class Facts(Protocol):
    """Looks into the accounts without asking anybody's permission. What is not there is None, or empty."""

    def identity(self, arn: str) -> Identity | None:
        """By a role's, user's or group's ARN (not a session's)."""
        ...

    def managed_policy(self, arn: str) -> str:
        """The default version's JSON text; also AWS's own."""
        ...

    def bucket(self, name: str) -> Bucket | None: ...

    def stored_object(self, bucket: str, key: str, version: str = "") -> StoredObject | None: ...

    def multipart_key(self, bucket: str, upload_id: str) -> str:
        """The KMS key, as a StoredObject's, of an upload in parts that is under way; empty without KMS."""
        ...

    def kms_key(self, id: str, account: str, region: str) -> Key | None:
        """By key id, ARN, alias or alias's ARN, as the account would name it."""
        ...

    def resource_policy(self, arn: str) -> str:
        """The JSON text of the policy on a topic, queue, repository, function, model package group, event bus."""
        ...

    def resource_key(self, arn: str) -> str:
        """The KMS key of a topic, queue or log group, as its configuration names it; empty without."""
        ...

    def tags(self, arn: str) -> Mapping[str, str]: ...

    def identities(self) -> list[str]:
        """The ARNs of all roles and users, in all accounts."""
        ...

    def policied(self) -> list[str]:
        """The ARNs of all resources that have a policy of their own: buckets, KMS keys, topics, queues, ..."""
        ...
