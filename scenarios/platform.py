"""The mammography platform's own words for scenarios: what its people do, each in a few AWS calls."""

from __future__ import annotations

import json
import os
import re
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener

from fake_accounts.accounts import load_accounts
from harness.scenario import Execution, World
from harness.stack import terraform
from pipelines import data
from pipelines.environment import PREFIX, Environment
from pipelines.source import load
from scenarios.teardown import delete_what_pipelines_made, left_over, names

INFERENCE = "mammo-severity-inference-pipeline"
TRAIN = "mammo-severity-train-pipeline"
TOPIC = "mammography-model-notification"
APPROVER = "model-approver-role"
CLEAN, OUTLIERS = "mammo-batch-dataset.csv", "mammo-batch-dataset-outliers.csv"


class Platform:
    """The platform's people at work in a world. Each method shows its evidence."""

    def __init__(self, world: World) -> None:
        self.world = world
        # A run never leaves the machine: the data is the user's file, the cached one, or the sample.
        os.environ["MAMMOGRAPHY_OFFLINE"] = "1"
        self.environments = {name: Environment.named(name) for name in ("dev", "prod")}

    # The accounts

    def bring_up_accounts(self) -> None:
        """Applies infra/ and follows the link in the subscriber's mail."""
        terraform(self.world.stack, "apply", self.world.show)
        for account in load_accounts().values():
            roles = names(self.world.client(account.name, "iam"), "list_roles", "Roles[].RoleName")
            self.world.show(f"{account.name:<9} {account.id}  roles: {', '.join(roles)}")
        self.confirm_subscription()

    def confirm_subscription(self) -> None:
        for mail in self.mails("Subscription Confirmation"):
            link = re.search(r"http://127\.0\.0\.1\S+ConfirmSubscription\S+", mail["text"].replace("=\n", ""))
            assert link, mail["text"]
            with build_opener(ProxyHandler({})).open(link[0].replace("=3D", "=")) as answer:
                answer.read()
            self.world.show(f"{mail['to']} follows the link in their mail: the subscription is confirmed")

    def tear_down(self) -> None:
        """Removes what the pipelines made, then what Terraform made, and looks whether anything is left."""
        for name in self.environments:
            delete_what_pipelines_made(self.world, name)
        registry = self.world.client("registry", "sagemaker")
        for package in self.versions():
            registry.delete_model_package(ModelPackageName=package["ModelPackageArn"])
        terraform(self.world.stack, "destroy", self.world.show)
        left = [
            f"{account}: {what}" for account in load_accounts() for what in left_over(self.world, account)
        ]
        self.world.expect(not left, "nothing to be left in any account", "; ".join(left))
        self.world.show("nothing is left in any account")

    # Data and pipelines

    def upload_data(self) -> None:
        source = load()
        self.world.show(f"{len(source.rows)} rows: {source.origin}")
        with tempfile.TemporaryDirectory(prefix="harness-data-") as folder:
            data.prepare(Path(folder), source)
            for name, environment in self.environments.items():
                for file in data.upload(environment, Path(folder), self.world.session(name)):
                    self.world.show(f"{name:<5} {file.rows:>4} rows  {file.place}")

    def deploy(self, account: str) -> None:
        """The same code that promotion uses."""
        from pipelines.deploy import deploy

        for item in deploy(self.environments[account], self.world.session(account)):
            self.world.show(f"{account:<5} {item.change:<10} {item.kind:<9} {item.name}")

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
        """Starts the inference pipeline on a batch and waits for its end."""
        sagemaker = self.world.client(account, "sagemaker")
        where = self.environments[account].s3("data", "batch-dataset", batch)
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

    # The registry

    def versions(self) -> list[Any]:
        """The registry's versions, the newest first."""
        sagemaker = self.world.client("registry", "sagemaker")
        group = self.environments["prod"].model_package_group_name
        listed = sagemaker.list_model_packages(
            ModelPackageGroupName=group, SortBy="CreationTime", SortOrder="Descending", MaxResults=100
        )
        return list(listed["ModelPackageSummaryList"])

    def decide(self, version: int, status: str) -> None:
        """The registry's approver sets a version's approval status."""
        approver = self.world.assumed("registry", APPROVER, "approver").client("sagemaker")
        approver.update_model_package(ModelPackageArn=self._version_arn(version), ModelApprovalStatus=status)
        self.world.show(f"{APPROVER} sets version {version} to {status}")

    def expect_version(self, version: int, status: str) -> None:
        found = {p["ModelPackageVersion"]: p["ModelApprovalStatus"] for p in self.versions()}
        self.world.expect(
            found.get(version) == status,
            f"version {version} in the registry, {status}",
            f"it has {found or 'none'}",
        )
        self.world.show(f"registry: version {version} is {status}")

    def expect_used(self, execution: Execution, version: int) -> None:
        """That the run used this version: by what its Lambda step answered."""
        outputs = {o["Name"]: o["Value"] for o in _lambda(execution)["OutputParameters"]}
        used = outputs["model_package_arn"].rsplit("/", 1)[-1]
        self.world.expect(
            used == str(version), f"the run to use version {version}", f"it used version {used}", execution
        )
        self.world.show(f"the run used version {used}: {outputs['model_data_url']}")

    def _version_arn(self, version: int) -> str:
        for package in self.versions():
            if package["ModelPackageVersion"] == version:
                return str(package["ModelPackageArn"])
        raise AssertionError(f"the registry has no version {version}")

    # Evidence

    def expect_predictions(self, execution: Execution) -> None:
        """That there is a probability for each row of the batch."""
        environment = self.environments["prod"]
        s3 = self.world.client("prod", "s3")
        prefix = f"{PREFIX}/predictions/{execution.id}/"
        keys = [
            o["Key"]
            for o in s3.list_objects_v2(Bucket=environment.bucket_name, Prefix=prefix).get("Contents", [])
        ]
        self.world.expect(
            keys, f"predictions under s3://{environment.bucket_name}/{prefix}", "nothing is there", execution
        )
        for key in keys:
            lines = s3.get_object(Bucket=environment.bucket_name, Key=key)["Body"].read().decode().split()
            values = [float(line) for line in lines]
            good = bool(values) and all(0 <= v <= 1 for v in values)
            self.world.expect(good, "a probability for each row", f"{key} holds {lines[:3]}", execution)
            self.world.show(f"{len(values)} predictions in s3://{environment.bucket_name}/{key}")
            self.world.show(f"  the first: {', '.join(lines[:4])}")

    def violations(self, execution: Execution) -> list[Any]:
        """What the monitor reported for a run, from the report in S3."""
        step = execution.step("Mammo-MonitorBatchTransform")["Metadata"]["QualityCheck"]
        uri = urlsplit(step["ViolationReport"])
        body = (
            self.world.session("prod")
            .client("s3")
            .get_object(Bucket=uri.netloc, Key=uri.path.lstrip("/"))["Body"]
        )
        return list(json.load(body)["violations"])

    def mails(self, subject: str) -> list[Any]:
        """The mails whose subject holds these words, the first first."""
        return [m for m in self.world.mails() if subject in m["text"].partition("\n\n")[0]]

    def notifications(self) -> list[Any]:
        return self.mails("AWS Notification Message")

    def auc(self, execution: Execution) -> float:
        """The AUC that the run's evaluation wrote, in the registry's bucket."""
        name, environment = self._environment_of(execution)
        key = f"{PREFIX}/evaluations/{name}/{execution.id}/evaluation.json"
        s3 = self.world.client(name, "s3")
        report = json.load(s3.get_object(Bucket=environment.artifacts_bucket_name, Key=key)["Body"])
        return float(report["binary_classification_metrics"]["auc"]["value"])

    def trained_on(self, execution: Execution) -> int:
        """How many rows the run split into its three parts."""
        name, environment = self._environment_of(execution)
        s3 = self.world.client(name, "s3")
        prefix = f"{PREFIX}/train/{execution.id}/"
        parts = tuple(f"{prefix}{part}/" for part in ("train", "validation", "test"))
        found = s3.list_objects_v2(Bucket=environment.bucket_name, Prefix=prefix).get("Contents", [])
        keys = [item["Key"] for item in found if item["Key"].startswith(parts)]
        bodies = [s3.get_object(Bucket=environment.bucket_name, Key=key)["Body"].read() for key in keys]
        return sum(body.count(b"\n") for body in bodies)

    def _environment_of(self, execution: Execution) -> tuple[str, Environment]:
        account = execution.arn.split(":")[4]
        return next((n, e) for n, e in self.environments.items() if e.account_id == account)


def _lambda(execution: Execution) -> Any:
    return execution.step("Mammo-LatestApprovedModel")["Metadata"]["Lambda"]
