"""The commands on a bare moto server, over HTTP: nothing in them is made for one emulator."""

from collections.abc import Iterator

import boto3
import pytest
from moto.server import ThreadedMotoServer

from pipelines import data
from pipelines.deploy import deploy, items
from pipelines.destroy import destroy
from pipelines.environment import Environment
from pipelines.source import Source
from pipelines.telling import carry_out
from tests.unit.pipelines.conftest import TRUST

pytestmark = pytest.mark.filterwarnings("ignore::Warning:sagemaker")


@pytest.fixture
def server(
    environment: Environment, quiet: pytest.MonkeyPatch, monkeypatch: pytest.MonkeyPatch
) -> Iterator[boto3.Session]:
    """A session of the dev account there, which is empty."""
    server = ThreadedMotoServer(port=0)
    server.start()
    try:
        host, port = server.get_host_and_port()
        monkeypatch.setenv("MOTO_ACCOUNT_ID", environment.account_id)
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        yield boto3.Session("AKIDEXAMPLE", "secret", region_name=environment.region)
    finally:
        server.stop()


def test_an_account_is_planned_filled_left_alone_and_emptied(
    environment: Environment, server: boto3.Session, sample_source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data, "load", lambda: sample_source)
    planned = carry_out(environment, server, items(environment, server), plan=True)
    assert {item.change for item in planned} == {"created"}
    server.client("s3").create_bucket(Bucket=environment.bucket_name)
    server.client("iam").create_role(RoleName=environment.lambda_role_name, AssumeRolePolicyDocument=TRUST)
    for command in (data.upload, deploy):
        assert {item.change for item in command(environment, server)} == {"created"}
        assert {item.change for item in command(environment, server)} == {"unchanged"}
    assert [item.kind for item in destroy(environment, server)] == ["pipeline", "pipeline", "function"]
    assert destroy(environment, server) == []
