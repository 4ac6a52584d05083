"""What is the same though written otherwise; names; what is refused before AWS is asked."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tf.types import Unknown
from tf.utils import Diagnostics

from fake_accounts.provider import AwsProvider
from fake_accounts.provider.events import Rule
from fake_accounts.provider.iam import Role
from fake_accounts.provider.kms import Alias, Key
from fake_accounts.provider.naming import Naming
from fake_accounts.provider.oidc import OpenIdConnectProvider
from fake_accounts.provider.schema import JSON, POLICY, as_written

ROOT = "arn:aws:iam::123456789012:root"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"Action": "s3:*"}, {"Action": ["s3:*"]}, True),
        ({"Action": ["a", "b"]}, {"Action": ["b", "a"]}, True),
        ({"Action": ["a", "b"]}, {"Action": ["a"]}, False),
        ({"Effect": "Allow"}, {"Effect": "Deny"}, False),
        ({"Statement": [{"Sid": "A"}, {"Sid": "B"}]}, {"Statement": [{"Sid": "B"}, {"Sid": "A"}]}, True),
        ({"Statement": {"Sid": "A"}}, {"Statement": [{"Sid": "A"}]}, True),
        ({"Principal": {"AWS": "123456789012"}}, {"Principal": {"AWS": ROOT}}, True),
        ({"Principal": {"AWS": ["1", "123456789012"]}}, {"Principal": {"AWS": [ROOT, "1"]}}, True),
        ({"Principal": {"AWS": "123456789012"}}, {"Principal": {"AWS": ROOT[:-4] + "user/u"}}, False),
        ({"Resource": "123456789012"}, {"Resource": ROOT}, False),
        ({"Condition": {"Bool": {"k": "true"}}}, {"Condition": {"Bool": {"k": ["true"]}}}, True),
        ({"Condition": {"Bool": {"k": "true"}}}, {"Condition": {"Bool": {"k": "false"}}}, False),
        ({"Version": "2012-10-17"}, {}, False),
    ],
)
def test_policies_are_compared_by_what_they_mean(one, other, same):
    assert POLICY.semantically_equal(one, other) is same
    assert POLICY.semantically_equal(other, one) is same


def test_an_empty_text_says_as_little_as_null():
    assert JSON.decode("") is None


def attribute(kind, name):
    return next(a.type for a in kind.get_schema().attributes if a.name == name)


def test_a_key_is_the_same_by_its_id_and_by_its_arn():
    key = attribute(Alias, "target_key_id")
    assert key.semantically_equal("1234", "arn:aws:kms:us-east-1:123456789012:key/1234")
    assert not key.semantically_equal("1234", "arn:aws:kms:us-east-1:123456789012:key/5678")
    assert not key.semantically_equal("1234", Unknown)


def test_an_identity_provider_is_the_same_with_its_scheme_and_without():
    url = attribute(OpenIdConnectProvider, "url")
    assert url.semantically_equal("https://token.example.com", "token.example.com")


NOTHING = st.sampled_from([None, "", False, [], {}, [{"a": None}]])


@given(written=NOTHING, found=NOTHING)
def test_nothing_stays_as_it_was_written(written, found):
    assert as_written(written, found) == written


@pytest.mark.parametrize(
    ("written", "found", "told"),
    [
        ("a", "", ""),
        (None, "a", "a"),
        (True, False, False),
        ([{"retries": None}], [{"retries": 0}], [{"retries": 0}]),
        ([{"key": None, "on": None}], [{"key": "k", "on": False}], [{"key": "k", "on": None}]),
        ([], [{"status": "Enabled"}], [{"status": "Enabled"}]),
    ],
)
def test_what_is_there_is_told_as_it_is(written, found, told):
    assert as_written(written, found) == told


@pytest.mark.parametrize(
    ("given_name", "given_prefix", "name", "prefix"),
    [
        ("mine", Unknown, "mine", ""),
        (Unknown, "ci-", r"ci-[0-9a-f]{26}", "ci-"),
        (Unknown, Unknown, r"terraform-[0-9a-f]{26}", "terraform-"),
        (Unknown, None, r"terraform-[0-9a-f]{26}", "terraform-"),
    ],
)
def test_a_name_is_written_out_or_begun_or_new(given_name, given_prefix, name, prefix):
    made = Naming().choose({"name": given_name, "name_prefix": given_prefix})
    assert re.fullmatch(name, made["name"])
    assert made["name_prefix"] == prefix


def refusals(kind, **config):
    schema = kind.get_schema()
    names = [a.name for a in schema.attributes] + [b.type_name for b in schema.block_types]
    diagnostics = Diagnostics()
    kind(AwsProvider()).validate(diagnostics, f"aws_{kind.type_name}", {**dict.fromkeys(names), **config})
    return [f"{told.summary} {told.detail}".strip() for told in diagnostics.diagnostics]


@pytest.mark.parametrize(
    ("kind", "config", "told"),
    [
        (Role, {"assume_role_policy": "{}"}, []),
        (Role, {"assume_role_policy": Unknown, "max_session_duration": Unknown, "name": Unknown}, []),
        (Role, {"assume_role_policy": "{nope"}, ['"assume_role_policy" contains an invalid JSON: ']),
        (Role, {"assume_role_policy": ""}, ['"assume_role_policy" is an empty string, which is not a valid']),
        (Rule, {"event_pattern": ""}, []),
        (Role, {"max_session_duration": 3600.5}, ["Attribute must be a whole number, got 3600.5"]),
        (
            Role,
            {"name": "a", "name_prefix": "b"},
            ['Conflicting configuration arguments "name": conflicts with'],
        ),
        (Role, {"id": "a"}, ["Invalid or unknown key"]),
        (Role, {"tags_all": {"a": "b"}}, ["Invalid or unknown key It is made of tags and default_tags."]),
        (
            Key,
            {"deletion_window_in_days": 3},
            ["expected deletion_window_in_days to be in the range (7 - 30)"],
        ),
    ],
)
def test_what_nobody_could_do_is_refused_by_name(kind, config, told):
    answers = refusals(kind, **config)
    assert len(answers) == len(told)
    assert all(answer.startswith(start) for answer, start in zip(answers, told, strict=True))
