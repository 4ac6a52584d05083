"""The quality gate: an AUC under the threshold ends in the Fail step, a mail, and nothing registered."""

from __future__ import annotations

from harness.scenario import World
from scenarios.platform import Platform


def scenario_quality_gate(world: World) -> None:
    platform = Platform(world)

    with world.moment("The accounts come up with data and pipelines"):
        platform.bring_up_accounts()
        platform.upload_data()
        platform.deploy("prod")

    with world.moment("The train pipeline with a threshold that no model reaches: Mammo-AUCFail"):
        run = platform.start_training("prod", AucScoreThreshold=0.9999)
        world.expect_status(run, "Failed")
        world.show(f"AUC on the test split: {platform.auc(run):.4f}")
        failed = run.failed_step
        world.expect(
            failed is not None and failed["StepName"] == "Mammo-AUCFail",
            "Mammo-AUCFail to be the step that failed",
            f"{failed and failed['StepName']} failed",
            run,
        )
        message = run.step("Mammo-AUCFail")["Metadata"]["Fail"]["ErrorMessage"]
        world.expect("0.9999" in message, "the message to name the threshold", message, run)

    with world.moment("The subscriber is told; nothing is registered"):
        mails = platform.notifications()
        world.expect(len(mails) == 1, "one mail", f"{len(mails)} came", run)
        world.expect(run.arn in mails[0]["text"], "the mail to name the run", mails[0]["text"], run)
        world.show(f"mail to {mails[0]['to']}: {mails[0]['path']}")
        found = platform.registry.versions()
        world.expect(not found, "no version in the registry", f"there are {len(found)}", run)
        world.show("registry: no version")

    with world.moment("Everything is destroyed"):
        platform.tear_down()
