"""Approval: pending, rejected, approved, rolled back by un-approving; each time, which version is used."""

from __future__ import annotations

from harness.scenario import World
from scenarios.platform import CLEAN, Platform


def scenario_approval(world: World) -> None:
    platform = Platform(world)

    with world.moment("The accounts come up with data, pipelines and two trained versions"):
        platform.bring_up_accounts()
        platform.upload_data()
        platform.deploy("dev")
        platform.deploy("prod")
        world.expect_status(platform.start_training("dev"), "Succeeded")
        world.expect_status(platform.start_training("prod"), "Succeeded")
        platform.registry.expect(1, "PendingManualApproval")
        platform.registry.expect(2, "PendingManualApproval")

    with world.moment("Both pending: a run finds nothing to use"):
        world.expect_status(platform.start_inference("prod", CLEAN), "Failed")

    with world.moment("Version 1 rejected: still nothing to use"):
        platform.registry.decide(1, "Rejected")
        world.expect_status(platform.start_inference("prod", CLEAN), "Failed")

    with world.moment("Version 1 approved after all: it is used"):
        platform.registry.decide(1, "Approved")
        run = platform.start_inference("prod", CLEAN)
        world.expect_status(run, "Succeeded")
        platform.registry.expect_used(run, 1)

    with world.moment("Version 2 approved too: the newer one is used"):
        platform.registry.decide(2, "Approved")
        run = platform.start_inference("prod", CLEAN)
        world.expect_status(run, "Succeeded")
        platform.registry.expect_used(run, 2)

    with world.moment("Version 2 un-approved: rolled back to version 1"):
        platform.registry.decide(2, "Rejected")
        run = platform.start_inference("prod", CLEAN)
        world.expect_status(run, "Succeeded")
        platform.registry.expect_used(run, 1)

    with world.moment("Everything is destroyed"):
        platform.tear_down()
