"""The expressions of a pipeline definition, read: what they are well-formed and refer to.

Source: "Pipeline definition JSON schema" (aws-sagemaker-mlops.github.io/sagemaker-model-building-pipeline-definition-
JSON-schema): `Get`, `Std:Join`, `Std:JsonGet`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

EXECUTION_VARIABLES = (
    "StartDateTime",
    "CurrentDateTime",
    "PipelineName",
    "PipelineArn",
    "PipelineExecutionId",
    "PipelineExecutionArn",
)
ROOTS = ("Parameters", "Execution", "Steps")
# A plain name follows a dot; a quoted key or an index follows anything.
_SEGMENT = re.compile(r"\.([\w-]+)|\['([^']+)'\]|\[\"([^\"]+)\"\]|\[(\d+)\]")


@dataclass(frozen=True)
class Reference:
    """One `Get`: `root` is Parameters, Execution or Steps; `name` a parameter, variable or step.

    `path` leads on into the step's properties: names, quoted keys and list indexes in their order.
    """

    root: str
    name: str
    path: tuple[str | int, ...]
    text: str

    @property
    def is_property_file(self) -> bool:
        return self.root == "Steps" and len(self.path) == 2 and self.path[0] == "PropertyFiles"


def expression_kind(value: Any) -> str | None:
    """`Get`, `Std:Join`, `Std:JsonGet` or another `Std:` where `value` is that expression."""
    if isinstance(value, dict) and len(value) == 1:
        kind = next(iter(value))
        if kind == "Get" or kind.startswith("Std:"):
            return str(kind)
    return None


def parse(text: str) -> Reference:
    """Raises ValueError where `text` is no reference."""
    root, _, rest = text.partition(".")
    segments = path_segments(rest)
    if root not in ROOTS or not segments or not isinstance(segments[0], str):
        raise ValueError(f"{text!r} is not a reference to {', '.join(ROOTS)}")
    return Reference(root, segments[0], segments[1:], text)


def path_segments(text: str) -> tuple[str | int, ...]:
    """The segments of `a.b['c'][0]`. Raises ValueError where it cannot be read to its end."""
    found: list[str | int] = []
    rest = text if not text or text.startswith("[") else f".{text}"
    while rest:
        match = _SEGMENT.match(rest)
        if not match:
            raise ValueError(f"{text!r} cannot be read from {rest!r} on")
        plain, single, double, index = match.groups()
        found.append(int(index) if index is not None else plain or single or double)
        rest = rest[match.end() :]
    return tuple(found)


def references(value: Any) -> Iterator[Reference]:
    """Every reference in a piece of the definition. Raises ValueError at a malformed or unsupported expression."""
    kind = expression_kind(value)
    if kind:
        yield from _REFERENCES.get(kind, _refuse)(value[kind], kind)
    elif isinstance(value, dict):
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def _refuse(argument: Any, kind: str) -> Iterator[Reference]:
    raise ValueError(f"{kind} is not supported by the harness yet; it supports {', '.join(_REFERENCES)}")


def _in_get(argument: Any, kind: str) -> Iterator[Reference]:
    if not isinstance(argument, str):
        raise ValueError(f"Get takes a string, not {argument!r}")
    yield parse(argument)


def _in_join(argument: Any, kind: str) -> Iterator[Reference]:
    if not isinstance(argument, dict) or not isinstance(argument.get("Values"), list):
        raise ValueError(f"Std:Join takes a list of Values, not {argument!r}")
    if not isinstance(argument.get("On", ""), str):
        raise ValueError(f"Std:Join takes a string to join On, not {argument['On']!r}")
    yield from references(argument["Values"])


def _in_json_get(argument: Any, kind: str) -> Iterator[Reference]:
    if isinstance(argument, dict) and "S3Uri" in argument:
        raise ValueError(
            "Std:JsonGet of an S3Uri is not supported by the harness yet; it reads property files"
        )
    try:
        file, path = parse(argument["PropertyFile"]["Get"]), path_segments(unrooted(argument["Path"]))
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"Std:JsonGet takes a PropertyFile and a Path, not {argument!r}") from error
    if not file.is_property_file or not path:
        raise ValueError(f"Std:JsonGet takes Steps.<step>.PropertyFiles.<file> and a Path, not {argument!r}")
    yield file


_REFERENCES: dict[str, Callable[[Any, str], Iterator[Reference]]] = {
    "Get": _in_get,
    "Std:Join": _in_join,
    "Std:JsonGet": _in_json_get,
}


def unrooted(path: str) -> str:
    """JSONPath's `$`, which the SDK's examples leave out."""
    return path.removeprefix("$").removeprefix(".")
