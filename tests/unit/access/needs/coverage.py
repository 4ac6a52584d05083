"""Of which operations it is known what they need, told by trying each with every parameter that it has."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import moto.backends
from botocore import xform_name
from moto.core.responses import BaseResponse
from moto.core.utils import get_service_model

from harness.access.facts import Bucket, Identity, Key, StoredObject
from harness.access.needs import needs
from harness.model import ApiCall, AwsError, Json, Principal

_ACCOUNT, _REGION = "111122223333", "us-east-1"
_NOT_KNOWN = 501
_HEAD = (
    "| service | served | covered | served, but refused as not covered |",
    "| --- | ---: | ---: | --- |",
)


def table(served: Mapping[str, Iterable[str]]) -> str:
    """The table of docs/permissions.md, of the operations that are served: by service, as botocore names both."""
    return "\n".join(
        (*_HEAD, *(_row(service, frozenset(names)) for service, names in sorted(served.items())))
    )


def _row(service: str, served: frozenset[str]) -> str:
    missing = uncovered_of(service, served)
    listed = ", ".join(f"`{name}`" for name in missing) or "none"
    return f"| {service} | {len(served)} | {len(served) - len(missing)} | {listed} |"


def uncovered_of(service: str, operations: Iterable[str]) -> list[str]:
    """Those of the operations of which it is not known what they need."""
    return [name for name in sorted(operations) if not _covered(service, name)]


def implemented(service: str) -> frozenset[str]:
    """The operations that moto has, told by the names of its methods."""
    backends = moto.backends.get_backend(service)  # type: ignore[call-overload]
    module = importlib.import_module(f"moto.{service}.responses")
    responses = [
        found
        for _, found in inspect.getmembers(module, inspect.isclass)
        if issubclass(found, BaseResponse) and found.__module__ == module.__name__
    ]
    names: list[str] = get_service_model(service).operation_names
    return frozenset(
        name for name in names if any(hasattr(c, xform_name(name)) for c in (backends.backend, *responses))
    )


def _covered(service: str, operation: str) -> bool:
    shape = get_service_model(service).operation_model(operation).input_shape
    params: Json = _value(shape, service, ()) if shape else {}
    principal = Principal(_ACCOUNT, f"arn:aws:iam::{_ACCOUNT}:user/ann", "user")
    call = ApiCall(service, operation, params, principal, _ACCOUNT, _REGION, "coverage")
    try:
        needs(call, _Nothing())
    except AwsError as error:
        return error.status != _NOT_KNOWN
    return True


def _value(shape: Any, service: str, above: tuple[str, ...]) -> Any:
    """A value of a shape, with all members but those that would hold themselves."""
    if shape.type_name == "structure":
        return {
            name: _value(member, service, (*above, shape.name))
            for name, member in shape.members.items()
            if member.name not in above
        }
    if shape.type_name == "list":
        inner = shape.member
        return [] if inner.name in above else [_value(inner, service, (*above, shape.name))]
    if shape.type_name == "map":
        return {"name": _value(shape.value, service, (*above, shape.name))}
    if shape.type_name == "string":
        arn = shape.name.lower().endswith("arn")
        return f"arn:aws:{service}:{_REGION}:{_ACCOUNT}:thing/x" if arn else next(iter(shape.enum), "x")
    return _PLAIN[shape.type_name]


_PLAIN: Json = {
    "blob": b"x",
    "boolean": True,
    "double": 1.0,
    "float": 1.0,
    "integer": 1,
    "long": 1,
    "timestamp": datetime(2026, 1, 1, tzinfo=UTC),
}


class _Nothing:
    """The facts of accounts that have nothing; see facts.Facts."""

    def identity(self, arn: str) -> Identity | None:
        return None

    def managed_policy(self, arn: str) -> str:
        return ""

    def bucket(self, name: str) -> Bucket | None:
        return None

    def stored_object(self, bucket: str, key: str, version: str = "") -> StoredObject | None:
        return None

    def multipart_key(self, bucket: str, upload_id: str) -> str:
        return ""

    def kms_key(self, id: str, account: str, region: str) -> Key | None:
        return None

    def resource_policy(self, arn: str) -> str:
        return ""

    def resource_key(self, arn: str) -> str:
        return ""

    def tags(self, arn: str) -> Mapping[str, str]:
        return {}

    def identities(self) -> list[str]:
        return []

    def policied(self) -> list[str]:
        return []
