"""The policies that a request itself gives to a simulation, checked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from harness.iam.documents import parse
from harness.iam.grammar import Malformed, check
from harness.model import ApiCall
from harness.services.simulator.catalogue import assumes
from harness.services.simulator.model import BOUNDARY, IDENTITY, RESOURCE, Source, Sources, invalid


def custom(call: ApiCall) -> Sources:
    """All of them, of a request that names nobody whose policies to take. Raises AwsError InvalidInput."""
    return Sources(given_policies(call), given_boundary(call), given_resource(call), _given_scps(call))


def given_policies(call: ApiCall) -> tuple[Source, ...]:
    """Those to be taken for the caller's."""
    return _read("PolicyInputList", IDENTITY, "Policy", call.params["PolicyInputList"])


def given_boundary(call: ApiCall) -> Source | None:
    """The one to be taken instead of the caller's own."""
    name = "PermissionsBoundaryPolicyInputList"
    texts = call.params.get(name, [])
    if len(texts) > 1:
        raise invalid("The list of Permissions Boundary policies cannot exceed 1 items.")
    return next(iter(_read(name, BOUNDARY, "Permissions boundary policy", texts)), None)


def given_resource(call: ApiCall) -> Source | None:
    """The one that each resource is to have. IAM refuses one that is about `*`. A role's trust policy it only checks:
    who may assume a role it does not ask it (aws/aws-cli#10314)."""
    text = call.params.get("ResourcePolicy")
    if text is None:
        return None
    is_trust = all(assumes(action) for action in call.params.get("ActionNames", []))
    _check(text, "trust" if is_trust else "resource", "Resource policy has invalid content")
    if any("*" in (*said.resources, *said.not_resources) for said in parse(text).statements):
        raise invalid("ResourceNames are not in a valid ARN format: *.")
    return Source("ResourcePolicy", RESOURCE, text)


def scp_level(texts: Iterable[str]) -> tuple[Source, ...]:
    """IAM tells nothing of them but what they come to."""
    return tuple(Source(f"scp {number}", "", text) for number, text in enumerate(texts, 1))


def _given_scps(call: ApiCall) -> tuple[tuple[Source, ...], ...]:
    levels = call.params.get("OrderedOrganizationPolicyInputList", [])
    given = [level.get("ServiceControlPolicyInputList", []) for level in levels]
    for number, texts in enumerate(given, 1):
        if not texts:
            raise invalid(
                f"Organization policy at index {number} must contain at least one service control policy"
            )
        _check_all("Service control policy", texts)
    return tuple(scp_level(texts) for texts in given)


def _read(parameter: str, type_: str, called: str, texts: Iterable[str]) -> tuple[Source, ...]:
    sources = tuple(Source(f"{parameter}.{number}", type_, text) for number, text in enumerate(texts, 1))
    _check_all(called, [source.text for source in sources])
    return sources


def _check_all(called: str, texts: Iterable[str]) -> None:
    """IAM's sentence is known of PolicyInputList."""
    for number, text in enumerate(texts, 1):
        _check(text, "identity", f"{called} input list item {number} has invalid content")


def _check(text: str, kind: Literal["identity", "resource", "trust"], sentence: str) -> None:
    try:
        check(text, kind)
    except Malformed as error:
        raise invalid(error.said(sentence)) from error
