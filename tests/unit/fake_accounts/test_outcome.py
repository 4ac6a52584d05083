"""What is read from Terraform's words.

`tests/cases/outcome` holds those of Terraform 1.15.5 on resources of its own type, `terraform_data`: one is replaced,
one replaced with the new one made first, others come, change and go with `count` and `for_each`, some in a module.
"""

import json
from pathlib import Path

import pytest

from fake_accounts.terraform.outcome import Outcome, ResourceChange, done, planned

CASES = Path(__file__).parents[2] / "cases" / "outcome"
CHANGED = {
    "terraform_data.first_the_new": "replaced",
    r'terraform_data.keyed["a \"]b.c"]': "deleted",
    "terraform_data.new[0]": "created",
    "terraform_data.new[1]": "created",
    "terraform_data.replaced": "replaced",
    'module.a["x.y"].terraform_data.b["c"]': "updated",
    'module.a["x.y"].terraform_data.b["d: e"]': "updated",
}


def recorded(file):
    return (CASES / file).read_text(encoding="utf-8")


def test_what_an_apply_did_is_read_from_its_lines():
    assert {change.address: change.action for change in done(recorded("apply.txt"))} == CHANGED


def test_a_plan_says_the_same_before_it_is_applied():
    assert {change.address: change.action for change in planned(recorded("plan.json"))} == CHANGED


def test_a_plan_tells_what_attributes_will_be():
    (updated, _) = [change for change in planned(recorded("plan.json")) if change.action == "updated"]
    assert updated.after["input"] == "2"


def test_of_what_is_deleted_nothing_is_left():
    (deleted,) = [change for change in planned(recorded("plan.json")) if change.action == "deleted"]
    assert deleted.after == {}


def test_a_plan_that_changes_nothing_has_no_changes():
    assert planned('{"format_version": "1.2"}') == ()
    told = json.loads(recorded("plan.json"))
    same = [r for r in told["resource_changes"] if r["change"]["actions"] == ["no-op"]]
    assert same
    assert planned(json.dumps({"resource_changes": same})) == ()


def test_what_a_plan_reads_it_does_not_change():
    read = {"address": "data.aws_iam_policy_document.p", "change": {"actions": ["read"], "after": {}}}
    assert planned(json.dumps({"resource_changes": [read]})) == ()


def test_of_a_replacement_that_broke_off_only_the_first_half_is_told():
    output = (
        "aws_iam_role.r: Destroying... [id=r]\naws_iam_role.r: Destruction complete after 1s\n"
        "aws_iam_role.r: Creating...\naws_iam_role.r: Still creating... [10s elapsed]\n"
    )
    assert done(output) == (ResourceChange("aws_iam_role.r", "deleted"),)


def test_terraforms_other_words_are_no_changes():
    assert done("Apply complete! Resources: 0 added, 0 changed, 0 destroyed.\n") == ()


@pytest.mark.parametrize(
    "address",
    [
        "aws_iam_role.b",
        "aws_iam_role.b[0]",
        "module.a.aws_iam_role.b",
        'module.a["x.y"].aws_iam_role.b["c"]',
        'module.a["x.y"].module.c[1].aws_iam_role.b["arn:aws:s3:::a.b/*"]',
        r'aws_iam_role.b["a \"quoted\" one"]',
        r'module.a["q\"]u.o.t.e"].aws_iam_role.b["[0].x"]',
        r'aws_iam_role.b["ends.in.a.\\"]',
    ],
)
def test_a_resources_type_is_in_its_address_whatever_the_keys(address):
    assert ResourceChange(address, "created").type == "aws_iam_role"


def test_an_outcome_counts_what_happened():
    outcome = Outcome("dev", ok=True, changes=done(recorded("apply.txt")))
    assert (outcome.count("created"), outcome.count("replaced"), outcome.count("updated", "deleted")) == (
        2,
        2,
        3,
    )
