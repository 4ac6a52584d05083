"""What our own services tell of their resources, for decisions on them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from harness.clock import Clock
from harness.events.rules import EventBus, Rule, Rules
from harness.services.events.facts import EventsFacts
from harness.services.functions.facts import FunctionsFacts
from harness.services.functions.store import Code, Function, Reference
from harness.services.functions.store import Store as Functions
from harness.services.sagemaker.facts import SageMakerFacts
from harness.services.sagemaker.store import Stores

ACCOUNT, REGION = "111122223333", "us-east-1"
NOON = datetime(2026, 3, 15, 12, tzinfo=UTC)
SHARE = {"Sid": "Share", "Effect": "Allow", "Principal": "*", "Action": "x:Y", "Resource": "*"}
POLICY = {"Version": "2012-10-17", "Statement": [SHARE]}


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


# Event buses and rules

BUS, DEFAULT = arn("events", "event-bus/mlops"), arn("events", "event-bus/default")


@pytest.fixture
def events() -> EventsFacts:
    rules = Rules(Clock(NOON))
    rules.bus(DEFAULT)
    rules.put_bus(EventBus(BUS, NOON, NOON, policy=POLICY, tags={"team": "ml"}))
    rules.put_rule(Rule("nightly", DEFAULT, "ENABLED", ACCOUNT, NOON, tags={"stage": "prod"}))
    return EventsFacts(rules)


def test_a_bus_has_its_policy_and_its_tags(events: EventsFacts) -> None:
    assert json.loads(events.policy(BUS)) == POLICY
    assert events.tags(BUS) == {"team": "ml"}


def test_a_rule_has_tags_and_no_policy(events: EventsFacts) -> None:
    rule = arn("events", "rule/nightly")
    assert (events.policy(rule), events.tags(rule)) == ("", {"stage": "prod"})


def test_a_bus_without_a_policy_is_not_among_those_with_one(events: EventsFacts) -> None:
    assert events.policy(DEFAULT) == ""
    assert events.policied() == [BUS]


# Functions

HELLO, OTHER = arn("lambda", "function:hello"), arn("lambda", "function:other")


@pytest.fixture
def functions() -> FunctionsFacts:
    def function(name: str, **more: Any) -> Function:
        return Function(Reference(ACCOUNT, REGION, name, ""), {}, Code("", 0, Path()), NOON, **more)

    store = Functions()
    store.add(function("hello", policy=(SHARE,), tags={"team": "ml"}))
    store.add(function("other"))
    return FunctionsFacts(store)


def test_a_function_has_its_policy_and_its_tags(functions: FunctionsFacts) -> None:
    assert json.loads(functions.policy(HELLO))["Statement"] == [SHARE]
    assert functions.tags(HELLO) == {"team": "ml"}


def test_a_function_that_nobody_was_given_a_permission_on_has_no_policy(functions: FunctionsFacts) -> None:
    assert (functions.policy(OTHER), functions.tags(OTHER)) == ("", {})
    assert functions.policied() == [HELLO]


# Model package groups

GROUP, OPEN = arn("sagemaker", "model-package-group/m"), arn("sagemaker", "model-package-group/open")


@pytest.fixture
def sagemaker() -> SageMakerFacts:
    stores = Stores()
    store = stores.of(ACCOUNT, REGION)
    store.policies["m"] = json.dumps(POLICY)
    store.tags[GROUP] = {"team": "ml"}
    return SageMakerFacts(stores)


def test_a_groups_policy_speaks_for_its_versions_too(sagemaker: SageMakerFacts) -> None:
    for covered in (GROUP, arn("sagemaker", "model-package/m/7")):
        assert json.loads(sagemaker.policy(covered)) == POLICY


def test_what_cannot_have_a_policy_has_none(sagemaker: SageMakerFacts) -> None:
    assert sagemaker.policy(arn("sagemaker", "model/m")) == sagemaker.policy(OPEN) == ""
    assert sagemaker.policied() == [GROUP]


def test_a_resource_of_sagemaker_has_its_tags(sagemaker: SageMakerFacts) -> None:
    assert sagemaker.tags(GROUP) == {"team": "ml"}
    assert sagemaker.tags(OPEN) == {}


# What there is not


@pytest.mark.parametrize("service", ["events", "functions", "sagemaker"])
@pytest.mark.parametrize(
    "told",
    [
        "*",
        "arn:aws:events:us-east-1:111122223333:event-bus/none",
        "arn:aws:lambda:us-east-1:111122223333:function:none",
        "arn:aws:lambda:us-east-1:111122223333:function:hello:7",
        "arn:aws:lambda:us-east-1:111122223333:layer:a/b/c",
        "arn:aws:sagemaker:us-east-1:444455556666:model-package-group/m",
    ],
)
def test_what_there_is_not_has_no_policy_and_no_tags(
    request: pytest.FixtureRequest, service: str, told: str
) -> None:
    facts = request.getfixturevalue(service)
    assert (facts.policy(told), dict(facts.tags(told))) == ("", {})
