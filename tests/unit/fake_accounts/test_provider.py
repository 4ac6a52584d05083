"""The parts of the provider that need no Terraform."""

import pytest
from tf.utils import Diagnostics

from fake_accounts.provider import AwsProvider
from fake_accounts.provider.iam import RolePolicy, RolePolicyAttachment
from fake_accounts.provider.s3 import Bucket
from fake_accounts.provider.schema import POLICY


class Context:
    type_name = "aws_thing"

    def __init__(self):
        self.diagnostics = Diagnostics()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"Action": "s3:*"}, {"Action": ["s3:*"]}, True),
        ({"Action": ["a", "b"]}, {"Action": ["b", "a"]}, True),
        ({"Action": ["a", "b"]}, {"Action": ["a"]}, False),
        ({"Effect": "Allow"}, {"Effect": "Deny"}, False),
    ],
)
def test_policies_are_compared_by_what_they_mean(one, other, same):
    assert POLICY.semantically_equal(one, other) is same


def test_an_import_id_names_the_resource():
    policy = RolePolicy(AwsProvider()).import_(Context(), "a-role:a-policy")
    assert (policy["role"], policy["name"]) == ("a-role", "a-policy")
    attachment = RolePolicyAttachment(AwsProvider()).import_(Context(), "r/arn:aws:iam::aws:policy/path/P")
    assert (attachment["role"], attachment["policy_arn"]) == ("r", "arn:aws:iam::aws:policy/path/P")


def test_an_import_starts_from_the_defaults():
    assert Bucket(AwsProvider()).import_(Context(), "a-bucket")["force_destroy"] is False


def test_a_malformed_import_id_is_told():
    context = Context()
    RolePolicy(AwsProvider()).import_(context, "a-role")
    assert "role:name" in str(context.diagnostics)
