"""KMS as a backend elsewhere tells it, and the AWS managed keys that it does not have."""

from __future__ import annotations

import re
from typing import Any

from botocore.exceptions import ClientError

from harness.access.facts import Key
from harness.backends import aws_managed_keys
from harness.backends.connection import Connection
from harness.backends.known import Known
from harness.backends.seen import Seen

_PLACE = re.compile(r"\d{12} [a-z]{2,}(-[a-z]+)+-\d+")
# LocalStack has no AWS managed key for S3: it makes a customer's in its place, which is told by these words.
_IN_S3_S_PLACE = "Default key that protects my S3 objects when no other key is defined"


class RemoteKeys:
    def __init__(self, connection: Connection, seen: Seen) -> None:
        self._connection = connection
        self._seen = seen
        self.known = Known()

    def kms_key(self, id: str, account: str, region: str) -> Key | None:
        """See access.facts.Facts."""
        if id.startswith("arn:"):
            parts = id.split(":", 5)
            if len(parts) < 6:
                return None
            region, account, id = parts[3], parts[4], parts[5].removeprefix("key/")
        if not _PLACE.fullmatch(f"{account} {region}"):
            return None
        named = self._named(id, account, region) if id.startswith("alias/") else id
        return self._key(named, account, region) or aws_managed_keys.key(id, account, region)

    def names(self, account: str, region: str) -> list[str]:
        """The aliases of an account's own keys."""
        return [alias for alias in self._aliases(account, region) if not alias.startswith("alias/aws/")]

    def policied(self) -> list[str]:
        """The ARNs of all keys: every one has a policy."""
        return [arn for place in self._seen.places("kms") for arn in self._arns(*place)]

    def _kms(self, account: str, region: str) -> Any:
        return self._connection.client("kms", account, region)

    def _arns(self, account: str, region: str) -> list[str]:
        def ask() -> list[str]:
            pages = self._kms(account, region).get_paginator("list_keys").paginate()
            return [key["KeyArn"] for page in pages for key in page["Keys"]]

        return self.known.get(("keys", account, region), ask) or []

    def _aliases(self, account: str, region: str) -> dict[str, str]:
        """The keys' ids by their aliases."""
        return self.known.get(("aliases", account, region), lambda: self._aliases_now(account, region)) or {}

    def _aliases_now(self, account: str, region: str) -> dict[str, str]:
        pages = self._kms(account, region).get_paginator("list_aliases").paginate()
        every = [alias for page in pages for alias in page["Aliases"]]
        return {a["AliasName"]: a["TargetKeyId"] for a in every if a.get("TargetKeyId")}

    def _named(self, alias: str, account: str, region: str) -> str:
        """The key's id; empty where there is none. One of AWS's own gets its key when somebody first looks at it."""
        look = self._aliases_now if alias.startswith("alias/aws/") else self._aliases
        return look(account, region).get(alias, "")

    def _key(self, id: str, account: str, region: str) -> Key | None:
        return self.known.get(("key", id, account, region), lambda: self._ask(id, account, region))

    def _ask(self, id: str, account: str, region: str) -> Key | None:
        """Not by DescribeKey: moto refuses that where the key's policy denies it to anybody."""
        kms = self._kms(account, region)
        try:
            policy = kms.get_key_policy(KeyId=id, PolicyName="default")["Policy"]
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NotFoundException", "ValidationException"):
                return None
            raise
        aliases = tuple(alias for alias, key in self._aliases_now(account, region).items() if key == id)
        service = self._managed(kms, id, aliases)
        grants = kms.get_paginator("list_grants").paginate(KeyId=id)
        return Key(
            arn=f"arn:aws:kms:{region}:{account}:key/{id}",
            owner=account,
            policy=aws_managed_keys.policy(service, account, region) or policy if service else policy,
            aliases=aliases or ((f"alias/aws/{service}",) if service else ()),
            grants=tuple(
                (grant["GranteePrincipal"], tuple(grant["Operations"]), grant.get("Constraints") or {})
                for page in grants
                for grant in page["Grants"]
            ),
            tags={tag["TagKey"]: tag["TagValue"] for tag in kms.list_resource_tags(KeyId=id)["Tags"]},
        )

    def _managed(self, kms: Any, id: str, aliases: tuple[str, ...]) -> str:
        """The service whose AWS managed key it is; empty for a customer's."""
        named = next((alias for alias in aliases if alias.startswith("alias/aws/")), "")
        if named or aliases:
            return named.removeprefix("alias/aws/")
        try:
            described = kms.describe_key(KeyId=id)["KeyMetadata"]
        except ClientError:  # moto, where the key's policy denies it: a customer's
            return ""
        return "s3" if described.get("Description") == _IN_S3_S_PLACE else ""
