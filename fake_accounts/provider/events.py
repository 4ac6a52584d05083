"""EventBridge: rules and their targets. The real provider still calls them `cloudwatch_event_*`."""

from typing import ClassVar

from tf.types import Unknown

from fake_accounts.provider.naming import Naming, unique
from fake_accounts.provider.resource import AwsResource, Refused, State, given
from fake_accounts.provider.schema import (
    BOOL,
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

_DEFAULT_BUS = "default"


class _OnBus(AwsResource):
    """What is on an event bus. Ids begin with the bus's name or ARN, import ids may, but that of the default bus.

    Attributes:
        apart: What stands between the bus and the rest of an id.
    """

    service = "events"
    apart: ClassVar[str]
    on_bus: ClassVar = [
        optional("event_bus_name", default="default", replace=True),
        optional("force_destroy", BOOL, default=False),
    ]

    def _id(self, state: State) -> str:
        bus, own = state["event_bus_name"], super()._id(state)
        return own if bus == "default" else f"{bus}{self.apart}{own}"

    def _names(self, id: str) -> State:
        own = (self.import_id or self.identity).count("/") + 1
        parts = id.rsplit("/", own)
        names = super()._names("/".join(parts[-own:]))
        bus = parts[0] if len(parts) > own else "default"
        return {**names, "event_bus_name": bus} if names and bus else {}


class Rule(_OnBus):
    """`aws_cloudwatch_event_rule`. Without `state` in its configuration the real provider never looks at it again."""

    type_name, identity, apart, naming = "cloudwatch_event_rule", "name", "/", Naming()
    attributes: ClassVar = [
        *_OnBus.on_bus,
        optional("schedule_expression"),
        optional("event_pattern", JSON),
        optional("description"),
        optional("role_arn"),
        chosen("state"),
        computed("arn"),
    ]
    tagging = TagApi("arn", "ResourceARN", read="list_tags_for_resource")

    def make(self, want: State) -> State:
        tags = as_list(want["tags_all"])
        answer = self.aws.put_rule(Name=want["name"], **({"Tags": tags} if tags else {}), **_rule(want))
        return {"arn": answer["RuleArn"]}

    def change(self, state: State, want: State) -> None:
        # PutRule ignores the tags of a rule that is there.
        self.aws.put_rule(Name=state["name"], **_rule(want))

    def look(self, state: State) -> State:
        found = self.aws.describe_rule(Name=state["name"], EventBusName=state["event_bus_name"])
        return {
            "arn": found["Arn"],
            "schedule_expression": found.get("ScheduleExpression"),
            "event_pattern": JSON.decode(found.get("EventPattern")),
            "description": found.get("Description"),
            "role_arn": found.get("RoleArn"),
            "state": found["State"],
        }

    def remove(self, state: State) -> None:
        self.aws.delete_rule(
            Name=state["name"], EventBusName=state["event_bus_name"], Force=state["force_destroy"]
        )


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


class Target(_OnBus):
    """`aws_cloudwatch_event_target`, for the targets this project has a use for."""

    type_name, identity, apart, import_id = "cloudwatch_event_target", "rule-target_id", "-", "rule/target_id"
    attributes: ClassVar = [
        required("rule", replace=True),
        chosen("target_id", replace=True),
        *_OnBus.on_bus,
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
        Blocks("sqs_target", [optional("message_group_id")], at_most=1),
        Blocks("dead_letter_config", [optional("arn")], at_most=1),
        Blocks(
            "retry_policy",
            [optional("maximum_event_age_in_seconds", NUMBER), optional("maximum_retry_attempts", NUMBER)],
            at_most=1,
        ),
    ]

    def make(self, want: State) -> State:
        target_id = unique() if want["target_id"] in (None, Unknown) else want["target_id"]
        answer = self.aws.put_targets(**_on(want), Targets=[{"Id": target_id, **_target_to_wire(want)}])
        _check(answer)
        return {"target_id": target_id}

    def look(self, state: State) -> State | None:
        pages = self.aws.get_paginator("list_targets_by_rule").paginate(**_on(state))
        targets = {target["Id"]: target for page in pages for target in page["Targets"]}
        found = targets.get(state["target_id"])
        return _target_from_wire(found) if found else None

    def remove(self, state: State) -> None:
        ids, force = [state["target_id"]], state["force_destroy"]
        _check(self.aws.remove_targets(**_on(state), Ids=ids, Force=force))


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
    for block in want["sqs_target"]:
        wire["SqsParameters"] = given(block, MessageGroupId="message_group_id")
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
    def block(member: str, **attributes: str) -> list[State]:
        found = wire.get(member)
        return [] if found is None else [{attr: found.get(name) for attr, name in attributes.items()}]

    parameters = wire.get("SageMakerPipelineParameters", {}).get("PipelineParameterList", [])
    named = [{"name": p["Name"], "value": p["Value"]} for p in parameters]
    return {
        "arn": wire["Arn"],
        "role_arn": wire.get("RoleArn"),
        "input": wire.get("Input"),
        "input_path": wire.get("InputPath"),
        # AWS answers empty parameters for a pipeline that has none, which the real provider takes for none, too.
        "sagemaker_pipeline_target": [{"pipeline_parameter_list": named}] if named else [],
        "input_transformer": block(
            "InputTransformer", input_paths="InputPathsMap", input_template="InputTemplate"
        ),
        "sqs_target": block("SqsParameters", message_group_id="MessageGroupId"),
        "dead_letter_config": block("DeadLetterConfig", arn="Arn"),
        "retry_policy": block(
            "RetryPolicy",
            maximum_event_age_in_seconds="MaximumEventAgeInSeconds",
            maximum_retry_attempts="MaximumRetryAttempts",
        ),
    }


RESOURCES = [Rule, Target]
