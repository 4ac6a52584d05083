"""KMS: keys and aliases."""

from functools import partial
from typing import ClassVar

from tf.types import Unknown

from fake_accounts.provider.resource import AwsResource, State, chosen_name, given
from fake_accounts.provider.schema import BOOL, NUMBER, POLICY, chosen, computed, optional, required
from fake_accounts.provider.tags import TagApi, as_list, from_list

_to_wire = partial(as_list, key="TagKey", value="TagValue")
_from_wire = partial(from_list, key="TagKey", value="TagValue")


class Key(AwsResource):
    """`aws_kms_key`."""

    type_name, service, identity = "kms_key", "kms", "key_id"
    gone = "NotFound|pending deletion"
    attributes: ClassVar = [
        optional("description", default=""),
        chosen("policy", POLICY),
        optional("enable_key_rotation", BOOL, default=False),
        optional("is_enabled", BOOL, default=True),
        optional("deletion_window_in_days", NUMBER),
        optional("key_usage", default="ENCRYPT_DECRYPT", replace=True),
        optional("customer_master_key_spec", default="SYMMETRIC_DEFAULT", replace=True),
        optional("multi_region", BOOL, default=False, replace=True),
        computed("arn"),
        computed("key_id"),
    ]
    tagging = TagApi("key_id", "KeyId", read="list_resource_tags", to_wire=_to_wire, from_wire=_from_wire)

    def make(self, want: State) -> State:
        policy = want["policy"]
        metadata = self.aws.create_key(
            Description=want["description"],
            KeyUsage=want["key_usage"],
            KeySpec=want["customer_master_key_spec"],
            MultiRegion=want["multi_region"],
            Tags=_to_wire(want["tags_all"]),
            **({} if policy in (None, Unknown) else {"Policy": POLICY.encode(policy)}),
        )["KeyMetadata"]
        key = {"KeyId": metadata["KeyId"]}
        self._switch(key, want, rotating=False, enabled=True)
        if policy in (None, Unknown):
            policy = POLICY.decode(self.aws.get_key_policy(**key, PolicyName="default")["Policy"])
        return {"arn": metadata["Arn"], "key_id": metadata["KeyId"], "policy": policy}

    def look(self, state: State) -> State | None:
        key = {"KeyId": state["key_id"]}
        metadata = self.aws.describe_key(**key)["KeyMetadata"]
        if metadata["KeyState"] == "PendingDeletion":
            return None
        return {
            "arn": metadata["Arn"],
            "description": metadata["Description"],
            "is_enabled": metadata["Enabled"],
            "key_usage": metadata["KeyUsage"],
            "customer_master_key_spec": metadata["KeySpec"],
            "multi_region": metadata.get("MultiRegion", False),
            "enable_key_rotation": self.aws.get_key_rotation_status(**key)["KeyRotationEnabled"],
            "policy": POLICY.decode(self.aws.get_key_policy(**key, PolicyName="default")["Policy"]),
        }

    def change(self, state: State, want: State) -> None:
        key = {"KeyId": state["key_id"]}
        if state["description"] != want["description"]:
            self.aws.update_key_description(**key, Description=want["description"])
        if state["policy"] != want["policy"]:
            self.aws.put_key_policy(**key, PolicyName="default", Policy=POLICY.encode(want["policy"]))
        self._switch(key, want, rotating=state["enable_key_rotation"], enabled=state["is_enabled"])

    def remove(self, state: State) -> None:
        window = given(state, PendingWindowInDays="deletion_window_in_days")
        self.aws.schedule_key_deletion(KeyId=state["key_id"], **window)

    def _switch(self, key: State, want: State, *, rotating: bool, enabled: bool) -> None:
        if want["enable_key_rotation"] != rotating:
            (self.aws.disable_key_rotation if rotating else self.aws.enable_key_rotation)(**key)
        if want["is_enabled"] != enabled:
            (self.aws.disable_key if enabled else self.aws.enable_key)(**key)


class Alias(AwsResource):
    """`aws_kms_alias`."""

    type_name, service, identity = "kms_alias", "kms", "name"
    attributes: ClassVar = [
        chosen("name", replace=True),
        required("target_key_id"),
        computed("arn"),
        computed("target_key_arn"),
    ]

    def make(self, want: State) -> State:
        name = chosen_name(want, "name")
        name = name if name.startswith("alias/") else f"alias/{name}"
        self.aws.create_alias(AliasName=name, TargetKeyId=want["target_key_id"])
        return self._described(name, want["target_key_id"])

    def look(self, state: State) -> State | None:
        pages = self.aws.get_paginator("list_aliases").paginate()
        aliases = {alias["AliasName"]: alias for page in pages for alias in page["Aliases"]}
        found = aliases.get(state["name"])
        if found is None:
            return None
        target = found["TargetKeyId"]
        # A key may be named by its id or its ARN; AWS always answers with the id.
        given_as = state["target_key_id"] if (state["target_key_id"] or "").endswith(target) else target
        return {"target_key_id": given_as, **self._described(state["name"], target)}

    def change(self, state: State, want: State) -> State:
        self.aws.update_alias(AliasName=state["name"], TargetKeyId=want["target_key_id"])
        return self._described(state["name"], want["target_key_id"])

    def remove(self, state: State) -> None:
        self.aws.delete_alias(AliasName=state["name"])

    def _described(self, name: str, target: str) -> State:
        prefix = f"arn:aws:kms:{self.aws.meta.region_name}:{self._provider.account_id}"
        key_id = target.rpartition("/")[2]
        return {"name": name, "arn": f"{prefix}:{name}", "target_key_arn": f"{prefix}:key/{key_id}"}


RESOURCES = [Key, Alias]
