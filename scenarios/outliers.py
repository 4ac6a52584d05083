"""The platform's whole life: a first model, clean days, an outliers batch, retraining, and approval before use."""

from __future__ import annotations

from harness.scenario import World
from scenarios.platform import CLEAN, OUTLIERS, TOPIC, Platform


def scenario_outliers(world: World) -> None:
    platform = Platform(world)

    with world.moment("Three accounts come up, and tooling's role: infra/ applied by Terraform"):
        platform.bring_up_accounts()

    with world.moment("The data is prepared and uploaded"):
        platform.upload_data()

    with world.moment("dev: the train pipeline runs; version 1 waits for approval"):
        platform.deploy("dev")
        first_training = platform.start_training("dev")
        world.expect_status(first_training, "Succeeded")
        world.show(f"AUC on the test split: {platform.auc(first_training):.4f}")
        platform.registry.expect(1, "PendingManualApproval")

    with world.moment("An inference run fails: nothing is approved"):
        run = platform.start_inference("dev", CLEAN)
        world.expect_status(run, "Failed")
        reason = run.step("Mammo-LatestApprovedModel").get("FailureReason", "")
        world.expect(
            "No approved model package" in reason, "the error to say that nothing is approved", reason, run
        )

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

    with world.moment("The outliers batch: violations, the failure, the mail, the retraining"):
        run = platform.start_inference("prod", OUTLIERS)
        world.expect_status(run, "Failed")
        reason = run.step("Mammo-MonitorBatchTransform").get("FailureReason")
        expected = "ClientError: Quality check failed. See violation report"
        world.expect(reason == expected, f"the monitor to fail with {expected!r}", str(reason), run)
        violations = platform.violations(run)
        world.expect(violations, "violations in the report", "it has none", run)
        for violation in violations:
            world.show(
                f"  {violation['feature_name']}: {violation['constraint_check_type']}: {violation['description']}"
            )
        for delivery in world.records("delivery", status="delivered"):
            world.show(f"rule {delivery['rule']} -> {delivery['target'].rsplit(':', 1)[-1]}")
        mails = platform.notifications()
        world.expect(len(mails) == 1, f"one mail from {TOPIC}", f"{len(mails)} came", run)
        world.expect(run.arn in mails[0]["text"], "the mail to name the run", mails[0]["text"], run)
        world.show(f"mail to {mails[0]['to']}: {mails[0]['path']}")
        training = platform.retraining()
        world.expect_status(training, "Succeeded")
        before, now = platform.trained_on(first_training), platform.trained_on(training)
        world.show(
            f"trained on {now} rows, parts 1 and 2 (version 1: {before}); AUC {platform.auc(training):.4f}"
        )
        world.expect(now > before, "part 2 to join part 1", f"{now} rows, as many as before", training)
        platform.registry.expect(2, "PendingManualApproval")

    with world.moment("Until version 2 is approved, the next scheduled run still uses version 1"):
        run = platform.scheduled_run()
        world.expect_status(run, "Succeeded")
        platform.registry.expect_used(run, 1)

    with world.moment("Approved, the next scheduled run uses version 2; then everything is destroyed"):
        platform.registry.decide(2, "Approved")
        run = platform.scheduled_run()
        world.expect_status(run, "Succeeded")
        platform.registry.expect_used(run, 2)
        platform.expect_predictions(run)
        platform.tear_down()
