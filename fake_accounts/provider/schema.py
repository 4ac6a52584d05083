"""Short names for the parts of a resource's schema, and the kinds `tf` lacks: JSON that may be empty, policies, list
blocks."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from tf.gen.tfplugin_pb2 import Schema as SchemaPb
from tf.provider import _decode_state, _encode_state_d
from tf.schema import Attribute, Block, NestedBlock, NestMode
from tf.types import Bool, List, Map, NormalizedJson, Number, Set, String, TfType, Unknown
from tf.utils import Diagnostics

STRING, NUMBER, BOOL = String(), Number(), Bool()
STRINGS, STRING_LIST, STRING_MAP = Set(STRING), List(STRING), Map(STRING)
_ACCOUNT_ROOT = re.compile(r"^arn:[\w-]+:iam::(\d{12}):root$")


def required(name: str, type_: TfType = STRING, *, replace: bool = False) -> Attribute:
    """An attribute that must be given; `replace`: changing it makes the resource anew."""
    return Attribute(name, type_, required=True, requires_replace=replace)


def optional(name: str, type_: TfType = STRING, *, replace: bool = False, default: Any = None) -> Attribute:
    """An attribute that may be given; left out, it is null or `default`."""
    if default is None:
        return Attribute(name, type_, optional=True, requires_replace=replace)
    return Attribute(name, type_, optional=True, computed=True, requires_replace=replace, default=default)


def chosen(name: str, type_: TfType = STRING, *, replace: bool = False) -> Attribute:
    """An attribute that may be given; left out, the provider or AWS chooses."""
    return Attribute(name, type_, optional=True, computed=True, requires_replace=replace)


def computed(name: str, type_: TfType = STRING) -> Attribute:
    """An attribute that only AWS sets."""
    return Attribute(name, type_, computed=True)


class Alike(String):  # type: ignore[misc]  # tf ships no types
    """Text of which AWS answers another form than it was given: two are equal if they have the same `core`."""

    def __init__(self, core: Callable[[str], str]) -> None:
        self._core = core

    def semantically_equal(self, a_decoded: Any, b_decoded: Any) -> bool:
        """Whether two texts name the same."""
        known_texts = isinstance(a_decoded, str) and isinstance(b_decoded, str)
        return self._core(a_decoded) == self._core(b_decoded) if known_texts else a_decoded == b_decoded


class Json(NormalizedJson):  # type: ignore[misc]  # tf ships no types
    """JSON text, decoded. An empty string says no more than null."""

    def decode(self, value: Any) -> Any:
        """The value that the text has."""
        return super().decode(value or None)


class Policy(Json):
    """A JSON policy. Two are equal if they mean the same: order, `"x"` for `["x"]` and an account's id for the ARN
    of its root, which AWS writes instead, don't matter.

    Source: hashicorp/awspolicyequivalence, which the real provider uses.
    """

    def semantically_equal(self, a_decoded: Any, b_decoded: Any) -> bool:
        """Whether two decoded policies mean the same."""
        return bool(_canonical(a_decoded) == _canonical(b_decoded))


JSON, POLICY = Json(), Policy()


def _canonical(value: Any, *, principal: bool = False) -> Any:
    if isinstance(value, dict):
        return {
            key: _canonical(item, principal=principal or key.endswith("Principal"))
            for key, item in value.items()
        }
    if isinstance(value, list):
        items = sorted((_canonical(item, principal=principal) for item in value), key=repr)
        return items[0] if len(items) == 1 else items
    return _ACCOUNT_ROOT.sub(r"\1", value) if principal and isinstance(value, str) else value


def as_written(written: Any, found: Any) -> Any:
    """What was found, but nothing as it was written: null, an empty text or `false`, of which AWS tells only one."""
    if _nothing(written) and _nothing(found):
        return written
    if isinstance(written, dict) and isinstance(found, dict):
        return {key: as_written(written.get(key), item) for key, item in found.items()}
    if isinstance(written, list) and isinstance(found, list) and len(written) == len(found):
        return [as_written(*pair) for pair in zip(written, found, strict=True)]
    return found


def _nothing(value: Any) -> bool:
    if isinstance(value, dict | list):
        return all(map(_nothing, value.values() if isinstance(value, dict) else value))
    return value is None or value is False or value == ""


class Blocks(NestedBlock):  # type: ignore[misc]  # tf ships no types
    """A list or set of nested blocks; a Python list of dicts in state."""

    def __init__(
        self,
        name: str,
        attributes: Sequence[Attribute],
        blocks: Sequence[NestedBlock] = (),
        *,
        as_set: bool = False,
        at_least: int = 0,
        at_most: int = 0,
    ) -> None:
        block = Block(attributes=list(attributes), block_types=list(blocks))
        super().__init__(name, NestMode.Set, block, min_items=at_least, max_items=at_most)
        self._as_set = as_set

    def to_pb(self) -> Any:
        """Its description on the wire. `tf` knows set and single blocks only."""
        pb = super().to_pb()
        nesting = SchemaPb.NestedBlock.NestingMode
        pb.nesting = nesting.SET if self._as_set else nesting.LIST
        return pb

    def encode(self, value: Any) -> Any:
        """Blocks as they go over the wire."""
        return [_encode_state_d(self._amap(), self._bmap(), item, None) for item in value]

    def decode(self, value: Any) -> Any:
        """Blocks as Python dicts."""
        return [_decode_state(Diagnostics(), self._amap(), self._bmap(), item)[1] for item in value]

    def semantically_equal(self, a_decoded: Any, b_decoded: Any) -> bool:
        """Whether two lists of blocks are the same."""
        if self._as_set:
            return bool(sorted(map(repr, a_decoded)) == sorted(map(repr, b_decoded)))
        return bool(a_decoded == b_decoded)


def known(value: Any) -> bool:
    """Whether a planned value, and everything in it, is known before apply."""
    if isinstance(value, dict):
        return all(map(known, value.values()))
    return value is not Unknown
