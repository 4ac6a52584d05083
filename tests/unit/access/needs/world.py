"""A small world for what calls need: two accounts with their buckets, keys, topics and queues."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.access.facts import Bucket, Facts, Identity, Key, StoredObject
from harness.access.needs import needs
from harness.model import ApiCall, Permission, Principal

HOME, AWAY, REGION = "111122223333", "444455556666", "us-east-1"
ANA = Principal(HOME, f"arn:aws:iam::{HOME}:user/ana", "user")
NOBODY = Principal("", "anonymous", "anonymous")
EVENTS = Principal(HOME, "events.amazonaws.com", "service")

HOME_KEY, AWAY_KEY, HOME_S3, AWAY_S3 = (f"{n}{n}{n}{n}0000-1111-2222-3333-444444444444" for n in "1a25")


def key_arn(id: str, account: str = HOME) -> str:
    return f"arn:aws:kms:{REGION}:{account}:key/{id}"


def _key(id: str, account: str, *aliases: str, **tags: str) -> Key:
    return Key(key_arn(id, account), account, "{}", aliases, tags=tags)


KEYS = (
    _key(HOME_KEY, HOME, "alias/data", team="ml"),
    _key(AWAY_KEY, AWAY, "alias/shared", "alias/data"),
    _key(HOME_S3, HOME, "alias/aws/s3"),
    _key(AWAY_S3, AWAY, "alias/aws/s3"),
)


@dataclass(frozen=True)
class World:
    """Facts, as dictionaries. `keys_of`: the keys of topics and queues; `uploads`: of uploads, by their id."""

    buckets: Mapping[str, Bucket] = field(default_factory=dict)
    objects: Mapping[tuple[str, str, str], StoredObject] = field(default_factory=dict)
    uploads: Mapping[str, str] = field(default_factory=dict)
    keys_of: Mapping[str, str] = field(default_factory=dict)
    tagged: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    keys: tuple[Key, ...] = KEYS

    def identity(self, arn: str) -> Identity | None:
        return None

    def identities(self) -> list[str]:
        return []

    def managed_policy(self, arn: str) -> str:
        return ""

    def bucket(self, name: str) -> Bucket | None:
        return self.buckets.get(name)

    def stored_object(self, bucket: str, key: str, version: str = "") -> StoredObject | None:
        return self.objects.get((bucket, key, version))

    def multipart_key(self, bucket: str, upload_id: str) -> str:
        return self.uploads.get(upload_id, "")

    def kms_key(self, id: str, account: str, region: str) -> Key | None:
        if id.startswith("arn:"):
            account, id = id.split(":")[4], id.split(":", 5)[5].removeprefix("key/")
        return next((k for k in self.keys if k.owner == account and _answers_to(k, id)), None)

    def resource_policy(self, arn: str) -> str:
        return ""

    def resource_key(self, arn: str) -> str:
        return self.keys_of.get(arn, "")

    def tags(self, arn: str) -> Mapping[str, str]:
        return self.tagged.get(arn, {})

    def policied(self) -> list[str]:
        return []


def _answers_to(key: Key, id: str) -> bool:
    return id in key.aliases or key.arn.endswith(f"/{id}")


WORLD = World(
    buckets={
        "plain": Bucket("plain", HOME),
        "locked": Bucket("locked", HOME, key=key_arn(HOME_KEY)),
        "thrifty": Bucket("thrifty", HOME, key=key_arn(HOME_KEY), bucket_key=True),
        "managed": Bucket("managed", HOME, key="alias/aws/s3"),
        "theirs": Bucket("theirs", AWAY, key="alias/data"),
        "dropbox": Bucket("dropbox", HOME, ownership="ObjectWriter"),
    },
    objects={
        ("plain", "a.csv", ""): StoredObject(HOME),
        ("plain", "a.csv", "v1"): StoredObject(HOME, tags={"stage": "raw"}),
        ("plain", "tagged.csv", ""): StoredObject(HOME, tags={"stage": "raw"}),
        ("locked", "a.csv", ""): StoredObject(HOME, key_arn(HOME_KEY)),
        ("thrifty", "a.csv", ""): StoredObject(HOME, key_arn(HOME_KEY), bucket_key=True),
        ("theirs", "a.csv", ""): StoredObject(AWAY, key_arn(AWAY_KEY, AWAY)),
        ("dropbox", "from-away.csv", ""): StoredObject(AWAY),
    },
    uploads={"locked-upload": key_arn(HOME_KEY)},
    keys_of={
        f"arn:aws:sns:{REGION}:{HOME}:secret": "alias/data",
        f"arn:aws:sns:{REGION}:{AWAY}:secret": "alias/data",
        f"arn:aws:sqs:{REGION}:{HOME}:secret": key_arn(HOME_KEY),
    },
    tagged={f"arn:aws:sns:{REGION}:{HOME}:news": {"team": "ml"}},
)


def asked(
    service: str,
    operation: str,
    params: Mapping[str, Any] | None = None,
    *,
    by: Principal = ANA,
    facts: Facts = WORLD,
) -> list[Permission]:
    """What `by` needs for a call. The call's account is the caller's, as the gateway has it for most calls."""
    call = ApiCall(service, operation, dict(params or {}), by, by.account, REGION, "r-1")
    return needs(call, facts)


def told(permission: Permission) -> str:
    """`s3:GetObject on arn:aws:s3:::plain/a.csv`"""
    return f"{permission.action} on {permission.resource}"
