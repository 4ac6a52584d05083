"""What is read from `infra/deployment.json`, and what is said of one that cannot be used."""

import json
from pathlib import Path

import pytest

from fake_accounts.deployment import BadDeploymentError, load_deployment

MISTAKES = json.loads(
    (Path(__file__).parents[2] / "cases" / "deployment" / "mistakes.json").read_text(encoding="utf-8")
)


@pytest.fixture
def infra(tmp_path):
    """Two accounts with three roots, and a role that deploys to one."""
    environments = tmp_path / "environments"
    environments.mkdir()
    values = {"region": "us-east-1", "state_bucket_name": "the-state"}
    for name, account_id in (("dev", "111122223333"), ("prod", "444455556666")):
        told = json.dumps({**values, "account_id": account_id})
        (environments / f"{name}.tfvars.json").write_text(told)
    role = {"account": "prod", "role": "jenkins-role", "source_profile": "prod"}
    (environments / "profiles.json").write_text(json.dumps({"profiles": {"jenkins": role}}))
    for root in ("dev", "prod", "prod-events", "staging"):
        (tmp_path / root).mkdir()
        (tmp_path / root / "providers.tf").touch()
    return tmp_path


def names(items):
    return [(item.name, item.account.name, item.profile) for item in items]


def test_the_projects_own_deployment_is_read_stage_by_stage():
    deployment = load_deployment()
    assert {stage.name: stage.command for stage in deployment.stages} == {
        "foundations": "",
        "data": "pipelines.data upload",
        "scripts": "pipelines.deploy scripts",
        "pipelines": "pipelines.deploy pipelines",
        "events": "",
    }
    foundations, data, scripts, pipelines, events = deployment.stages
    assert list(foundations.roots) == ["dev", "prod", "registry", "tooling"]
    assert names(data.items) == [("dev", "dev", "dev"), ("prod", "prod", "prod")]
    assert names(scripts.items) == [("dev", "dev", "dev"), ("prod", "prod", "jenkins")]
    assert names(events.items) == [("prod-events", "prod", "jenkins")]
    assert pipelines.undo.command == "pipelines.destroy"
    assert [item.name for item in pipelines.undo.items] == ["dev", "prod", "registry"]
    assert list(deployment.roots) == ["dev", "prod", "registry", "tooling", "prod-events"]
    assert deployment.quotas["ml.m5.large for training job usage"] == 1


def test_the_projects_states_are_in_prods_bucket_which_its_own_root_makes():
    state = load_deployment().state
    assert (state.root, state.account.name, state.target) == ("prod", "prod", "module.terraform_state")
    assert state.bucket.startswith("mammo-severity-sagemaker-terraform-state")


def test_a_stage_of_commands_has_no_roots():
    assert load_deployment().stages[1].roots == {}


def test_without_a_file_every_administrator_applies_their_roots_and_states_are_files(infra):
    (infra / "staging" / "providers.tf").unlink()
    deployment = load_deployment(infra)
    (stage,) = deployment.stages
    assert names(stage.items) == [
        ("dev", "dev", "dev"), ("prod", "prod", "prod"), ("prod-events", "prod", "prod")
    ]  # fmt: skip
    assert deployment.state is None


def test_without_a_file_a_root_of_no_account_is_told(infra):
    with pytest.raises(BadDeploymentError) as refused:
        load_deployment(infra)
    assert str(refused.value) == f"{infra}: 'staging' is of no account; there are: dev, prod"


@pytest.mark.parametrize("case", MISTAKES, ids=[case["rule"] for case in MISTAKES])
def test_a_mistake_is_told_in_one_line_that_names_the_file(infra, case):
    told, file = case["deployment"], infra / "deployment.json"
    file.write_text(told if isinstance(told, str) else json.dumps(told))
    with pytest.raises(BadDeploymentError) as refused:
        load_deployment(infra)
    assert str(refused.value) == f"{file}: {case['says'].replace('INFRA', str(infra))}"


def test_a_long_text_around_a_mistake_is_shortened(infra):
    (infra / "deployment.json").write_text(json.dumps({"stages": [{"name": "data " * 99}]}))
    with pytest.raises(BadDeploymentError) as refused:
        load_deployment(infra)
    assert str(refused.value).endswith("data data [...]")


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        ("prod.tfvars.json", '{"region": "us-east-1"}', "'account_id' is missing"),
        ("prod.tfvars.json", "{", "Expecting property name"),
        ("profiles.json", "{}", "'profiles' is missing"),
    ],
)
def test_a_mistake_in_an_accounts_description_is_told_with_its_folder(infra, file, text, says):
    (infra / "environments" / file).write_text(text)
    with pytest.raises(BadDeploymentError) as refused:
        load_deployment(infra)
    assert str(refused.value).startswith(f"{infra / 'environments'}: {says}")
    assert "\n" not in str(refused.value)


def test_without_accounts_it_says_so(tmp_path):
    with pytest.raises(BadDeploymentError, match="no account is described in"):
        load_deployment(tmp_path)
