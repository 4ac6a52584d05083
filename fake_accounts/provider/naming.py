"""Names as the real provider gives them: written out, begun with a prefix, or all its own."""

import re
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tf.schema import Attribute
from tf.types import Unknown

from fake_accounts.provider.schema import chosen

_SUFFIX = re.compile(r"[0-9a-fA-F]{26}$")


def unique(prefix: str = "terraform-") -> str:
    """A name that nothing has yet: Terraform's suffixes are 26 hexadecimal digits."""
    return f"{prefix}{uuid4().hex[:26]}"


@dataclass(frozen=True)
class Naming:
    """The two attributes of which at most one may be given.

    Attributes:
        name: The attribute that holds the name.
        prefix: The attribute that may hold its beginning.
        start: What a name begins with if neither is given.
    """

    name: str = "name"
    prefix: str = "name_prefix"
    start: str = "terraform-"

    def attributes(self) -> list[Attribute]:
        """Both. Whatever changes of a name makes the resource anew."""
        return [chosen(self.name, replace=True), chosen(self.prefix, replace=True)]

    def choose(self, want: dict[str, Any]) -> dict[str, Any]:
        """Both, for a resource that is to be made."""
        given, prefix = want[self.name], want[self.prefix]
        if given in (None, Unknown):
            given = unique(self.start if prefix in (None, "", Unknown) else prefix)
        return {self.name: given, **self.describe({self.name: given})}

    def describe(self, state: dict[str, Any]) -> dict[str, Any]:
        """The prefix that a name has, by its looks: as the real provider, which cannot know it either."""
        name = state[self.name]
        return {self.prefix: name[:-26] if _SUFFIX.search(name) else ""}

    def conflict(self, config: dict[str, Any]) -> str:
        """What is wrong if both are given."""
        both = config[self.name] is not None and config[self.prefix] is not None
        return f'"{self.name}": conflicts with {self.prefix}' if both else ""
