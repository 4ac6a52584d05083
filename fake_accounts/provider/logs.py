"""CloudWatch Logs: log groups."""

from typing import ClassVar

from fake_accounts.provider.resource import AwsResource, State, chosen_name, given
from fake_accounts.provider.schema import NUMBER, chosen, computed, optional
from fake_accounts.provider.tags import TagApi


class LogGroup(AwsResource):
    """`aws_cloudwatch_log_group`. Its `retention_in_days` of 0 keeps logs for ever."""

    type_name, service, identity = "cloudwatch_log_group", "logs", "name"
    attributes: ClassVar = [
        chosen("name", replace=True),
        optional("retention_in_days", NUMBER, default=0),
        optional("kms_key_id"),
        computed("arn"),
    ]
    tagging = TagApi(
        "arn",
        "resourceArn",
        read="list_tags_for_resource",
        answer="tags",
        written="tags",
        erased="tagKeys",
        to_wire=dict,
        from_wire=dict,
    )

    def make(self, want: State) -> State:
        name = chosen_name(want, "name")
        self.aws.create_log_group(
            logGroupName=name,
            **given(want, kmsKeyId="kms_key_id", tags="tags_all"),
        )
        self._retain(name, 0, want["retention_in_days"])
        place = f"{self.aws.meta.region_name}:{self._provider.account_id}"
        return {"name": name, "arn": f"arn:aws:logs:{place}:log-group:{name}"}

    def look(self, state: State) -> State | None:
        pages = self.aws.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=state["name"])
        groups = {group["logGroupName"]: group for page in pages for group in page["logGroups"]}
        found = groups.get(state["name"])
        if found is None:
            return None
        return {
            "arn": found["arn"].removesuffix(":*"),
            "retention_in_days": found.get("retentionInDays", 0),
            "kms_key_id": found.get("kmsKeyId"),
        }

    def change(self, state: State, want: State) -> None:
        name = state["name"]
        self._retain(name, state["retention_in_days"], want["retention_in_days"])
        if state["kms_key_id"] != want["kms_key_id"]:
            if key := want["kms_key_id"]:
                self.aws.associate_kms_key(logGroupName=name, kmsKeyId=key)
            else:
                self.aws.disassociate_kms_key(logGroupName=name)

    def remove(self, state: State) -> None:
        self.aws.delete_log_group(logGroupName=state["name"])

    def _retain(self, name: str, old: int, new: int) -> None:
        if old != new:
            if new:
                self.aws.put_retention_policy(logGroupName=name, retentionInDays=new)
            else:
                self.aws.delete_retention_policy(logGroupName=name)


RESOURCES = [LogGroup]
