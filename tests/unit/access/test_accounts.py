"""All facts together: the backend's, our own services', and the administrators'."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from harness.access.accounts import ADMINISTRATOR, AccountsFacts
from harness.access.facts import Bucket, Identity
from harness.model import Principal

from .cloud import ROLE, Cloud, key, peopled
from .needs.world import HOME, REGION

TOPIC = f"arn:aws:sns:{REGION}:{HOME}:alarms"
GROUP = f"arn:aws:sagemaker:{REGION}:{HOME}:model-package-group/m"
ADMIN = Principal(HOME, f"arn:aws:iam::{HOME}:user/administrator", "user", "AIDAADMIN")


class Registry:
    """A service of our own, with a policy and tags on everything that is its."""

    def policy(self, arn: str) -> str:
        return f"registry's {arn}"

    def tags(self, arn: str) -> Mapping[str, str]:
        return {"of": "registry"}

    def policied(self) -> list[str]:
        return [GROUP]


BACKEND: Cloud = peopled(
    Identity(ROLE, "AROA1"),
    policies={TOPIC: "backend's topic"},
    tagged={TOPIC: {"of": "backend"}},
    buckets={"models": Bucket("models", HOME)},
    keys=(key("1234"),),
)


def facts() -> AccountsFacts:
    return AccountsFacts(BACKEND, {"sagemaker": Registry()})


def test_our_own_services_tell_of_their_resources_and_the_backend_of_all_others() -> None:
    assert facts().resource_policy(GROUP) == f"registry's {GROUP}"
    assert facts().tags(GROUP) == {"of": "registry"}
    assert facts().resource_policy(TOPIC) == "backend's topic"
    assert facts().tags(TOPIC) == {"of": "backend"}


@pytest.mark.parametrize("told", ["", "*", "nonsense", "arn:aws", "arn:aws:sagemaker"])
def test_what_is_no_arn_has_no_policy_and_no_tags(told: str) -> None:
    assert (facts().resource_policy(told), facts().tags(told)) == ("", {})


def test_what_has_a_policy_is_told_by_all() -> None:
    assert facts().policied() == [TOPIC, GROUP]


def test_the_rest_is_the_backends() -> None:
    assert facts().identity(ROLE) == Identity(ROLE, "AROA1")
    assert facts().bucket("models") == Bucket("models", HOME)
    assert facts().kms_key("1234", HOME, REGION) == key("1234")
    assert facts().stored_object("models", "m") is None


def test_an_administrator_may_do_everything() -> None:
    found = facts()
    found.add_administrator(ADMIN)
    identity = found.identity(ADMIN.arn)
    assert identity
    ((name, text),) = identity.attached
    assert (identity.id, name) == ("AIDAADMIN", ADMINISTRATOR)
    assert json.loads(text)["Statement"] == [{"Effect": "Allow", "Action": "*", "Resource": "*"}]


def test_iam_does_not_list_an_administrator() -> None:
    found = facts()
    found.add_administrator(ADMIN)
    assert found.identities() == [ROLE]
