"""What every resource of the provider shares: its schema, tags and identity, and errors told to Terraform."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError
from tf.iface import Resource
from tf.schema import Attribute, NestedBlock, Schema
from tf.types import Unknown

from fake_accounts.provider.schema import (
    STRING_MAP,
    chosen,
    computed,
    known,
    optional,
)
from fake_accounts.provider.tags import TagApi, Tags

if TYPE_CHECKING:
    from fake_accounts.provider import AwsProvider

State = dict[str, Any]


class Refused(Exception):
    """AWS answered a call without an error, and yet did not do what was asked."""


class AwsResource(Resource):  # type: ignore[misc]  # tf ships no types
    """A resource of the `aws` provider. Subclasses fill the table below and write make, look and remove.

    Attributes:
        type_name: The resource's type without `aws_`.
        service: The boto3 client it speaks through.
        identity: The attributes that make its id and import id, with what stands between: `role:name`.
        attributes, blocks: Its schema, without `id` and tags.
        tagging: How its tags are read and written; without it, it has none.
        gone: What the error code or message matches when the resource does not exist.
    """

    type_name: ClassVar[str]
    service: ClassVar[str]
    identity: ClassVar[str]
    attributes: ClassVar[list[Attribute]]
    blocks: ClassVar[list[NestedBlock]] = []
    tagging: ClassVar[TagApi | None] = None
    gone: ClassVar[str] = r"NoSuch|NotFound|does not exist|Cannot find"

    def __init__(self, provider: AwsProvider) -> None:
        self._provider = provider

    @property
    def aws(self) -> Any:
        """The boto3 client of the resource's service."""
        return self._provider.client(self.service)

    # What a subclass says.

    @abstractmethod
    def make(self, want: State) -> State | None:
        """Create it; answer the attributes AWS chose. `want["tags_all"]` holds the tags to give it."""

    @abstractmethod
    def look(self, state: State) -> State | None:
        """Read it: the attributes as they are, or None if it is gone (as is an error that matches `gone`)."""

    @abstractmethod
    def remove(self, state: State) -> None:
        """Delete it. Being gone already is no error."""

    def change(self, state: State, want: State) -> State | None:
        """Change it from `state` to `want`. Most AWS calls that make a thing also change it."""
        return self.make(want)

    # What Terraform asks, through tf.

    @classmethod
    def get_name(cls) -> str:
        """Its type without the provider's prefix."""
        return cls.type_name

    @classmethod
    @cache
    def get_schema(cls) -> Schema:
        """Its schema: the table's, `id`, and tags where it has them."""
        tags = [optional("tags", STRING_MAP), computed("tags_all", STRING_MAP)] if cls.tagging else []
        return Schema(attributes=[chosen("id"), *cls.attributes, *tags], version=0, block_types=cls.blocks)

    def create(self, ctx: Any, planned: State) -> State | None:
        """Make the resource as planned."""
        with self._told(ctx, "creating", planned):
            want = {**planned, **self._all_tags(planned)}
            state = {**want, **(self.make(want) or {})}
            return {**state, "id": self._id(state)}
        return None

    def read(self, ctx: Any, current: State) -> State | None:
        """The resource as it is now, or None if it is gone."""
        with self._told(ctx, "reading", current):
            found = self.look(current)
            return None if found is None else self._sort_tags({**current, **found}, found)
        return None

    def update(self, ctx: Any, current: State, planned: State) -> State | None:
        """Bring the resource to what is planned."""
        with self._told(ctx, "updating", current):
            want = {**planned, **self._all_tags(planned)}
            if self.tagging:
                self.tagging.set(self.aws, current, current["tags_all"] or {}, want["tags_all"])
            untagged = current.keys() - {"tags", "tags_all"}
            if any(current[name] != want[name] for name in untagged):
                want |= self.change(current, want) or {}
            return want
        return None

    def delete(self, ctx: Any, current: State) -> None:
        """Delete the resource."""
        with self._told(ctx, "deleting", current):
            self.remove(current)

    def plan(self, ctx: Any, current: State | None, planned: State) -> State:
        """Plan an update: new tags, the provider's default ones among them, are known already."""
        return {**planned, **self._all_tags(planned)}

    def import_(self, ctx: Any, id: str) -> State:
        """Enough state for Terraform to read the rest."""
        names = re.split(r"\W", self.identity)
        separator = self.identity[len(names[0]) :][:1]
        values = id.split(separator, len(names) - 1) if separator else [id]
        if len(values) != len(names):
            ctx.diagnostics.add_error(f"{ctx.type_name} {id!r}", f"Its import id looks like {self.identity}.")
        schema = self.get_schema()
        blank = {a.name: None if a.default is Unknown else a.default for a in schema.attributes}
        nested: State = {block.type_name: [] for block in schema.block_types}
        return {**blank, **nested, **dict(zip(names, values, strict=False)), "id": id}

    # Helpers.

    def _id(self, state: State) -> str:
        return re.sub(r"\w+", lambda name: str(state[name[0]]), self.identity)

    def _all_tags(self, planned: State) -> State:
        if not self.tagging:
            return {}
        if not known(planned["tags"]):
            return {"tags_all": Unknown}
        return {"tags_all": {**self._provider.default_tags, **(planned["tags"] or {})}}

    def _sort_tags(self, state: State, found: State) -> State:
        """Tell the resource's own tags from the provider's default ones."""
        if not self.tagging:
            return state
        tags: Tags = found["tags_all"] if "tags_all" in found else self.tagging.get(self.aws, state)
        own, defaults = state["tags"], self._provider.default_tags
        mine = {key: text for key, text in tags.items() if key in (own or {}) or defaults.get(key) != text}
        return {**state, "tags": mine or (own and {}), "tags_all": tags}

    @contextmanager
    def _told(self, ctx: Any, doing: str, state: State) -> Iterator[None]:
        try:
            yield
        except (ClientError, BotoCoreError, Refused) as error:
            if doing in ("reading", "deleting") and self._is_gone(error):
                return
            name = state.get("id") if isinstance(state.get("id"), str) else ctx.type_name
            ctx.diagnostics.add_error(f"{doing} {ctx.type_name} ({name})", str(error))

    def _is_gone(self, error: Exception) -> bool:
        if not isinstance(error, ClientError):
            return False
        told = error.response["Error"]
        return bool(re.search(self.gone, f"{told['Code']} {told.get('Message', '')}"))


def chosen_name(want: State, attribute: str) -> str:
    """The name given in the configuration, or a new one of Terraform's kind."""
    given = want[attribute]
    return f"terraform-{uuid4().hex[:26]}" if given in (None, Unknown) else str(given)


def given(want: State, **parameters: str) -> State:
    """Call parameters from the attributes that have a value: `given(want, KmsKeyId="kms_key_id")`."""
    return {name: want[attr] for name, attr in parameters.items() if want[attr] not in (None, "", Unknown)}
