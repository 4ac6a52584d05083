"""What every resource of the provider shares: its schema, name, tags and identity, and errors told to Terraform."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from botocore.exceptions import BotoCoreError, ClientError
from tf.iface import Resource
from tf.schema import Attribute, NestedBlock, Schema
from tf.types import Unknown

from fake_accounts.provider import validation
from fake_accounts.provider.naming import Naming
from fake_accounts.provider.schema import STRING_MAP, as_written, chosen, known, optional
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
        identity: The attributes that make its id, with what stands between: `role:name`.
        import_id: The same of the id it is imported by, where that is another.
        naming: How it gets its name, where that may be left out.
        attributes, blocks: Its schema, without `id`, `naming`'s attributes and tags.
        tagging: How its tags are read and written; without it, it has none.
        gone: What the error code or message matches when the resource does not exist.
    """

    type_name: ClassVar[str]
    service: ClassVar[str]
    identity: ClassVar[str]
    import_id: ClassVar[str] = ""
    naming: ClassVar[Naming | None] = None
    attributes: ClassVar[list[Attribute]]
    blocks: ClassVar[list[NestedBlock]] = []
    tagging: ClassVar[TagApi | None] = None
    gone: ClassVar[str] = r"NoSuch|NotFound|does not exist|Cannot find"

    def __init__(self, provider: AwsProvider) -> None:
        self._provider = provider

    @property
    def aws(self) -> Any:
        """The boto3 client of the resource's service."""
        return self._provider.session.client(self.service)

    # What a subclass says.

    @abstractmethod
    def make(self, want: State) -> State | None:
        """Create it; answer the attributes AWS chose. `want` has its name, and `tags_all` the tags to give it."""

    def finish(self, made: State) -> None:
        """Do what the creating call cannot. If it fails the resource is tainted: the next apply makes it anew."""

    @abstractmethod
    def look(self, state: State) -> State | None:
        """Read it: the attributes as they are, or None if it is gone (as is an error that matches `gone`)."""

    @abstractmethod
    def remove(self, state: State) -> None:
        """Delete it. Being gone already is no error."""

    def change(self, state: State, want: State) -> State | None:
        """Change it from `state` to `want`. Most AWS calls that make a thing also change it."""
        return self.make(want)

    def foresee(self, state: State, want: State) -> State:
        """What a change from `state` to `want` entails: attributes that AWS then sets, Unknown.

        Raises:
            Refused: AWS does not make such a change.
        """
        return {}

    # What Terraform asks, through tf.

    @classmethod
    def get_name(cls) -> str:
        """Its type without the provider's prefix."""
        return cls.type_name

    @classmethod
    @cache
    def get_schema(cls) -> Schema:
        """Its schema: the table's, `id`, and name and tags where it has them."""
        names = cls.naming.attributes() if cls.naming else []
        tags = [optional("tags", STRING_MAP), chosen("tags_all", STRING_MAP)] if cls.tagging else []
        attributes = [chosen("id"), *names, *cls.attributes, *tags]
        return Schema(attributes=attributes, version=0, block_types=cls.blocks)

    def validate(self, diags: Any, type_name: str, config: State) -> None:
        """Tell what no plan could do."""
        validation.check(diags, self.get_schema(), config)
        if self.naming and (conflict := self.naming.conflict(config)):
            diags.add_error("Conflicting configuration arguments", conflict, [self.naming.name])

    def create(self, ctx: Any, planned: State) -> State | None:
        """Make the resource as planned."""
        made = None
        with self._told(ctx, "creating", planned):
            names = self.naming.choose(planned) if self.naming else {}
            want = {**planned, **names, **self.all_tags(planned)}
            made = {**want, **(self.make(want) or {})}
            made["id"] = self._id(made)
            self.finish(made)
            if Unknown in made.values():
                made |= {
                    name: value for name, value in (self.look(made) or {}).items() if made[name] is Unknown
                }
        return made and {name: None if value is Unknown else value for name, value in made.items()}

    def read(self, ctx: Any, current: State) -> State | None:
        """The resource as it is now, or None if it is gone."""
        with self._told(ctx, "reading", current):
            found = self.look(current)
            if found is None:
                return None
            state = {**current, **self._as_written(current, found)}
            names = self.naming.describe(state) if self.naming else {}
            return self._sort_tags({**state, **names}, found)
        return None

    def update(self, ctx: Any, current: State, planned: State) -> State | None:
        """Bring the resource to what is planned."""
        with self._told(ctx, "updating", current):
            want = {**planned, **self.all_tags(planned)}
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

    def plan(self, ctx: Any, current: State, planned: State) -> State:
        """Plan an update: new tags, the provider's default ones among them, are known already."""
        with self._told(ctx, "planning", current):
            return {**planned, **self.all_tags(planned), **self.foresee(current, planned)}
        return planned

    def import_(self, ctx: Any, id: str) -> State | None:
        """Enough state for Terraform to read the rest."""
        names = self._names(id)
        if not names:
            form = (self.import_id or self.identity).upper()
            ctx.diagnostics.add_error(f"unexpected format for ID ({id}), expected {form}")
            return None
        schema = self.get_schema()
        blank = {a.name: None if a.default is Unknown else a.default for a in schema.attributes}
        nested: State = {block.type_name: [] for block in schema.block_types}
        state = {**blank, **nested, **names}
        return {**state, "id": self._id(state)}

    def all_tags(self, planned: State) -> State:
        """`tags_all`: the provider's default tags and over them the resource's own."""
        if not self.tagging:
            return {}
        if not known(planned["tags"]):
            return {"tags_all": Unknown}
        own = {key: text for key, text in (planned["tags"] or {}).items() if text is not None}
        return {"tags_all": {**self._provider.default_tags, **own}}

    # Helpers.

    def _id(self, state: State) -> str:
        return re.sub(r"\w+", lambda name: str(state[name[0]]), self.identity)

    def _names(self, id: str) -> State:
        """The attributes that an import id holds; none if it has not its form."""
        form = self.import_id or self.identity
        names = re.findall(r"\w+", form)
        separator = form[len(names[0]) :][:1]
        values = id.split(separator, len(names) - 1) if separator else [id]
        return dict(zip(names, values, strict=True)) if len(values) == len(names) and all(values) else {}

    def _as_written(self, current: State, found: State) -> State:
        computed = {attribute.name for attribute in self.get_schema().attributes if attribute.computed}
        return {
            name: value if name in computed else as_written(current.get(name), value)
            for name, value in found.items()
        }

    def _sort_tags(self, state: State, found: State) -> State:
        """Tell the resource's own tags from the provider's default ones."""
        if not self.tagging:
            return state
        tags: Tags = found["tags_all"] if "tags_all" in found else self.tagging.get(self.aws, state)
        own, defaults = state["tags"] or {}, self._provider.default_tags
        mine = {key: text for key, text in tags.items() if key in own or defaults.get(key) != text}
        unset = {key: None for key, text in own.items() if text is None and key not in mine}
        return {**state, "tags": {**mine, **unset} or (state["tags"] and {}), "tags_all": tags}

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


def given(want: State, **parameters: str) -> State:
    """Call parameters from the attributes that have a value: `given(want, KmsKeyId="kms_key_id")`."""
    return {name: want[attr] for name, attr in parameters.items() if want[attr] not in (None, "", Unknown)}
