"""Every policy of the platform taken away in turn: the step that it was for fails, and the explanation names it."""

from __future__ import annotations

from botocore.exceptions import ClientError

from harness.scenario import Execution, World
from scenarios.platform import CLEAN, INFERENCE, TOPIC, Platform
from scenarios.policies import Policies

EXECUTION_ROLE = "mammo-severity-sagemaker-execution-role"
LAMBDA_ROLE = "lambda-sagemaker-role"
JENKINS_ROLE, JENKINS_SERVER = "cross-account-jenkins-role", "jenkins-server-role"
KEY = "alias/mammo-severity-sagemaker-key"
GROUP = "mammo-severity-model-package"
ARTIFACTS = "mammo-severity-sagemaker-artifacts-777788889999"


def scenario_permissions(world: World) -> None:
    platform, policies = Platform(world), Policies(world)

    def predict() -> Execution:
        return platform.start_inference("prod", CLEAN)

    def train() -> Execution:
        return platform.start_training("dev")

    with world.moment(
        "The platform with all its policies: a model is trained in dev, approved, and used in prod"
    ):
        platform.bring_up_accounts()
        platform.upload_data()
        platform.deploy("dev")
        platform.deploy("prod")
        world.expect_status(train(), "Succeeded")
        platform.registry.decide(1, "Approved")
        world.expect_status(predict(), "Succeeded")

    with (
        world.moment("dev's key policy: prod cannot read the model that was trained in dev"),
        policies.key("dev", KEY, "UseByExecutionRoleOfProd") as policy,
    ):
        run = predict()
        policies.expect_step_failed(run, "Mammo-MonitorBatchTransform")
        policies.expect_refused("kms:Decrypt", policy, EXECUTION_ROLE)

    with (
        world.moment("prod's cross-account-kms-key-access-policy: the other half of the same permission"),
        policies.inline("prod", EXECUTION_ROLE, "cross-account-kms-key-access-policy"),
    ):
        policies.expect_step_failed(predict(), "Mammo-MonitorBatchTransform")
        policies.expect_refused("kms:Decrypt", EXECUTION_ROLE, EXECUTION_ROLE)

    with (
        world.moment("kms-key-access-policy: dev's jobs cannot use dev's own key"),
        policies.inline("dev", EXECUTION_ROLE, "kms-key-access-policy"),
    ):
        policies.expect_step_failed(train(), "Mammo-PreProcessing")
        policies.expect_refused("kms:Decrypt", EXECUTION_ROLE, EXECUTION_ROLE)

    with (
        world.moment("The registry's bucket policy: training cannot write its model"),
        policies.bucket("registry", ARTIFACTS) as policy,
    ):
        policies.expect_step_failed(train(), "Mammo-Train")
        policies.expect_refused("s3:PutObject", policy, EXECUTION_ROLE)

    with (
        world.moment("The group's policy: no version can be registered, and none is found"),
        policies.group("registry", GROUP) as policy,
    ):
        policies.expect_step_failed(train(), "Mammo-RegisterModel")
        policies.expect_refused("sagemaker:CreateModelPackage", policy, EXECUTION_ROLE)
        policies.expect_step_failed(predict(), "Mammo-LatestApprovedModel")
        policies.expect_refused("sagemaker:ListModelPackages", policy, LAMBDA_ROLE)

    with (
        world.moment("lambda-sagemaker-role's trust in Lambda: the function cannot run"),
        policies.trust("prod", LAMBDA_ROLE, "TrustLambda") as policy,
    ):
        run = predict()
        policies.expect_refused("sts:AssumeRole", policy)
        world.expect_status(run, "Failed")

    with (
        world.moment("The execution role's trust in SageMaker: no step can start"),
        policies.trust("prod", EXECUTION_ROLE, "TrustSagemaker") as policy,
    ):
        world.expect_status(predict(), "Failed")
        policies.expect_refused("sts:AssumeRole", policy)

    with (
        world.moment("The execution role's trust in EventBridge: 23:00 passes and nothing starts"),
        policies.trust("prod", EXECUTION_ROLE, "TrustEvents") as policy,
    ):
        before = world.executions("prod", INFERENCE)
        world.advance_to(hour=23, minute=1)
        started = len(world.executions("prod", INFERENCE)) - len(before)
        world.expect(not started, "the schedule to start nothing", f"{started} runs were started")
        policies.expect_refused("sts:AssumeRole", policy)

    with world.moment("The topic's policy: a failure is not told"), policies.topic("prod", TOPIC) as policy:
        expect_untold(world, platform, policies, "sns:Publish", policy)

    with (
        world.moment("prod's key policy for EventBridge: nor is it when the topic's key is out of reach"),
        policies.key("prod", KEY, "UseByEventBridge") as policy,
    ):
        expect_untold(world, platform, policies, "kms:GenerateDataKey", policy)

    with (
        world.moment("prod's key policy for Jenkins: the scripts cannot be copied"),
        policies.key("prod", KEY, "UseByJenkins") as policy,
    ):
        expect_undeployed(world, platform)
        policies.expect_refused("kms:GenerateDataKey", policy, JENKINS_ROLE)

    with world.moment("Jenkins's trust and assume-production-role-policy: each is half of the way into prod"):
        with policies.trust("prod", JENKINS_ROLE, "TrustAccount123456789012") as policy:
            expect_no_way_in(world)
            policies.expect_refused("sts:AssumeRole", policy, JENKINS_SERVER)
        with policies.inline("tooling", JENKINS_SERVER, "assume-production-role-policy"):
            expect_no_way_in(world)
            policies.expect_refused("sts:AssumeRole", JENKINS_SERVER, JENKINS_SERVER)

    with world.moment("Everything is put back: the run succeeds again, and all is destroyed"):
        world.expect_status(predict(), "Succeeded")
        platform.tear_down()


def expect_untold(world: World, platform: Platform, policies: Policies, action: str, policy: str) -> None:
    """A run fails; its rule fires, and what it has to say does not reach the topic: nobody else would know."""
    mails = len(platform.notifications())
    with policies.trust("prod", LAMBDA_ROLE, "TrustLambda"):
        world.expect_status(platform.start_inference("prod", CLEAN), "Failed")
    policies.expect_refused(action, policy, "events.amazonaws.com")
    lost = [d for d in world.records("delivery", status="failed") if d["target"].endswith(TOPIC)]
    world.expect(lost, f"the delivery to {TOPIC} to fail", "it did not")
    world.expect(len(platform.notifications()) == mails, "no mail", "one came")
    world.show(f"{lost[-1]['rule'].rsplit('/', 1)[-1]} -> {TOPIC}: {lost[-1]['reason']}")
    failures = platform.failed_invocations(lost[-1]["rule"].rsplit("/", 1)[-1])
    world.expect(failures, "the rule's FailedInvocations to count it", "the metric has no data")
    world.show(f"FailedInvocations: {failures:.0f}")


def expect_undeployed(world: World, platform: Platform) -> None:
    try:
        platform.deploy("prod")
    except ClientError as error:
        world.show(str(error))
    else:
        world.expect(False, "the deployment to be refused", "it went through")


def expect_no_way_in(world: World) -> None:
    """Jenkins begins anew: sessions that it has go on until they expire."""
    try:
        world.fresh_session("jenkins").client("sts").get_caller_identity()
    except ClientError as error:
        world.show(str(error))
    else:
        world.expect(False, "Jenkins to be kept out of prod", "it came in")
