"""A clean day: the first model is trained, approved and promoted; 23:00 brings predictions."""

from __future__ import annotations

from harness.scenario import World
from scenarios.platform import Platform


def scenario_clean(world: World) -> None:
    platform = Platform(world)

    with world.moment("Three accounts come up, and tooling's role: infra/ applied by Terraform"):
        platform.bring_up_accounts()

    with world.moment("The data is prepared and uploaded"):
        platform.upload_data()

    with world.moment("dev: the train pipeline runs; version 1 waits for approval"):
        platform.deploy("dev")
        world.expect_status(platform.start_training("dev"), "Succeeded")
        platform.registry.expect(1, "PendingManualApproval")

    with world.moment("The registry's approver approves version 1"):
        platform.registry.decide(1, "Approved")
        platform.registry.expect(1, "Approved")

    with world.moment("Promotion: prod gets the scripts and both pipelines"):
        platform.deploy("prod")

    with world.moment("23:00 passes: the schedule starts the inference pipeline on the clean batch"):
        run = platform.scheduled_run()
        world.expect_status(run, "Succeeded")
        platform.registry.expect_used(run, 1)
        platform.expect_predictions(run)

    with world.moment("Everything is destroyed"):
        platform.tear_down()
