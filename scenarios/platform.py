"""The mammography platform's own words for scenarios: what its people do, each in a few AWS calls."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener

from fake_accounts.accounts import load_accounts
from fake_accounts.deployment import load_deployment
from harness.scenario import Execution, World
from harness.stack import terraform
from pipelines import data
from pipelines.destroy import destroy
from pipelines.environment import PREFIX, Environment
from pipelines.environment import Registry as RegistryAccount
from pipelines.listing import names
from pipelines.source import load
from scenarios.registry import Registry
from scenarios.teardown import empty_buckets, inventory

INFERENCE = "mammo-severity-inference-pipeline"
TRAIN = "mammo-severity-train-pipeline"
TOPIC = "mammography-model-notification"
CLEAN, OUTLIERS = "mammo-batch-dataset.csv", "mammo-batch-dataset-outliers.csv"


class Platform:
    """The platform's people at work in a world. Each method shows its evidence."""

    def __init__(self, world: World) -> None:
        self.world = world
        # A run never leaves the machine: the data is the user's file, the cached one, or the sample.
        os.environ["MAMMOGRAPHY_OFFLINE"] = "1"
        self.environments = {name: Environment.named(name) for name in ("dev", "prod")}
        promoting = next(stage for stage in load_deployment().stages if stage.name == "pipelines")
        self._deployers = {item.name: item.profile for item in promoting.items}
        self.registry = Registry(world, self.environments["prod"].model_package_group_name)
        self.found: list[str] = []

    # The accounts

    def bring_up_accounts(self) -> None:
        """Applies infra/ and follows the link in the subscriber's mail."""
        self.found = self.inventory()
        made_by_pipelines = [what for what in self.found if re.search(": (pipeline|function) ", what)]
        self.world.expect(
            not made_by_pipelines,
            "accounts that no pipeline has run in yet",
            f"there is {', '.join(made_by_pipelines)}; start afresh with `harness down` and `harness up`",
        )
        terraform(self.world.stack, "apply", self.world.show)
        for account in load_accounts().values():
            roles = names(self.world.client(account.name, "iam"), "list_roles", "Roles[].RoleName")
            self.world.show(f"{account.name:<9} {account.id}  roles: {', '.join(sorted(roles))}")
        self.confirm_subscription()

    def inventory(self) -> list[str]:
        """What the accounts have, one by one."""
        return [what for account in load_accounts() for what in inventory(self.world, account)]

    def confirm_subscription(self) -> None:
        """The subscriber follows the link in the newest mail that asks for it."""
        subscriptions = self.world.client("prod", "sns").list_subscriptions()["Subscriptions"]
        for waiting in (s for s in subscriptions if s["SubscriptionArn"] == "PendingConfirmation"):
            asked = [
                mail
                for mail in self.world.mails(earlier=True)
                if mail["to"] == waiting["Endpoint"] and waiting["TopicArn"] in mail["text"]
            ]
            link = re.search(r"http://127\.0\.0\.1\S+ConfirmSubscription\S+", asked[-1]["text"])
            assert link, asked[-1]["text"]
            with build_opener(ProxyHandler({})).open(link[0]) as answer:
                answer.read()
            self.world.show(
                f"{waiting['Endpoint']} follows the link in their mail: the subscription is confirmed"
            )

    def tear_down(self) -> None:
        """Removes what the pipelines made, then what Terraform made, and looks whether anything is left.

        Where a running harness had infra/ applied before, that stays as it was.
        """
        for made_in in (*self.environments.values(), RegistryAccount.named("registry")):
            destroy(made_in, self.world.session(made_in.name))
        if self.found:
            for account in load_accounts():
                empty_buckets(self.world, account)
            self.world.show("infra/ was there before and stays; its buckets are empty")
        else:
            terraform(self.world.stack, "destroy", self.world.show)
        left = [what for what in self.inventory() if what not in self.found]
        self.world.expect(not left, "nothing to be left in any account", "; ".join(left))
        self.world.show("nothing is left in any account" if not self.found else "nothing else is left")

    # Data and pipelines

    def upload_data(self) -> None:
        source = load()
        self.world.show(f"{len(source.rows)} rows: {source.origin}")
        with tempfile.TemporaryDirectory(prefix="harness-data-") as folder:
            for file in data.prepare(Path(folder), source):
                self.world.show(f"{file.rows:>4} rows  {file.name}")
            for name, environment in self.environments.items():
                for item in data.upload(environment, self.world.session(name), Path(folder)):
                    self.world.show(f"{name:<5} {item}")

    def deploy(self, account: str) -> None:
        """The same code that promotion uses; in prod as Jenkins, which assumes its role there from tooling."""
        from pipelines.deploy import deploy

        session = self.world.fresh_session(self._deployers[account])
        for item in deploy(self.environments[account], session):
            self.world.show(f"{account:<5} {item}")

    @contextmanager
    def batch_in(self, bucket: str, batch: str) -> Iterator[str]:
        """The URI of a copy of prod's batch in another bucket of prod's, which is there for a while."""
        s3, environment = self.world.client("prod", "s3"), self.environments["prod"]
        s3.create_bucket(Bucket=bucket)
        source = {"Bucket": environment.bucket_name, "Key": f"{PREFIX}/data/batch-dataset/{batch}"}
        s3.copy_object(Bucket=bucket, Key=batch, CopySource=source)
        try:
            yield f"s3://{bucket}/{batch}"
        finally:
            s3.delete_object(Bucket=bucket, Key=batch)
            s3.delete_bucket(Bucket=bucket)

    def remove_scripts(self, account: str) -> None:
        """As if they had never been copied."""
        s3, bucket = self.world.client(account, "s3"), self.environments[account].bucket_name
        for key in _keys(s3, bucket, f"{PREFIX}/scripts/"):
            s3.delete_object(Bucket=bucket, Key=key)

    def start_training(self, account: str, **parameters: Any) -> Execution:
        """Starts the train pipeline with the SDK and waits for its end."""
        from pipelines.building import pipeline_session
        from pipelines.train import build_train_pipeline

        environment = self.environments[account]
        pipeline = build_train_pipeline(
            environment, pipeline_session(environment, self.world.session(account))
        )
        execution = pipeline.start(parameters=parameters)
        return self._follow(account, execution.arn)

    def start_inference(self, account: str, batch: str) -> Execution:
        """Starts the inference pipeline on a batch, by its name or its URI, and waits for its end."""
        sagemaker = self.world.client(account, "sagemaker")
        own = self.environments[account].s3("data", "batch-dataset", batch)
        where = batch if batch.startswith("s3://") else own
        self.world.show(f"batch: {where}")
        started = sagemaker.start_pipeline_execution(
            PipelineName=INFERENCE, PipelineParameters=[{"Name": "transform_input", "Value": where}]
        )
        return self._follow(account, started["PipelineExecutionArn"])

    def scheduled_run(self) -> Execution:
        """Lets the clock pass 23:00; answers the execution that the schedule's rule started in prod."""
        before = set(self.world.executions("prod", INFERENCE))
        self.world.advance_to(hour=23, minute=1)
        new = [arn for arn in self.world.executions("prod", INFERENCE) if arn not in before]
        self.world.expect(len(new) == 1, "23:00 to start one inference run", f"it started {len(new)}")
        return self._follow("prod", new[0])

    def retraining(self) -> Execution:
        """The train pipeline's newest execution in prod, at its end."""
        found = self.world.executions("prod", TRAIN)
        self.world.expect(found, "the train pipeline to be started in prod", "it has no execution")
        return self._follow("prod", found[0])

    def _follow(self, account: str, arn: str) -> Execution:
        execution = self.world.ended(account, arn)
        self.world.settle()
        self.world.show(f"{account} {execution.pipeline} {execution.id}: {execution.status}")
        return execution

    # Evidence

    def expect_predictions(self, execution: Execution) -> None:
        """That there is a probability for each row of the batch."""
        environment = self.environments["prod"]
        s3 = self.world.client("prod", "s3")
        prefix = f"{PREFIX}/predictions/{execution.id}/"
        keys = _keys(s3, environment.bucket_name, prefix)
        self.world.expect(
            keys, f"predictions under s3://{environment.bucket_name}/{prefix}", "nothing is there", execution
        )
        for key in keys:
            body = s3.get_object(Bucket=environment.bucket_name, Key=key)["Body"].read()
            lines = body.decode().split()
            values = [float(line) for line in lines]
            good = bool(values) and all(0 <= v <= 1 for v in values)
            self.world.expect(good, "a probability for each row", f"{key} holds {lines[:3]}", execution)
            self.world.show(f"{len(values)} predictions in s3://{environment.bucket_name}/{key}")
            self.world.show(
                f"  the first: {', '.join(lines[:4])}; all: sha256 {sha256(body).hexdigest()[:12]}"
            )

    def violations(self, execution: Execution) -> list[Any]:
        """What the monitor reported for a run, from the report in S3."""
        step = execution.step("Mammo-MonitorBatchTransform")["Metadata"]["QualityCheck"]
        uri = urlsplit(step["ViolationReport"])
        found = self.world.client("prod", "s3").get_object(Bucket=uri.netloc, Key=uri.path.lstrip("/"))
        return list(json.load(found["Body"])["violations"])

    def notifications(self) -> list[Any]:
        """The mails from the platform's topic since the scenario began."""
        return [mail for mail in self.world.mails() if mail["subject"] == "AWS Notification Message"]

    def failed_invocations(self, rule: str) -> float:
        """How often the rule could not reach a target, by CloudWatch's count of the last two days."""
        now = self.world.harness.now()
        told = self.world.client("prod", "cloudwatch").get_metric_statistics(
            Namespace="AWS/Events",
            MetricName="FailedInvocations",
            Dimensions=[{"Name": "RuleName", "Value": rule}],
            StartTime=now - timedelta(days=2),
            EndTime=now + timedelta(minutes=1),
            Period=60,
            Statistics=["Sum"],
        )
        return float(sum(point["Sum"] for point in told["Datapoints"]))

    def auc(self, execution: Execution) -> float:
        """The AUC that the run's evaluation logged: its report is in the registry's bucket, which only the pipelines'
        own roles may read."""
        account, _ = self._environment_of(execution)
        job = execution.step("Mammo-Eval")["Metadata"]["ProcessingJob"]["Arn"].rsplit("/", 1)[-1]
        events = self.world.client(account, "logs").filter_log_events(
            logGroupName="/aws/sagemaker/ProcessingJobs", logStreamNamePrefix=job
        )["events"]
        said = next(e["message"] for e in events if e["message"].startswith("AUC "))
        return float(said.split()[1])

    def trained_on(self, execution: Execution) -> int:
        """How many rows the run split into its three parts."""
        name, environment = self._environment_of(execution)
        s3 = self.world.client(name, "s3")
        prefix = f"{PREFIX}/train/{execution.id}/"
        parts = tuple(f"{prefix}{part}/" for part in ("train", "validation", "test"))
        keys = [key for key in _keys(s3, environment.bucket_name, prefix) if key.startswith(parts)]
        bodies = [s3.get_object(Bucket=environment.bucket_name, Key=key)["Body"].read() for key in keys]
        return sum(body.count(b"\n") for body in bodies)

    def _environment_of(self, execution: Execution) -> tuple[str, Environment]:
        account = execution.arn.split(":")[4]
        return next((n, e) for n, e in self.environments.items() if e.account_id == account)


def _keys(s3: Any, bucket: str, prefix: str) -> list[str]:
    return names(s3, "list_objects_v2", "Contents[].Key", Bucket=bucket, Prefix=prefix)
