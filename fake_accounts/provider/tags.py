"""How each service names its tagging calls."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

Tags = dict[str, str]


def as_list(tags: Tags, key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Tags as most APIs take them."""
    return [{key: name, value: text} for name, text in tags.items()]


def from_list(tags: Iterable[dict[str, str]], key: str = "Key", value: str = "Value") -> Tags:
    """Tags as most APIs answer them."""
    return {tag[key]: tag[value] for tag in tags}


@dataclass(frozen=True)
class TagApi:
    """The calls that read and write one resource's tags.

    Attributes:
        target: The attribute that names the resource to these calls.
        argument: The parameter that takes it.
        read, write, erase: Client methods. Without `read`, reading the resource answers `tags_all` itself.
        answer: The member of the answer to `read` that holds the tags.
        to_wire, from_wire: The tags' shape in calls and answers.
        written, erased: The parameters of `write` and `erase` that take tags and tag keys.
    """

    target: str
    argument: str
    read: str = ""
    write: str = "tag_resource"
    erase: str = "untag_resource"
    answer: str = "Tags"
    written: str = "Tags"
    erased: str = "TagKeys"
    to_wire: Callable[[Tags], Any] = as_list
    from_wire: Callable[[Any], Tags] = from_list

    def get(self, aws: Any, state: dict[str, Any]) -> Tags:
        """The tags that are there."""
        return self.from_wire(getattr(aws, self.read)(**self._target(state)).get(self.answer) or [])

    def set(self, aws: Any, state: dict[str, Any], old: Tags, new: Tags) -> None:
        """Turn `old` tags into `new` ones."""
        if gone := sorted(old.keys() - new.keys()):
            getattr(aws, self.erase)(**self._target(state), **{self.erased: gone})
        if changed := {key: text for key, text in new.items() if old.get(key) != text}:
            getattr(aws, self.write)(**self._target(state), **{self.written: self.to_wire(changed)})

    def _target(self, state: dict[str, Any]) -> dict[str, str]:
        return {self.argument: state[self.target]}
