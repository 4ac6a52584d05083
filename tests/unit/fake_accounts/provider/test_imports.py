"""Import ids, as documented."""

import json

import pytest
from tf.utils import Diagnostics

from fake_accounts.accounts import INFRA
from fake_accounts.provider import AwsProvider

CASES = json.loads((INFRA.parent / "tests" / "cases" / "terraform" / "imports.json").read_text())["cases"]
PROVIDER = AwsProvider()
KINDS = {f"aws_{kind.get_name()}": kind for kind in PROVIDER.get_resources()}


class Context:
    def __init__(self):
        self.diagnostics = Diagnostics()


def imported(kind, import_id):
    context = Context()
    return KINDS[kind](PROVIDER).import_(context, import_id), str(context.diagnostics)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['type']} {case['import_id']}")
def test_an_import_id_names_the_resource(case):
    state, told = imported(case["type"], case["import_id"])
    assert state | case["names"] == state, told
    assert state["id"] == case["id"]


def test_every_resource_has_a_documented_import_id():
    assert {case["type"] for case in CASES} == KINDS.keys()


@pytest.mark.parametrize(
    ("kind", "import_id", "form"),
    [
        ("aws_iam_role_policy", "a-role", "ROLE:NAME"),
        ("aws_iam_role_policy_attachment", "a-role/", "ROLE/POLICY_ARN"),
        ("aws_cloudwatch_event_target", "a-rule", "RULE/TARGET_ID"),
        ("aws_cloudwatch_event_rule", "/a-rule", "NAME"),
    ],
)
def test_a_malformed_import_id_is_told(kind, import_id, form):
    state, told = imported(kind, import_id)
    assert state is None
    assert f"unexpected format for ID ({import_id}), expected {form}" in told


def test_an_import_starts_from_the_defaults():
    state, _ = imported("aws_s3_bucket", "a-bucket")
    assert state["force_destroy"] is False
