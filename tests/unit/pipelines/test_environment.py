"""An environment is what its file says; a bad file is one clear line."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.environment import ENVIRONMENTS, Environment, Registry
from pipelines.errors import BadEnvironmentError


@pytest.mark.parametrize(("name", "account"), [("dev", "111122223333"), ("prod", "444455556666")])
def test_the_accounts_of_terraform_are_the_accounts_of_the_pipelines(name: str, account: str) -> None:
    environment = Environment.named(name)
    assert environment.account_id == account
    assert environment.kms_key == f"arn:aws:kms:us-east-1:{account}:alias/mammo-severity-sagemaker-key"
    assert environment.lambda_role == f"arn:aws:iam::{account}:role/lambda-sagemaker-role"
    assert environment.execution_role.startswith(f"arn:aws:iam::{account}:role/")


def test_every_environment_registers_in_the_registrys_group() -> None:
    groups = {Environment.named(name).model_package_group for name in ("dev", "prod")}
    assert groups == {
        "arn:aws:sagemaker:us-east-1:777788889999:model-package-group/mammo-severity-model-package"
    }


def test_the_registry_is_an_account_with_the_group_that_the_environments_name() -> None:
    registry, dev = Registry.named("registry"), Environment.named("dev")
    assert registry.account_id == dev.registry_account_id
    assert registry.model_package_group_name == dev.model_package_group_name


def test_buckets_and_function_have_the_name_that_amazon_sagemaker_full_access_asks_for() -> None:
    environment = Environment.named("prod")
    names = (environment.bucket_name, environment.artifacts_bucket_name, environment.function_name)
    assert all("sagemaker" in name for name in names)


def test_a_path_to_a_file_names_an_environment_too(tmp_path: Path) -> None:
    path = tmp_path / "staging.tfvars.json"
    path.write_text((ENVIRONMENTS / "dev.tfvars.json").read_text())
    assert Environment.named(str(path)).name == "staging"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"bucket_name": None}, "key 'bucket_name' is None, not a text"),
        ({"bucket_name": ""}, "key 'bucket_name' is '', not a text"),
        ({"account_id": 111122223333}, "key 'account_id' is 111122223333, not a text"),
        ({"registry_account_id": "77"}, "key 'registry_account_id' is '77', not an account's 12 digits"),
    ],
)
def test_a_wrong_key_is_named_with_its_file(
    tmp_path: Path, change: dict[str, object], complaint: str
) -> None:
    content = json.loads((ENVIRONMENTS / "dev.tfvars.json").read_text())
    assert _complaint(tmp_path, json.dumps(content | change)) == complaint


def test_a_missing_key_is_named_with_its_file(tmp_path: Path) -> None:
    content = json.loads((ENVIRONMENTS / "dev.tfvars.json").read_text())
    del content["kms_key_alias"]
    assert _complaint(tmp_path, json.dumps(content)) == "key 'kms_key_alias' is missing"


@pytest.mark.parametrize("text", ["", "{", "[]", '"dev"'])
def test_what_is_no_json_object_is_refused(tmp_path: Path, text: str) -> None:
    assert "\n" not in _complaint(tmp_path, text)


def test_commands_that_need_no_pipeline_do_not_wait_for_the_sagemaker_sdk() -> None:
    commands = "pipelines.data, pipelines.deploy, pipelines.destroy"
    command = f"import sys, {commands}; sys.exit('sagemaker' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", command], check=False, cwd=ENVIRONMENTS.parents[1]).returncode
        == 0
    )


def test_an_unknown_environment_names_the_file_it_would_be() -> None:
    with pytest.raises(BadEnvironmentError, match=r"staging\.tfvars\.json"):
        Environment.named("staging")


def _complaint(folder: Path, text: str) -> str:
    path = folder / "dev.tfvars.json"
    path.write_text(text)
    with pytest.raises(BadEnvironmentError) as raised:
        Environment.load(path)
    file, _, complaint = str(raised.value).partition(": ")
    assert file == str(path)
    return complaint
