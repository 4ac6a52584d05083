"""Real Terraform, our provider, a small AWS: the life of the accounts."""

import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from fake_accounts.accounts import INFRA
from fake_accounts.terraform import Terraform

OWN_ROOTS = ["dev", "prod", "registry", "tooling"]
"""Applied by their accounts' administrators; prod-events is applied by a role that tooling and prod make."""


@pytest.fixture
def terraform(endpoint, tmp_path):
    return Terraform(endpoint, tmp_path / "state")


def run(terraform, command, *accounts):
    outcomes = {outcome.root: outcome for outcome in terraform.run(command, accounts)}
    assert all(outcome.ok for outcome in outcomes.values()), [o.error for o in outcomes.values()]
    return outcomes


def left_behind():
    return sorted(
        [*INFRA.rglob(".terraform*"), *INFRA.rglob("*.tfstate*"), *Path("/tmp").glob("terraform-*")]
    )


def test_all_accounts_are_made_shown_unchanged_and_unmade(terraform, client):
    applied = run(terraform, "apply")
    assert list(applied) == [*OWN_ROOTS, "prod-events"]
    assert all(outcome.added for outcome in applied.values())

    assert not any(outcome.drifted for outcome in run(terraform, "plan").values())
    bucket = terraform.outputs("dev")["bucket_name"]
    client("dev", "s3").put_object(Bucket=bucket, Key="model.tar.gz", Body=b"")

    destroyed = run(terraform, "destroy")
    assert list(destroyed) == ["prod-events", *OWN_ROOTS]
    assert {r: o.destroyed for r, o in destroyed.items()} == {r: o.added for r, o in applied.items()}
    for account in ("dev", "prod", "registry", "tooling"):
        assert client(account, "s3").list_buckets()["Buckets"] == []
        assert client(account, "iam").list_roles()["Roles"] == []
    assert client("prod", "events").list_rules()["Rules"] == []
    assert client("prod", "sns").list_topics()["Topics"] == []
    assert client("registry", "sagemaker").list_model_package_groups()["ModelPackageGroupSummaryList"] == []
    assert left_behind() == []


def test_what_was_changed_by_hand_shows_in_a_plan_and_is_put_right(terraform, client):
    run(terraform, "apply", "prod")
    role = {"RoleName": "mammo-severity-sagemaker-execution-role"}
    iam, events = client("prod", "iam"), client("prod", "events")
    iam.delete_role_policy(**role, PolicyName="cross-account-kms-key-access-policy")
    iam.untag_role(**role, TagKeys=["project"])
    events.put_rule(Name="mammo-severity-inference-schedule", ScheduleExpression="cron(0 5 * * ? *)")

    plan = run(terraform, "plan", "prod")
    assert plan["prod"].drifted
    assert 'role_policy.this["cross-account-kms-key-access-policy"] will be created' in plan["prod"].output
    assert "execution_role.aws_iam_role.this will be updated in-place" in plan["prod"].output
    assert '"cron(0 5 * * ? *)" -> "cron(0 23 * * ? *)"' in plan["prod-events"].output

    applied = run(terraform, "apply", "prod")
    assert (applied["prod"].added, applied["prod"].changed, applied["prod-events"].changed) == (1, 1, 1)
    assert not any(outcome.drifted for outcome in run(terraform, "plan", "prod").values())


def test_destroying_what_is_gone_already_is_no_error(terraform, client):
    run(terraform, "apply", "tooling")
    profile = {"InstanceProfileName": "jenkins-server-role"}
    client("tooling", "iam").remove_role_from_instance_profile(**profile, RoleName="jenkins-server-role")
    client("tooling", "iam").delete_instance_profile(**profile)
    assert run(terraform, "destroy", "tooling")["tooling"].destroyed == 4


def changed_infra(tmp_path, file, old, new):
    infra = tmp_path / "infra"
    shutil.copytree(INFRA, infra, symlinks=True)
    changed = infra / "tooling" / file
    assert old in changed.read_text()
    changed.write_text(changed.read_text().replace(old, new))
    return infra


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("  role = module", "  rle  = module", 'An argument named "rle" is not expected here'),
        ("aws_iam_instance_profile", "aws_ec2_fleet", 'does not support resource type "aws_ec2_fleet"'),
    ],
)
def test_an_unknown_attribute_or_resource_is_named(endpoint, tmp_path, old, new, named):
    infra = changed_infra(tmp_path, "main.tf", old, new)
    (outcome,) = Terraform(endpoint, tmp_path / "state", infra).run("apply", ["tooling"])
    assert not outcome.ok
    assert named in " ".join(outcome.error.split())


def test_a_policy_written_otherwise_but_meaning_the_same_is_no_change(terraform, tmp_path):
    run(terraform, "apply", "tooling")
    infra = changed_infra(tmp_path, "main.tf", '= "sts:AssumeRole"', '= ["sts:AssumeRole"]')
    assert not run(replace(terraform, infra=infra), "plan", "tooling")["tooling"].drifted


def test_new_default_tags_reach_every_resource_in_place(terraform, tmp_path):
    run(terraform, "apply", "tooling")
    infra = changed_infra(tmp_path, "providers.tf", '= "terraform"', '= "somebody else"')
    assert run(replace(terraform, infra=infra), "apply", "tooling")["tooling"].changed == 2
    assert not run(replace(terraform, infra=infra), "plan", "tooling")["tooling"].drifted


def test_another_account_is_refused(endpoint, tmp_path):
    infra = changed_infra(tmp_path, "providers.tf", "[var.account_id]", '["999999999999"]')
    (outcome,) = Terraform(endpoint, tmp_path / "state", infra).run("plan", ["tooling"])
    assert "AWS account ID not allowed: 123456789012" in outcome.error


def test_an_unknown_account_is_an_error(terraform):
    with pytest.raises(KeyError, match="staging"):
        list(terraform.run("plan", ["staging"]))


def test_an_aws_error_is_told(terraform, client):
    client("tooling", "iam").create_instance_profile(InstanceProfileName="jenkins-server-role")
    (outcome,) = terraform.run("apply", ["tooling"])
    assert (outcome.ok, outcome.added) == (False, 3)
    assert "EntityAlreadyExists" in outcome.error


def test_ctrl_c_leaves_nothing_behind_but_a_state_that_can_be_destroyed(terraform):
    arguments = ["apply", "--state-dir", str(terraform.state_dir), "--endpoint", terraform.endpoint]
    process = subprocess.Popen(
        [sys.executable, "-m", "fake_accounts.terraform", *arguments],
        cwd=INFRA.parent,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    while not list(terraform.state_dir.glob("*.tfstate")):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    assert left_behind() == []
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
