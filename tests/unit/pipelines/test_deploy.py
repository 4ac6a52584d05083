"""A deployment makes what is missing, changes what differs, and leaves the rest alone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import moto
import pytest
from botocore.exceptions import ClientError

from pipelines import building, train
from pipelines import deploy as deploying
from pipelines.deploy import deploy
from pipelines.environment import BadEnvironmentError, Environment

pytestmark = pytest.mark.filterwarnings("ignore::Warning:sagemaker")

TRUST = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}'  # noqa: E501
FUNCTION = "mammo-severity-sagemaker-latest-approved-model"


@pytest.fixture
def account(
    environment: Environment, quiet: pytest.MonkeyPatch, monkeypatch: pytest.MonkeyPatch
) -> Iterator[boto3.Session]:
    """The dev account as Terraform leaves it: a bucket and the roles."""
    monkeypatch.setenv("MOTO_ACCOUNT_ID", environment.account_id)
    with moto.mock_aws():
        session = boto3.Session("AKIDEXAMPLE", "secret", region_name=environment.region)
        session.events.register("after-call.sagemaker.DescribePipeline", _as_aws_says_it)
        session.client("s3").create_bucket(Bucket=environment.bucket_name)
        for role in (environment.lambda_role_name, environment.execution_role_name):
            session.client("iam").create_role(RoleName=role, AssumeRolePolicyDocument=TRUST)
        yield session


def test_a_first_deployment_creates_every_item(environment: Environment, account: boto3.Session) -> None:
    assert _changes(environment, account) == {
        "evaluate.py": "created",
        "preprocess.py": "created",
        FUNCTION: "created",
        "mammo-severity-train-pipeline": "created",
        "mammo-severity-inference-pipeline": "created",
    }


def test_deploying_again_changes_nothing(environment: Environment, account: boto3.Session) -> None:
    deploy(environment, account)
    calls: list[str] = []
    account.events.register("before-call.*.*", lambda model, **_: calls.append(model.name))
    assert set(_changes(environment, account).values()) == {"unchanged"}
    assert set(calls) == {"GetCallerIdentity", "HeadObject", "GetFunctionConfiguration", "DescribePipeline"}


def test_a_changed_script_is_a_new_object_and_a_new_definition(
    environment: Environment, account: boto3.Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    deploy(environment, account)
    scripts = [_with_a_comment(script, tmp_path) for script in building.SCRIPTS]
    monkeypatch.setattr(deploying, "SCRIPTS", scripts)
    monkeypatch.setattr(building, "SCRIPTS", scripts)
    changes = _changes(environment, account)
    assert changes.pop("mammo-severity-train-pipeline") == "updated"
    assert changes.pop("mammo-severity-inference-pipeline") == changes.pop(FUNCTION) == "unchanged"
    assert changes == {"evaluate.py": "created", "preprocess.py": "created"}
    assert len(_keys(environment, account)) == 4


def test_a_changed_function_is_updated(
    environment: Environment, account: boto3.Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    deploy(environment, account)
    monkeypatch.setattr(deploying, "FUNCTION_SOURCE", _with_a_comment(deploying.FUNCTION_SOURCE, tmp_path))
    changes = _changes(environment, account)
    assert changes[FUNCTION] == "updated"
    assert _changes(environment, account)[FUNCTION] == "unchanged"


def test_a_function_under_another_role_gets_its_own_back(
    environment: Environment, account: boto3.Session
) -> None:
    deploy(environment, account)
    account.client("lambda").update_function_configuration(
        FunctionName=FUNCTION, Role=environment.execution_role
    )
    assert _changes(environment, account)[FUNCTION] == "updated"
    present = account.client("lambda").get_function_configuration(FunctionName=FUNCTION)
    assert present["Role"] == environment.lambda_role


def test_a_changed_pipeline_is_updated(
    environment: Environment, account: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(environment, account)
    monkeypatch.setitem(train.HYPERPARAMETERS, "eta", "0.3")
    changes = _changes(environment, account)
    assert [name for name, change in changes.items() if change == "updated"] == [
        "mammo-severity-train-pipeline"
    ]


def test_no_bucket_is_made_and_nothing_lies_outside_the_platforms_prefix(
    environment: Environment, account: boto3.Session
) -> None:
    deploy(environment, account)
    buckets = [bucket["Name"] for bucket in account.client("s3").list_buckets()["Buckets"]]
    assert buckets == [environment.bucket_name]
    assert all(key.startswith("mammography-severity-model/scripts/") for key in _keys(environment, account))


def test_credentials_of_another_account_deploy_nothing(account: boto3.Session) -> None:
    with pytest.raises(BadEnvironmentError, match="prod is account 444455556666, but the credentials are of"):
        deploy(Environment.named("prod"), account)


def test_the_command_tells_an_unknown_environment_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert deploying.main(["--environment", "staging"]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_the_command_tells_a_refusal_of_awss_in_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "PutObject")

    monkeypatch.setattr(deploying, "deploy", refuse)
    assert deploying.main(["--environment", "dev"]) == 1
    assert capsys.readouterr().err == (
        "error: An error occurred (AccessDenied) when calling the PutObject operation: no\n"
    )


def _changes(environment: Environment, account: boto3.Session) -> dict[str, str]:
    return {item.name: item.change for item in deploy(environment, account)}


def _keys(environment: Environment, account: boto3.Session) -> list[str]:
    listed = account.client("s3").list_objects_v2(Bucket=environment.bucket_name)
    return [found["Key"] for found in listed["Contents"]]


def _with_a_comment(source: Path, folder: Path) -> Path:
    changed = folder / source.name
    changed.write_text(source.read_text() + "# changed\n")
    return changed


def _as_aws_says_it(parsed: dict[str, Any], **_: Any) -> None:
    """AWS answers ResourceNotFound for a pipeline that is not there; moto answers ValidationException."""
    if "Could not find pipeline" in parsed.get("Error", {}).get("Message", ""):
        parsed["Error"]["Code"] = "ResourceNotFound"
