"""Every policy of the platform taken away in turn: the step that it was for fails, and the explanation names it."""

from __future__ import annotations

from collections.abc import Callable

from botocore.exceptions import ClientError

from harness.scenario import Execution, World
from scenarios.platform import CLEAN, INFERENCE, TOPIC, Platform
from scenarios.policies import Policies
from scenarios.registry import APPROVER

EXECUTION_ROLE = "mammo-severity-sagemaker-execution-role"
LAMBDA_ROLE = "lambda-sagemaker-role"
JENKINS_ROLE, JENKINS_SERVER = "cross-account-jenkins-role", "jenkins-server-role"
KEY = "alias/mammo-severity-sagemaker-key"
GROUP = "mammo-severity-model-package"
ARTIFACTS = "mammo-severity-sagemaker-artifacts-777788889999"
MONITOR = "Mammo-MonitorBatchTransform"


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
        policies.expect_no_blanket_grant()
        platform.upload_data()
        platform.deploy("dev")
        platform.deploy("prod")
        world.expect_status(train(), "Succeeded")
        platform.registry.decide(1, "Approved")
        world.expect_status(predict(), "Succeeded")

    with world.moment("dev's key policy: prod cannot read what was trained in dev"):
        with policies.key("dev", KEY, "UseByExecutionRoleOfProd") as policy:
            policies.expect_step_failed(predict(), MONITOR)
            policies.expect_refused("kms:Decrypt", policy, EXECUTION_ROLE)

    with world.moment("prod's cross-account-kms-key-access-policy: the other half of the same permission"):
        with policies.inline("prod", EXECUTION_ROLE, "cross-account-kms-key-access-policy"):
            policies.expect_step_failed(predict(), MONITOR)
            policies.expect_refused("kms:Decrypt", EXECUTION_ROLE, EXECUTION_ROLE)

    with world.moment("kms-key-access-policy: the jobs cannot use their own account's key"):
        with policies.inline("dev", EXECUTION_ROLE, "kms-key-access-policy"):
            policies.expect_step_failed(train(), "Mammo-PreProcessing")
            policies.expect_refused("kms:Decrypt", EXECUTION_ROLE, EXECUTION_ROLE)

    with world.moment("The registry's bucket policy: training cannot write its model"):
        with policies.bucket("registry", ARTIFACTS) as policy:
            policies.expect_step_failed(train(), "Mammo-Train")
            policies.expect_refused("s3:PutObject", policy, EXECUTION_ROLE)

    with world.moment("The group's policy: no version can be registered, and none is found"):
        with policies.group("registry", GROUP) as policy:
            policies.expect_step_failed(train(), "Mammo-RegisterModel")
            policies.expect_refused("sagemaker:CreateModelPackage", policy, EXECUTION_ROLE)
            policies.expect_step_failed(predict(), "Mammo-LatestApprovedModel")
            policies.expect_refused("sagemaker:ListModelPackages", policy, LAMBDA_ROLE)

    with world.moment("AmazonSageMakerFullAccess: no step can be started"):
        with policies.managed("dev", EXECUTION_ROLE, "AmazonSageMakerFullAccess"):
            policies.expect_step_failed(train(), "Mammo-PreProcessing")
            policies.expect_refused("sagemaker:CreateProcessingJob", EXECUTION_ROLE, EXECUTION_ROLE)

    with world.moment(
        "It also grants what three inline policies do: on least privilege each of them is needed"
    ):
        with policies.least_privilege("dev", EXECUTION_ROLE):
            world.expect_status(train(), "Succeeded")
            with policies.inline("dev", EXECUTION_ROLE, "cross-account-model-artifacts-s3-bucket-access"):
                policies.expect_step_failed(train(), "Mammo-Train")
                policies.expect_refused("s3:PutObject", EXECUTION_ROLE, EXECUTION_ROLE)
            with policies.inline("dev", EXECUTION_ROLE, "cross-account-model-registry-access"):
                policies.expect_step_failed(train(), "Mammo-RegisterModel")
                policies.expect_refused("sagemaker:CreateModelPackage", EXECUTION_ROLE, EXECUTION_ROLE)
        with policies.least_privilege("prod", LAMBDA_ROLE):
            world.expect_status(predict(), "Succeeded")
            with policies.inline("prod", LAMBDA_ROLE, "cross-account-model-registry-access"):
                policies.expect_step_failed(predict(), "Mammo-LatestApprovedModel")
                policies.expect_refused("sagemaker:ListModelPackages", LAMBDA_ROLE, LAMBDA_ROLE)

    with world.moment(
        "A bucket without `sagemaker` in its name: AmazonSageMakerFullAccess does not reach it"
    ):
        with platform.batch_in("mammo-severity-batches-444455556666", CLEAN) as batch:
            policies.expect_step_failed(platform.start_inference("prod", batch), MONITOR)
            policies.expect_refused("s3:GetObject", "AmazonSageMakerFullAccess", EXECUTION_ROLE)

    with world.moment("lambda-sagemaker-role's trust in Lambda: the function cannot run"):
        with policies.trust("prod", LAMBDA_ROLE, "TrustLambda") as policy:
            policies.expect_step_failed(predict(), "Mammo-LatestApprovedModel")
            policies.expect_refused("sts:AssumeRole", policy, "lambda.amazonaws.com")

    with world.moment("The execution role's trust in SageMaker: no run gets as far as its first step"):
        with policies.trust("prod", EXECUTION_ROLE, "TrustSagemaker") as policy:
            world.expect_status(predict(), "Failed")
            policies.expect_refused("sts:AssumeRole", policy, "sagemaker.amazonaws.com")

    with world.moment("The execution role's trust in EventBridge: 23:00 passes, and nothing starts"):
        with policies.trust("prod", EXECUTION_ROLE, "TrustEvents") as policy:
            before = world.executions("prod", INFERENCE)
            world.advance_to(hour=23, minute=1)
            started = len(world.executions("prod", INFERENCE)) - len(before)
            world.expect(not started, "the schedule to start nothing", f"{started} runs were started")
            policies.expect_refused("sts:AssumeRole", policy, "events.amazonaws.com")

    with world.moment("The topic's policy: nobody is told of a failure"):
        with policies.topic("prod", TOPIC) as policy:
            expect_untold(world, platform, policies)
            policies.expect_refused("sns:Publish", policy, "events.amazonaws.com")

    with world.moment("prod's key policy for EventBridge: nor are they when the topic's key is out of reach"):
        with policies.key("prod", KEY, "UseByEventBridge") as policy:
            expect_untold(world, platform, policies)
            policies.expect_refused("kms:GenerateDataKey", policy, "events.amazonaws.com")

    with world.moment("prod's key policy for Jenkins: the scripts cannot be copied"):
        with policies.key("prod", KEY, "UseByJenkins") as policy:
            platform.remove_scripts("prod")
            expect_error(world, "the promotion", lambda: platform.deploy("prod"))
            policies.expect_refused("kms:GenerateDataKey", policy, JENKINS_ROLE)
        platform.deploy("prod")

    with world.moment("Jenkins's trust and assume-production-role-policy: each is half of the way into prod"):
        with policies.trust("prod", JENKINS_ROLE, "TrustAccount123456789012") as policy:
            expect_error(world, "Jenkins's way into prod", lambda: jenkins_comes_in(world))
            policies.expect_refused("sts:AssumeRole", policy, JENKINS_SERVER)
        with policies.inline("tooling", JENKINS_SERVER, "assume-production-role-policy"):
            expect_error(world, "Jenkins's way into prod", lambda: jenkins_comes_in(world))
            policies.expect_refused("sts:AssumeRole", JENKINS_SERVER, JENKINS_SERVER)

    with world.moment("The approver's trust and policy: nobody can approve"):
        with policies.trust("registry", APPROVER, "TrustAccount777788889999") as policy:
            expect_error(world, "the approval", lambda: platform.registry.decide(1, "Approved"))
            policies.expect_refused("sts:AssumeRole", policy, "administrator")
        with policies.inline("registry", APPROVER, "model-approval"):
            expect_error(world, "the approval", lambda: platform.registry.decide(1, "Approved"))
            policies.expect_refused("sagemaker:UpdateModelPackage", APPROVER, APPROVER)

    with world.moment("With everything back the run succeeds again, and all is destroyed"):
        world.expect_status(predict(), "Succeeded")
        platform.tear_down()


def jenkins_comes_in(world: World) -> None:
    """Anew: sessions that it has already go on until they expire."""
    world.fresh_session("jenkins").client("sts").get_caller_identity()


def expect_error(world: World, what: str, attempt: Callable[[], object]) -> None:
    try:
        attempt()
    except ClientError as error:
        world.show(f"{what} fails: {error}")
    else:
        world.expect(False, f"{what} to be refused", "it went through")


def expect_untold(world: World, platform: Platform, policies: Policies) -> None:
    """A run fails; its rule fires, and what it has to say does not reach the topic."""
    mails = len(platform.notifications())
    with policies.trust("prod", LAMBDA_ROLE, "TrustLambda"):
        world.expect_status(platform.start_inference("prod", CLEAN), "Failed")
    lost = [d for d in world.records("delivery", status="failed") if d["target"].endswith(TOPIC)]
    world.expect(lost, f"the delivery to {TOPIC} to fail", "it did not")
    world.expect(len(platform.notifications()) == mails, "no mail", "one came")
    rule = lost[-1]["rule"].rsplit("/", 1)[-1]
    world.show(f"{rule} -> {TOPIC}: {lost[-1]['reason']}")
    failures = platform.failed_invocations(rule)
    world.expect(failures, "the rule's FailedInvocations to count it", "the metric has no data")
    world.show(f"FailedInvocations of {rule}: {failures:.0f}")
