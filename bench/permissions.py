"""What permissions cost: a decision by itself, and a call to a gateway that enforces them beside one that does not.

Both on the accounts that infra/ describes. Decisions are taken in this process, where no server is in the way.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import boto3

from bench.timing import Row, turn_about
from fake_accounts.accounts import load_accounts
from harness import stack as stacks
from harness.app import App
from harness.clock import Clock
from harness.gateway.server import listen, serve
from harness.model import ApiCall, Credentials, Json, Principal, Session
from harness.running import environment
from harness.serve import organization
from harness.stack import Stack, terraform

ACCOUNTS = load_accounts()
REGION = "us-east-1"
BUCKET = f"mammo-severity-sagemaker-{ACCOUNTS['prod'].id}"
ARTIFACTS = f"mammo-severity-sagemaker-artifacts-{ACCOUNTS['registry'].id}"
EXECUTION_ROLE = "mammo-severity-sagemaker-execution-role"
MODEL = "model.tar.gz"
PIPELINE = "bench"
NOTHING = {"Name": "Nothing", "Type": "Fail", "Arguments": {"ErrorMessage": "nothing is done"}}


def rows() -> Iterator[Row]:
    yield decision_row()
    yield from gateway_rows()


def decision_row() -> Row:
    """Each of the calls has the same weight; beside the median is the dearest of them."""
    with accounts_in_process() as app:
        decide = app.decider.decide
        calls: dict[str, Callable[[], Any]] = {
            name: partial(decide, call) for name, call in some_calls(app).items()
        }
        for name, call in calls.items():
            assert call().reason == "allowed", f"{name}: {call()}"
        taken = {name: seconds * 1000 for name, seconds in turn_about(calls, rounds=2000).items()}
    dearest = max(taken, key=taken.__getitem__)
    return (
        "a decision, warm (median)",
        f"{statistics.median(taken.values()):.2f} ms",
        f"{dearest} {taken[dearest]:.2f} ms",
        "",
        "0.1 ms",
    )


@contextmanager
def accounts_in_process() -> Iterator[App]:
    with tempfile.TemporaryDirectory(prefix="harness-bench-") as folder:
        sock = listen(0)
        endpoint = f"http://127.0.0.1:{sock.getsockname()[1]}"
        app = App(Path(folder), Clock(), endpoint, print, "enforce", organization())
        app.add_administrators(
            (a.id, Credentials(a.access_key_id, a.secret_access_key)) for a in ACCOUNTS.values()
        )
        server = serve(app.handle, app.handle)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]})
        thread.start()
        try:
            terraform(Stack(endpoint, 0, Path(folder), thread.is_alive), "apply", lambda _: None)
            yield app
        finally:
            server.should_exit = True
            thread.join()
            app.close()


def some_calls(app: App) -> dict[str, ApiCall]:
    """What the platform does most, by service and operation; each needs one permission to three."""

    def admin(account: str, service: str) -> Any:
        return app.wire.as_harness(ACCOUNTS[account].id, REGION).client(service)

    aliases = admin("dev", "kms").list_aliases()["Aliases"]
    key = next(alias["TargetKeyId"] for alias in aliases if "mammo" in alias["AliasName"])
    admin("registry", "s3").put_object(
        Bucket=ARTIFACTS,
        Key=MODEL,
        Body=b"model",
        ServerSideEncryption="aws:kms",
        SSEKMSKeyId=f"arn:aws:kms:{REGION}:{ACCOUNTS['dev'].id}:key/{key}",
    )
    prod, job = ACCOUNTS["prod"].id, session("prod", EXECUTION_ROLE)
    rule = f"arn:aws:events:{REGION}:{prod}:rule/mammo-severity-inference-failed"
    callers: dict[str, tuple[Principal, Json]] = {
        "s3:GetObject": (job, {"Bucket": ARTIFACTS, "Key": MODEL}),
        "s3:PutObject": (job, {"Bucket": BUCKET, "Key": "predictions/1.csv"}),
        "sagemaker:CreateProcessingJob": (job, processing_job(job.role_arn)),
        "sts:AssumeRole": (
            session("tooling", "jenkins-server-role"),
            {"RoleArn": f"arn:aws:iam::{prod}:role/cross-account-jenkins-role", "RoleSessionName": "bench"},
        ),
        "sns:Publish": (
            Principal(prod, "events.amazonaws.com", "service", source_arn=rule),
            {"TopicArn": f"arn:aws:sns:{REGION}:{prod}:mammography-model-notification", "Message": "failed"},
        ),
        "iam:GetRole": (
            Principal(prod, f"arn:aws:iam::{prod}:user/administrator", "user"),
            {"RoleName": EXECUTION_ROLE},
        ),
    }
    return {
        name: ApiCall(service, operation, params, caller, caller.account, REGION, "bench")
        for name, (caller, params) in callers.items()
        for service, _, operation in [name.partition(":")]
    }


def session(account: str, role: str) -> Principal:
    id = ACCOUNTS[account].id
    return Principal(
        id,
        f"arn:aws:sts::{id}:assumed-role/{role}/bench",
        "assumed-role",
        "AROABENCH:bench",
        f"arn:aws:iam::{id}:role/{role}",
        session=Session(issued=datetime.now(UTC)),
    )


def processing_job(role: str) -> Json:
    return {
        "ProcessingJobName": "bench",
        "RoleArn": role,
        "ProcessingResources": {
            "ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 30}
        },
        "AppSpecification": {"ImageUri": "bench"},
    }


def gateway_rows() -> Iterator[Row]:
    """Jenkins' calls in prod, in whose bucket everything is encrypted with a key: put and get need that, too."""
    with ExitStack() as entered:
        clients = {mode: entered.enter_context(jenkins(mode)) for mode in ("enforce", "off")}
        calls: dict[str, Callable[[Any], Any]] = {
            "S3 put, 1 kB": lambda of: of("s3").put_object(Bucket=BUCKET, Key="k", Body=b"x" * 1000),
            "S3 get, 1 kB": lambda of: of("s3").get_object(Bucket=BUCKET, Key="k")["Body"].read(),
            "DescribePipeline": lambda of: of("sagemaker").describe_pipeline(PipelineName=PIPELINE),
        }
        for name, call in calls.items():
            taken = turn_about({mode: partial(call, of) for mode, of in clients.items()}, rounds=300)
            enforced, free = taken["enforce"] * 1000, taken["off"] * 1000
            yield (
                f"{name}, permissions enforced",
                f"{enforced:.1f} ms",
                f"`--iam off` {free:.1f} ms",
                f"{enforced / free:.2f}",
                "1.3",
            )


@contextmanager
def jenkins(mode: str) -> Iterator[Callable[[str], Any]]:
    """Clients of cross-account-jenkins-role, by service, of a harness of its own."""
    with stacks.started(iam=mode) as stack, environment(stack):
        terraform(stack, "apply", lambda _: None)
        aws = boto3.Session(profile_name="jenkins")
        clients = {service: aws.client(service) for service in ("s3", "sagemaker")}
        clients["sagemaker"].create_pipeline(
            PipelineName=PIPELINE,
            PipelineDefinition=json.dumps({"Version": "2020-12-01", "Steps": [NOTHING]}),
            ClientRequestToken="bench" * 7,
            RoleArn=f"arn:aws:iam::{ACCOUNTS['prod'].id}:role/{EXECUTION_ROLE}",
        )
        yield clients.__getitem__
