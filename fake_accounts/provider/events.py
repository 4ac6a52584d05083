"""EventBridge: rules and their targets. The real provider still calls them `cloudwatch_event_*`."""

from typing import ClassVar

from fake_accounts.provider.resource import AwsResource, Refused, State, chosen_name, given
from fake_accounts.provider.schema import (
    JSON,
    NUMBER,
    STRING_MAP,
    Blocks,
    chosen,
    computed,
    optional,
    required,
)
from fake_accounts.provider.tags import TagApi, as_list


class Rule(AwsResource):
    """`aws_cloudwatch_event_rule`."""

    type_name, service, identity = "cloudwatch_event_rule", "events", "name"
    attributes: ClassVar = [
        chosen("name", replace=True),
        optional("event_bus_name", default="default", replace=True),
        optional("schedule_expression"),
        optional("event_pattern", JSON),
        optional("description"),
        optional("role_arn"),
        optional("state", default="ENABLED"),
        computed("arn"),
    ]
    tagging = TagApi("arn", "ResourceARN", read="list_tags_for_resource")

    def make(self, want: State) -> State:
        name = chosen_name(want, "name")
        tags = as_list(want["tags_all"])
        answer = self.aws.put_rule(Name=name, **({"Tags": tags} if tags else {}), **_rule(want))
        return {"name": name, "arn": answer["RuleArn"]}

    def change(self, state: State, want: State) -> None:
        # PutRule ignores the tags of a rule that is there.
        self.aws.put_rule(Name=state["name"], **_rule(want))

    def look(self, state: State) -> State:
        found = self.aws.describe_rule(Name=state["name"], EventBusName=state["event_bus_name"])
        return {
            "arn": found["Arn"],
            "schedule_expression": found.get("ScheduleExpression") or None,
            "event_pattern": JSON.decode(found.get("EventPattern") or None),
            "description": found.get("Description") or None,
            "role_arn": found.get("RoleArn") or None,
            "state": found["State"],
        }

    def remove(self, state: State) -> None:
        self.aws.delete_rule(Name=state["name"], EventBusName=state["event_bus_name"])


def _rule(want: State) -> State:
    pattern = {"EventPattern": JSON.encode(want["event_pattern"])} if want["event_pattern"] else {}
    texts = given(
        want,
        EventBusName="event_bus_name",
        ScheduleExpression="schedule_expression",
        Description="description",
        RoleArn="role_arn",
        State="state",
    )
    return {**pattern, **texts}


class Target(AwsResource):
    """`aws_cloudwatch_event_target`, for the targets this project has a use for."""

    type_name, service, identity = "cloudwatch_event_target", "events", "rule/target_id"
    attributes: ClassVar = [
        required("rule", replace=True),
        chosen("target_id", replace=True),
        optional("event_bus_name", default="default", replace=True),
        required("arn"),
        optional("role_arn"),
        optional("input"),
        optional("input_path"),
    ]
    blocks: ClassVar = [
        Blocks(
            "sagemaker_pipeline_target",
            [],
            [Blocks("pipeline_parameter_list", [required("name"), required("value")], as_set=True)],
            at_most=1,
        ),
        Blocks(
            "input_transformer",
            [optional("input_paths", STRING_MAP), required("input_template")],
            at_most=1,
        ),
        Blocks("dead_letter_config", [optional("arn")], at_most=1),
        Blocks(
            "retry_policy",
            [optional("maximum_event_age_in_seconds", NUMBER), optional("maximum_retry_attempts", NUMBER)],
            at_most=1,
        ),
    ]

    def make(self, want: State) -> State:
        target_id = chosen_name(want, "target_id")
        answer = self.aws.put_targets(**_on(want), Targets=[{"Id": target_id, **_target_to_wire(want)}])
        _check(answer)
        return {"target_id": target_id}

    def look(self, state: State) -> State | None:
        pages = self.aws.get_paginator("list_targets_by_rule").paginate(**_on(state))
        targets = {target["Id"]: target for page in pages for target in page["Targets"]}
        found = targets.get(state["target_id"])
        return _target_from_wire(found) if found else None

    def remove(self, state: State) -> None:
        _check(self.aws.remove_targets(**_on(state), Ids=[state["target_id"]]))


def _on(state: State) -> State:
    return {"Rule": state["rule"], "EventBusName": state["event_bus_name"]}


def _check(answer: State) -> None:
    """Raise what PutTargets and RemoveTargets tell in a successful answer."""
    for entry in answer.get("FailedEntries", []):
        raise Refused(f"{entry.get('ErrorCode')}: {entry.get('ErrorMessage')}")


def _target_to_wire(want: State) -> State:
    wire = {"Arn": want["arn"]}
    wire |= given(want, RoleArn="role_arn", Input="input", InputPath="input_path")
    for block in want["sagemaker_pipeline_target"]:
        parameters = [{"Name": p["name"], "Value": p["value"]} for p in block["pipeline_parameter_list"]]
        wire["SageMakerPipelineParameters"] = {"PipelineParameterList": parameters}
    for block in want["input_transformer"]:
        wire["InputTransformer"] = given(block, InputPathsMap="input_paths", InputTemplate="input_template")
    for block in want["dead_letter_config"]:
        wire["DeadLetterConfig"] = given(block, Arn="arn")
    for block in want["retry_policy"]:
        wire["RetryPolicy"] = given(
            block,
            MaximumEventAgeInSeconds="maximum_event_age_in_seconds",
            MaximumRetryAttempts="maximum_retry_attempts",
        )
    return wire


def _target_from_wire(wire: State) -> State:
    pipeline, transformer = wire.get("SageMakerPipelineParameters"), wire.get("InputTransformer")
    letters, retries = wire.get("DeadLetterConfig"), wire.get("RetryPolicy")
    parameters = (pipeline or {}).get("PipelineParameterList", [])
    named = [{"name": p["Name"], "value": p["Value"]} for p in parameters]
    return {
        "arn": wire["Arn"],
        "role_arn": wire.get("RoleArn"),
        "input": wire.get("Input"),
        "input_path": wire.get("InputPath"),
        "sagemaker_pipeline_target": [{"pipeline_parameter_list": named}] if pipeline else [],
        "input_transformer": [
            {"input_paths": transformer.get("InputPathsMap"), "input_template": transformer["InputTemplate"]}
        ]
        if transformer
        else [],
        "dead_letter_config": [{"arn": letters.get("Arn")}] if letters else [],
        "retry_policy": [
            {
                "maximum_event_age_in_seconds": retries.get("MaximumEventAgeInSeconds"),
                "maximum_retry_attempts": retries.get("MaximumRetryAttempts"),
            }
        ]
        if retries
        else [],
    }


RESOURCES = [Rule, Target]
