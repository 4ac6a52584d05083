"""A change on its way to prod: branch, merge, Jenkins; a merge that breaks the pipeline; and the way back."""

from __future__ import annotations

import tempfile
from pathlib import Path

from harness.scenario import World
from scenarios.deployed import auc_threshold, deployed, expect_deployed
from scenarios.jenkins import JenkinsServer
from scenarios.platform import INFERENCE, TRAIN, Platform
from scenarios.repository import Repository

SCHEDULE = "mammo-severity-inference-schedule"
THRESHOLD = (
    "pipelines/environment.py",
    "auc_score_threshold: float = 0.5",
    "auc_score_threshold: float = 0.6",
)
EARLIER = ("infra/prod-events/main.tf", "cron(0 23 * * ? *)", "cron(0 22 * * ? *)")
BROKEN = ("pipelines/scripts/preprocess.py", "def main(", "def main_was_renamed(")


def scenario_promotion(world: World) -> None:
    with tempfile.TemporaryDirectory(prefix="harness-promotion-") as folder:
        promotion(world, Path(folder))


def promotion(world: World, folder: Path) -> None:
    platform = Platform(world)
    prod = platform.environments["prod"].account_id

    with world.moment("The accounts come up, and dev and prod hold what main says"):
        platform.bring_up_accounts()
        platform.upload_data()
        platform.deploy("dev")
        platform.deploy("prod")
        repository = Repository.made_in(folder)
        jenkins = JenkinsServer(world, repository, folder)
        first = repository.commit("main")
        world.show(f"the remote's main is {first[:7]}")
    dev, before = deployed(world, "dev"), deployed(world, "prod")

    with world.moment("A branch asks for a better AUC and an earlier night, and is pushed: nothing changes"):
        repository.push_branch(
            "stricter", "A model needs an AUC of 0.6; the batch runs at 22:00", THRESHOLD, EARLIER
        )
        expect_deployed(world, "prod", before)

    with world.moment("Merged: Jenkins runs the Jenkinsfile's stages, and prod changes"):
        merged = repository.merge("stricter")
        world.show(f"the remote's main is {merged[:7]}")
        build = jenkins.build_main(prod)
        world.expect(build.result == "SUCCESS", "the build to succeed", build.log[-2000:])
        after = deployed(world, "prod")
        threshold, schedule = auc_threshold(after), after[SCHEDULE]
        world.expect(threshold == 0.6, "prod's train pipeline to want an AUC of 0.6", f"it wants {threshold}")
        world.expect("0 22 *" in schedule, "prod's schedule to be at 22:00", f"it is {schedule}")
        world.show(f"prod: {TRAIN} wants an AUC of {threshold}, {SCHEDULE} is {schedule}")
        world.expect(
            after[INFERENCE] == before[INFERENCE],
            f"{INFERENCE}, which did not change, to be left alone",
            "it was not",
        )
        expect_deployed(world, "dev", dev)
        jenkins.expect_log(build)

    with world.moment("A merge that breaks the pipeline fails before prod is touched"):
        repository.push_branch("tidy", "Rename a function", BROKEN)
        repository.merge("tidy")
        with jenkins.expect_untouched("prod"):
            build = jenkins.build_main(prod)
        world.expect(build.result == "FAILURE", "the build to fail", build.result)
        failed = next(stage.name for stage in build.stages if stage.status == "FAILURE")
        world.expect(failed == "Regression", "the Regression stage to fail", f"{failed} did")
        expect_deployed(world, "prod", after)

    with world.moment("Rolled back: prod's pipelines and schedule are those of the first commit"):
        jenkins.roll_back(first, "prod")
        expect_deployed(world, "prod", before)
        world.show(f"prod: {TRAIN} wants an AUC of {auc_threshold(before)}, {SCHEDULE} is {before[SCHEDULE]}")
        expect_deployed(world, "dev", dev)
        platform.tear_down()
