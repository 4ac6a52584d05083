"""Where the states of roots are."""

import json
from dataclasses import replace

import pytest
from werkzeug.wrappers import Response

from fake_accounts.accounts import write_profiles
from fake_accounts.buckets import empty
from fake_accounts.deployment import BadDeploymentError, load_deployment
from fake_accounts.terraform.state import States, buckets_in
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


def state(serial=1, lineage="a", **more):
    return json.dumps({"version": 4, "serial": serial, "lineage": lineage, **more})


@pytest.fixture
def put(states, client):
    """Puts an object into the bucket, which it makes."""
    s3 = client("prod", "s3")
    s3.create_bucket(Bucket=bucket(states))
    return lambda key, body: s3.put_object(Bucket=bucket(states), Key=f"terraform/{key}", Body=body)


def test_without_the_bucket_no_states_are_in_it(states):
    assert not states.in_bucket()


def test_states_are_in_the_bucket_once_that_of_the_root_which_makes_it_is(states, put):
    put("prod.tfstate", state())
    assert states.in_bucket()


def test_a_bucket_that_was_emptied_is_no_empty_deployment(states, put):
    with pytest.raises(BadDeploymentError, match="but the state of root prod, which makes it, is not in it"):
        states.in_bucket()


@pytest.mark.parametrize("kept", ["", state()])
def test_while_a_bootstraps_state_is_kept_the_bucket_is_not_in_use(states, put, kept):
    states.bootstrap.write_text(kept)
    assert not states.in_bucket()
    assert states.bootstrap.exists()


def test_a_file_that_is_newer_than_the_bucket_is_gone_on_with(states, put):
    put("prod.tfstate", state(serial=1))
    states.bootstrap.write_text(state(serial=2))
    assert not states.in_bucket()
    assert states.bootstrap.exists()


@pytest.mark.parametrize("serial", [2, 3])
def test_a_file_that_the_bucket_has_caught_up_with_goes(states, put, serial):
    put("prod.tfstate", state(serial))
    states.bootstrap.write_text(state(serial=2))
    assert states.in_bucket()
    assert not states.bootstrap.exists()


def test_a_file_of_a_deployment_long_gone_is_told_and_kept(states, put):
    put("prod.tfstate", state(lineage="another"))
    states.bootstrap.write_text(state())
    with pytest.raises(BadDeploymentError, match="delete what is only in the file, and then the file"):
        states.in_bucket()
    assert states.bootstrap.exists()


def test_the_file_of_another_bucket_is_another_deployments(states):
    place = replace(states.deployment.state, bucket="sagemaker-of-another-account")
    assert replace(states, deployment=replace(states.deployment, state=place)).bootstrap != states.bootstrap


def test_what_is_brought_out_of_the_bucket_replaces_the_file_and_leaves_nothing_beside_it(states):
    for serial in (1, 2):
        states.bring_out(state(serial))
        assert states.bootstrap.read_text() == state(serial)
    assert list(states.folder.iterdir()) == [states.bootstrap]


# What the bucket is needed for


def test_the_bucket_is_needed_for_states_of_what_is_there_and_by_whoever_is_at_work(states, put):
    there = state(resources=[resource("one")])
    for key in ("prod.tfstate", "prod-events.tfstate", "dev.tfstate", "of-my-own/x.tfstate"):
        put(key, there)
    put("registry.tfstate", state(resources=[]))
    put("prod.tfstate.tflock", "{}")
    put("notes.txt", "of no use to Terraform")
    assert states.needed(["prod", "prod-events"]) == [
        "terraform/prod.tfstate.tflock",
        "terraform/dev.tfstate",
        "terraform/of-my-own/x.tfstate",
    ]


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
    empty(s3, "the-bucket")
    s3.delete_bucket(**name)


def test_a_bucket_that_is_gone_is_empty(client):
    empty(client("prod", "s3"), "the-bucket")
