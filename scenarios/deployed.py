"""What an account's pipelines and rules are, and whether they are what they were."""

from __future__ import annotations

import json
from collections.abc import Mapping

from harness.scenario import World
from pipelines.listing import names
from scenarios.platform import TRAIN


def deployed(world: World, account: str) -> dict[str, str]:
    """By name: a pipeline's definition, a rule's schedule or pattern."""
    sagemaker, events = (world.client(account, service) for service in ("sagemaker", "events"))
    pipelines = names(sagemaker, "list_pipelines", "PipelineSummaries[].PipelineName")
    rules = events.list_rules()["Rules"]
    return {
        **{name: sagemaker.describe_pipeline(PipelineName=name)["PipelineDefinition"] for name in pipelines},
        **{rule["Name"]: rule.get("ScheduleExpression") or rule["EventPattern"] for rule in rules},
    }


def expect_deployed(world: World, account: str, wanted: Mapping[str, str]) -> None:
    """That the account's pipelines and rules are these."""
    found = deployed(world, account)
    changed = [name for name in {**wanted, **found} if wanted.get(name) != found.get(name)]
    world.expect(not changed, f"{account}'s pipelines and rules to be as they were", f"{changed} are not")
    world.show(f"{account}: {len(found)} pipelines and rules, as they were")


def auc_threshold(pipelines: Mapping[str, str]) -> float:
    """The AUC that a model has to have, by what `deployed` answered."""
    parameters = {p["Name"]: p for p in json.loads(pipelines[TRAIN])["Parameters"]}
    return float(parameters["AucScoreThreshold"]["DefaultValue"])
