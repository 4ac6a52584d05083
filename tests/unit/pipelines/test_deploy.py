"""A deployment makes what is missing, changes what differs, and leaves the rest alone."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from pipelines import deploy as deploying
from pipelines import function, jobscripts, train
from pipelines.deploy import Part, deploy, items
from pipelines.environment import Environment
from pipelines.errors import BadEnvironmentError, OutOfReachError
from pipelines.telling import Item, carry_out

pytestmark = pytest.mark.filterwarnings("ignore::Warning:sagemaker")

READING = {"GetCallerIdentity", "HeadObject", "GetFunctionConfiguration", "ListPipelines", "DescribePipeline"}
FUNCTION = "mammo-severity-sagemaker-latest-approved-model"


def test_a_first_deployment_creates_every_item(environment: Environment, account: boto3.Session) -> None:
    assert _changes(environment, account) == {
        "evaluate.py": "created",
        "preprocess.py": "created",
        FUNCTION: "created",
        "mammo-severity-train-pipeline": "created",
        "mammo-severity-inference-pipeline": "created",
    }


def test_deploying_again_changes_nothing(
    environment: Environment, account: boto3.Session, calls: list[str]
) -> None:
    deploy(environment, account)
    calls.clear()
    assert set(_changes(environment, account).values()) == {"unchanged"}
    assert set(calls) == READING


@pytest.mark.parametrize(
    ("part", "kinds"), [("scripts", {"script"}), ("pipelines", {"function", "pipeline"})]
)
def test_a_part_can_be_deployed_alone(
    environment: Environment, account: boto3.Session, part: Part, kinds: set[str]
) -> None:
    assert {item.kind for item in deploy(environment, account, part)} == kinds


def test_a_plan_tells_what_a_deployment_would_do_and_does_nothing(
    environment: Environment, account: boto3.Session, calls: list[str]
) -> None:
    planned = _planned(environment, account)
    assert set(calls) == READING - {"DescribePipeline"}
    assert {item.change for item in planned} == {"created"}
    assert [item.name for item in planned] == [item.name for item in deploy(environment, account)]


def test_a_plan_needs_no_bucket_and_no_role(environment: Environment, account: boto3.Session) -> None:
    account.client("s3").delete_bucket(Bucket=environment.bucket_name)
    for role in (environment.lambda_role_name, environment.execution_role_name):
        account.client("iam").delete_role(RoleName=role)
    assert {item.change for item in _planned(environment, account)} == {"created"}


def test_a_changed_script_is_a_new_object_and_a_new_definition(
    environment: Environment, account: boto3.Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    deploy(environment, account)
    scripts = [_with_a_comment(script, tmp_path) for script in jobscripts.SCRIPTS]
    monkeypatch.setattr(jobscripts, "SCRIPTS", scripts)
    changes = _changes(environment, account)
    assert changes.pop("mammo-severity-train-pipeline") == "updated"
    assert changes.pop("mammo-severity-inference-pipeline") == changes.pop(FUNCTION) == "unchanged"
    assert changes == {"evaluate.py": "created", "preprocess.py": "created"}
    assert len(_keys(environment, account)) == 4


def test_a_changed_function_is_updated(
    environment: Environment, account: boto3.Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    deploy(environment, account)
    monkeypatch.setattr(function, "SOURCE", _with_a_comment(function.SOURCE, tmp_path))
    [changed] = [item for item in deploy(environment, account) if item.change == "updated"]
    assert changed.name == FUNCTION
    assert [line.split(":")[0] for line in _differing(changed)] == ['-  "CodeSha256"', '+  "CodeSha256"']
    assert _changes(environment, account)[FUNCTION] == "unchanged"


def test_a_function_under_another_role_gets_its_own_back(
    environment: Environment, account: boto3.Session
) -> None:
    deploy(environment, account)
    account.client("lambda").update_function_configuration(
        FunctionName=FUNCTION, Role=environment.execution_role
    )
    [changed] = [item for item in deploy(environment, account) if item.change == "updated"]
    assert _differing(changed) == [
        f'-  "Role": "{environment.execution_role}",',
        f'+  "Role": "{environment.lambda_role}",',
    ]
    present = account.client("lambda").get_function_configuration(FunctionName=FUNCTION)
    assert present["Role"] == environment.lambda_role


def test_a_changed_pipeline_is_updated(
    environment: Environment, account: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(environment, account)
    monkeypatch.setitem(train.HYPERPARAMETERS, "eta", "0.3")
    [changed] = [item for item in deploy(environment, account) if item.change == "updated"]
    assert changed.name == "mammo-severity-train-pipeline"
    assert [line.strip("+- ") for line in _differing(changed)] == ['"eta": "0.2",', '"eta": "0.3",']
    present = account.client("sagemaker").describe_pipeline(PipelineName=changed.name)
    assert '"eta": "0.3"' in present["PipelineDefinition"]


def test_a_definition_that_is_only_written_differently_is_unchanged(
    environment: Environment, account: boto3.Session
) -> None:
    deploy(environment, account)
    sagemaker, name = account.client("sagemaker"), environment.train_pipeline_name
    definition = json.loads(sagemaker.describe_pipeline(PipelineName=name)["PipelineDefinition"])
    sagemaker.update_pipeline(PipelineName=name, PipelineDefinition=json.dumps(definition, indent=1))
    assert _changes(environment, account)[name] == "unchanged"


def test_a_pipeline_under_another_role_gets_its_own_back(
    environment: Environment, account: boto3.Session
) -> None:
    deploy(environment, account)
    name = environment.inference_pipeline_name
    account.client("sagemaker").update_pipeline(PipelineName=name, RoleArn=environment.lambda_role)
    [changed] = [item for item in deploy(environment, account) if item.change == "updated"]
    assert _differing(changed) == [
        f'-  "RoleArn": "{environment.lambda_role}"',
        f'+  "RoleArn": "{environment.execution_role}"',
    ]


def test_a_role_that_lambda_cannot_assume_yet_is_waited_for(
    environment: Environment, account: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(function.time, "sleep", waits.append)
    _refuse_create_function(account, "The role defined for the function cannot be assumed by Lambda.", 2)
    assert _changes(environment, account)[FUNCTION] == "created"
    assert waits == [5, 5]


def test_another_fault_of_the_function_is_told_at_once(
    environment: Environment, account: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(function.time, "sleep", lambda _: pytest.fail("it waited"))
    _refuse_create_function(account, "Unzipped size must be smaller than 262144000 bytes", 1)
    with pytest.raises(ClientError, match="Unzipped size"):
        deploy(environment, account)


def test_a_bucket_out_of_reach_is_named_with_what_is_needed(
    environment: Environment, account: boto3.Session
) -> None:
    account.events.register("after-call.s3.HeadObject", _forbidden)
    with pytest.raises(OutOfReachError, match=r"s3://mammo-.* can't be looked at .* s3:ListBucket"):
        deploy(environment, account)


def test_no_bucket_is_made_and_nothing_lies_outside_the_platforms_prefix(
    environment: Environment, account: boto3.Session
) -> None:
    deploy(environment, account)
    buckets = [bucket["Name"] for bucket in account.client("s3").list_buckets()["Buckets"]]
    assert buckets == [environment.bucket_name]
    assert all(key.startswith("mammography-severity-model/scripts/") for key in _keys(environment, account))


@pytest.mark.parametrize("plan", [True, False])
def test_credentials_of_another_account_do_nothing_but_tell_whose_they_are(
    account: boto3.Session, calls: list[str], plan: bool
) -> None:
    prod = Environment.named("prod")
    with pytest.raises(BadEnvironmentError, match="prod is account 444455556666, but the credentials are of"):
        list(carry_out(prod, account, items(prod, account), plan=plan))
    assert calls == ["GetCallerIdentity"]


def test_the_command_tells_an_unknown_environment_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert deploying.main(["--environment", "staging"]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "staging.tfvars.json" in error


def _changes(environment: Environment, account: boto3.Session) -> dict[str, str]:
    return {item.name: item.change for item in deploy(environment, account)}


def _planned(environment: Environment, account: boto3.Session) -> list[Item]:
    return list(carry_out(environment, account, items(environment, account), plan=True))


def _differing(item: Item) -> list[str]:
    """The lines that come and go."""
    return [line for line in item.diff.splitlines() if line[0] in "+-"]


def _refuse_create_function(account: boto3.Session, message: str, times: int) -> None:
    left = iter(range(times))

    def refuse(parsed: dict[str, Any], http_response: Any, **_: Any) -> None:
        if next(left, None) is not None:
            http_response.status_code = 400
            parsed["Error"] = {"Code": "InvalidParameterValueException", "Message": message}
            functions.delete_function(FunctionName=FUNCTION)

    functions = account.client("lambda")
    account.events.register("after-call.lambda.CreateFunction", refuse)


def _forbidden(parsed: dict[str, Any], http_response: Any, **_: Any) -> None:
    http_response.status_code = parsed["ResponseMetadata"]["HTTPStatusCode"] = 403
    parsed["Error"] = {"Code": "403", "Message": "Forbidden"}


def _keys(environment: Environment, account: boto3.Session) -> list[str]:
    listed = account.client("s3").list_objects_v2(Bucket=environment.bucket_name)
    return [found["Key"] for found in listed["Contents"]]


def _with_a_comment(source: Path, folder: Path) -> Path:
    changed = folder / source.name
    changed.write_text(source.read_text() + "# changed\n")
    return changed
