"""IAM: roles, their policies, instance profiles."""

from typing import ClassVar

from fake_accounts.provider.naming import Naming
from fake_accounts.provider.resource import AwsResource, State, given
from fake_accounts.provider.schema import BOOL, NUMBER, POLICY, computed, optional, required
from fake_accounts.provider.tags import TagApi, as_list, from_list


class Role(AwsResource):
    """`aws_iam_role`."""

    type_name, service, identity, naming = "iam_role", "iam", "name", Naming()
    attributes: ClassVar = [
        required("assume_role_policy", POLICY),
        optional("description"),
        optional("path", default="/", replace=True),
        optional("max_session_duration", NUMBER, default=3600),
        optional("permissions_boundary"),
        optional("force_detach_policies", BOOL, default=False),
        computed("arn"),
        computed("unique_id"),
        computed("create_date"),
    ]
    tagging = TagApi("name", "RoleName", write="tag_role", erase="untag_role")

    def make(self, want: State) -> State:
        answer = self.aws.create_role(
            RoleName=want["name"],
            AssumeRolePolicyDocument=POLICY.encode(want["assume_role_policy"]),
            Path=want["path"],
            MaxSessionDuration=want["max_session_duration"],
            Tags=as_list(want["tags_all"]),
            **given(want, Description="description", PermissionsBoundary="permissions_boundary"),
        )
        return _role(answer["Role"])

    def look(self, state: State) -> State:
        role = self.aws.get_role(RoleName=state["name"])["Role"]
        return {
            **_role(role),
            "assume_role_policy": role["AssumeRolePolicyDocument"],
            "description": role.get("Description"),
            "path": role["Path"],
            "max_session_duration": role["MaxSessionDuration"],
            "permissions_boundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
            "tags_all": from_list(role.get("Tags", [])),
        }

    def change(self, state: State, want: State) -> None:
        role = {"RoleName": state["name"]}
        if state["assume_role_policy"] != want["assume_role_policy"]:
            document = POLICY.encode(want["assume_role_policy"])
            self.aws.update_assume_role_policy(**role, PolicyDocument=document)
        if state["permissions_boundary"] != want["permissions_boundary"]:
            if boundary := want["permissions_boundary"]:
                self.aws.put_role_permissions_boundary(**role, PermissionsBoundary=boundary)
            else:
                self.aws.delete_role_permissions_boundary(**role)
        self.aws.update_role(
            **role, Description=want["description"] or "", MaxSessionDuration=want["max_session_duration"]
        )

    def remove(self, state: State) -> None:
        if state["force_detach_policies"]:
            self._strip(state["name"])
        self.aws.delete_role(RoleName=state["name"])

    def _strip(self, role: str) -> None:
        for name in self.aws.list_role_policies(RoleName=role)["PolicyNames"]:
            self.aws.delete_role_policy(RoleName=role, PolicyName=name)
        for policy in self.aws.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
            self.aws.detach_role_policy(RoleName=role, PolicyArn=policy["PolicyArn"])


def _role(answer: State) -> State:
    return {
        "name": answer["RoleName"],
        "arn": answer["Arn"],
        "unique_id": answer["RoleId"],
        "create_date": f"{answer['CreateDate']:%Y-%m-%dT%H:%M:%SZ}",
    }


class RolePolicy(AwsResource):
    """`aws_iam_role_policy`: a role's inline policy."""

    type_name, service, identity, naming = "iam_role_policy", "iam", "role:name", Naming()
    attributes: ClassVar = [required("role", replace=True), required("policy", POLICY)]

    def make(self, want: State) -> None:
        document = POLICY.encode(want["policy"])
        self.aws.put_role_policy(RoleName=want["role"], PolicyName=want["name"], PolicyDocument=document)

    def look(self, state: State) -> State:
        answer = self.aws.get_role_policy(RoleName=state["role"], PolicyName=state["name"])
        return {"policy": answer["PolicyDocument"]}

    def remove(self, state: State) -> None:
        self.aws.delete_role_policy(RoleName=state["role"], PolicyName=state["name"])


class RolePolicyAttachment(AwsResource):
    """`aws_iam_role_policy_attachment`."""

    type_name, service, identity = "iam_role_policy_attachment", "iam", "role/policy_arn"
    attributes: ClassVar = [required("role", replace=True), required("policy_arn", replace=True)]

    def make(self, want: State) -> None:
        self.aws.attach_role_policy(RoleName=want["role"], PolicyArn=want["policy_arn"])

    def look(self, state: State) -> State | None:
        pages = self.aws.get_paginator("list_attached_role_policies").paginate(RoleName=state["role"])
        attached = {policy["PolicyArn"] for page in pages for policy in page["AttachedPolicies"]}
        return {} if state["policy_arn"] in attached else None

    def remove(self, state: State) -> None:
        self.aws.detach_role_policy(RoleName=state["role"], PolicyArn=state["policy_arn"])


class InstanceProfile(AwsResource):
    """`aws_iam_instance_profile`."""

    type_name, service, identity, naming = "iam_instance_profile", "iam", "name", Naming()
    attributes: ClassVar = [
        optional("path", default="/", replace=True),
        optional("role"),
        computed("arn"),
        computed("unique_id"),
        computed("create_date"),
    ]
    tagging = TagApi(
        "name",
        "InstanceProfileName",
        write="tag_instance_profile",
        erase="untag_instance_profile",
    )

    def make(self, want: State) -> State:
        answer = self.aws.create_instance_profile(
            InstanceProfileName=want["name"], Path=want["path"], Tags=as_list(want["tags_all"])
        )
        return self._described(answer["InstanceProfile"])

    def finish(self, made: State) -> None:
        self._swap(made["name"], None, made["role"])

    def look(self, state: State) -> State:
        profile = self.aws.get_instance_profile(InstanceProfileName=state["name"])["InstanceProfile"]
        role = next((role["RoleName"] for role in profile["Roles"]), None)
        tags = from_list(profile.get("Tags", []))
        return {**self._described(profile), "path": profile["Path"], "role": role, "tags_all": tags}

    def change(self, state: State, want: State) -> None:
        self._swap(state["name"], state["role"], want["role"])

    def remove(self, state: State) -> None:
        self._swap(state["name"], state["role"], None)
        self.aws.delete_instance_profile(InstanceProfileName=state["name"])

    def _swap(self, name: str, old: str | None, new: str | None) -> None:
        if old:
            self.aws.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=old)
        if new:
            self.aws.add_role_to_instance_profile(InstanceProfileName=name, RoleName=new)

    @staticmethod
    def _described(profile: State) -> State:
        return {
            "name": profile["InstanceProfileName"],
            "arn": profile["Arn"],
            "unique_id": profile["InstanceProfileId"],
            "create_date": f"{profile['CreateDate']:%Y-%m-%dT%H:%M:%SZ}",
        }


RESOURCES = [Role, RolePolicy, RolePolicyAttachment, InstanceProfile]
