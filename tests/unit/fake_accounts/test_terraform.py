"""Real Terraform, our provider, a small AWS: the life of the accounts."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from fake_accounts.accounts import INFRA, write_profiles
from fake_accounts.deployment import BadDeploymentError
from fake_accounts.terraform import Terraform

OWN_ROOTS = ["dev", "prod", "registry", "tooling"]
"""Applied by their accounts' administrators; prod-events is applied by a role that tooling and prod make."""


@pytest.fixture
def terraform(endpoint, tmp_path, monkeypatch):
    for name, text in write_profiles(tmp_path / "aws", endpoint).items():
        monkeypatch.setenv(name, text)
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", endpoint)
    return Terraform(tmp_path / "state")


@pytest.fixture
def alone(terraform, tmp_path):
    """Terraform for a root by itself, whose state is a file: prod's bucket is not needed."""
    return replace(terraform, infra=infra_with_files(tmp_path))


def infra_with_files(tmp_path):
    infra = tmp_path / "infra"
    shutil.copytree(INFRA, infra, symlinks=True)
    (infra / "deployment.json").unlink()
    for file in infra.glob("*/providers.tf"):
        file.write_text(file.read_text().replace('backend "s3" {}', ""))
    return infra


def run(terraform, command, *roots):
    outcomes = {outcome.root: outcome for outcome in terraform.run(command, roots or None)}
    assert all(outcome.ok for outcome in outcomes.values()), [o.error for o in outcomes.values()]
    return outcomes


def left_behind(pid=None):
    sockets = Path("/tmp").glob(f"terraform-{pid or os.getpid()}-*")
    return sorted([*INFRA.rglob(".terraform*"), *INFRA.rglob("*.tfstate*"), *sockets])


def keys(client, bucket):
    return [item["Key"] for item in client("prod", "s3").list_objects_v2(Bucket=bucket).get("Contents", [])]


def test_all_accounts_are_made_shown_unchanged_and_unmade(terraform, client):
    applied = run(terraform, "apply")
    assert list(applied) == [*OWN_ROOTS, "prod-events"]
    assert all(outcome.count("created") for outcome in applied.values())

    assert not any(outcome.changes for outcome in run(terraform, "plan").values())
    bucket = terraform.outputs("dev")["bucket_name"]
    client("dev", "s3").put_object(Bucket=bucket, Key="model.tar.gz", Body=b"")

    destroyed = run(terraform, "destroy")
    assert list(destroyed) == ["prod-events", "dev", "registry", "tooling", "prod"]
    assert {r: o.count("deleted") for r, o in destroyed.items()} == {
        r: o.count("created") for r, o in applied.items()
    }
    for account in ("dev", "prod", "registry", "tooling"):
        assert client(account, "s3").list_buckets()["Buckets"] == []
        assert client(account, "iam").list_roles()["Roles"] == []
    assert client("prod", "events").list_rules()["Rules"] == []
    assert client("prod", "sns").list_topics()["Topics"] == []
    assert client("registry", "sagemaker").list_model_package_groups()["ModelPackageGroupSummaryList"] == []
    assert left_behind() == []
    assert not any(outcome.changes for outcome in run(terraform, "destroy").values())


def test_states_are_in_prods_bucket_and_nowhere_else(terraform, client):
    run(terraform, "apply")
    bucket = terraform.outputs("prod")["terraform_state_bucket_name"]
    assert keys(client, bucket) == sorted(f"terraform/{root}.tfstate" for root in (*OWN_ROOTS, "prod-events"))
    assert list(terraform.folder.glob("*.tfstate")) == []
    # Another machine, which has no files of the first, goes on from there.
    elsewhere = replace(terraform, folder=terraform.folder.with_name("elsewhere"))
    assert not any(outcome.changes for outcome in run(elsewhere, "plan").values())


def test_nobody_applies_while_another_holds_the_lock(terraform, client):
    run(terraform, "apply", "prod")
    bucket = terraform.outputs("prod")["terraform_state_bucket_name"]
    lock = json.dumps({"ID": "1", "Operation": "OperationTypeApply", "Who": "somebody@elsewhere"})
    client("prod", "s3").put_object(Bucket=bucket, Key="terraform/prod.tfstate.tflock", Body=lock)
    (outcome,) = terraform.run("apply", ["prod"])
    assert not outcome.ok
    assert "Error acquiring the state lock" in outcome.error
    assert "somebody@elsewhere" in outcome.error


def test_the_bucket_of_states_does_not_go_while_others_need_it(terraform, client):
    run(terraform, "apply", "prod", "tooling")
    for command in ("plan-destroy", "destroy"):
        with pytest.raises(
            BadDeploymentError, match=r"is needed for terraform/tooling\.tfstate: destroy that"
        ):
            run(terraform, command, "prod")
    run(replace(terraform, going=["tooling"]), "plan-destroy", "prod")
    run(terraform, "destroy", "tooling")
    run(terraform, "destroy", "prod")


def test_a_state_that_could_not_be_saved_outlives_its_checkout(alone, client):
    # So Terraform leaves it beside the root, and --to has a checkout that goes.
    (alone.infra / "tooling" / "errored.tfstate").write_text("the newest")
    client("tooling", "iam").create_instance_profile(InstanceProfileName="jenkins-server-role")
    (outcome,) = alone.run("apply", ["tooling"])
    kept = alone.folder / "tooling.errored.tfstate"
    assert f"It is {kept} now, which the next run saves" in outcome.error
    assert kept.read_text() == "the newest"


def test_a_state_that_could_not_be_saved_is_saved_by_the_next_run(terraform, client):
    run(terraform, "apply", "prod")
    s3, place = client("prod", "s3"), terraform.deployment.state
    state = json.load(s3.get_object(Bucket=place.bucket, Key="terraform/prod.tfstate")["Body"])
    kept = terraform.folder / "prod.errored.tfstate"
    kept.write_text(json.dumps({**state, "serial": state["serial"] + 7}))
    run(terraform, "plan", "prod")
    saved = json.load(s3.get_object(Bucket=place.bucket, Key="terraform/prod.tfstate")["Body"])
    assert saved["serial"] > state["serial"] + 6
    assert not kept.exists()

    kept.write_text(json.dumps({**state, "lineage": "another's"}))
    with pytest.raises(
        BadDeploymentError, match=r"prod\.errored\.tfstate, the newest state of root prod, is not"
    ):
        run(terraform, "plan", "prod")


def test_who_plans_in_the_place_of_another_reads_the_state_too(terraform, client):
    run(terraform, "apply", *OWN_ROOTS)
    run(terraform, "apply", "prod-events")
    run(terraform, "destroy", "tooling")  # with it goes who assumes Jenkins' role
    without_jenkins = replace(terraform, profiles={"prod-events": "prod"})
    assert not run(without_jenkins, "plan", "prod-events")["prod-events"].changes
    assert run(without_jenkins, "destroy")["prod-events"].count("deleted") == 10


def test_what_a_shell_adds_to_terraforms_arguments_is_not_heeded(terraform, monkeypatch):
    monkeypatch.setenv("TF_CLI_ARGS_apply", "-destroy")
    monkeypatch.setenv("TF_WORKSPACE", "staging")
    assert run(terraform, "apply", "prod")["prod"].count("created") == 30
    assert not run(terraform, "plan", "prod")["prod"].changes


def test_the_other_roots_wait_for_the_bucket_of_their_states(terraform):
    (outcome,) = terraform.run("apply", ["tooling"])
    assert not outcome.ok
    assert "there is no bucket mammo-severity-sagemaker-terraform-state" in outcome.error
    assert "root prod makes it" in outcome.error


def test_a_plan_of_empty_accounts_creates_everything_and_changes_nothing(terraform, client):
    # prod-events is Jenkins', whose role is not there yet: who owns the account plans in its place.
    planned = run(replace(terraform, profiles={"prod-events": "prod"}), "plan")
    assert {root: outcome.count("created") for root, outcome in planned.items()} == {
        "dev": 17, "prod": 30, "registry": 8, "tooling": 4, "prod-events": 10,
    }  # fmt: skip
    assert client("prod", "s3").list_buckets()["Buckets"] == []
    assert client("dev", "iam").list_roles()["Roles"] == []


def test_an_apply_that_broke_off_before_there_was_a_bucket_is_gone_on_with(terraform, client):
    iam, role = client("prod", "iam"), {"RoleName": "cross-account-jenkins-role"}
    iam.create_role(**role, AssumeRolePolicyDocument="{}")
    (outcome,) = terraform.run("apply", ["prod"])
    assert not outcome.ok
    kept = terraform.folder / f"{terraform.deployment.state.bucket}.tfstate"
    assert "aws_s3_bucket" in kept.read_text()
    iam.delete_role(**role)

    applied = run(terraform, "apply", "prod")
    assert 0 < applied["prod"].count("created") < 30
    assert not kept.exists()
    assert not run(terraform, "plan", "prod")["prod"].changes


def test_what_was_changed_by_hand_shows_in_a_plan_and_is_put_right(terraform, client):
    run(terraform, "apply", *OWN_ROOTS)
    run(terraform, "apply", "prod-events")
    role = {"RoleName": "mammo-severity-sagemaker-execution-role"}
    iam, events = client("prod", "iam"), client("prod", "events")
    iam.delete_role_policy(**role, PolicyName="cross-account-kms-key-access-policy")
    iam.untag_role(**role, TagKeys=["project"])
    events.put_rule(Name="mammo-severity-inference-schedule", ScheduleExpression="cron(0 5 * * ? *)")

    plan = run(terraform, "plan", "prod", "prod-events")
    assert 'role_policy.this["cross-account-kms-key-access-policy"] will be created' in plan["prod"].output
    assert "execution_role.aws_iam_role.this will be updated in-place" in plan["prod"].output
    assert '"cron(0 5 * * ? *)" -> "cron(0 23 * * ? *)"' in plan["prod-events"].output
    assert [(c.type, c.action) for c in plan["prod-events"].changes] == [
        ("aws_cloudwatch_event_rule", "updated")
    ]

    applied = run(terraform, "apply", "prod", "prod-events")
    assert (applied["prod"].count("created"), applied["prod"].count("updated")) == (1, 1)
    assert applied["prod-events"].count("updated") == 1
    assert not any(o.changes for o in run(terraform, "plan", "prod", "prod-events").values())


def test_destroying_what_is_gone_already_is_no_error(alone, client):
    run(alone, "apply", "tooling")
    profile = {"InstanceProfileName": "jenkins-server-role"}
    client("tooling", "iam").remove_role_from_instance_profile(**profile, RoleName="jenkins-server-role")
    client("tooling", "iam").delete_instance_profile(**profile)
    assert run(alone, "destroy", "tooling")["tooling"].count("deleted") == 4


def change(alone, file, old, new):
    changed = alone.infra / "tooling" / file
    assert old in changed.read_text()
    changed.write_text(changed.read_text().replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("  role = module", "  rle  = module", 'An argument named "rle" is not expected here'),
        ("aws_iam_instance_profile", "aws_ec2_fleet", 'does not support resource type "aws_ec2_fleet"'),
    ],
)
def test_an_unknown_attribute_or_resource_is_named(alone, old, new, named):
    change(alone, "main.tf", old, new)
    (outcome,) = alone.run("apply", ["tooling"])
    assert not outcome.ok
    assert named in " ".join(outcome.error.split())


def test_a_policy_written_otherwise_but_meaning_the_same_is_no_change(alone):
    run(alone, "apply", "tooling")
    change(alone, "main.tf", '= "sts:AssumeRole"', '= ["sts:AssumeRole"]')
    assert not run(alone, "plan", "tooling")["tooling"].changes


def test_new_default_tags_reach_every_resource_in_place(alone):
    run(alone, "apply", "tooling")
    change(alone, "providers.tf", '= "terraform"', '= "somebody else"')
    assert run(alone, "apply", "tooling")["tooling"].count("updated") == 2
    assert not run(alone, "plan", "tooling")["tooling"].changes


def test_another_account_is_refused(alone):
    change(alone, "providers.tf", "[var.account_id]", '["999999999999"]')
    (outcome,) = alone.run("plan", ["tooling"])
    assert "AWS account ID not allowed: 123456789012" in outcome.error


def test_an_unknown_root_is_an_error(terraform):
    with pytest.raises(KeyError, match="staging"):
        list(terraform.run("plan", ["staging"]))


def test_no_roots_are_not_all_roots(terraform):
    assert list(terraform.run("apply", [])) == []


def test_an_aws_error_is_told(alone, client):
    client("tooling", "iam").create_instance_profile(InstanceProfileName="jenkins-server-role")
    (outcome,) = alone.run("apply", ["tooling"])
    assert (outcome.ok, outcome.count("created")) == (False, 3)
    assert "EntityAlreadyExists" in outcome.error


def test_ctrl_c_leaves_nothing_behind_but_a_state_that_can_be_destroyed(terraform, endpoint):
    arguments = ["apply", "--state-dir", str(terraform.folder), "--endpoint", endpoint]
    process = subprocess.Popen(
        [sys.executable, "-m", "fake_accounts.terraform", *arguments],
        cwd=INFRA.parent,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    while not list(terraform.folder.glob("*.tfstate")):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    assert left_behind(process.pid) == []
    run(terraform, "destroy")


def test_no_network_is_used():
    """One of these tests again, in a network namespace that has nothing but loopback."""
    lone = ["unshare", "--map-root-user", "--net"]
    up = "ip link set lo up"
    if shutil.which("ip") is None or subprocess.run([*lone, "sh", "-c", up], check=False).returncode:
        pytest.skip("no network namespace, or no `ip`, to be had here")
    test = f"{__file__}::{test_destroying_what_is_gone_already_is_no_error.__name__}"
    command = f"{up} && exec {sys.executable} -m pytest -p no:cacheprovider {test}"
    told = subprocess.run(
        [*lone, "sh", "-c", command], cwd=INFRA.parent, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stdout + told.stderr
