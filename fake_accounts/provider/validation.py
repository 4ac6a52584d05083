"""What the real provider refuses in a configuration before it asks AWS, in its words."""

import json
from typing import Any

from tf.schema import Schema
from tf.types import Unknown

from fake_accounts.provider.schema import NUMBER, Json, Policy


def check(diags: Any, schema: Schema, config: dict[str, Any]) -> None:
    """Tell of every attribute that no resource could have so."""
    if config.get("id") is not None:
        diags.add_error("Invalid or unknown key", "AWS or the provider chooses it.", ["id"])
    if config.get("tags_all") is not None:
        # The real provider puts its own in the place of such a value, which Terraform does not let us do.
        diags.add_error("Invalid or unknown key", "It is made of tags and default_tags.", ["tags_all"])
    for attribute in schema.attributes:
        value = config.get(attribute.name)
        if value not in (None, Unknown) and (wrong := _wrong(attribute.name, attribute.type, value)):
            diags.add_error(wrong, path=[attribute.name])


def _wrong(name: str, type_: Any, value: Any) -> str:
    if type_ is NUMBER and isinstance(value, float):
        return f"Attribute must be a whole number, got {value:g}"
    return _wrong_json(name, type_, value) if isinstance(type_, Json) else ""


def _wrong_json(name: str, type_: Json, value: str) -> str:
    if not value:
        empty = f'"{name}" is an empty string, which is not a valid JSON value'
        return empty if isinstance(type_, Policy) else ""
    try:
        json.loads(value)
    except json.JSONDecodeError as error:
        return f'"{name}" contains an invalid JSON: {error}'
    return ""
