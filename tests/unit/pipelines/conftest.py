"""What the tests of the tenant share: both sources of data, and both definitions, built without any AWS."""

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import moto
import pytest
import sagemaker.telemetry.telemetry_logging as telemetry

from pipelines.building import pipeline_session
from pipelines.environment import Environment
from pipelines.inference import build_inference_pipeline
from pipelines.sample import sample_rows
from pipelines.source import Source, parse
from pipelines.train import build_train_pipeline

ROOT = Path(__file__).parents[3]
TRUST = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}'  # noqa: E501
REAL_DATA = Path(
    os.environ.get("MAMMOGRAPHY_DATA", ROOT.parent / "shared" / "data" / "mammographic_masses.data")
)


@pytest.fixture(scope="session")
def real_source() -> Source:
    if not REAL_DATA.exists():
        pytest.skip(f"the real data is not at {REAL_DATA}; set MAMMOGRAPHY_DATA")
    return Source(parse(REAL_DATA.read_text(), str(REAL_DATA)), str(REAL_DATA))


@pytest.fixture(scope="session")
def sample_source() -> Source:
    return Source(sample_rows(), "stand-in sample", is_sample=True)


@pytest.fixture(scope="session", params=["real", "sample"])
def source(request: pytest.FixtureRequest) -> Source:
    source: Source = request.getfixturevalue(f"{request.param}_source")
    return source


@pytest.fixture(scope="session")
def environment() -> Environment:
    return Environment.named("dev")


@pytest.fixture(scope="module")
def quiet() -> Iterator[pytest.MonkeyPatch]:
    """The SDK neither calls home nor looks for an instance's credentials, as its Estimator does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(telemetry, "_send_telemetry_request", lambda *_: None)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield patch


@pytest.fixture
def account(
    environment: Environment, quiet: pytest.MonkeyPatch, monkeypatch: pytest.MonkeyPatch
) -> Iterator[boto3.Session]:
    """The dev account as Terraform leaves it: a bucket and the roles."""
    monkeypatch.setenv("MOTO_ACCOUNT_ID", environment.account_id)
    with moto.mock_aws():
        session = boto3.Session("AKIDEXAMPLE", "secret", region_name=environment.region)
        session.client("s3").create_bucket(Bucket=environment.bucket_name)
        for role in (environment.lambda_role_name, environment.execution_role_name):
            session.client("iam").create_role(RoleName=role, AssumeRolePolicyDocument=TRUST)
        yield session


@pytest.fixture
def calls(account: boto3.Session) -> list[str]:
    """The operations that are called in the account from now on."""
    called: list[str] = []
    account.events.register("before-call.*.*", lambda model, **_: called.append(model.name))
    return called


@pytest.fixture(scope="module")
def offline(quiet: pytest.MonkeyPatch) -> list[str]:
    """No connection is made; those that were tried are listed."""
    tried: list[str] = []

    def refuse(_: socket.socket, address: Any) -> None:
        tried.append(str(address))
        raise ConnectionRefusedError(f"a test tried to connect to {address}")

    quiet.setattr(socket.socket, "connect", refuse)
    return tried


@pytest.fixture(scope="module")
def definitions(environment: Environment, offline: list[str]) -> dict[str, Any]:
    """Both definitions, and under `calls` what building them asked of AWS or the network."""
    session = boto3.Session("AKIDEXAMPLE", "secret", region_name="us-east-1")
    calls: list[str] = []
    session.events.register("before-call.*.*", lambda model, **_: calls.append(model.name))
    building = pipeline_session(environment, session)
    return {
        "train": json.loads(build_train_pipeline(environment, building).definition()),
        "inference": json.loads(build_inference_pipeline(environment, building).definition()),
        "calls": calls + offline,
    }
