"""Short names for the parts of a resource's schema, and two kinds `tf` lacks: policies and list blocks."""

from collections.abc import Sequence
from typing import Any

from tf.gen.tfplugin_pb2 import Schema as SchemaPb
from tf.provider import _decode_state, _encode_state_d
from tf.schema import Attribute, Block, NestedBlock, NestMode
from tf.types import Bool, Map, NormalizedJson, Number, Set, String, TfType, Unknown
from tf.utils import Diagnostics

STRING, NUMBER, BOOL, JSON = String(), Number(), Bool(), NormalizedJson()
STRINGS, STRING_MAP = Set(String()), Map(String())


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


class Policy(NormalizedJson):  # type: ignore[misc]  # tf ships no types
    """A JSON policy. Two are equal if they mean the same: order and `"x"` for `["x"]` don't matter."""

    def semantically_equal(self, a_decoded: Any, b_decoded: Any) -> bool:
        """Whether two decoded policies mean the same."""
        return bool(_canonical(a_decoded) == _canonical(b_decoded))


POLICY = Policy()


def _canonical(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _canonical(item) for key, item in value.items()}
    if isinstance(value, list):
        items = sorted((_canonical(item) for item in value), key=repr)
        return items[0] if len(items) == 1 else items
    return value


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
