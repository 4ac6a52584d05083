"""Terraform as somebody types it on a root: real Terraform, on a root that is only variables and outputs."""

import json
import os

import pytest

from fake_accounts.terraform import Terraform
from fake_accounts.terraform.passthrough import command

ROOT = """
variable "account_id" {}
variable "profile" { default = "none" }
resource "terraform_data" "this" { input = "${var.account_id} with ${var.profile}" }
output "said" { value = terraform_data.this.input }
"""


@pytest.fixture
def terraform(tmp_path, monkeypatch):
    environments = tmp_path / "infra" / "environments"
    environments.mkdir(parents=True)
    told = {"account_id": "111122223333", "region": "us-east-1"}
    (environments / "dev.tfvars.json").write_text(json.dumps(told))
    (tmp_path / "infra" / "dev").mkdir()
    (tmp_path / "infra" / "dev" / "providers.tf").write_text(ROOT)
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", os.devnull)  # not the user's
    # There is nothing that a provider would be needed for.
    return Terraform(tmp_path / "folder", tmp_path / "infra", stand_in=False)


@pytest.fixture
def typed(terraform, capfd):
    """Types a command on the root; answers Terraform's exit code and all that it said."""

    def on_the_root(*arguments):
        code = command(terraform, arguments, root="dev", directory=terraform.infra)
        told = capfd.readouterr()
        return code, told.out + told.err

    assert on_the_root("init")[0] == 0
    return on_the_root


def test_a_roots_variables_and_profile_are_known(typed):
    code, said = typed("plan", "-input=false")
    assert code == 0
    assert '"111122223333 with dev"' in said


def test_a_plan_that_was_saved_is_applied_as_it_is(typed):
    assert typed("plan", "-input=false", "-out=tfplan")[0] == 0
    code, said = typed("apply", "-input=false", "tfplan")
    assert (code, "Apply complete! Resources: 1 added" in said) == (0, True)
    assert typed("output", "-raw", "said") == (0, "111122223333 with dev")


def test_without_a_plan_an_apply_knows_the_variables_too(typed):
    code, said = typed("apply", "-auto-approve", "-input=false")
    assert (code, "Apply complete! Resources: 1 added" in said) == (0, True)
    code, said = typed("destroy", "-auto-approve", "-input=false")
    assert (code, "Destroy complete! Resources: 1 destroyed" in said) == (0, True)


def test_a_variable_of_ones_own_has_the_last_word(typed):
    assert '"111122223333 with me"' in typed("plan", "-input=false", "-var=profile=me")[1]


def test_the_exit_code_is_terraforms(typed):
    assert typed("plan", "-detailed-exitcode", "-input=false")[0] == 2
    code, said = typed("aply")
    assert (code, 'Terraform has no command named "aply"' in said) == (1, True)


@pytest.mark.parametrize("argument", ["-version", "-help"])
def test_an_option_alone_is_terraforms_own(typed, argument):
    code, said = typed(argument)
    assert (code, "Terraform" in said) == (0, True)


def test_into_a_file_terraform_writes_no_colours(typed):
    assert "\033[" not in typed("plan", "-input=false")[1]


def test_a_root_that_there_is_not_is_an_error(terraform):
    with pytest.raises(KeyError, match="staging"):
        command(terraform, ["plan"], root="staging", directory=terraform.infra)
