"""aws:RequestTag, aws:TagKeys and aws:ResourceTag.

Source: IAM User Guide, "AWS global condition context keys". The tag's name in a condition key is lower-case here, as
all condition keys are; in aws:TagKeys it is as the caller wrote it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from harness.access.values import Values


def named(tags: Iterable[Mapping[str, Any]], prefix: str = "") -> dict[str, str]:
    """`[{"Key": "team", "Value": "ml"}]` as a dict. `prefix` is KMS's, which says TagKey and TagValue."""
    return {str(tag.get(f"{prefix}Key", "")): str(tag.get(f"{prefix}Value", "")) for tag in tags}


def of_request(tags: Mapping[str, str]) -> Values:
    """What a request sets; nothing where it sets none."""
    if not tags:
        return {}
    values: Values = {f"aws:requesttag/{name.lower()}": value for name, value in tags.items()}
    return {**values, **of_names(tuple(tags))}


def of_names(names: Iterable[str]) -> Values:
    """What a request takes off."""
    return {"aws:tagkeys": tuple(names)}


def of_resource(tags: Mapping[str, str]) -> Values:
    return {f"aws:resourcetag/{name.lower()}": value for name, value in tags.items()}
