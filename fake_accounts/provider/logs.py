"""CloudWatch Logs: log groups."""

from typing import ClassVar

from fake_accounts.provider.naming import Naming
from fake_accounts.provider.resource import AwsResource, State, given
from fake_accounts.provider.schema import BOOL, NUMBER, computed, optional
from fake_accounts.provider.tags import TagApi


class LogGroup(AwsResource):
    """`aws_cloudwatch_log_group`. Its `retention_in_days` of 0 keeps logs for ever."""

    type_name, service, identity, naming = "cloudwatch_log_group", "logs", "name", Naming()
    attributes: ClassVar = [
        optional("retention_in_days", NUMBER, default=0),
        optional("kms_key_id"),
        optional("skip_destroy", BOOL, default=False),
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
        name = want["name"]
        self.aws.create_log_group(logGroupName=name, **given(want, kmsKeyId="kms_key_id", tags="tags_all"))
        place = f"{self.aws.meta.region_name}:{self._provider.session.account_id}"
        return {"arn": f"arn:aws:logs:{place}:log-group:{name}"}

    def finish(self, made: State) -> None:
        self._retain(made["name"], 0, made["retention_in_days"])

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
        if not state["skip_destroy"]:
            self.aws.delete_log_group(logGroupName=state["name"])

    def _retain(self, name: str, old: int, new: int) -> None:
        if old != new:
            if new:
                self.aws.put_retention_policy(logGroupName=name, retentionInDays=new)
            else:
                self.aws.delete_retention_policy(logGroupName=name)


RESOURCES = [LogGroup]
