"""Which part of a deployment is wanted, and in which order it is taken back."""

from __future__ import annotations

import pytest

from fake_accounts.deployment import Stage, load_deployment
from harness.deploy.flow import Wanted, undoing
from harness.model import HarnessError

STAGES = load_deployment().stages


def told(stages: tuple[Stage, ...]) -> dict[str, list[str]]:
    return {stage.name: [item.name for item in stage.items] for stage in stages}


def test_nothing_in_particular_is_all_in_its_order() -> None:
    assert Wanted().of(STAGES) == STAGES


def test_stages_that_are_wanted_come_in_the_deployments_order() -> None:
    assert list(told(Wanted(stages=["events", "scripts"]).of(STAGES))) == ["scripts", "events"]


def test_an_accounts_part_leaves_out_the_stages_that_it_has_none_of() -> None:
    assert told(Wanted(accounts=["dev"]).of(STAGES)) == {
        "foundations": ["dev"],
        "data": ["dev"],
        "scripts": ["dev"],
        "pipelines": ["dev"],
    }
    assert told(Wanted(accounts=["tooling", "registry"]).of(STAGES)) == {
        "foundations": ["registry", "tooling"]
    }


def test_a_root_is_its_accounts_whatever_its_name() -> None:
    assert told(Wanted(stages=["events"], accounts=["prod"]).of(STAGES)) == {"events": ["prod-events"]}


def test_a_stage_that_an_account_has_no_part_in_is_refused() -> None:
    with pytest.raises(HarnessError, match="events: there is none of it in dev, tooling"):
        Wanted(stages=["events"], accounts=["dev", "tooling"]).of(STAGES)


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        (
            Wanted(stages=["pipeline"]),
            "there is no stage 'pipeline'; there are: foundations, data, scripts, pipelines, events",
        ),
        (
            Wanted(accounts=["prod", "prod-events"]),
            "there is no account 'prod-events'; there are: dev, prod, registry, tooling",
        ),
    ],
)
def test_a_name_that_there_is_not_is_told_with_those_that_there_are(wanted: Wanted, says: str) -> None:
    with pytest.raises(HarnessError) as refused:
        wanted.of(STAGES)
    assert str(refused.value) == says


def test_what_was_deployed_last_is_taken_back_first() -> None:
    assert told(undoing(STAGES)) == {
        "events": ["prod-events"],
        "pipelines": ["dev", "prod", "registry"],
        "foundations": ["dev", "prod", "registry", "tooling"],
    }


def test_pipelines_are_taken_back_by_a_command_of_their_own_and_roots_by_terraform() -> None:
    assert [(stage.command, bool(stage.roots)) for stage in undoing(STAGES)] == [
        ("", True), ("pipelines.destroy", False), ("", True)
    ]  # fmt: skip


def test_of_what_is_taken_back_a_part_can_be_wanted_too() -> None:
    assert told(Wanted(accounts=["registry"]).of(undoing(STAGES))) == {
        "pipelines": ["registry"],
        "foundations": ["registry"],
    }
    with pytest.raises(HarnessError, match="no stage 'data'; there are: events, pipelines, foundations"):
        Wanted(stages=["data"]).of(undoing(STAGES))
