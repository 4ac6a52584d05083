"""Where the states of roots are."""

import json
from dataclasses import replace

import pytest
from werkzeug.wrappers import Response

from fake_accounts.accounts import write_profiles
from fake_accounts.deployment import BadDeploymentError, load_deployment
from fake_accounts.terraform.state import States, buckets_in, empty
from tests.small_aws import served


@pytest.fixture
def states(endpoint, tmp_path, monkeypatch):
    for name, text in write_profiles(tmp_path / "aws", endpoint).items():
        monkeypatch.setenv(name, text)
    (tmp_path / "folder").mkdir()
    return States(load_deployment(), tmp_path / "folder", tmp_path / "infra")


def without_bucket(states):
    return replace(states, deployment=replace(states.deployment, state=None))


def settings(arguments):
    return dict(argument.removeprefix("-backend-config=").split("=", 1) for argument in arguments)


def bucket(states):
    return states.deployment.state.bucket


# The arguments of a backend


def test_a_roots_state_is_locked_and_has_its_own_key_in_the_bucket(states):
    # `encrypt` is not among them: it would ask for SSE-S3, in place of the bucket's default.
    assert settings(states.backend(states.deployment.roots["prod"])) == {
        "bucket": bucket(states),
        "key": "terraform/prod.tfstate",
        "region": "us-east-1",
        "use_lockfile": "true",
        "profile": "prod",
    }


@pytest.mark.parametrize(
    ("root", "profile"),
    [("dev", "prod"), ("registry", "prod"), ("prod", "prod"), ("prod-events", "jenkins")],
)
def test_a_state_is_read_by_its_roots_profile_or_by_the_administrator_of_the_buckets_account(
    states, root, profile
):
    assert settings(states.backend(states.deployment.roots[root]))["profile"] == profile


def test_with_the_environments_credentials_no_profile_is_named(states):
    states = replace(states, with_profiles=False)
    assert "profile" not in settings(states.backend(states.deployment.roots["prod-events"]))


def test_where_no_bucket_keeps_states_init_needs_no_arguments(states):
    assert without_bucket(states).backend(states.deployment.roots["prod"]) == []


# Whether states are in the bucket


def test_states_are_in_the_bucket_once_there_is_one(states, client):
    assert not states.in_bucket()
    client("prod", "s3").create_bucket(Bucket=bucket(states))
    assert states.in_bucket()


def test_while_a_bootstraps_state_is_kept_the_bucket_is_not_in_use(states, client):
    client("prod", "s3").create_bucket(Bucket=bucket(states))
    states.bootstrap.touch()
    assert not states.in_bucket()


def test_a_bucket_of_another_account_is_told_with_where_to_choose_another_name(states, monkeypatch):
    with served(Response(status=403)) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        with pytest.raises(BadDeploymentError) as refused:
            states.in_bucket()
    assert f"bucket {bucket(states)}, for Terraform's state, is another account's" in str(refused.value)
    assert "choose another name for it in infra/environments/prod.tfvars.json" in str(refused.value)


def test_without_a_bucket_each_root_has_a_file(states):
    files = without_bucket(states)
    assert not files.in_bucket()
    assert files.file("prod") == states.folder / "prod.tfstate"
    assert states.file("prod") == states.bootstrap


def test_the_copy_keeps_states_in_files_and_leaves_infra_as_it_is(states):
    for root in states.deployment.roots:
        (states.infra / root).mkdir(parents=True)
        (states.infra / root / "main.tf").write_text("# of mine")
    states.copy()
    states.copy()
    copied = states.with_files / "dev"
    assert (copied / "main.tf").read_text() == "# of mine"
    assert 'backend "local"' in (copied / "backend_override.tf").read_text()
    assert [file.name for file in (states.infra / "dev").iterdir()] == ["main.tf"]


# Buckets that a root has made


def resource(*names, **other):
    told = {"mode": "managed", "type": "aws_s3_bucket", **other}
    return {**told, "instances": [{"attributes": {"bucket": name, "id": name}} for name in names]}


def test_the_buckets_in_a_state_are_those_that_its_root_made():
    resources = [
        resource("one"),
        resource("two", "three", module='module.b["x.y"]'),
        resource("looked-up", mode="data"),
        resource("one", type="aws_s3_bucket_policy"),
        resource(),
    ]
    assert buckets_in(json.dumps({"version": 4, "resources": resources})) == ["one", "two", "three"]


@pytest.mark.parametrize("state", ["", "{}", '{"version": 4, "resources": []}'])
def test_a_state_with_nothing_in_it_has_no_buckets(state):
    assert buckets_in(state) == []


def test_a_bucket_is_emptied_of_every_version_and_of_what_marks_deletions(states, client):
    s3, name = client("prod", "s3"), {"Bucket": "the-bucket"}
    s3.create_bucket(**name)
    s3.put_bucket_versioning(**name, VersioningConfiguration={"Status": "Enabled"})
    for _ in range(2):
        s3.put_object(**name, Key="a", Body=b"")
    s3.delete_object(**name, Key="a")
    empty("the-bucket", states.deployment.roots["prod"], "prod")
    s3.delete_bucket(**name)


def test_a_bucket_that_is_gone_is_empty(states):
    empty("the-bucket", states.deployment.roots["prod"], "prod")
