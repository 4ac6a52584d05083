"""What a target receives of an event: the event itself, or what Input, InputPath or InputTransformer make
of it.

Sources: EventBridge User Guide, "Input transformation" and "Event bus targets" (dynamic path parameters,
and the part of JSONPath that is supported: dots, dashes, underscores, letters and digits, array indexes,
`*`); LocalStack's recordings of test_events_inputs on AWS.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from harness.events.rules import Rule, Target
from harness.model import AwsError, Event, Json

_STEP = re.compile(r"\.([\w-]+)|\['([^']+)'\]|\[(\d+|\*)\]|\.(\*)")
_PLACEHOLDER = re.compile(r"<([^<>\s]+)>")
_RESERVED = (
    "aws.events.rule-arn",
    "aws.events.rule-name",
    "aws.events.event.ingestion-time",
    "aws.events.event",
    "aws.events.event.json",
)


class Untransformable(Exception):
    """The template filled in is not JSON: AWS drops such an event."""


def payload(rule: Rule, target: Target, event: Event, now: datetime) -> str:
    """The text for the target. Raises Untransformable. An InputPath that finds nothing gives `null` (undocumented)."""
    settings = target.settings
    if "Input" in settings:
        return str(settings["Input"])
    if "InputPath" in settings:
        return _json(extract(event.envelope(), settings["InputPath"]))
    if "InputTransformer" in settings:
        return _transform(settings["InputTransformer"], _variables(settings, rule, event, now))
    return _json(event.envelope())


def check_input(target_id: str, settings: Json) -> None:
    """Raises AwsError ValidationException as PutTargets does."""
    if sum(key in settings for key in ("Input", "InputPath", "InputTransformer")) > 1:
        raise AwsError(
            "ValidationException",
            f"Only one of Input, InputPath, or InputTransformer must be provided for target {target_id}.",
        )
    if "Input" in settings and not _is_json(settings["Input"]):
        raise AwsError("ValidationException", f"JSON syntax error in input for target {target_id}.")
    transformer = settings.get("InputTransformer", {})
    known = {*transformer.get("InputPathsMap", {}), *_RESERVED}
    for name in _PLACEHOLDER.findall(transformer.get("InputTemplate", "")):
        if name not in known:
            raise AwsError(
                "ValidationException",
                f"InputTemplate for target {target_id} contains invalid placeholder {name}.",
            )


def extract(document: Json, path: str) -> Any:
    """What the JSONPath points at; None when that is not there."""
    found: Any = document
    at = 1
    while at < len(path):
        step = _STEP.match(path, at)
        if not path.startswith("$") or step is None:
            return None
        found = _follow(found, step[1] or step[2] or step[3] or step[4])
        at = step.end()
    return found


def dynamic(value: str, event: Event) -> str:
    """A target's parameter: where the whole of it is a JSONPath, what that finds in the event, as text."""
    if not value.startswith("$."):
        return value
    found = extract(event.envelope(), value)
    return found if isinstance(found, str) else _json(found)


def _follow(node: Any, step: str) -> Any:
    if step == "*":
        return list(node.values()) if isinstance(node, dict) else node
    if isinstance(node, dict):
        return node.get(step)
    if isinstance(node, list) and step.isdigit():
        return node[int(step)] if int(step) < len(node) else None
    return None


def _variables(settings: Json, rule: Rule, event: Event, now: datetime) -> Json:
    envelope = event.envelope()
    paths = settings["InputTransformer"].get("InputPathsMap", {})
    # <aws.events.event> is the event without its detail, and names its type detailType (recorded).
    bare = {key: value for key, value in envelope.items() if key not in ("detail", "detail-type")}
    return {
        "aws.events.rule-arn": rule.arn,
        "aws.events.rule-name": rule.name,
        "aws.events.event.ingestion-time": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "aws.events.event": {**bare, "detailType": event.detail_type},
        "aws.events.event.json": envelope,
        **{name: extract(envelope, path) for name, path in paths.items()},
    }


def _transform(transformer: Json, variables: Json) -> str:
    template = transformer["InputTemplate"]
    is_object = template.lstrip().startswith("{")
    filled = "".join(_fill(template, variables, is_object))
    if is_object and not _is_json(filled):
        raise Untransformable(f"the InputTemplate filled in is not JSON: {filled[:200]}")
    return filled


def _fill(template: str, variables: Json, is_object: bool) -> list[str]:
    """Inside quotes a value goes in as text, elsewhere as JSON; what was not found is empty."""
    parts: list[str] = []
    at = 0
    quoted = False
    for found in _PLACEHOLDER.finditer(template):
        before = template[at : found.start()]
        quoted ^= len(re.findall(r'(?<!\\)"', before)) % 2 == 1
        value = variables.get(found[1])
        parts += [before, _as_text(value, is_object) if quoted else _as_json(value)]
        at = found.end()
    return [*parts, template[at:]]


def _as_json(value: Any) -> str:
    return '""' if value is None else _json(value)


def _as_text(value: Any, is_object: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return _json(value)[1:-1]
    # In a template that is one string, objects lose their quotes (recorded): {acc_id:0a78,sf_id:baz}.
    return _json(value) if is_object else _json(value).replace('"', "")


def _json(value: Any) -> str:
    """As AWS writes it: compact, and not escaped to ASCII."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
