"""KMS: keys and aliases."""

from functools import partial
from typing import Any, ClassVar

from tf.types import Unknown

from fake_accounts.provider.naming import Naming
from fake_accounts.provider.resource import AwsResource, State, given
from fake_accounts.provider.schema import BOOL, NUMBER, POLICY, Alike, chosen, computed, optional, required
from fake_accounts.provider.tags import TagApi, as_list, from_list

_to_wire = partial(as_list, key="TagKey", value="TagValue")
_from_wire = partial(from_list, key="TagKey", value="TagValue")


class Key(AwsResource):
    """`aws_kms_key`."""

    type_name, service, identity = "kms_key", "kms", "key_id"
    gone = "NotFound|pending deletion"
    attributes: ClassVar = [
        chosen("description"),
        chosen("policy", POLICY),
        optional("bypass_policy_lockout_safety_check", BOOL, default=False),
        optional("enable_key_rotation", BOOL, default=False),
        optional("is_enabled", BOOL, default=True),
        optional("deletion_window_in_days", NUMBER),
        optional("key_usage", default="ENCRYPT_DECRYPT", replace=True),
        optional("customer_master_key_spec", default="SYMMETRIC_DEFAULT", replace=True),
        chosen("multi_region", BOOL, replace=True),
        computed("arn"),
        computed("key_id"),
    ]
    tagging = TagApi("key_id", "KeyId", read="list_resource_tags", to_wire=_to_wire, from_wire=_from_wire)

    def validate(self, diags: Any, type_name: str, config: State) -> None:
        super().validate(diags, type_name, config)
        window = config["deletion_window_in_days"]
        # AWS would tell when the key is deleted.
        if isinstance(window, int) and not 7 <= window <= 30:
            wrong = f"expected deletion_window_in_days to be in the range (7 - 30), got {window}"
            diags.add_error(wrong, path=["deletion_window_in_days"])

    def make(self, want: State) -> State:
        policy = want["policy"]
        metadata = self.aws.create_key(
            KeyUsage=want["key_usage"],
            KeySpec=want["customer_master_key_spec"],
            BypassPolicyLockoutSafetyCheck=want["bypass_policy_lockout_safety_check"],
            Tags=_to_wire(want["tags_all"]),
            **given(want, Description="description", MultiRegion="multi_region"),
            **({} if policy in (None, Unknown) else {"Policy": POLICY.encode(policy)}),
        )["KeyMetadata"]
        return {"arn": metadata["Arn"], "key_id": metadata["KeyId"]}

    def finish(self, made: State) -> None:
        key = {"KeyId": made["key_id"]}
        self._rotate(key, False, made["enable_key_rotation"])
        self._enable(key, True, made["is_enabled"])

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
        # A disabled key can't be changed: enabled first, disabled last.
        self._enable(key, state["is_enabled"], want["is_enabled"] or state["is_enabled"])
        self._rotate(key, state["enable_key_rotation"], want["enable_key_rotation"])
        if state["description"] != want["description"]:
            self.aws.update_key_description(**key, Description=want["description"])
        if state["policy"] != want["policy"]:
            self.aws.put_key_policy(
                **key,
                PolicyName="default",
                Policy=POLICY.encode(want["policy"]),
                BypassPolicyLockoutSafetyCheck=want["bypass_policy_lockout_safety_check"],
            )
        self._enable(key, state["is_enabled"] or want["is_enabled"], want["is_enabled"])

    def remove(self, state: State) -> None:
        window = given(state, PendingWindowInDays="deletion_window_in_days")
        self.aws.schedule_key_deletion(KeyId=state["key_id"], **window)

    def _rotate(self, key: State, old: bool, new: bool) -> None:
        if old != new:
            (self.aws.enable_key_rotation if new else self.aws.disable_key_rotation)(**key)

    def _enable(self, key: State, old: bool, new: bool) -> None:
        if old != new:
            (self.aws.enable_key if new else self.aws.disable_key)(**key)


class Alias(AwsResource):
    """`aws_kms_alias`."""

    type_name, service, identity = "kms_alias", "kms", "name"
    naming = Naming(start="alias/")
    attributes: ClassVar = [
        required("target_key_id", Alike(lambda key: key.rpartition("/")[2])),  # its id or its ARN
        computed("arn"),
        computed("target_key_arn"),
    ]

    def make(self, want: State) -> State:
        self.aws.create_alias(AliasName=want["name"], TargetKeyId=want["target_key_id"])
        return self._described(want["name"], want["target_key_id"])

    def foresee(self, state: State, want: State) -> State:
        moves = state["target_key_id"] != want["target_key_id"]
        return {"target_key_arn": Unknown} if moves else {}

    def look(self, state: State) -> State | None:
        pages = self.aws.get_paginator("list_aliases").paginate()
        aliases = {alias["AliasName"]: alias for page in pages for alias in page["Aliases"]}
        found = aliases.get(state["name"])
        if found is None:
            return None
        return {"target_key_id": found["TargetKeyId"], **self._described(state["name"], found["TargetKeyId"])}

    def change(self, state: State, want: State) -> State:
        self.aws.update_alias(AliasName=state["name"], TargetKeyId=want["target_key_id"])
        return self._described(state["name"], want["target_key_id"])

    def remove(self, state: State) -> None:
        self.aws.delete_alias(AliasName=state["name"])

    def _described(self, name: str, target: str) -> State:
        prefix = f"arn:aws:kms:{self.aws.meta.region_name}:{self._provider.session.account_id}"
        key_id = target.rpartition("/")[2]
        return {"name": name, "arn": f"{prefix}:{name}", "target_key_arn": f"{prefix}:key/{key_id}"}


RESOURCES = [Key, Alias]
