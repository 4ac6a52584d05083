"""What a pipeline definition is made of, once read."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.model import Json


class DefinitionError(Exception):
    """What is wrong with a definition, and in which step or parameter, in one sentence."""


@dataclass(frozen=True)
class Step:
    """One step. `needs` are the steps that have to end first; `branch` is (condition step, its outcome) or None."""

    name: str
    type: str
    arguments: Json
    body: Json
    needs: frozenset[str]
    branch: tuple[str, bool] | None

    @property
    def own(self) -> Json:
        """The body without the steps inside it: what they refer to is their own need."""
        return own(self.body)


@dataclass(frozen=True)
class Definition:
    """`parameters` maps a name to its declaration; `steps` are in an order that respects `needs`."""

    parameters: dict[str, Json] = field(default_factory=dict)
    steps: dict[str, Step] = field(default_factory=dict)


def own(body: Json) -> Json:
    """A step's body without the steps inside it."""
    if body.get("Type") != "Condition":
        return body
    return {**body, "Arguments": {"Conditions": (body.get("Arguments") or {}).get("Conditions")}}
